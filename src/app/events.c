#include "app/events.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "core/map.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/stream.h"
#include "people/people.h"
#include "people/principal.h"
#include "seal/outbox.h"
#include "store/store.h"

enum {
	ROUND_MS = 100,          /* while somebody is behind */
	IDLE_MS = 1000,          /* while nobody is */
	AT_ONCE = 200,           /* rows of one read */
	CHECK_US = 5000000,      /* a silent listener's right is looked at */
	CHECK_SEND_US = 1000000, /* and before something is sent to it */
	ONE_OF = 10,             /* parts of all streams that one user may have */
	OWN_LEAST = 8,           /* and so many in any case: some windows of a browser */
	ARENA_BYTES = 16 << 20,
};

/* Rows of a topic that is not here reach nobody. */
static const struct event_topic topics[] = {
	{"countersign", "countersign.read"},
	{"files", "file.read"},
	{"projects", "project.read"},
	{"signals", "trade.read", .all = {"trade.approve", "trade.risk"}}, /* [trade.md 2.4] */
	{"budget", "flow.read"},
	{"health", "flow.read"},
	{"runs", "flow.read"},
	{"steps", "flow.read", .by_name = true}, /* [flow.md 3.4] */
};
enum { TOPICS = sizeof topics / sizeof *topics };

const char *const event_topic_names[] = {"countersign", "files", "projects", "signals", "budget",
										 "health",      "runs",  "steps",    NULL};
_Static_assert(sizeof event_topic_names / sizeof *event_topic_names == TOPICS + 1, "one name for each topic");

struct listener {
	struct events *events;
	struct stream *stream;
	struct principal principal;
	uint32_t asked, may; /* sets of topics; asked 0: all */
	int64_t after;       /* the number that it has seen */
	int64_t newest;      /* when it came */
	bool behind;         /* what came before the thread's own number has still to be read for it */
	int64_t checked_us;  /* monotonic */
	_Atomic bool gone;
	struct listener *next;
};

struct events {
	struct events_options options;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool woken, stop;
	struct listener *arriving;
	struct map of_users; /* user -> how many, as a pointer */
	/* the thread's own */
	struct listener *listeners;
	int64_t after;
	_Atomic int64_t streams;
};

/* --- rights --- */

static uint32_t readable(const struct listener *l)
{
	uint32_t may = 0;
	for (int i = 0; i < TOPICS; i++) {
		bool asked = l->asked == 0 ? !topics[i].by_name : (l->asked & 1U << i) != 0;
		if (asked && principal_may(&l->principal, topics[i].permission))
			may |= 1U << i;
	}
	return may;
}

static uint32_t topic_bit(const char *name)
{
	for (int i = 0; i < TOPICS; i++)
		if (strcmp(topics[i].name, name) == 0)
			return 1U << i;
	return 0;
}

static void set_rights(struct listener *l)
{
	l->may = readable(l);
	l->checked_us = env_mono_us(l->events->options.env);
}

/* Is the listener still who it was?  A store that cannot be read says nothing about that. */
static void check(struct listener *l, int64_t older_us)
{
	const struct events_options *o = &l->events->options;
	struct principal now;
	struct err err;
	if (env_mono_us(o->env) - l->checked_us < older_us)
		return;
	bool known = people_again(o->people, &l->principal, &now, &err);
	bool over = !known && err_status(err.kind) == 401;
	if (known)
		l->principal = now;
	if (known)
		set_rights(l);
	if (over || l->may == 0)
		stream_end(l->stream, "revoked");
}

/* Where a topic is not everybody's, the owner that the event names sees it, and who has one of the rights. */
static bool concerns(const struct listener *l, const struct outbox_event *event)
{
	const char *const *rights = topics[__builtin_ctz(topic_bit(event->topic))].all;
	char owner[80];
	if (rights[0] == NULL || principal_may(&l->principal, rights[0]) || principal_may(&l->principal, rights[1]))
		return true;
	snprintf(owner, sizeof owner, "\"owner_id\":\"%s\"", l->principal.user_id);
	return l->principal.user_id[0] != '\0' && event->data != NULL && strstr(event->data, owner) != NULL;
}

static bool may_see(const struct listener *l, const struct outbox_event *event)
{
	return event->account_id != NULL && strcmp(event->account_id, l->principal.account_id) == 0 &&
		   (topic_bit(event->topic) & l->may) != 0 && concerns(l, event);
}

/* --- sending --- */

struct reading {
	struct events *events;
	struct listener *listener; /* one that is behind; NULL: all that are not */
	bool full;                 /* it has no room for more until it reads; what follows waits for another read */
	int64_t count, last;
	struct buf data;
};

/* Who hears what is new is cut when it reads too slowly; who is told what it missed is waited for. */
static void send_event(struct reading *r, struct listener *l, const struct outbox_event *event)
{
	char id[24];
	const char *data = buf_text(&r->data);
	snprintf(id, sizeof id, "%lld", (long long)event->number);
	r->full = l->behind && !stream_has_room(l->stream, id, event->event, data);
	if (!r->full)
		stream_send(l->stream, id, event->event, data);
}

static void send_to_one(struct reading *r, struct listener *l, const struct outbox_event *event)
{
	check(l, CHECK_SEND_US);
	if (!may_see(l, event))
		return;
	if (r->data.size == 0)
		outbox_write(r->events->options.outbox, event, &r->data);
	if (buf_ok(&r->data))
		send_event(r, l, event);
}

static void send_to_all(struct reading *r, const struct outbox_event *event)
{
	for (struct listener *l = r->events->listeners; l != NULL; l = l->next)
		if (!l->behind && l->after < event->number && !atomic_load(&l->gone))
			send_to_one(r, l, event);
}

static void take(void *self, const struct outbox_event *event)
{
	struct reading *r = self;
	if (r->full)
		return;
	buf_reset(&r->data);
	if (r->listener != NULL)
		send_to_one(r, r->listener, event);
	else
		send_to_all(r, event);
	if (r->full)
		return;
	r->count++;
	r->last = event->number;
}

/* Rows after `after`, at most AT_ONCE; of one account, or of all. */
static bool read_rows(struct reading *r, int64_t after, const char *account_id)
{
	struct events *events = r->events;
	const struct outbox_filter filter = {.after = after, .account_id = account_id, .limit = AT_ONCE};
	struct arena arena;
	struct err err;
	r->count = 0;
	r->last = after;
	r->full = false;
	arena_init(&arena, ARENA_BYTES);
	buf_init(&r->data, 0);
	struct db *db = store_read(events->options.store);
	bool read = outbox_read(db, &filter, &arena, take, r, &err);
	store_read_end(events->options.store, db);
	buf_fini(&r->data);
	arena_fini(&arena);
	if (!read)
		log_error("events could not be read", log_str("why", err.message));
	return read;
}

/* The same for everyone who has seen all that came before: one read, whoever listens. */
static void send_new(struct events *events)
{
	struct reading r = {.events = events};
	do {
		if (!read_rows(&r, events->after, NULL))
			return;
		events->after = r.last;
	} while (r.count == AT_ONCE);
}

/*
 * What a listener missed, no faster than it reads: past half of its buffer it waits for the next round.  It is behind
 * until a read finds nothing more, so it is no later than events->after then, and send_new() goes on without a gap.
 */
static void catch_up(struct listener *l)
{
	struct reading r = {.events = l->events, .listener = l};
	while (l->behind && stream_room(l->stream) > l->events->options.buffer_bytes / 2) {
		if (!read_rows(&r, l->after, l->principal.account_id))
			return;
		l->behind = r.full || r.count == AT_ONCE;
		l->after = r.last;
	}
}

/* --- coming and going --- */

static void receive(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	struct listener *arriving = events->arriving;
	events->arriving = NULL;
	pthread_mutex_unlock(&events->lock);
	while (arriving != NULL) {
		struct listener *l = arriving;
		arriving = l->next;
		if (events->listeners == NULL) /* nobody listened, so nothing was read meanwhile */
			events->after = l->newest;
		l->next = events->listeners;
		events->listeners = l;
	}
}

/* Once the stream has said that it is gone, nothing of the front knows the listener any more. */
static void forget_gone(struct events *events)
{
	for (struct listener **at = &events->listeners; *at != NULL;) {
		struct listener *l = *at;
		if (!atomic_load(&l->gone)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		stream_unref(l->stream);
		free(l);
	}
}

static void wake(struct events *events)
{
	pthread_mutex_lock(&events->lock);
	events->woken = true;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
}

static void on_commit(void *self)
{
	struct events *events = self;
	if (atomic_load(&events->streams) > 0)
		wake(events);
}

/* Topics that it names: some events are made only while somebody does. */
static void watch(const struct listener *l, int by)
{
	for (int i = 0; i < TOPICS; i++)
		if ((l->asked & 1U << i) != 0)
			outbox_watch(l->events->options.outbox, topics[i].name, by);
}

/* A key's streams count as its maker's: whoever has one account of a user cannot keep all others from listening. */
static const char *user_of(const struct listener *l)
{
	return l->principal.user_id[0] != '\0' ? l->principal.user_id : "local";
}

static bool take_share(struct listener *l)
{
	struct events *events = l->events;
	int64_t share = events->options.max_streams / ONE_OF;
	uintptr_t most = share > OWN_LEAST ? (uintptr_t)share : OWN_LEAST;
	pthread_mutex_lock(&events->lock);
	uintptr_t count = (uintptr_t)map_get(&events->of_users, user_of(l)) + 1;
	bool fits = count <= most && map_set(&events->of_users, user_of(l), (void *)count, NULL);
	pthread_mutex_unlock(&events->lock);
	return fits;
}

static void give_share(struct listener *l)
{
	struct events *events = l->events;
	pthread_mutex_lock(&events->lock);
	uintptr_t count = (uintptr_t)map_get(&events->of_users, user_of(l));
	must(count > 0);
	if (count > 1)
		must(map_set(&events->of_users, user_of(l), (void *)(count - 1), NULL));
	else
		map_remove(&events->of_users, user_of(l));
	pthread_mutex_unlock(&events->lock);
}

static void give_place(struct listener *l)
{
	give_share(l);
	atomic_fetch_sub(&l->events->streams, 1);
}

static void on_gone(void *self)
{
	struct listener *l = self;
	struct events *events = l->events;
	watch(l, -1);
	give_place(l);
	atomic_store(&l->gone, true); /* the last that this thread does with it */
	wake(events);
}

/* --- the thread --- */

static bool rest(struct events *events, int ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&events->lock);
	while (!events->woken && !events->stop && pthread_cond_timedwait(&events->wake, &events->lock, &until) == 0)
		;
	events->woken = false;
	bool stop = events->stop;
	pthread_mutex_unlock(&events->lock);
	return !stop;
}

static int round_of(struct events *events)
{
	bool behind = false;
	receive(events);
	forget_gone(events);
	if (events->listeners == NULL)
		return IDLE_MS;
	send_new(events);
	for (struct listener *l = events->listeners; l != NULL; l = l->next) {
		if (atomic_load(&l->gone))
			continue;
		check(l, CHECK_US);
		catch_up(l);
		behind = behind || l->behind;
	}
	return behind ? ROUND_MS : IDLE_MS;
}

static void *run(void *self)
{
	struct events *events = self;
	int ms = IDLE_MS;
	pthread_setname_np(pthread_self(), "events");
	while (rest(events, ms))
		ms = round_of(events);
	return NULL;
}

struct events *events_open(const struct events_options *options)
{
	pthread_condattr_t attr;
	struct events *events = calloc(1, sizeof *events);
	must(events != NULL && pthread_mutex_init(&events->lock, NULL) == 0 && pthread_condattr_init(&attr) == 0 &&
		 pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 && pthread_cond_init(&events->wake, &attr) == 0);
	pthread_condattr_destroy(&attr);
	events->options = *options;
	map_init(&events->of_users, NULL, NULL);
	outbox_hook(options->outbox, on_commit, events);
	must(pthread_create(&events->thread, NULL, run, events) == 0);
	return events;
}

void events_stop(struct events *events)
{
	if (events == NULL)
		return;
	pthread_mutex_lock(&events->lock);
	events->stop = true;
	pthread_cond_signal(&events->wake);
	pthread_mutex_unlock(&events->lock);
	pthread_join(events->thread, NULL);
	receive(events);
	forget_gone(events);
	for (struct listener *l = events->listeners; l != NULL; l = l->next)
		log_warn("a stream of events did not end with the server");
}

void events_close(struct events *events)
{
	if (events == NULL)
		return;
	pthread_cond_destroy(&events->wake);
	pthread_mutex_destroy(&events->lock);
	map_fini(&events->of_users);
	free(events);
}

/* --- listening --- */

static bool may_listen(const struct listener *l, struct err *err)
{
	uint32_t refused = l->asked & ~l->may;
	for (int i = 0; i < TOPICS; i++)
		if ((refused & 1U << i) != 0)
			return err_set(err, ERR_FORBIDDEN, "The topic %s needs the permission %s.", topics[i].name,
						   topics[i].permission);
	return l->may != 0 || err_set(err, ERR_FORBIDDEN, "There is no topic that you may read.");
}

static bool take_place(struct listener *l, struct err *err)
{
	struct events *events = l->events;
	bool room = atomic_fetch_add(&events->streams, 1) < events->options.max_streams;
	if (room && take_share(l))
		return true;
	atomic_fetch_sub(&events->streams, 1);
	if (room)
		return err_set(err, ERR_OVERLOADED, "You have as many streams of events open as one may have.");
	return err_set(err, ERR_OVERLOADED, "%lld streams of events are open already.",
				   (long long)events->options.max_streams);
}

/* Where it begins: what it saw last, or now; what the outbox no longer goes back to, or never had, begins now. */
static bool place(struct listener *l, bool *lost, struct err *err)
{
	int64_t oldest = 0;
	struct db *db = store_read(l->events->options.store);
	bool read = outbox_span(db, &oldest, &l->newest, err);
	store_read_end(l->events->options.store, db);
	if (!read)
		return false;
	*lost = l->after != EVENTS_FROM_NOW && (l->after > l->newest || l->after < oldest - 1);
	if (*lost || l->after == EVENTS_FROM_NOW)
		l->after = l->newest;
	l->behind = true;
	return true;
}

static void send_reset(struct listener *l)
{
	char id[24];
	snprintf(id, sizeof id, "%lld", (long long)l->newest);
	stream_send(l->stream, id, "reset", "{}");
}

static void arrive(struct events *events, struct listener *l)
{
	pthread_mutex_lock(&events->lock);
	l->next = events->arriving;
	events->arriving = l;
	pthread_mutex_unlock(&events->lock);
	wake(events);
}

void events_listen(struct events *events, struct exchange *x, const struct listen_request *request)
{
	struct err err;
	bool lost = false;
	struct listener *l = calloc(1, sizeof *l);
	if (l == NULL) {
		exchange_failf(x, ERR_OVERLOADED, "There is no memory for a stream.");
		return;
	}
	l->events = events;
	l->principal = *principal_of(x);
	l->asked = request->topics;
	l->after = request->after;
	set_rights(l);
	if (!may_listen(l, &err) || !place(l, &lost, &err) || !take_place(l, &err)) {
		free(l);
		exchange_fail(x, &err);
		return;
	}
	const struct stream_options options = {.room = events->options.buffer_bytes, .gone = on_gone, .self = l};
	watch(l, 1);
	l->stream = exchange_stream(x, &options);
	if (l->stream == NULL) {
		watch(l, -1);
		give_place(l);
		free(l);
		return;
	}
	if (lost)
		send_reset(l);
	arrive(events, l);
}

int64_t events_streams(const struct events *events)
{
	return atomic_load(&events->streams);
}
