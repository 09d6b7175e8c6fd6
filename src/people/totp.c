#include "people/totp.h"

#include <stdio.h>
#include <string.h>

#include "crypt/digest.h"
#include "people/people_internal.h"
#include "people/users.h"
#include "store/store.h"

uint32_t totp_code(const unsigned char *seed, size_t size, int64_t step)
{
	unsigned char counter[8], mac[SHA1_SIZE];
	for (int i = 0; i < 8; i++)
		counter[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	hmac_sha1(seed, size, counter, sizeof counter, mac);
	const unsigned char *at = mac + (mac[SHA1_SIZE - 1] & 15);
	uint32_t number = (uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
	return number % 1000000;
}

int64_t totp_step_of(const unsigned char *seed, size_t size, const char *code, int64_t now_us, int64_t last_step)
{
	int64_t now_step = now_us / (TOTP_STEP_S * INT64_C(1000000)), found = 0;
	if (strlen(code) != TOTP_DIGITS || strspn(code, "0123456789") != TOTP_DIGITS)
		return 0;
	for (int64_t step = now_step - 1; step <= now_step + 1; step++) {
		char text[16];
		snprintf(text, sizeof text, "%06u", totp_code(seed, size, step));
		if (same_bytes(text, code, TOTP_DIGITS) && step > last_step && found == 0)
			found = step;
	}
	return found;
}

void totp_base32(char *text, const unsigned char *bytes, size_t size)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	unsigned bits = 0, held = 0;
	for (size_t i = 0; i < size; i++) {
		held = (held << 8 | bytes[i]) & 0xffff;
		for (bits += 8; bits >= 5; bits -= 5)
			*text++ = alphabet[held >> (bits - 5) & 31];
	}
	if (bits > 0)
		*text++ = alphabet[held << (5 - bits) & 31];
	*text = '\0';
}

/* Where a seed belongs: one that was moved to another row does not open. */
static size_t place(char text[96], const char *user_id)
{
	return (size_t)snprintf(text, 96, "users:totp_secret:%s", user_id);
}

size_t totp_seal(const struct people *people, const char *user_id, const unsigned char seed[TOTP_SEED],
				 unsigned char *sealed)
{
	char aad[96];
	size_t size = place(aad, user_id);
	aead_seal(people->options.env, people->seed_key, aad, size, seed, TOTP_SEED, sealed);
	return TOTP_SEED + AEAD_OVERHEAD;
}

bool totp_open(const struct people *people, const struct user *user, unsigned char seed[TOTP_SEED])
{
	char aad[96];
	size_t size = place(aad, user->user_id);
	return user->totp_secret != NULL && user->totp_secret_size == TOTP_SEED + AEAD_OVERHEAD &&
		   aead_open(people->seed_key, aad, size, user->totp_secret, user->totp_secret_size, seed, NULL);
}

static bool use_recovery_code(struct db *db, const struct user *user, const char *code, bool *right, struct err *err)
{
	char hash[SHA256_HEX_SIZE];
	secret_hash(code, hash);
	bool run = db_run(db, err, "DELETE FROM recovery_codes WHERE user_id = $1 AND code_hash = $2",
					  V_TEXT(user->user_id), V_TEXT(hash));
	*right = run && db_changed(db) > 0;
	return run;
}

bool totp_accept(const struct people *people, struct db *db, const struct user *user, const char *code, int64_t now_us,
				 bool *right, struct err *err)
{
	unsigned char seed[TOTP_SEED];
	*right = false;
	if (!totp_open(people, user, seed))
		return true;
	int64_t step = totp_step_of(seed, sizeof seed, code, now_us, user->totp_last_step);
	wipe(seed, sizeof seed);
	if (step == 0)
		return use_recovery_code(db, user, code, right, err);
	*right = true;
	return db_run(db, err, "UPDATE users SET totp_last_step = $2 WHERE user_id = $1", V_TEXT(user->user_id),
				  V_INT(step));
}
