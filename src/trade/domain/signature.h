/*
 * Signed requests of producers and terminals [trade.md 2.2, 4.2]: the canonical strings, their HMAC-SHA256 and how the
 * text of a signature is read.  The server verifies by these functions and trade.sign signs by them.
 *
 * Nothing is parsed or trimmed before it is signed: texts and bodies go in as they were sent.  Thread: any.
 */
#ifndef CS_TRADE_DOMAIN_SIGNATURE_H
#define CS_TRADE_DOMAIN_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct op;

enum { SIGNATURE_SIZE = 32, SIGNATURE_TEXT = 45 }; /* bytes; characters of base64 and a NUL */

#define WEBHOOK_SECRET_PREFIX "whsec_"

/* One text of n bytes in the arena; NULL text: it was full. */
struct canonical {
	const char *text;
	size_t size;
};

/* METHOD:, ENDPOINT:, TIMESTAMP:, PRODUCER_ID:, BODY_SHA256: in lines, no LF at the end. */
struct canonical signature_producer(struct arena *arena, const char *method, const char *target, const char *timestamp,
									const char *producer_id, const void *body, size_t body_size);

/* METHOD|PATH|BODY|DEVICE_ID|NONCE|TIMESTAMP */
struct canonical signature_device(struct arena *arena, const char *method, const char *target, const void *body,
								  size_t body_size, const char *device_id, const char *nonce, const char *timestamp);

/* id.timestamp.body, of Standard Webhooks */
struct canonical signature_webhook(struct arena *arena, const char *id, const char *timestamp, const void *body,
								   size_t body_size);

/* HMAC-SHA256 of it as base64 with padding. */
void signature_make(const void *key, size_t key_size, struct canonical canonical, char text[SIGNATURE_TEXT]);

/* Is `text` that signature?  Anything but the standard alphabet with padding is not.  Constant time for 44 characters.
 */
bool signature_holds(const void *key, size_t key_size, struct canonical canonical, const char *text);

/* Any `v1,<base64>` of a list divided by single spaces may match; other versions are passed over. */
bool signature_list_holds(const void *key, size_t key_size, struct canonical canonical, const char *list);

/* The key of a `whsec_` secret: decoded base64, at most `room` bytes.  False: not of that form. */
bool signature_webhook_key(const char *secret, void *key, size_t room, size_t *size);

/* X-Timestamp as 2.2 has it, into microseconds.  Stricter than RFC 3339: upper-case T and Z, at most six decimals. */
bool signature_timestamp(const char *text, long long *us);

/* trade.sign */
extern const struct op trade_sign_op;

#endif
