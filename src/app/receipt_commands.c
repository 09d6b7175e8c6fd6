#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/fact.h"
#include "app/tree.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/key.h"
#include "crypt/key_file.h"
#include "crypt/ring.h"
#include "seal/receipt.h"

/* `countersign verify RECEIPT [--jwks F]`: off line, with the published keys alone [P-6.9]. */

enum { FILE_SIZE_MAX = 1 << 20, HALF = 32, KEYS_MAX = RING_KEYS_MAX };

struct keys {
	struct key *items[KEYS_MAX];
	size_t count;
};

static bool read_file(const char *path, struct buf *out, struct err *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char block[4096];
	size_t size;
	if (file == NULL)
		return err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	while ((size = fread(block, 1, sizeof block, file)) > 0)
		buf_add(out, block, size);
	bool whole = ferror(file) == 0 && buf_ok(out);
	if (file != stdin)
		fclose(file);
	return whole || err_set(err, ERR_IO, "cannot read %s whole", path);
}

static bool take_half(const struct json *jwk, const char *name, unsigned char bytes[HALF])
{
	const char *text = json_text(jwk, name);
	size_t size;
	return text != NULL && base64url_decode(text, strlen(text), bytes, HALF, &size) && size == HALF;
}

/* A JWK that is no key of receipts is passed over: the set also has those of checkpoints.  REF: RFC 7518 section 6.2 */
static void take_jwk(struct keys *keys, const struct json *jwk)
{
	unsigned char point[2 * HALF];
	const char *kty = json_text(jwk, "kty"), *crv = json_text(jwk, "crv");
	if (kty != NULL && crv != NULL && strcmp(kty, "EC") == 0 && strcmp(crv, "P-256") == 0 && keys->count < KEYS_MAX &&
		take_half(jwk, "x", point) && take_half(jwk, "y", point + HALF) &&
		key_from_public(KEY_ES256, point, sizeof point, &keys->items[keys->count], NULL))
		keys->count++;
}

static bool read_jwks(const char *path, struct arena *arena, struct keys *keys, struct err *err)
{
	struct buf text;
	const struct json *set = NULL;
	buf_init(&text, FILE_SIZE_MAX);
	bool read = read_file(path, &text, err) && json_parse(arena, text.bytes, text.size, &json_body_limits, &set, err);
	const struct json *list = json_get(set, "keys");
	for (uint32_t i = 0; list != NULL && list->kind == JS_ARRAY && i < list->count; i++)
		take_jwk(keys, &list->items[i]);
	buf_fini(&text);
	return read && (keys->count > 0 || err_set(err, ERR_INVALID, "%s has no key of receipts", path));
}

struct own {
	const char *folder;
	struct keys *keys;
};

/* receipt.pem and those that were retired. */
static bool take_own(void *self, const char *file, struct err *err)
{
	const struct own *own = self;
	char path[4300];
	if (strncmp(file, "receipt", 7) != 0 || (file[7] != '.' && file[7] != '-') || strstr(file, ".pem") == NULL)
		return true;
	snprintf(path, sizeof path, "%.4200s/%.80s", own->folder, file);
	if (own->keys->count == KEYS_MAX)
		return err_set(err, ERR_LIMIT, "%s has more than %d keys of receipts", own->folder, KEYS_MAX);
	if (!key_read(path, &own->keys->items[own->keys->count], err))
		return false;
	own->keys->count++;
	return true;
}

static bool read_own(const struct cli *cli, struct arena *arena, struct keys *keys, struct err *err)
{
	struct config config;
	char path[4200];
	if (!config_of_cli(cli, arena, &config, NULL))
		return err_set(err, ERR_INVALID, "the configuration is not valid");
	snprintf(path, sizeof path, "%s/keys", config.data);
	struct own own = {path, keys};
	return tree_walk(path, "", take_own, &own, err) &&
		   (keys->count > 0 || err_set(err, ERR_INVALID, "%s has no key of receipts", path));
}

/* A kid is computed here from the key itself, so a set cannot lend a key another's name. */
static const struct key *find_key(void *self, const char *kid)
{
	const struct keys *keys = self;
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(key_kid(keys->items[i]), kid) == 0)
			return keys->items[i];
	return NULL;
}

static int say(const struct cli *cli, const struct json *payload, const struct err *err)
{
	const int code = payload != NULL ? CLI_DONE : CLI_WRONG;
	if (cli->json) {
		struct fact fact;
		struct jw *result = fact_begin(&fact);
		jw_member_bool(result, "valid", payload != NULL);
		jw_member_str(result, "reason", payload != NULL ? NULL : err->message);
		jw_key(result, "payload");
		jw_json(result, payload);
		return fact_end(&fact, code);
	}
	if (payload == NULL)
		printf("INVALID: %s\n", err->message);
	else
		printf("OK: %s of seal %s by %s\n", json_text(payload, "decision"), json_text(payload, "seal_sha256"),
			   json_text(payload, "signer"));
	return code;
}

/* The argument is the receipt itself, or a file that holds it. */
static bool read_receipt(const char *argument, struct buf *out, struct err *err)
{
	if (strlen(argument) > 60 && strchr(argument, '/') == NULL && strchr(argument, '.') != NULL)
		buf_adds(out, argument);
	else if (!read_file(argument, out, err))
		return false;
	while (out->size > 0 && strchr(" \r\n", out->bytes[out->size - 1]) != NULL)
		out->size--;
	return true;
}

int command_verify(const struct cli *cli)
{
	const char *jwks = cli_option(cli, "jwks");
	const struct json *payload = NULL;
	struct keys keys = {.count = 0};
	struct arena arena;
	struct buf receipt;
	struct err err;
	int code;
	arena_init(&arena, ARENA_REQUEST_CAP);
	buf_init(&receipt, FILE_SIZE_MAX);
	bool ready = read_receipt(cli->args[0], &receipt, &err) &&
				 (jwks != NULL ? read_jwks(jwks, &arena, &keys, &err) : read_own(cli, &arena, &keys, &err));
	if (!ready)
		code = cli_fail(cli, err.kind == ERR_IO ? CLI_FAILED : CLI_INVALID, "%s", err.message);
	else if (!receipt_verify(&arena, buf_text(&receipt), receipt.size, find_key, &keys, &payload, &err))
		code = say(cli, NULL, &err);
	else
		code = say(cli, payload, &err);
	for (size_t i = 0; i < keys.count; i++)
		key_free(keys.items[i]);
	buf_fini(&receipt);
	arena_fini(&arena);
	return code;
}
