/*
 * The HTTP side of trade: producers and their signals.  The pure operations have their routes from their own rows.
 */
#ifndef CS_TRADE_TRADE_API_H
#define CS_TRADE_TRADE_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit;
struct blobs;
struct countersign;
struct db;
struct env;
struct err;
struct exchange;
struct id_maker;
struct idempotency;
struct metrics;
struct outbox;
struct packs;
struct risk_profile;
struct rates;
struct router;
struct store;
struct trade_api;

struct trade_api_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	struct outbox *outbox;
	struct countersign *countersign; /* approvals are told of by it */
	const struct packs *packs;
	struct blobs *charts;                /* of pictures, apart from all others: a cache, which no backup has */
	const unsigned char *master_key;     /* 32 bytes: what seals secrets at rest is derived from it */
	const struct risk_profile *platform; /* what limits every tenant [trade.md 7]; stays the caller's; NULL: nothing */
};

struct trade_api *trade_api_open(const struct trade_api_options *options);
/* Let those that wait go on, before the front and the store close; and the end.  NULL is fine for both. */
void trade_api_stop(struct trade_api *api);
void trade_api_close(struct trade_api *api);

/* What exists only while it serves; each may be NULL: nothing is kept by key, nothing limited. */
struct trade_post {
	const char *account_id; /* for whom: a host that is down for one may be well for another */
	const char *url;
	const char *const *headers; /* "Name: value", ends with NULL */
	const void *body;
	size_t size;
	const _Atomic bool *give_up; /* set by another thread: ERR_DEADLINE soon */
};
struct trade_posted {
	int status;
	int64_t retry_after_s; /* its header's seconds; 0: none */
	int64_t alone_us;      /* nothing was sent: the host is left alone for so long [P-10.4]; 0: it was asked */
	char body[1024];       /* how the answer begins; "" with one that is longer */
};

struct trade_serving {
	struct idempotency *idempotency;
	struct rates *rates;
	const char *public_url; /* of links in notifications; NULL: none */
	const char *address;    /* before the paths of links that answers carry, as configured; NULL: the path alone */
	/*
	 * How notifications leave: a mail, and a POST.  On a thread of trade's own, which may wait; ERR_INVALID and
	 * ERR_FORBIDDEN are not tried again.  No failure's message holds more of a URL than its host.  NULL: nothing is
	 * sent.
	 */
	bool (*mail)(void *self, const char *to, const char *subject, const char *text, struct err *err);
	bool (*post)(void *self, const struct trade_post *post, struct trade_posted *posted, struct err *err);
	void *self;
};
void trade_api_serve(struct trade_api *api, const struct trade_serving *serving);

/*
 * What is done by the clock: signals whose time is up.  trade_due looks on a reader, and queues the rows of wrong
 * signatures as ops of their own; trade_work runs in an op; called about once a second, and at the start [trade.md 3].
 */
bool trade_due(struct trade_api *api, bool *due, struct err *err);
bool trade_work(struct db *db, void *api, struct err *err);

/* Register the routes; their owner is `api`, which may be NULL when they are only described. */
void trade_add_routes(struct router *router, struct trade_api *api);

/* Notifications that no channel took, as a part of the dead letters [P-10.6]. */
struct dead_letters;
void trade_dead_letters(struct trade_api *api, struct dead_letters *letters);

/* Register what operators watch of the desk [trade.md 11]; nothing without an `api`. */
void trade_add_metrics(struct metrics *metrics, struct trade_api *api);

/*
 * For the front's hook, on routes whose requests are signed (route->self_verified): are the headers of a signature
 * there and well formed, a terminal's or a producer's?  Step 1 of trade.md 2.2 and 4.2; who it is can only be told once
 * the body is read. ERR_UNAUTHENTICATED.
 */
bool trade_signed(struct exchange *x, struct err *err);

/* For the front's hook, where no route is found: a terminal is told the time also then [trade.md 13]. */
void trade_astray(struct exchange *x);

#endif
