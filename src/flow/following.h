/*
 * What the rows of a turn mean for others, and what others have for the run: events for its listeners, events that it
 * emits, runs that it starts and waits for.  Private to src/flow: parts of the turn (turn.c).
 *
 * The rule is the same for all of it: what is to happen is in the store with the turn's rows, in their transaction; the
 * word that passes between runs in memory (runner_look) says only that there is something to look at.  So a word that
 * is lost with a process is found again at the next start. Thread: that of the turn; following_commit that of the
 * writer.
 */
#ifndef CS_FLOW_FOLLOWING_H
#define CS_FLOW_FOLLOWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"

struct datum;
struct db;
struct err;
struct live;
struct row;
struct runner;

/* A listener of the run, and how far it has heard. */
struct subscription {
	uint32_t frame;
	int64_t after, stored; /* positions of events: heard up to; as the store has it */
	bool gone;             /* the run went back to before it, or beside it */
};

/* A run that it waits for. */
struct child {
	uint32_t frame;
	char run_id[ID_TEXT];
};

/* What a row of this turn means for others, in the order of the rows. */
enum fact_kind { FACT_LISTENS, FACT_EMITTED, FACT_STARTED };
struct fact {
	enum fact_kind kind;
	uint32_t frame;
	int64_t since_us;
	struct datum *datum; /* the event; the request of a run */
	bool awaited;
	struct fact *next;
};

/* Whom to tell after the commit. */
enum notice_kind { NOTICE_LOOK, NOTICE_WAKE, NOTICE_BEGIN, NOTICE_CANCEL, NOTICE_SCHEDULES };
struct notice {
	char run_id[ID_TEXT];
	enum notice_kind kind;
	int64_t priority; /* of one that begins */
};

struct following {
	struct subscription *subscriptions;
	size_t subscriptions_count, subscriptions_room;
	struct child *children;
	size_t children_count, children_room;
	struct fact *facts, **facts_end;
	struct notice *notices;
	size_t notices_count, notices_room;
	bool look; /* there may be something for the run that it has not looked at */
};

void following_forget(struct live *live);

/* With the run's record just read; and, unless it has no row yet, what is in the store for it. */
void following_begin(struct live *live);
bool following_load(struct live *live, struct db *db, struct err *err);

/* A row of the turn, before it is applied. */
void following_row(struct live *live, const struct row *row);

/*
 * Bring the run what has come for it; true: it made rows, so that the turn goes on.  False: nothing is left, or the run
 * is not to be disturbed.
 */
bool following_take(struct live *live);

/* The run went back: frames are others from now on. */
void following_rewound(struct live *live);

/* In the op that commits the turn, after its rows. */
bool following_commit(struct live *live, struct db *db, struct err *err);

/* After the commit: pass the word on.  And after a commit that failed: forget it. */
void following_tell(struct live *live);

/* At the start of a process. */
bool following_open(struct runner *runner, struct db *db, struct err *err);

/* hearing.c */
bool hearing_commit(struct live *live, struct db *db, struct err *err);
bool hearing_forget(struct live *live, struct db *db, struct err *err); /* those that are gone; before the facts */
bool hearing_fact(struct live *live, struct db *db, const struct fact *fact, struct err *err);
bool hearing_take(struct live *live);
bool hearing_busy(const struct live *live); /* some listener is at work, and hears the next event afterwards */

/* children.c */
bool children_commit(struct live *live, struct db *db, struct err *err);
bool children_start(struct live *live, struct db *db, const struct fact *fact, struct err *err);
bool children_take(struct live *live);

/* following.c, for those two */
void following_notice(struct live *live, const char *run_id, enum notice_kind kind);
void following_notice_begin(struct live *live, const char *run_id, int64_t priority); /* a run of its account */
void following_subscribe(struct live *live, uint32_t frame, int64_t after);
void following_adopt(struct live *live, const char *run_id, uint32_t frame);

#endif
