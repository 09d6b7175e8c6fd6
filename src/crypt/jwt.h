/*
 * Access tokens: JSON Web Tokens in the compact form, signed ES256 and nothing else (P-4.4).
 *
 * The algorithm is not negotiated: what the header says is compared, never obeyed.  A key comes from our own ring by
 * its kid, never out of the token.  Every check that fails is ERR_TOKEN_INVALID; ERR_TOKEN_EXPIRED comes last and so
 * only for a token that is right in everything else.  Whether the session still lives is the caller's question.
 * Thread: any.  Cost: one signature (key.h).
 */
#ifndef CS_CRYPT_JWT_H
#define CS_CRYPT_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct err;
struct json;
struct key;

enum {
	JWT_TOKEN_MAX = 8 << 10,  /* characters; a header line takes no more */
	JWT_HEADER_MAX = 1 << 10, /* bytes of the decoded header [P-4.4] */
};

/* What a token must be to be accepted. */
struct jwt_rules {
	const char *typ, *iss, *aud; /* equal byte for byte */
	int64_t now_us;              /* no leeway: valid from nbf, and before exp */
	/* The public key of a kid, NULL when it is unknown or retired.  It must live until jwt_verify returns. */
	const struct key *(*find)(void *self, const char *kid);
	void *self;
};

/*
 * Append a token to `token`.  `claims` is a JSON object of `size` bytes and goes in as it is; the key is ES256 and
 * private (must).
 */
void jwt_sign(const struct key *key, const char *typ, const char *claims, size_t size, struct buf *token);

/*
 * Check a token of `size` characters and give its claims, which live in the arena.  ERR_LIMIT when the arena is full.
 */
bool jwt_verify(struct arena *arena, const char *token, size_t size, const struct jwt_rules *rules,
				const struct json **claims, struct err *err);

/*
 * The same without any rule about claims: signature and header only, whatever iss, aud and times say.  For what is
 * signed once and verified for ever, like receipts.
 */
bool jws_verify(struct arena *arena, const char *token, size_t size, const char *typ,
				const struct key *(*find)(void *self, const char *kid), void *self, const struct json **payload,
				struct err *err);

#endif
