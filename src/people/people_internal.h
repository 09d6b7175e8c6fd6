/* What the files of src/people share; nobody else includes it. */
#ifndef CS_PEOPLE_INTERNAL_H
#define CS_PEOPLE_INTERNAL_H

#include "crypt/aead.h"
#include "crypt/digest.h"
#include "crypt/password.h"
#include "crypt/secret.h"
#include "people/page.h"
#include "people/people.h"

struct access;
struct attempts;
struct workers;

struct people {
	struct people_options options;
	struct access *access;
	struct attempts *attempts;
	struct workers *hashers;               /* threads that do nothing but bcrypt [P-4.1] */
	unsigned char seed_key[AEAD_KEY_SIZE]; /* seals the seeds of second factors */
	unsigned char page_key[PAGE_KEY];      /* of the cursors of lists */
};

enum { US_PER_S = 1000000 };

/* A secret in clear, for its owner, and its digest, for the store. */
struct secret {
	char text[SECRET_TEXT], hash[SHA256_HEX_SIZE];
};

void secret_new(const struct people *people, const char *prefix, struct secret *secret);
void secret_hash(const char *text, char hash[SHA256_HEX_SIZE]);

/* The hash of a password at the configured cost.  Cost: bcrypt's. */
void people_hash(const struct people *people, const char *password, char text[PASSWORD_HASH_TEXT]);

/* Routes of the parts, which people_add_routes() registers. */
extern const struct route login_routes[], me_routes[], password_routes[], signup_routes[], session_routes[],
	totp_routes[], user_routes[], key_routes[];
extern const size_t login_routes_count, me_routes_count, password_routes_count, signup_routes_count,
	session_routes_count, totp_routes_count, user_routes_count, key_routes_count;

#endif
