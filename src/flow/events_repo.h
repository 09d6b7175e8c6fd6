/*
 * Events and those who listen to them, in the store [flow.md 3.4].
 *
 * An account's events are numbered from 1 in the order in which they were stored.  A listener has heard everything up
 * to a position; so nothing has to be delivered, nothing is lost with a process, and nothing is heard twice.
 * Reading: on any connection.  Writing: in an op.
 */
#ifndef CS_FLOW_EVENTS_REPO_H
#define CS_FLOW_EVENTS_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct err;
struct json;

#define EVENTS_SAME_US (INT64_C(24) * 3600 * 1000000)     /* source and id name the same event for this long */
#define EVENTS_KEPT_US (INT64_C(7) * 24 * 3600 * 1000000) /* and it is kept for this long */

struct event_record {
	int64_t position; /* set by events_put; 0: it was there already */
	const char *account_id;
	const struct json *event; /* the CloudEvent; its text is `text` */
	const char *text, *raw;   /* raw: its data as they came, or NULL */
	int64_t received_us;
	bool once; /* it may have come before: source and id tell */
};

/* Store an event, and let those go that were kept long enough. */
bool events_put(struct db *db, struct event_record *record, struct err *err);

/* Position of the account's last event; 0: none. */
bool events_last(struct db *db, const char *account_id, int64_t *position, struct err *err);

/* The position before the first event received at or after a time. */
bool events_before(struct db *db, const char *account_id, int64_t since_us, int64_t *position, struct err *err);

/* Events after a position, in order, at most `limit`; of one type, or any (NULL). */
bool events_after(struct db *db, const char *account_id, const char *type, int64_t after, int64_t limit,
				  void (*take)(void *self, int64_t position, const char *text, const char *raw), void *self,
				  struct err *err);

/* --- listeners --- */

struct listener_record {
	const char *run_id;
	uint32_t frame;
	const char *account_id, *type; /* type NULL: any */
	int64_t after;
};

bool listeners_put(struct db *db, const struct listener_record *listener, struct err *err);
bool listeners_move(struct db *db, const char *run_id, uint32_t frame, int64_t after, struct err *err);
bool listeners_drop(struct db *db, const char *run_id, uint32_t frame, struct err *err);
bool listeners_of(struct db *db, const char *run_id, void (*take)(void *self, const struct listener_record *listener),
				  void *self, struct err *err);

/* Runs of an account with a listener that an event of this type may be for; one may be named more than once. */
bool listeners_for(struct db *db, const char *account_id, const char *type,
				   void (*take)(void *self, const char *run_id), void *self, struct err *err);

/* Runs, of all accounts, with events that their listeners have not looked at. */
bool listeners_behind(struct db *db, void (*take)(void *self, const char *run_id), void *self, struct err *err);

#endif
