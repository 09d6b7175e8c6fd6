/*
 * What a call proves itself by: basic, bearer, digest, oauth2, oidc [flow.md 2.1].  Made when the call is sent, given
 * back after it, and written nowhere.
 */
#ifndef CS_FLOW_CREDENTIALS_H
#define CS_FLOW_CREDENTIALS_H

#include <stdbool.h>

#include "core/buf.h"

struct json;
struct oauth;
struct oauth_question;
struct trouble;

struct credentials {
	struct buf authorization;                  /* the header's value; empty: none */
	const char *digest_user, *digest_password; /* the policy's, or NULL */
};

/*
 * `policy`: an authentication as evaluated; a kind that says {use: NAME} has its members in that member of `secrets`.
 * `question` says how to ask for a token; its policy is set here.  False sets *trouble: authorization 403 for a secret
 * that is not there, and what oauth_authorize() tells.  credentials_fini() all the same.
 */
bool credentials_read(struct credentials *credentials, const struct json *policy, const struct json *secrets,
					  struct oauth *oauth, struct oauth_question *question, struct trouble *trouble);
void credentials_fini(struct credentials *credentials);

#endif
