/* What the primitives cost on this machine: one row each, microseconds a call. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/id.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/aead.h"
#include "crypt/digest.h"
#include "crypt/jwt.h"
#include "crypt/key.h"
#include "crypt/password.h"

enum { WARM_UP = 10, SLICE_US = 200000 }; /* a row runs for about a fifth of a second */

static const char claims[] =
	"{\"iss\":\"https://countersign.example\",\"aud\":\"countersign\",\"sub\":"
	"\"01936c3e-7b1a-7cc3-98c4-dc0c0c07398f\",\"sid\":\"01936c3e-7b1a-7cc3-98c4-dc0c0c073990\","
	"\"acc\":\"main\",\"roles\":[\"owner\"],\"iat\":0,\"nbf\":0,\"exp\":9999999999,\"jti\":"
	"\"01936c3e-7b1a-7cc3-98c4-dc0c0c073991\"}";

struct bed {
	struct key *es256, *ed25519;
	struct arena arena;
	struct buf token;
	struct id_maker ids;
	unsigned char block[64 << 10], small[300], key[32], signature[2][KEY_SIGNATURE_SIZE];
};

static void hash_small(struct bed *bed)
{
	unsigned char digest[SHA256_SIZE];
	sha256(bed->small, sizeof bed->small, digest);
}

static void hash_block(struct bed *bed)
{
	unsigned char digest[SHA256_SIZE];
	sha256(bed->block, sizeof bed->block, digest);
}

static void mac_small(struct bed *bed)
{
	unsigned char mac[SHA256_SIZE];
	hmac_sha256(bed->key, sizeof bed->key, bed->small, sizeof bed->small, mac);
}

static void seal_small(struct bed *bed)
{
	unsigned char sealed[sizeof bed->small + AEAD_OVERHEAD];
	aead_seal(env_real(), bed->key, "row", 3, bed->small, sizeof bed->small, sealed);
}

static void sign_es256(struct bed *bed)
{
	key_sign(bed->es256, bed->small, sizeof bed->small, bed->signature[0]);
}

static void verify_es256(struct bed *bed)
{
	must(key_verify(bed->es256, bed->small, sizeof bed->small, bed->signature[0], KEY_SIGNATURE_SIZE));
}

static void sign_ed25519(struct bed *bed)
{
	key_sign(bed->ed25519, bed->small, sizeof bed->small, bed->signature[1]);
}

static void verify_ed25519(struct bed *bed)
{
	must(key_verify(bed->ed25519, bed->small, sizeof bed->small, bed->signature[1], KEY_SIGNATURE_SIZE));
}

static void sign_token(struct bed *bed)
{
	buf_reset(&bed->token);
	jwt_sign(bed->es256, "at+jwt", claims, sizeof claims - 1, &bed->token);
}

static const struct key *find(void *self, const char *kid)
{
	(void)kid;
	return ((struct bed *)self)->es256;
}

static void verify_token(struct bed *bed)
{
	struct jwt_rules rules = {.typ = "at+jwt",
							  .iss = "https://countersign.example",
							  .aud = "countersign",
							  .now_us = 1,
							  .find = find,
							  .self = bed};
	const struct json *found;
	arena_reset(&bed->arena);
	must(jwt_verify(&bed->arena, bed->token.bytes, bed->token.size, &rules, &found, NULL));
}

static void hash_password(struct bed *bed)
{
	(void)bed;
	password_verify_nobody(12, "password", 8);
}

static void make_id(struct bed *bed)
{
	char text[ID_TEXT];
	id_make(&bed->ids, text);
}

struct row {
	const char *name;
	void (*run)(struct bed *bed);
	int warm_up;
};

static const struct row rows[] = {
	{"UUIDv7", make_id, WARM_UP},
	{"SHA-256, 300 bytes", hash_small, WARM_UP},
	{"SHA-256, 64 KiB", hash_block, WARM_UP},
	{"HMAC-SHA-256, 300 bytes", mac_small, WARM_UP},
	{"AES-256-GCM seal, 300 bytes", seal_small, WARM_UP},
	{"ES256 sign", sign_es256, WARM_UP},
	{"ES256 verify", verify_es256, WARM_UP},
	{"Ed25519 sign", sign_ed25519, WARM_UP},
	{"Ed25519 verify", verify_ed25519, WARM_UP},
	{"JWT sign", sign_token, WARM_UP},
	{"JWT verify", verify_token, WARM_UP},
	{"password, cost 12", hash_password, 0},
};

static void measure(const struct row *row, struct bed *bed)
{
	for (int i = 0; i < row->warm_up; i++)
		row->run(bed);
	int64_t start = env_mono_us(env_real()), end;
	long calls = 0;
	do {
		row->run(bed);
		calls++;
		end = env_mono_us(env_real());
	} while (end - start < SLICE_US);
	double each_us = (double)(end - start) / (double)calls;
	printf("%-30s %12.2f us %12.0f /s\n", row->name, each_us, 1e6 / each_us);
}

int main(void)
{
	static struct bed bed;
	bed.es256 = key_new(KEY_ES256, env_real());
	bed.ed25519 = key_new(KEY_ED25519, env_real());
	arena_init(&bed.arena, 1 << 20);
	buf_init(&bed.token, 0);
	id_maker_init(&bed.ids, env_real());
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		measure(&rows[i], &bed);
	id_maker_fini(&bed.ids);
	buf_fini(&bed.token);
	arena_fini(&bed.arena);
	key_free(bed.ed25519);
	key_free(bed.es256);
	return 0;
}
