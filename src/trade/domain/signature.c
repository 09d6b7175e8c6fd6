#include "trade/domain/signature.h"

#include <string.h>

#include "core/arena.h"
#include "core/codec.h"
#include "core/stamp.h"
#include "crypt/digest.h"

/* Parts put together: a part of SIZE_MAX bytes is a text. */
struct part {
	const void *bytes;
	size_t size;
};

static struct canonical join(struct arena *arena, struct part *parts, size_t count)
{
	struct canonical all = {.text = NULL, .size = 0};
	for (size_t i = 0; i < count; i++) {
		if (parts[i].size == SIZE_MAX)
			parts[i].size = strlen(parts[i].bytes);
		all.size += parts[i].size;
	}
	char *text = arena_alloc(arena, all.size + 1), *at = text;
	for (size_t i = 0; text != NULL && i < count; i++) {
		if (parts[i].size > 0)
			memcpy(at, parts[i].bytes, parts[i].size);
		at += parts[i].size;
	}
	all.text = text;
	return all;
}

#define TEXT(t) \
	{ \
		(t), SIZE_MAX \
	}

struct canonical signature_producer(struct arena *arena, const char *method, const char *target, const char *timestamp,
									const char *producer_id, const void *body, size_t body_size)
{
	unsigned char digest[SHA256_SIZE];
	char digest_text[BASE64_LENGTH(SHA256_SIZE) + 1];
	sha256(body, body_size, digest);
	base64_encode(digest_text, digest, sizeof digest);
	struct part parts[] = {TEXT("METHOD:"),        TEXT(method),     TEXT("\nENDPOINT:"),    TEXT(target),
						   TEXT("\nTIMESTAMP:"),   TEXT(timestamp),  TEXT("\nPRODUCER_ID:"), TEXT(producer_id),
						   TEXT("\nBODY_SHA256:"), TEXT(digest_text)};
	return join(arena, parts, sizeof parts / sizeof *parts);
}

struct canonical signature_device(struct arena *arena, const char *method, const char *target, const void *body,
								  size_t body_size, const char *device_id, const char *nonce, const char *timestamp)
{
	struct part parts[] = {TEXT(method),    TEXT("|"), TEXT(target), TEXT("|"), {body, body_size}, TEXT("|"),
						   TEXT(device_id), TEXT("|"), TEXT(nonce),  TEXT("|"), TEXT(timestamp)};
	return join(arena, parts, sizeof parts / sizeof *parts);
}

struct canonical signature_webhook(struct arena *arena, const char *id, const char *timestamp, const void *body,
								   size_t body_size)
{
	struct part parts[] = {TEXT(id), TEXT("."), TEXT(timestamp), TEXT("."), {body, body_size}};
	return join(arena, parts, sizeof parts / sizeof *parts);
}

void signature_make(const void *key, size_t key_size, struct canonical canonical, char text[SIGNATURE_TEXT])
{
	unsigned char mac[SIGNATURE_SIZE];
	hmac_sha256(key, key_size, canonical.text, canonical.size, mac);
	base64_encode(text, mac, sizeof mac);
}

static bool part_holds(const unsigned char mac[SIGNATURE_SIZE], const char *text, size_t length)
{
	unsigned char sent[SIGNATURE_SIZE];
	size_t size;
	return length == SIGNATURE_TEXT - 1 && base64_decode(text, length, sent, sizeof sent, &size) &&
		   size == SIGNATURE_SIZE && same_bytes(mac, sent, SIGNATURE_SIZE);
}

bool signature_holds(const void *key, size_t key_size, struct canonical canonical, const char *text)
{
	unsigned char mac[SIGNATURE_SIZE];
	hmac_sha256(key, key_size, canonical.text, canonical.size, mac);
	return part_holds(mac, text, strlen(text));
}

bool signature_list_holds(const void *key, size_t key_size, struct canonical canonical, const char *list)
{
	unsigned char mac[SIGNATURE_SIZE];
	bool holds = false;
	hmac_sha256(key, key_size, canonical.text, canonical.size, mac);
	while (*list != '\0') {
		size_t length = strcspn(list, " ");
		if (length > 3 && memcmp(list, "v1,", 3) == 0)
			holds |= part_holds(mac, list + 3, length - 3);
		list += length + (list[length] == ' ');
	}
	return holds;
}

bool signature_webhook_key(const char *secret, void *key, size_t room, size_t *size)
{
	size_t prefix = strlen(WEBHOOK_SECRET_PREFIX);
	return strncmp(secret, WEBHOOK_SECRET_PREFIX, prefix) == 0 &&
		   base64_decode(secret + prefix, strlen(secret + prefix), key, room, size) && *size > 0;
}

/* ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$ and a moment that exists */
bool signature_timestamp(const char *text, long long *us)
{
	size_t size = strlen(text), digits = 0;
	int64_t moment;
	if (size < 20 || text[10] != 'T')
		return false;
	if (text[19] == '.')
		digits = strspn(text + 20, "0123456789");
	if (digits > 6 || strchr(text, 'z') != NULL || !stamp_parse(text, size, &moment, NULL))
		return false;
	*us = moment;
	return true;
}
