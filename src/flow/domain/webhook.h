/*
 * Webhooks as Standard Webhooks has them: how a body is signed, and when it is tried again [P-10.6].  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_WEBHOOK_H
#define CS_FLOW_DOMAIN_WEBHOOK_H

#include <stddef.h>
#include <stdint.h>

struct buf;

enum {
	WEBHOOK_KEY = 32,   /* bytes of a secret */
	WEBHOOK_TRIES = 10, /* within 24 hours */
	WEBHOOK_SECRET = 6 + 44 + 1,
};

/* What a receiver is given: whsec_ and the key as base64. */
void webhook_secret(const unsigned char key[WEBHOOK_KEY], char text[WEBHOOK_SECRET]);

struct webhook {
	const char *id;
	int64_t at_s; /* seconds since 1970 */
	const void *body;
	size_t size;
};

/* Append one signature, `v1,` and base64 of HMAC-SHA256 of id.timestamp.body, after a space when there is one already.
 */
void webhook_sign(const unsigned char key[WEBHOOK_KEY], const struct webhook *webhook, struct buf *signatures);

/* Seconds from the n-th failure, from 1, to the next try; 0: there is none. */
int64_t webhook_delay_s(int64_t tries);

#endif
