#include "crypt/password.h"

#include <crypt.h>
#include <stdio.h>
#include <string.h>

#include "core/codec.h"
#include "core/env.h"
#include "core/must.h"
#include "crypt/digest.h"

enum { SALT_SIZE = 16, BCRYPT_LENGTH = 60, MAC_TEXT = BASE64_LENGTH(SHA256_SIZE) + 1, SETTING_SIZE = 64 };

static const char form[] = "$cs1$";
static const char bcrypt_form[] = "$2b$";
static const char mac_key[] = "countersign/password/v1";

/* The text that bcrypt reads: 44 characters, no NUL. */
static void condense(const void *bytes, size_t size, char text[MAC_TEXT])
{
	unsigned char mac[SHA256_SIZE];
	hmac_sha256(mac_key, sizeof mac_key - 1, bytes, size, mac);
	base64_encode(text, mac, sizeof mac);
	wipe(mac, sizeof mac);
}

/* bcrypt of the password under a setting (or a whole hash, which begins with its setting); false for a bad setting. */
static bool run_bcrypt(const char *setting, const void *bytes, size_t size, char hash[BCRYPT_LENGTH + 1])
{
	struct crypt_data data;
	char text[MAC_TEXT];
	memset(&data, 0, sizeof data);
	condense(bytes, size, text);
	const char *result = crypt_rn(text, setting, &data, sizeof data);
	bool right = result != NULL && strlen(result) == BCRYPT_LENGTH;
	if (right)
		memcpy(hash, result, BCRYPT_LENGTH + 1);
	wipe(text, sizeof text);
	wipe(&data, sizeof data);
	return right;
}

static void make_setting(int cost, const unsigned char salt[SALT_SIZE], char setting[SETTING_SIZE])
{
	must(cost >= PASSWORD_COST_MIN && cost <= PASSWORD_COST_MAX);
	must(crypt_gensalt_rn(bcrypt_form, (unsigned long)cost, (const char *)salt, SALT_SIZE, setting, SETTING_SIZE) !=
		 NULL);
}

void password_hash(const struct env *env, int cost, const void *bytes, size_t size, char text[PASSWORD_HASH_TEXT])
{
	unsigned char salt[SALT_SIZE];
	char setting[SETTING_SIZE], hash[BCRYPT_LENGTH + 1];
	env_random(env, salt, sizeof salt);
	make_setting(cost, salt, setting);
	must(run_bcrypt(setting, bytes, size, hash));
	snprintf(text, PASSWORD_HASH_TEXT, "%s%s", form, hash);
}

/* The bcrypt part of a stored text, NULL when it is none of ours. */
static const char *bcrypt_part(const char *stored)
{
	if (strlen(stored) != PASSWORD_HASH_LENGTH || strncmp(stored, form, strlen(form)) != 0 ||
		strncmp(stored + strlen(form), bcrypt_form, strlen(bcrypt_form)) != 0)
		return NULL;
	return stored + strlen(form);
}

bool password_verify(const char *stored, const void *bytes, size_t size)
{
	char hash[BCRYPT_LENGTH + 1];
	const char *expected = bcrypt_part(stored);
	return expected != NULL && run_bcrypt(expected, bytes, size, hash) && same_bytes(hash, expected, BCRYPT_LENGTH);
}

void password_verify_nobody(int cost, const void *bytes, size_t size)
{
	static const unsigned char salt[SALT_SIZE] = {0};
	char setting[SETTING_SIZE], hash[BCRYPT_LENGTH + 1];
	make_setting(cost, salt, setting);
	must(run_bcrypt(setting, bytes, size, hash));
}

bool password_needs_rehash(const char *stored, int cost)
{
	int stored_cost = 0;
	const char *part = bcrypt_part(stored);
	return part == NULL || sscanf(part + strlen(bcrypt_form), "%2d$", &stored_cost) != 1 || stored_cost < cost;
}
