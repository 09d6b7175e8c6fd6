#include "flow/domain/webhook.h"

#include <string.h>

#include "core/buf.h"
#include "core/codec.h"
#include "crypt/digest.h"

void webhook_secret(const unsigned char key[WEBHOOK_KEY], char text[WEBHOOK_SECRET])
{
	memcpy(text, "whsec_", 6);
	base64_encode(text + 6, key, WEBHOOK_KEY);
}

/* REF: Standard Webhooks 1.0, signature scheme: msg_id.timestamp.payload */
void webhook_sign(const unsigned char key[WEBHOOK_KEY], const struct webhook *webhook, struct buf *signatures)
{
	unsigned char mac[SHA256_SIZE];
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "%s.%lld.", webhook->id, (long long)webhook->at_s);
	buf_add(&text, webhook->body, webhook->size);
	hmac_sha256(key, WEBHOOK_KEY, buf_text(&text), text.size, mac);
	buf_adds(signatures, signatures->size > 0 ? " v1," : "v1,");
	base64_add(signatures, mac, sizeof mac);
	buf_fini(&text);
}

int64_t webhook_delay_s(int64_t tries)
{
	/* REF: platform P-10.6: 10 tries over 24 h */
	static const int64_t delays[WEBHOOK_TRIES - 1] = {5, 30, 120, 600, 1800, 3600, 10800, 21600, 43200};
	return tries < 1 ? delays[0] : tries >= WEBHOOK_TRIES ? 0 : delays[tries - 1];
}
