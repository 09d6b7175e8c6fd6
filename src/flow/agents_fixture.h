/*
 * What the tests of agents share: a store in a folder of its own with the whole schema, the shipped packs, the routes
 * of agents, and people of two accounts who are named by the header X-Test-User.  No part of the server.
 */
#ifndef CS_FLOW_AGENTS_FIXTURE_H
#define CS_FLOW_AGENTS_FIXTURE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/id.h"
#include "core/json.h"
#include "flow/agents_api.h"
#include "http/loopback.h"
#include "http/service.h"
#include "seal/audit.h"

struct agents_fixture {
	char folder[64];
	struct env_sim env; /* time stands still until it is moved */
	struct id_maker ids;
	struct arena arena; /* of answers */
	struct packs *packs;
	struct expr_pool *exprs;
	struct store *store;
	struct outbox *outbox;
	struct audit audit;
	struct agents_api *agents;
	struct router *router;
	struct service service;
	struct loopback answer;
	const struct json *json; /* the last answer, or NULL */
};

#define FIXTURE_ACCOUNT "01900000-0000-7000-8000-00000000000a"

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

/* A value of the last answer by its path: "result.items.0.name"; NULL: not there. */
const struct json *fixture_at(const struct agents_fixture *f, const char *path);
const char *fixture_text(const struct agents_fixture *f, const char *path);
double fixture_number_at(const struct agents_fixture *f, const char *path);
bool fixture_true(const struct agents_fixture *f, const char *path);

/* Text of the last answer that outlives the next question. */
const char *fixture_keep(struct agents_fixture *f, const char *path);

/* Is every row of the audit chain sound? */
bool fixture_chain_sound(struct agents_fixture *f);

#endif
