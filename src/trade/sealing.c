#include "trade/sealing.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/aead.h"
#include "crypt/digest.h"
#include "trade/devices.h"
#include "trade/producers.h"

static const char purpose[] = "countersign/payload/v1";

struct sealed_body {
	const char *nonce, *ciphertext, *aad;
};
static const struct field sealed_fields[] = {
	F_STR(sealed_body, nonce, REQUIRED),
	F_STR(sealed_body, ciphertext, REQUIRED),
	F_STR(sealed_body, aad, REQUIRED),
};
static const struct field_table sealed_table = FIELD_TABLE("client.sealed", sealed_body, sealed_fields);

/* Nothing but the secret goes in: who has it can make the key. */
static bool make_key(const unsigned char *secret_key, const struct device *d, unsigned char key[AEAD_KEY_SIZE])
{
	char secret[64];
	size_t size = 0;
	if (!producer_open_secret(secret_key, d->device_id, d->secret, d->secret_size, secret, &size))
		return false;
	hkdf_sha256(secret, size, NULL, 0, purpose, sizeof purpose - 1, key, AEAD_KEY_SIZE);
	wipe(secret, sizeof secret);
	return true;
}

/* Bytes of a base64 text in the arena; NULL: it is none, and that was told. */
static unsigned char *bytes_of(struct arena *arena, const char *text, const char *pointer, size_t *size,
							   struct faults *faults)
{
	size_t length = strlen(text);
	unsigned char *bytes = arena_alloc(arena, length + 1);
	if (bytes != NULL && base64_decode(text, length, bytes, length + 1, size))
		return bytes;
	faults_add(faults, pointer, "format", "must be base64 with padding");
	return NULL;
}

static bool open_parts(const unsigned char *key, const struct device *d, struct arena *arena,
					   const struct sealed_body *s, struct buf *body, struct faults *faults)
{
	size_t nonce_size = 0, size = 0, aad_size = 0;
	const unsigned char *nonce = bytes_of(arena, s->nonce, "/nonce", &nonce_size, faults);
	const unsigned char *text = bytes_of(arena, s->ciphertext, "/ciphertext", &size, faults);
	const unsigned char *aad = bytes_of(arena, s->aad, "/aad", &aad_size, faults);
	if (faults->count > 0)
		return false;
	if (nonce_size != AEAD_NONCE_SIZE)
		faults_add(faults, "/nonce", "format", "has 12 bytes");
	if (size < AEAD_TAG_SIZE)
		faults_add(faults, "/ciphertext", "format", "has at least the 16 bytes of its tag");
	if (aad_size != strlen(d->device_id) || memcmp(aad, d->device_id, aad_size) != 0)
		faults_add(faults, "/aad", "seal", "must be the device's id");
	if (faults->count > 0)
		return false;
	size -= AEAD_TAG_SIZE;
	unsigned char *plain = arena_alloc(arena, size + 1);
	if (plain == NULL || !gcm_decrypt(key, nonce, aad, aad_size, text, size, text + size, plain)) {
		faults_add(faults, "/ciphertext", "seal", "does not open: it was changed, or sealed by another key");
		return false;
	}
	buf_reset(body);
	buf_add(body, plain, size);
	return true;
}

bool sealing_open(const unsigned char *secret_key, const struct device *device, struct arena *arena, struct buf *body,
				  struct faults *faults)
{
	unsigned char key[AEAD_KEY_SIZE];
	const struct json *json;
	struct sealed_body sealed;
	if (!json_parse(arena, buf_text(body), body->size, &json_body_limits, &json, NULL) || json->kind != JS_OBJECT) {
		faults_add(faults, "", "type", "must be {nonce, ciphertext, aad}: the device's bodies are encrypted");
		return false;
	}
	if (!field_decode(&sealed_table, json, &sealed, arena, "", faults))
		return false;
	if (!make_key(secret_key, device, key)) {
		faults_add(faults, "", "seal", "cannot be opened");
		return false;
	}
	bool opened = open_parts(key, device, arena, &sealed, body, faults);
	wipe(key, sizeof key);
	return opened;
}

bool sealing_close(const struct env *env, const unsigned char *secret_key, const struct device *device,
				   struct arena *arena, const struct buf *text, struct buf *out)
{
	unsigned char key[AEAD_KEY_SIZE], nonce[AEAD_NONCE_SIZE];
	unsigned char *sealed = arena_alloc(arena, text->size + AEAD_TAG_SIZE);
	size_t id_size = strlen(device->device_id);
	if (sealed == NULL || !make_key(secret_key, device, key))
		return false;
	env_random(env, nonce, sizeof nonce);
	gcm_encrypt(key, nonce, device->device_id, id_size, buf_text(text), text->size, sealed, sealed + text->size);
	wipe(key, sizeof key);
	buf_adds(out, "{\"nonce\":\"");
	base64_add(out, nonce, sizeof nonce);
	buf_adds(out, "\",\"ciphertext\":\"");
	base64_add(out, sealed, text->size + AEAD_TAG_SIZE);
	buf_adds(out, "\",\"aad\":\"");
	base64_add(out, device->device_id, id_size);
	buf_adds(out, "\"}");
	return buf_ok(out);
}
