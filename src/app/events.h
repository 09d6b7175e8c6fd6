/*
 * Events: what the outbox holds, sent to whoever listens and may know [P-8.11].
 *
 * One thread reads the outbox after each commit that added to it and gives every listener what it asked for and may
 * read now: its account's rows, of topics whose permission it has at this moment; whoever lost them hears no more, and
 * whose session or key has ended is cut after `event: revoked`.  A listener that comes back with the number it saw last
 * gets what it missed, in order and without gap, as fast as it reads; when that is no longer there, `event: reset`
 * tells it to look at the state afresh.
 *
 * Threads: events_listen() any; the rest at start and stop.
 */
#ifndef CS_APP_EVENTS_H
#define CS_APP_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;
struct err;
struct events;
struct exchange;
struct outbox;
struct people;
struct principal;
struct store;

/* What may be listened to, and which permission its rows need. */
struct event_topic {
	const char *name, *permission;
	bool by_name;       /* only for who names it: there is a lot of it */
	const char *all[2]; /* rights, one of which sees everything; others what they own.  NULL: everybody all of it */
};
extern const char *const event_topic_names[]; /* NULL-terminated, in the order of the bits of a set of topics */

struct events_options {
	struct store *store;
	const struct env *env;
	struct outbox *outbox;
	struct people *people;
	int64_t max_streams;
	size_t buffer_bytes;
};

/* Starts the thread.  Before the server serves, once for each outbox. */
struct events *events_open(const struct events_options *options);

/* Ends the thread; after the front has ended its streams.  events_close() after store_close().  NULL is fine. */
void events_stop(struct events *events);
void events_close(struct events *events);

enum { EVENTS_FROM_NOW = -1 };

struct listen_request {
	uint32_t topics; /* a set; 0: all that the principal may read */
	int64_t after;   /* the number seen last; EVENTS_FROM_NOW */
};

/*
 * Answer the exchange with a stream of events.  Refusals: ERR_FORBIDDEN (a topic that the principal may not read, or
 * none that it may), ERR_OVERLOADED (too many streams; a user has a tenth of them at most, or eight).
 */
void events_listen(struct events *events, struct exchange *x, const struct listen_request *request);

/* How many listen. */
int64_t events_streams(const struct events *events);

#endif
