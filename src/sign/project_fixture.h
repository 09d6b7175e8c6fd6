/*
 * What the tests of projects share beside people/fixture.h: the routes of sign, people of two accounts, and providers
 * that say what a test has them say.  No part of the server.
 */
#ifndef CS_SIGN_PROJECT_FIXTURE_H
#define CS_SIGN_PROJECT_FIXTURE_H

#include <stdbool.h>

#include "people/fixture.h"
#include "seal/countersign_fixture.h"
#include "sign/sign_api.h"

enum { PM_KEYS = 64 };

struct project_fixture {
	PEOPLE_FIXTURE
	struct blobs *blobs;
	struct countersign_fixture desk;
	struct sign_api *sign;
	struct dead_letters *letters;
	struct tasks_fixture *tasks;
	/* what providers say, NULL: they fail; how often they were asked, and what last */
	const char *geocodes, *hazards;
	int fetches;
	char fetched[512];
	/* the PM system gives PM-1, PM-2 …; one number a key */
	bool pm_down, mail_down;
	const char *pm_says; /* instead of a number */
	char pm_key[64], pm_keys[PM_KEYS][64];
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

/* Have all that is due done: tasks and what follows from them. */
void fixture_work(struct project_fixture *f);

/* Ask as ann (engineer), pat (pe), sam (pe without a licence), max (pe and engineer), bob (approver), adam (admin), vic
 * (viewer), all of one account, or eve (engineer of another).  `headers` as loopback's, or NULL.  Gives the status;
 * f->json is the answer. */
int fixture_ask(struct project_fixture *f, const char *who, const char *method, const char *target, const char *body,
				const char *const *headers);

#endif
