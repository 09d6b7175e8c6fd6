#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/files.h"
#include "core/arena.h"
#include "core/codec.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "http/exchange.h"

/* URLs that carry their own right: whoever holds one may do the one thing that it was made for [P-9.2]. */

enum { CLAIM_TEXT = 512 };

static void sign(const struct app *app, const struct blob_claim *claim, char signature[FILE_SIGNATURE_TEXT])
{
	static const char label[] = "countersign/blob/v1";
	unsigned char key[SHA256_SIZE], mac[SHA256_SIZE];
	char text[CLAIM_TEXT];
	hmac_sha256(app->keys.master, sizeof app->keys.master, label, sizeof label - 1, key);
	int size = snprintf(text, sizeof text, "%s\n/blobs/%s\n%lld\n%s\n%lld\n%s", claim->method, claim->id,
						(long long)claim->expires_s, claim->content_type, (long long)claim->bytes, claim->account_id);
	must(size > 0 && size < CLAIM_TEXT);
	hmac_sha256(key, sizeof key, text, (size_t)size, mac);
	signature[base64url_encode(signature, mac, sizeof mac)] = '\0';
	wipe(key, sizeof key);
}

const char *blob_url(const struct app *app, struct arena *arena, const struct blob_claim *claim)
{
	char signature[FILE_SIGNATURE_TEXT];
	sign(app, claim, signature);
	return arena_printf(arena, "%s/blobs/%s?e=%lld&s=%s", app->config.public_url, claim->id,
						(long long)claim->expires_s, signature);
}

int64_t blob_url_expiry(const struct exchange *x)
{
	const char *e = exchange_query(x, "e");
	if (e == NULL || e[0] < '1' || e[0] > '9' || strlen(e) > 12 || strspn(e, "0123456789") != strlen(e))
		return 0;
	return strtoll(e, NULL, 10);
}

bool blob_url_holds(const struct exchange *x, const struct blob_claim *claim)
{
	const char *s = exchange_query(x, "s");
	char signature[FILE_SIGNATURE_TEXT];
	sign(x->owner, claim, signature);
	return s != NULL && claim->expires_s == blob_url_expiry(x) && strlen(s) == strlen(signature) &&
		   same_bytes(s, signature, strlen(signature));
}
