/*
 * The outbox: what happened, written in the transaction that made it happen, and read after the commit in the order of
 * its numbers.  It wakes flows, feeds streams of events and webhooks; what is not in it was not committed.
 *
 * Numbers rise by one from row to row, in the order of the commits, and are never given twice: the newest row outlives
 * every sweep.  A reader keeps the last number that it has seen and asks for what came after.
 * Threads: outbox_add and outbox_sweep in an op, on the writer's thread; reading on any connection; hooks run on the
 * writer's thread after the commit and before its ops are answered, so they only pass the word on.
 */
#ifndef CS_SEAL_OUTBOX_H
#define CS_SEAL_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct db;
struct env;
struct err;
struct id_maker;
struct store;

enum {
	OUTBOX_HOOKS_MAX = 8,
	OUTBOX_TOPICS_MAX = 16, /* that one reader may name */
	OUTBOX_KEEP_H = 48,     /* hours; a stream resumes within 24 [P-8.11] */
};

struct outbox;

/* `source` is the CloudEvents source of every event: the server's public URL. */
struct outbox *outbox_new(struct store *store, const struct env *env, struct id_maker *ids, const char *source);
/* After store_close(), since the writer tells it of commits.  NULL is fine. */
void outbox_free(struct outbox *outbox);

/* Call woken(self) after each commit that added rows, and now and then without any.  Before the server serves. */
void outbox_hook(struct outbox *outbox, void (*woken)(void *self), void *self);

/*
 * Somebody listens to a topic (by 1), or no longer (-1).  For those who add events only while somebody does; at most
 * OUTBOX_TOPICS_MAX topics in all (must).  Thread: any.
 */
void outbox_watch(struct outbox *outbox, const char *topic, int by);
bool outbox_watched(struct outbox *outbox, const char *topic);

/* One event.  Texts of a row that was read are the arena's. */
struct outbox_event {
	int64_t number;         /* set by outbox_add */
	const char *event_id;   /* a UUIDv7, by which consumers drop repeats; outbox_add makes one for NULL */
	const char *account_id; /* whose; NULL: of the installation */
	const char *topic;      /* what a stream subscribes to, lower-case letters (must): "countersign", "signals" */
	const char *event;      /* what happened: "release.granted" */
	const char *subject;    /* id of what it happened to; NULL: nothing in particular */
	const char *effect_key; /* of an effect that is to happen once: a second row with it is ERR_DUPLICATE; or NULL */
	const char *data;       /* a JSON object; NULL: {} */
	int64_t at_us;          /* set by outbox_add */
};

/* In an op: add an event.  Cost: one statement, about 10 us. */
bool outbox_add(struct outbox *outbox, struct db *db, struct outbox_event *event, struct err *err);

/* What a reader asks for. */
struct outbox_filter {
	int64_t after;             /* the number seen last; 0: from the start */
	const char *account_id;    /* NULL: of every account, and of the installation */
	const char *const *topics; /* NULL-terminated, at most OUTBOX_TOPICS_MAX (must); NULL: all */
	int64_t limit;             /* 1 or more */
};

/* Give what matches, in order of number; `take` copies what it keeps: texts live in the arena. */
bool outbox_read(struct db *db, const struct outbox_filter *filter, struct arena *arena,
				 void (*take)(void *self, const struct outbox_event *event), void *self, struct err *err);

/* Numbers of the oldest and the newest row, 0 and 0 of an empty outbox: older than `oldest` - 1 cannot be resumed. */
bool outbox_span(struct db *db, int64_t *oldest, int64_t *newest, struct err *err);

/* In an op: drop what is older than OUTBOX_KEEP_H, but not the newest row. */
bool outbox_sweep(struct outbox *outbox, struct db *db, int64_t *dropped, struct err *err);

/* Append the event as a CloudEvents 1.0.2 object on one line [P-10.6]. */
void outbox_write(const struct outbox *outbox, const struct outbox_event *event, struct buf *buf);

#endif
