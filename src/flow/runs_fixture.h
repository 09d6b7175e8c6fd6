/*
 * What the tests of runs share: agents_fixture with the workflow engine on top: its routes, helpers for expressions, a
 * countersign, and small words to start runs and look at them.  Times stand still until they are moved.
 * No part of the server.
 */
#ifndef CS_FLOW_RUNS_FIXTURE_H
#define CS_FLOW_RUNS_FIXTURE_H

#include "flow/agents_fixture.h"
#include "link/outgoing.h"
#include "seal/countersign_fixture.h"

struct breakers;
struct datum;
struct expr_pool;
struct flow_api;

enum { RUNS_REOPEN_MAX = 4 };

struct runs_fixture {
	struct agents_fixture *base;
	struct expr_pool *expr;
	struct datum *secrets;    /* of the server: {key} */
	struct outgoing outgoing; /* who calls are answered by: a test sets .ask */
	struct breakers *breakers[RUNS_REOPEN_MAX + 1];
	struct countersign_fixture people;               /* who decide */
	struct flow_api *flow, *before[RUNS_REOPEN_MAX]; /* engines that ended; the store's writer still knows them */
	size_t reopened;
	char run_id[ID_TEXT]; /* of the last start */
};

/* cmocka's setup and teardown of one test. */
int runs_fixture_new(void **state);
int runs_fixture_free(void **state);

/* End the engine and begin anew with what the store holds, as after a crash of nothing but it. */
void runs_reopen(struct runs_fixture *f);

/* Let time pass, and what is due be done. */
void runs_pass(struct runs_fixture *f, int64_t ms);

/* Start a run of `tasks` (the JSON of `do`) as ops; its first turns are over when it returns. */
void runs_start(struct runs_fixture *f, const char *tasks, const char *input);

/* The same of a whole definition. */
void runs_start_definition(struct runs_fixture *f, const char *definition, const char *input);

/* Ask at the last run's path: "" or "/why". */
int runs_ask(struct runs_fixture *f, const char *who, const char *method, const char *below, const char *body, ...)
	__attribute__((format(printf, 5, 6)));

/* Wait until the last run has this status; false: it has not after some seconds.  Its view is the last answer. */
bool runs_is(struct runs_fixture *f, const char *status);

/* Text of the last answer at a path, as JSON: numbers and objects too.  Until the next call. */
const char *runs_json(struct runs_fixture *f, const char *path);

#endif
