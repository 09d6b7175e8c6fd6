/*
 * Receipts: what a person takes away from a countersignature, a JSON Web Signature that anyone can verify with the
 * published keys alone, also years later and after the keys have been changed [P-6.9].
 *
 * The text of a reason is not in it, only its SHA-256.  A receipt does not expire: it says what was signed, when.
 * Thread: any.  Cost: one signature (crypt/key.h).
 */
#ifndef CS_SEAL_RECEIPT_H
#define CS_SEAL_RECEIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct json;
struct key;

#define RECEIPT_TYP "countersign-receipt+jwt"

struct receipt {
	const char *issuer;
	int64_t at_us;
	const char *countersignature_id, *request_id, *kind, *seal_sha256, *content_sha256, *decision;
	const char *reason; /* in clear; NULL: none */
	const char *signer, *role;
	const char *licence; /* JSON, or NULL */
	int64_t consent_version;
	const char *audit_stream, *audit_hash;
	int64_t audit_seq;
};

/* The receipt in the arena; NULL when that is full.  The key is ES256 and private (must). */
const char *receipt_sign(const struct receipt *receipt, const struct key *key, struct arena *arena);

/*
 * Check the signature and give the payload, in the arena.  ERR_TOKEN_INVALID with the reason; ERR_LIMIT when the arena
 * is full.  `find` gives the public key of a kid, also of a retired one, or NULL.
 */
bool receipt_verify(struct arena *arena, const char *text, size_t size,
					const struct key *(*find)(void *self, const char *kid), void *self, const struct json **payload,
					struct err *err);

#endif
