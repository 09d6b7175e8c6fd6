/*
 * No bytes crash the verifier, and none is accepted but what our key signed.  The input is tried as a token, as the
 * claims and as the header of a token that the key in force signs [P-4.4].
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/jwt.h"
#include "crypt/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct key *find(void *self, const char *kid)
{
	return strcmp(kid, "k") == 0 || strcmp(kid, key_kid(self)) == 0 ? self : NULL;
}

static bool accepted(struct key *key, const char *token, size_t size)
{
	struct jwt_rules rules = {.typ = "t", .iss = "i", .aud = "a", .now_us = 1000000, .find = find, .self = key};
	struct arena arena;
	struct err err = {.kind = ERR_NONE};
	const struct json *claims = NULL;
	arena_init(&arena, 1 << 20);
	bool right = jwt_verify(&arena, token, size, &rules, &claims, &err);
	must(right == (claims != NULL));
	must(right || err.kind == ERR_TOKEN_INVALID || err.kind == ERR_TOKEN_EXPIRED || err.kind == ERR_LIMIT);
	must(!right || (strcmp(json_text(claims, "iss"), "i") == 0 && strcmp(json_text(claims, "aud"), "a") == 0));
	arena_fini(&arena);
	return right;
}

static void add(struct buf *buf, const void *bytes, size_t size)
{
	char *text = malloc(BASE64URL_LENGTH(size) + 1);
	must(text != NULL);
	buf_add(buf, text, base64url_encode(text, bytes, size));
	free(text);
}

static void check_header(const char *bytes, size_t size)
{
	static const char *const forbidden[] = {"crit", "jwk", "jku", "x5u", "x5c"};
	struct arena arena;
	const struct json *header = NULL;
	arena_init(&arena, 1 << 20);
	must(size <= JWT_HEADER_MAX && json_parse(&arena, bytes, size, &json_body_limits, &header, NULL));
	must(strcmp(json_text(header, "alg"), "ES256") == 0 && strcmp(json_text(header, "typ"), "t") == 0);
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		must(json_get(header, forbidden[i]) == NULL);
	arena_fini(&arena);
}

/* The input as header, rightly signed: what is accepted must not name a key or rules of its own. */
static void try_header(struct key *key, const uint8_t *data, size_t size)
{
	static const char claims[] = "{\"iss\":\"i\",\"aud\":\"a\",\"nbf\":0,\"exp\":9}";
	unsigned char signature[KEY_SIGNATURE_SIZE];
	struct buf token;
	buf_init(&token, 0);
	add(&token, data, size);
	buf_addc(&token, '.');
	add(&token, claims, sizeof claims - 1);
	key_sign(key, token.bytes, token.size, signature);
	buf_addc(&token, '.');
	add(&token, signature, sizeof signature);
	if (accepted(key, token.bytes, token.size))
		check_header((const char *)data, size);
	buf_fini(&token);
}

static void try_claims(struct key *key, const uint8_t *data, size_t size)
{
	struct buf token;
	buf_init(&token, 0);
	jwt_sign(key, "t", (const char *)data, size, &token);
	accepted(key, token.bytes, token.size);
	buf_fini(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key *key;
	if (key == NULL)
		key = key_new(KEY_ES256, env_real());
	must(!accepted(key, (const char *)data, size));
	try_header(key, data, size);
	try_claims(key, data, size);
	return 0;
}
