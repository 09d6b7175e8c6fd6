/*
 * What tests of the store's side of seal/ share: a store in a folder of its own with the whole schema, two accounts,
 * some people, simulated time.  No part of the server.
 */
#ifndef CS_SEAL_FIXTURE_H
#define CS_SEAL_FIXTURE_H

#include "core/arena.h"
#include "core/env.h"
#include "core/id.h"
#include "seal/audit.h"

struct seal_fixture {
	char folder[64];
	struct env_sim env; /* time stands still until it is moved */
	struct id_maker ids;
	struct arena arena;
	struct store *store;
	struct audit audit;
};

#define FIXTURE_ACCOUNT "01900000-0000-7000-8000-00000000000a"
#define FIXTURE_OTHER "01900000-0000-7000-8000-00000000000b"

enum { FIXTURE_PEOPLE = 40 };

/* A person of FIXTURE_ACCOUNT, 0 <= i < FIXTURE_PEOPLE; text of one static buffer per i. */
const char *fixture_person(int i);

/* cmocka's setup and teardown of one test. */
int seal_fixture_new(void **state);
int seal_fixture_free(void **state);

/* A number from a query without parameters. */
int64_t fixture_number(struct seal_fixture *f, const char *sql);

#endif
