/*
 * What tests of routes share: a store (seal/fixture.h), the shipped packs, and a service without sockets whose people
 * are named by the header X-Test-User.  No part of the server.
 *
 * A product's fixture is a struct that begins with PEOPLE_FIXTURE and goes on with what the product needs; its tests
 * then write f->store and f->json, and f->people is what these functions take.
 */
#ifndef CS_PEOPLE_FIXTURE_H
#define CS_PEOPLE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/json.h"
#include "http/loopback.h"
#include "http/service.h"
#include "seal/fixture.h"

struct packs;
struct pack_kind;
struct router;

#define PEOPLE_FIXTURE_MEMBERS \
	SEAL_FIXTURE \
	struct packs *packs; \
	struct router *router; /* the product's */ \
	struct service service; \
	struct loopback answer;  /* the last */ \
	const struct json *json; /* the same, or NULL */ \
	const struct fixture_person *known; \
	size_t known_count;

struct people_fixture {
	PEOPLE_FIXTURE_MEMBERS
};

#define PEOPLE_FIXTURE \
	union { \
		struct people_fixture people; \
		struct { \
			PEOPLE_FIXTURE_MEMBERS \
		}; \
	};

/* Open the store, the people and the packs of these kinds; `known` stays the caller's.  The router comes later. */
void people_fixture_open(struct people_fixture *f, const char *name, const struct fixture_person *known, size_t count,
						 const struct pack_kind *const *kinds, size_t kinds_count);
void people_fixture_close(struct people_fixture *f);

/* Serve these routes from now on; the router becomes the fixture's, the one before it is freed. */
void people_fixture_serve(struct people_fixture *f, struct router *router);

/* Ask as one of the known; `headers` as loopback's beside name and type, or NULL; `body` NULL: none.  Gives the status.
 */
int people_fixture_ask(struct people_fixture *f, const char *who, const char *method, const char *target,
					   const char *body, const char *const *headers);

/* Values of the last answer, by their path. */
const struct json *people_fixture_at(const struct people_fixture *f, const char *path);
const char *people_fixture_text(const struct people_fixture *f, const char *path); /* "": no text */
double people_fixture_number(const struct people_fixture *f, const char *path);    /* NaN: no number */
bool people_fixture_true(const struct people_fixture *f, const char *path);        /* false: not true */
const char *people_fixture_keep(struct people_fixture *f, const char *path);       /* outlives the next question */
#define fixture_at(f, path) people_fixture_at(&(f)->people, (path))
#define fixture_text(f, path) people_fixture_text(&(f)->people, (path))
#define fixture_number_at(f, path) people_fixture_number(&(f)->people, (path))
#define fixture_true(f, path) people_fixture_true(&(f)->people, (path))
#define fixture_keep(f, path) people_fixture_keep(&(f)->people, (path))

#endif
