#include "flow/credentials.h"

#include <string.h>

#include "core/codec.h"
#include "core/json.h"
#include "flow/domain/trouble.h"
#include "flow/oauth.h"

static bool read_basic(struct credentials *c, const struct json *policy, struct trouble *trouble)
{
	const char *user = json_text(policy, "username"), *password = json_text(policy, "password");
	struct buf pair;
	if (user == NULL || password == NULL)
		return trouble_set(trouble, TROUBLE_CONFIGURATION, "No credentials", "basic needs username and password.");
	buf_init(&pair, 0);
	buf_addf(&pair, "%s:%s", user, password);
	buf_adds(&c->authorization, "Basic ");
	base64_add(&c->authorization, buf_text(&pair), pair.size);
	buf_fini(&pair);
	return true;
}

static bool read_bearer(struct credentials *c, const struct json *policy, struct trouble *trouble)
{
	const char *token = json_text(policy, "token");
	if (token == NULL || strpbrk(token, "\r\n") != NULL)
		return trouble_set(trouble, TROUBLE_CONFIGURATION, "No credentials", "bearer needs a token on one line.");
	buf_addf(&c->authorization, "Bearer %s", token);
	return true;
}

static bool read_digest(struct credentials *c, const struct json *policy, struct trouble *trouble)
{
	c->digest_user = json_text(policy, "username");
	c->digest_password = json_text(policy, "password");
	return (c->digest_user != NULL && c->digest_password != NULL) ||
		   trouble_set(trouble, TROUBLE_CONFIGURATION, "No credentials", "digest needs username and password.");
}

/* The members of a kind: its own, or a secret's. */
static const struct json *members(const struct json *policy, const char *kind, const struct json *secrets,
								  struct trouble *trouble)
{
	const struct json *own = json_get(policy, kind);
	const char *name = json_text(own, "use");
	if (name == NULL)
		return own;
	const struct json *secret = secrets == NULL ? NULL : json_get(secrets, name);
	if (secret == NULL || secret->kind != JS_OBJECT)
		trouble_set(trouble, TROUBLE_AUTHORIZATION, "No such secret",
					"The secret %.100s is not in this server's secret store (flow.secrets_file).", name);
	return secret != NULL && secret->kind == JS_OBJECT ? secret : NULL;
}

bool credentials_read(struct credentials *c, const struct json *policy, const struct json *secrets, struct oauth *oauth,
					  struct oauth_question *question, struct trouble *trouble)
{
	static const char *const kinds[] = {"basic", "bearer", "digest", "oauth2", "oidc"};
	*c = (struct credentials){.digest_user = NULL};
	buf_init(&c->authorization, 0);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (json_get(policy, kinds[i]) == NULL)
			continue;
		const struct json *own = members(policy, kinds[i], secrets, trouble);
		if (own == NULL)
			return false;
		if (i < 3)
			return (i == 0 ? read_basic : i == 1 ? read_bearer : read_digest)(c, own, trouble);
		question->policy = own;
		question->oidc = strcmp(kinds[i], "oidc") == 0;
		return oauth_authorize(oauth, question, &c->authorization, trouble);
	}
	return trouble_set(trouble, TROUBLE_CONFIGURATION, "No credentials",
					   "The authentication names none that is known.");
}

void credentials_fini(struct credentials *c)
{
	if (c->authorization.size > 0)
		explicit_bzero(c->authorization.bytes, c->authorization.size);
	buf_fini(&c->authorization);
}
