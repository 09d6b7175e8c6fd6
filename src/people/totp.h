/*
 * The second factor: time-based codes (RFC 6238 with SHA-1, 6 digits, 30 s), one step either way, each step once, and
 * ten recovery codes of 128 bits [P-4.7].  Seeds stand sealed in the store.
 */
#ifndef CS_PEOPLE_TOTP_H
#define CS_PEOPLE_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;
struct people;
struct user;

enum { TOTP_SEED = 20, TOTP_STEP_S = 30, TOTP_DIGITS = 6, TOTP_RECOVERY_CODES = 10, TOTP_RECOVERY_TEXT = 27 };

/* The code of a step (seconds since 1970 / 30), 0 to 999999.  REF: RFC 6238 section 4 */
uint32_t totp_code(const unsigned char *seed, size_t size, int64_t step);

/*
 * The step that this code of six digits belongs to: of now, the one before or the one after, and after `last_step`.
 * 0: none.  Takes the same time for each code.
 */
int64_t totp_step_of(const unsigned char *seed, size_t size, const char *code, int64_t now_us, int64_t last_step);

/* Base32 without padding (RFC 4648), as authenticator programs take seeds.  `text` has room for size * 8 / 5 + 2. */
void totp_base32(char *text, const unsigned char *bytes, size_t size);

/* Seal a new seed for a user, or open the one they have.  False: there is none, or it does not open. */
size_t totp_seal(const struct people *people, const char *user_id, const unsigned char seed[TOTP_SEED],
				 unsigned char *sealed);
bool totp_open(const struct people *people, const struct user *user, unsigned char seed[TOTP_SEED]);

/*
 * In an op: is this a code or a recovery code of the user?  A right one is used up.  False only when the store fails.
 */
bool totp_accept(const struct people *people, struct db *db, const struct user *user, const char *code, int64_t now_us,
				 bool *right, struct err *err);

#endif
