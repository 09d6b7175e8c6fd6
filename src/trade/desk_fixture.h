/*
 * What tests of the desk share: a server of trade without sockets, with its own store, a clock that stands still until
 * it is moved, two tenants and some people.  No part of the server.
 *
 * Threads: one, but for desk_ask_as(), which any number may call at once.
 */
#ifndef CS_TRADE_DESK_FIXTURE_H
#define CS_TRADE_DESK_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/id.h"
#include "core/scratch.h"
#include "http/loopback.h"
#include "http/service.h"
#include "people/principal.h"
#include "seal/audit.h"

struct blobs;
struct json;

#define DESK_START_US INT64_C(1736348400000000) /* 2025-01-08T15:00:00Z, a Wednesday */

/* People: the owner of the first tenant, the owner of the other, then approvers, a trader and a viewer of the first. */
enum { OWNER, STRANGER, ANN, BOB, CAT, TRADER, VIEWER, RISK_OWNER, DESK_PEOPLE };

struct desk_fixture {
	struct env_sim sim;
	struct id_maker ids;
	struct store *store;
	struct packs *packs;
	struct blobs *charts;
	struct audit audit;
	struct outbox *outbox;
	struct key *key;
	struct countersign *countersign;
	struct trade_api *api;
	struct router *router;
	struct service service;
	struct idempotency *idempotency;
	struct rates *rates;
	struct loopback ask;
	struct arena arena;
	struct principal principals[DESK_PEOPLE];
	int who; /* asks */
	char folder[SCRATCH_PATH];
	char producer[ID_TEXT], secret[64];
	char device[ID_TEXT], device_secret[64];
	char signal_id[ID_TEXT], approval_id[ID_TEXT];
};

extern struct desk_fixture f;

/* cmocka's setup and teardown of one test; and a restart in its middle. */
int desk_set_up(void **state);
int desk_tear_down(void **state);
void desk_restart(void);

/* Ask as f.who; the answer stays in f.ask.  headers NULL: of JSON where there is a body. */
int ask(const char *method, const char *target, const char *body, const char *const *headers);
int askf(const char *method, const char *body, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Ask as somebody, with a loopback of the caller's own; any thread. */
int desk_ask_as(int who, const char *method, const char *target, const char *body, struct loopback *loopback);

/* The member of the answer at names divided by dots (a number is an index); NULL when there is none. */
const struct json *member(const char *path);
const char *text(const char *path); /* "" when it is no text */
double number(const char *path);    /* NaN when it is no number */
void must_answer(int status, const char *code);

/* Does the answer's list of errors name this one? */
bool names_fault(const char *pointer, const char *code);

void add_producer(const char *more);

/* Parts of a signed request; NULL: the right ones. */
struct send {
	const char *target, *signed_target, *body, *signed_body, *producer, *secret, *type, *idle, *key;
	int64_t shift_us; /* of the timestamp */
};
extern int64_t desk_nonce; /* so that no two requests of a test are the same by chance */
int post(struct send s);

/* A good signal but for what is given: the price, and members that follow the usual ones. */
const char *signal_with(const char *price, const char *more);

/*
 * The primary account of the first tenant's owner as a terminal would have told it now: USD 10,000 at the start and at
 * the peak, this equity, 1:100, and a quote of XAUUSD at 1949.9 to 1950.1.
 */
#define DESK_ACCOUNT "01900000-0000-7000-8000-0000000000aa"
void desk_broker(double equity);

/* Put a risk profile over the one in force; f.who has to be allowed to. */
void set_profile(const char *body);

/* Register a terminal, which device_ask() then is. */
void add_device(const char *name);

/* Parts of a terminal's request; NULL: the right ones. */
struct device_send {
	const char *method, *target, *body, *signed_target, *signed_body, *device, *secret, *nonce, *if_none_match;
	int64_t shift_us; /* of the timestamp */
};
int device_ask(struct device_send s);

/* A signal of that volume by OWNER, approved by ANN; ids in f. */
void approved_signal(const char *volume);

/* Run one statement in an op; fails the test when it cannot. */
void desk_sql(const char *sql);

/* Let time pass, then do what the server does about once a second. */
void desk_pass(int64_t us);

/* The number that a query without parameters gives. */
int64_t desk_count(const char *sql);

/* Is the audit chain sound? */
void chain_is_sound(int64_t rows); /* rows < 0: any number */

#endif
