/*
 * What the tests of projects share: a store in a folder of its own with the whole schema, the shipped packs, the routes
 * of sign, and people of two accounts who are named by the header X-Test-User.  No part of the server.
 */
#ifndef CS_SIGN_PROJECT_FIXTURE_H
#define CS_SIGN_PROJECT_FIXTURE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/id.h"
#include "core/json.h"
#include "http/loopback.h"
#include "http/service.h"
#include "seal/audit.h"
#include "sign/sign_api.h"

struct project_fixture {
	char folder[64];
	struct env_sim env; /* time stands still until it is moved */
	struct id_maker ids;
	struct arena arena; /* of answers */
	struct packs *packs;
	struct store *store;
	struct audit audit;
	struct sign_api *sign;
	struct router *router;
	struct service service;
	struct loopback answer;
	const struct json *json; /* the last answer, or NULL */
};

/* cmocka's setup and teardown of one test. */
int project_fixture_new(void **state);
int project_fixture_free(void **state);

/* Ask as ann (engineer), pat (pe), bob (approver), adam (admin), vic (viewer), all of one account, or eve (engineer of
 * another).  `headers` as loopback's, or NULL.  Gives the status; f->json is the answer. */
int fixture_ask(struct project_fixture *f, const char *who, const char *method, const char *target, const char *body,
				const char *const *headers);

/* A value of the last answer by its path: "result.items.0.name"; NULL: not there. */
const struct json *fixture_at(const struct project_fixture *f, const char *path);
const char *fixture_text(const struct project_fixture *f, const char *path);
double fixture_number_at(const struct project_fixture *f, const char *path);

/* Is every row of the audit chain sound? */
bool fixture_chain_sound(struct project_fixture *f);

#endif
