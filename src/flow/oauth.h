/*
 * Access tokens of OAuth 2.0 and OpenID Connect, for calls of workflows [flow.md 2.1].
 *
 * Grants: client_credentials (RFC 6749 4.4) and password (RFC 6749 4.3).  The client proves itself in the body (the
 * default), by HTTP Basic, with an assertion that it brings along, or not at all.  The policy's `subject` and `actor`
 * go along as RFC 8693 2.1 names them; a token is taken from its `issuers` only.  With OpenID Connect the token
 * endpoint is looked up at AUTHORITY/.well-known/openid-configuration (which AUTHORITY may end with already), else it
 * is AUTHORITY + endpoints.token (/oauth2/token).  A token is kept until 30 s before it expires, in memory only, under
 * the digest of its policy.
 * No secret is logged or told in an error.  Threads: any.  Two that miss the same token at once ask twice.
 */
#ifndef CS_FLOW_OAUTH_H
#define CS_FLOW_OAUTH_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct env;
struct json;
struct oauth;
struct outgoing;
struct trouble;

struct oauth *oauth_new(void);
void oauth_free(struct oauth *oauth); /* NULL is fine */

struct oauth_question {
	const struct outgoing *outgoing;
	const struct env *env;
	const struct json *policy; /* what stands under oauth2 or oidc, evaluated */
	bool oidc;
	int64_t timeout_ms;
	bool (*given_up)(void *self); /* as of outgoing_ask() */
	void *self;
};

/*
 * Append the value of an Authorization header.  False sets *trouble: authentication 401 when the endpoint refuses,
 * communication when it does not answer or not as it should, configuration when the policy lacks something.
 * Blocks for up to two requests when no token is kept.
 */
bool oauth_authorize(struct oauth *oauth, const struct oauth_question *question, struct buf *value,
					 struct trouble *trouble);

/* A call was refused with the token: ask for another one next time. */
void oauth_forget(struct oauth *oauth, const struct json *policy);

#endif
