/*
 * No bytes crash the verifier of receipts, and none is accepted but what our key signed.  The input is tried as a
 * receipt, and as the payload of a token that the key signs, which only a receipt's payload survives [P-6.9].
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/jwt.h"
#include "crypt/key.h"
#include "seal/receipt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct key *find(void *self, const char *kid)
{
	return strcmp(kid, key_kid(self)) == 0 ? self : NULL;
}

static bool accepted(struct key *key, const char *text, size_t size)
{
	struct arena arena;
	struct err err = {.kind = ERR_NONE};
	const struct json *payload = NULL;
	arena_init(&arena, 1 << 20);
	bool right = receipt_verify(&arena, text, size, find, key, &payload, &err);
	must(right == (payload != NULL));
	must(right || err.kind == ERR_TOKEN_INVALID || err.kind == ERR_LIMIT);
	must(!right || json_text(payload, "seal_sha256") != NULL);
	arena_fini(&arena);
	return right;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key *key;
	struct buf token;
	if (key == NULL)
		key = key_new(KEY_ES256, env_real());
	must(!accepted(key, (const char *)data, size));
	buf_init(&token, 0);
	jwt_sign(key, RECEIPT_TYP, (const char *)data, size, &token);
	if (buf_ok(&token))
		accepted(key, buf_text(&token), token.size);
	buf_fini(&token);
	return 0;
}
