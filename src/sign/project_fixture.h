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
#include "seal/countersign_fixture.h"
#include "sign/sign_api.h"

struct project_fixture {
	char folder[64];
	struct env_sim env; /* time stands still until it is moved */
	struct id_maker ids;
	struct arena arena; /* of answers */
	struct packs *packs;
	struct store *store;
	struct blobs *blobs;
	struct audit audit;
	struct countersign_fixture desk;
	struct sign_api *sign;
	struct router *router;
	struct service service;
	struct loopback answer;
	const struct json *json; /* the last answer, or NULL */
	/* what providers say, NULL: they fail; how often they were asked, and what last */
	const char *geocodes, *hazards;
	int fetches;
	char fetched[512];
	/* the PM system gives PM-1, PM-2 …; one number a key */
	bool pm_down, mail_down;
	const char *pm_says; /* instead of a number */
	char pm_key[64], pm_first[64];
	int pm_calls, mails;
	/* the search engine, from fixture_reopen on; NULL: none */
	bool (*search)(void *self, const struct sign_search_call *call, int *status, struct buf *answer, struct err *err);
	void *search_self;
};

/* cmocka's setup and teardown of one test. */
int project_fixture_new(void **state);
int project_fixture_free(void **state);

/* Open sign anew: with stamps required or not, with a PM system or the store's own numbers. */
void fixture_reopen(struct project_fixture *f, bool require_stamp, bool pm);

/* Ask as ann (engineer), pat (pe), sam (pe without a licence), max (pe and engineer), bob (approver), adam (admin), vic
 * (viewer), all of one account, or eve (engineer of another).  `headers` as loopback's, or NULL.  Gives the status;
 * f->json is the answer. */
int fixture_ask(struct project_fixture *f, const char *who, const char *method, const char *target, const char *body,
				const char *const *headers);

/* A value of the last answer by its path: "result.items.0.name"; NULL: not there. */
const struct json *fixture_at(const struct project_fixture *f, const char *path);
const char *fixture_text(const struct project_fixture *f, const char *path);
double fixture_number_at(const struct project_fixture *f, const char *path);

/* Is every row of the audit chain sound? */
bool fixture_chain_sound(struct project_fixture *f);

#endif
