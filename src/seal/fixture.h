/*
 * What tests that need a store share: one in a folder of its own with the whole schema, accounts and people, simulated
 * time, a chain.  No part of the server.
 *
 * A larger fixture begins with SEAL_FIXTURE: its tests then write f->store, and f->seal is what these functions take.
 */
#ifndef CS_SEAL_FIXTURE_H
#define CS_SEAL_FIXTURE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/id.h"
#include "core/scratch.h"
#include "seal/audit.h"

struct json;

#define SEAL_FIXTURE_MEMBERS \
	char folder[SCRATCH_PATH]; \
	struct env_sim env; /* time stands still until it is moved */ \
	struct id_maker ids; \
	struct arena arena; \
	struct store *store; \
	struct audit audit;

struct seal_fixture {
	SEAL_FIXTURE_MEMBERS
};

#define SEAL_FIXTURE \
	union { \
		struct seal_fixture seal; \
		struct { \
			SEAL_FIXTURE_MEMBERS \
		}; \
	};

#define FIXTURE_ACCOUNT "01900000-0000-7000-8000-00000000000a"
#define FIXTURE_OTHER "01900000-0000-7000-8000-00000000000b"

/* A row of users; `roles` by bits and by name (one of the two suffices for a test), `licence` JSON or NULL. */
struct fixture_person {
	const char *name; /* also the e-mail address */
	const char *user_id, *account_id;
	unsigned roles;
	const char *role_names;
	const char *licence;
};

/* Open and close; `folder` names the program in /tmp.  Both accounts are there, and these people. */
void seal_fixture_open(struct seal_fixture *f, const char *name, const struct fixture_person *people, size_t count);
void seal_fixture_close(struct seal_fixture *f);

/* A store with the whole schema in a folder that is there. */
struct store *fixture_store(const char *folder, const struct env *env);

/* A person of FIXTURE_ACCOUNT, 0 <= i < FIXTURE_PEOPLE; text of one static buffer per i. */
enum { FIXTURE_PEOPLE = 40 };
const char *fixture_person(int i);

/* cmocka's setup and teardown of a test that needs no more: with FIXTURE_PEOPLE approvers. */
int seal_fixture_new(void **state);
int seal_fixture_free(void **state);

/* A number from a query without parameters. */
int64_t seal_fixture_number(struct store *store, const char *sql);
#define fixture_number(f, sql) seal_fixture_number((f)->store, (sql))

/* Is every row of the audit chain sound, and is there one? */
bool seal_fixture_sound(struct store *store);
#define fixture_chain_sound(f) seal_fixture_sound((f)->store)

/* The value in `json` at a path of names and indices, "result.items.0.name"; NULL: not there. */
const struct json *fixture_path(const struct json *json, const char *path);

#endif
