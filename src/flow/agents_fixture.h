/*
 * What the tests of agents share beside people/fixture.h: the routes of agents, and people of two accounts.  No part of
 * the server.
 */
#ifndef CS_FLOW_AGENTS_FIXTURE_H
#define CS_FLOW_AGENTS_FIXTURE_H

#include "flow/agents_api.h"
#include "people/fixture.h"

struct agents_fixture {
	PEOPLE_FIXTURE
	struct expr_pool *exprs;
	struct outbox *outbox;
	struct agents_api *agents;
};

/* cmocka's setup and teardown of one test. */
int agents_fixture_new(void **state);
int agents_fixture_free(void **state);

/* Open the routes anew with these hooks. */
void fixture_reopen(struct agents_fixture *f, const struct budget_hooks *hooks);

/*
 * Ask as ops (operator), own (owner) or vic (viewer) of one account, or eve (owner of another).  Gives the status;
 * f->json is the answer.  The body is printf-formatted; NULL: none.
 */
int fixture_ask(struct agents_fixture *f, const char *who, const char *method, const char *target, const char *body,
				...) __attribute__((format(printf, 5, 6)));

/* The same by If-Match. */
int fixture_ask_if(struct agents_fixture *f, const char *who, const char *method, const char *target, const char *etag,
				   const char *body);

#endif
