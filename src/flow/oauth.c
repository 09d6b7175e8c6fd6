#include "flow/oauth.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/map.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/domain/trouble.h"
#include "link/outgoing.h"

enum { ANSWER_MAX = 1 << 20, HEADERS = 4, EARLY_US = 30000000, KEPT_MAX = 1024, CLAIMS_MAX = 16384 };

struct token {
	char *value; /* of the header */
	int64_t until_us;
};

struct oauth {
	pthread_mutex_t lock;
	struct map tokens; /* sha256 of the policy -> struct token */
};

struct oauth *oauth_new(void)
{
	struct oauth *oauth = calloc(1, sizeof *oauth);
	must(oauth != NULL && pthread_mutex_init(&oauth->lock, NULL) == 0);
	map_init(&oauth->tokens, NULL, NULL);
	return oauth;
}

static void free_token(struct token *token)
{
	if (token == NULL)
		return;
	explicit_bzero(token->value, strlen(token->value));
	free(token->value);
	free(token);
}

/* With the lock. */
static void forget_all(struct oauth *oauth)
{
	const char *key;
	size_t size;
	void *token;
	for (size_t at = 0; map_next(&oauth->tokens, &at, &key, &size, &token);)
		free_token(token);
	map_fini(&oauth->tokens);
	map_init(&oauth->tokens, NULL, NULL);
}

void oauth_free(struct oauth *oauth)
{
	if (oauth == NULL)
		return;
	forget_all(oauth);
	map_fini(&oauth->tokens);
	pthread_mutex_destroy(&oauth->lock);
	free(oauth);
}

static void policy_key(const struct json *policy, char sha256[65])
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_json(&jw, policy);
	sha256_hex(buf_text(&text), text.size, sha256);
	explicit_bzero(text.bytes, text.size);
	buf_fini(&text);
}

/* --- what is kept --- */

static bool find_kept(struct oauth *oauth, const char *key, int64_t now_us, struct buf *value)
{
	pthread_mutex_lock(&oauth->lock);
	const struct token *token = map_get(&oauth->tokens, key);
	bool good = token != NULL && now_us < token->until_us;
	if (good)
		buf_adds(value, token->value);
	pthread_mutex_unlock(&oauth->lock);
	return good;
}

static void keep(struct oauth *oauth, const char *key, const char *value, int64_t until_us)
{
	struct token *token = malloc(sizeof *token);
	must(token != NULL);
	*token = (struct token){.value = strdup(value), .until_us = until_us};
	must(token->value != NULL);
	void *old = NULL;
	pthread_mutex_lock(&oauth->lock);
	if (oauth->tokens.count >= KEPT_MAX)
		forget_all(oauth);
	must(map_set(&oauth->tokens, key, token, &old));
	pthread_mutex_unlock(&oauth->lock);
	free_token(old);
}

void oauth_forget(struct oauth *oauth, const struct json *policy)
{
	char key[65];
	policy_key(policy, key);
	pthread_mutex_lock(&oauth->lock);
	struct token *token = map_remove(&oauth->tokens, key);
	pthread_mutex_unlock(&oauth->lock);
	free_token(token);
}

/* --- the request --- */

struct pair {
	const char *name, *value;
};

enum { PAIRS_MAX = 32 };

struct form {
	struct arena arena;
	struct pair pairs[PAIRS_MAX];
	size_t count;
	const char *headers[HEADERS];
	size_t headers_count;
	struct buf body;
};

static void add(struct form *form, const char *name, const char *value)
{
	if (value != NULL && form->count < PAIRS_MAX)
		form->pairs[form->count++] = (struct pair){name, value};
}

/* application/x-www-form-urlencoded, as RFC 6749 appendix B has it. */
static void add_encoded(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._*";
	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buf_addc(out, *text);
		else if (*text == ' ')
			buf_addc(out, '+');
		else
			buf_addf(out, "%%%02X", (unsigned char)*text);
	}
}

/* REF: RFC 6749 section 2.3.1: id and secret are form-encoded before they are joined */
static void add_basic(struct form *form, const char *id, const char *secret)
{
	struct buf pair, line;
	buf_init(&pair, 0);
	buf_init(&line, 0);
	add_encoded(&pair, id);
	buf_addc(&pair, ':');
	add_encoded(&pair, secret);
	buf_adds(&line, "Authorization: Basic ");
	base64_add(&line, buf_text(&pair), pair.size);
	form->headers[form->headers_count++] = arena_dup(&form->arena, buf_text(&line));
	buf_fini(&pair);
	buf_fini(&line);
}

static bool add_client(struct form *form, const struct json *client, struct trouble *trouble)
{
	const char *how = json_text(client, "authentication"), *id = json_text(client, "id"),
			   *secret = json_text(client, "secret"), *assertion = json_text(client, "assertion");
	how = how == NULL ? "client_secret_post" : how;
	if (client != NULL && id == NULL)
		return trouble_set(trouble, TROUBLE_CONFIGURATION, "No client", "The policy has a client without an id.");
	if (strcmp(how, "client_secret_basic") == 0 && secret != NULL) {
		add_basic(form, id, secret);
		return true;
	}
	add(form, "client_id", id);
	if (strcmp(how, "client_secret_post") == 0) {
		add(form, "client_secret", secret);
	} else if (strcmp(how, "none") != 0) { /* RFC 7523 2.2 */
		if (assertion == NULL)
			return trouble_set(trouble, TROUBLE_CONFIGURATION, "No assertion", "%s needs client.assertion.", how);
		add(form, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
		add(form, "client_assertion", assertion);
	}
	return true;
}

static const char *join(struct form *form, const struct json *list)
{
	struct buf text;
	if (list == NULL || list->kind != JS_ARRAY || list->count == 0)
		return NULL;
	buf_init(&text, 0);
	for (uint32_t i = 0; i < list->count; i++)
		if (list->items[i].kind == JS_STRING)
			buf_addf(&text, "%s%s", text.size > 0 ? " " : "", list->items[i].text);
	const char *joined = arena_dup(&form->arena, buf_text(&text));
	buf_fini(&text);
	return joined;
}

static void write_body(struct form *form, bool as_json)
{
	struct jw jw;
	if (as_json) {
		jw_init(&jw, &form->body);
		jw_object(&jw);
		for (size_t i = 0; i < form->count; i++)
			jw_member_str(&jw, form->pairs[i].name, form->pairs[i].value);
		jw_object_end(&jw);
		return;
	}
	for (size_t i = 0; i < form->count; i++) {
		buf_addf(&form->body, "%s%s=", i > 0 ? "&" : "", form->pairs[i].name);
		add_encoded(&form->body, form->pairs[i].value);
	}
}

/* REF: RFC 8693 section 2.1: on whose behalf, and who acts */
static void add_party(struct form *form, const struct json *policy, const char *party)
{
	const struct json *token = json_get(policy, party);
	add(form, arena_printf(&form->arena, "%s_token", party), json_text(token, "token"));
	add(form, arena_printf(&form->arena, "%s_token_type", party), json_text(token, "type"));
}

static bool fill(struct form *form, const struct json *policy, struct trouble *trouble)
{
	const char *grant = json_text(policy, "grant"), *encoding = json_text(json_get(policy, "request"), "encoding");
	const struct json *audiences = json_get(policy, "audiences");
	bool as_json = encoding != NULL && strcmp(encoding, "application/json") == 0;
	if (grant == NULL)
		return trouble_set(trouble, TROUBLE_CONFIGURATION, "No grant", "The policy says no grant.");
	add(form, "grant_type", grant);
	if (strcmp(grant, "password") == 0) {
		add(form, "username", json_text(policy, "username"));
		add(form, "password", json_text(policy, "password"));
	}
	add(form, "scope", join(form, json_get(policy, "scopes")));
	for (uint32_t i = 0; audiences != NULL && audiences->kind == JS_ARRAY && i < audiences->count; i++)
		if (audiences->items[i].kind == JS_STRING)
			add(form, "audience", audiences->items[i].text);
	add_party(form, policy, "subject");
	add_party(form, policy, "actor");
	form->headers[form->headers_count++] =
		as_json ? "Content-Type: application/json" : "Content-Type: application/x-www-form-urlencoded";
	form->headers[form->headers_count++] = "Accept: application/json";
	if (!add_client(form, json_get(policy, "client"), trouble))
		return false;
	write_body(form, as_json);
	return true;
}

/* --- asking --- */

static bool ask(const struct oauth_question *question, struct outgoing_request *request, struct outgoing_answer *answer,
				struct trouble *trouble)
{
	struct err err;
	request->timeout_ms = question->timeout_ms;
	request->limit = ANSWER_MAX;
	request->given_up = question->given_up;
	request->self = question->self;
	outgoing_answer_init(answer);
	if (outgoing_ask(question->outgoing, request, answer, &err))
		return true;
	return trouble_set(trouble, TROUBLE_COMMUNICATION, answer->refused ? "Address not allowed" : "No token",
					   "The token endpoint: %s", err.message);
}

static const char *without_slash(struct form *form, const char *authority)
{
	size_t size = strlen(authority);
	while (size > 0 && authority[size - 1] == '/')
		size--;
	return arena_printf(&form->arena, "%.*s", (int)size, authority);
}

/* Authors write either the provider or, as the language's reference does, where its configuration is. */
static const char *configuration_of(struct form *form, const char *authority)
{
	static const char path[] = "/.well-known/openid-configuration";
	size_t size = strlen(authority), tail = sizeof path - 1;
	bool whole = size > tail && strcmp(authority + size - tail, path) == 0;
	return arena_printf(&form->arena, "%s%s", authority, whole ? "" : path);
}

/* OpenID Connect Discovery 1.0, section 4. */
static const char *discover(struct form *form, const struct oauth_question *question, const char *authority,
							struct trouble *trouble)
{
	static const char *const headers[] = {"Accept: application/json", NULL};
	struct outgoing_answer answer;
	const struct json *json = NULL;
	struct outgoing_request request = {.method = "GET", .url = configuration_of(form, authority), .headers = headers};
	const char *endpoint = NULL;
	if (ask(question, &request, &answer, trouble)) {
		if (answer.status == 200 &&
			json_parse(&form->arena, buf_text(&answer.body), answer.body.size, &json_body_limits, &json, NULL))
			endpoint = json_text(json, "token_endpoint");
		if (endpoint == NULL)
			trouble_set(trouble, TROUBLE_COMMUNICATION, "No token endpoint",
						"The configuration of the OpenID provider names none (status %d).", answer.status);
	}
	outgoing_answer_fini(&answer);
	return endpoint;
}

static const char *endpoint_of(struct form *form, const struct oauth_question *question, struct trouble *trouble)
{
	const char *authority = json_text(question->policy, "authority"),
			   *token = json_text(json_get(question->policy, "endpoints"), "token");
	if (authority == NULL) {
		trouble_set(trouble, TROUBLE_CONFIGURATION, "No authority", "The policy says no authority.");
		return NULL;
	}
	authority = without_slash(form, authority);
	if (question->oidc)
		return discover(form, question, authority, trouble);
	token = token == NULL ? "/oauth2/token" : token;
	return arena_printf(&form->arena, "%s%s%s", authority, token[0] == '/' ? "" : "/", token);
}

/* NULL: it says nobody, or is no such token.  REF: RFC 7519 section 4.1.1: who issued a token that is a JWT */
static const char *issuer_of(struct form *form, const char *token)
{
	const char *begin = strchr(token, '.'), *end = begin == NULL ? NULL : strchr(begin + 1, '.');
	const struct json *claims = NULL;
	char text[CLAIMS_MAX];
	size_t size;
	bool good = end != NULL && base64url_decode(begin + 1, (size_t)(end - begin) - 1, text, sizeof text, &size) &&
				json_parse(&form->arena, text, size, &json_body_limits, &claims, NULL);
	return good ? json_text(claims, "iss") : NULL;
}

/* The policy may name those whose tokens are taken. */
static bool is_issued(struct form *form, const struct json *policy, const char *token, struct trouble *trouble)
{
	const struct json *issuers = json_get(policy, "issuers");
	if (issuers == NULL || issuers->kind != JS_ARRAY || issuers->count == 0)
		return true;
	const char *issuer = issuer_of(form, token);
	for (uint32_t i = 0; issuer != NULL && i < issuers->count; i++)
		if (issuers->items[i].kind == JS_STRING && strcmp(issuers->items[i].text, issuer) == 0)
			return true;
	return trouble_set(trouble, TROUBLE_AUTHENTICATION, "Token refused",
					   "The token was issued by %.200s, and the policy's issuers do not name that.",
					   issuer == NULL ? "nobody it names" : issuer);
}

/* What came: the header's value, and how long it holds (0: unknown). */
static bool read_token(struct form *form, const struct json *policy, const struct outgoing_answer *answer,
					   struct buf *value, int64_t *seconds, struct trouble *trouble)
{
	const struct json *json = NULL;
	bool good = json_parse(&form->arena, buf_text(&answer->body), answer->body.size, &json_body_limits, &json, NULL);
	const char *error = good ? json_text(json, "error") : NULL;
	if (answer->status < 200 || answer->status > 299)
		return trouble_set(trouble, TROUBLE_AUTHENTICATION, "Token refused", "The token endpoint answered %d%s%.100s.",
						   answer->status, error != NULL ? ": " : "", error != NULL ? error : "");
	const char *token = good ? json_text(json, "access_token") : NULL;
	if (token == NULL || strpbrk(token, "\r\n") != NULL)
		return trouble_set(trouble, TROUBLE_COMMUNICATION, "No token", "The token endpoint answered without a token.");
	if (!is_issued(form, policy, token, trouble))
		return false;
	const struct json *expires = json_get(json, "expires_in");
	*seconds = expires != NULL && expires->kind == JS_INT && expires->integer > 0 ? expires->integer : 0;
	buf_addf(value, "Bearer %s", token);
	return true;
}

static bool fetch(struct form *form, const struct oauth_question *question, struct buf *value, int64_t *seconds,
				  struct trouble *trouble)
{
	struct outgoing_answer answer;
	const char *url = fill(form, question->policy, trouble) ? endpoint_of(form, question, trouble) : NULL;
	if (url == NULL)
		return false;
	struct outgoing_request request = {.method = "POST",
									   .url = url,
									   .headers = form->headers,
									   .body = buf_text(&form->body),
									   .body_size = form->body.size};
	bool good = ask(question, &request, &answer, trouble) &&
				read_token(form, question->policy, &answer, value, seconds, trouble);
	outgoing_answer_fini(&answer);
	return good;
}

bool oauth_authorize(struct oauth *oauth, const struct oauth_question *question, struct buf *value,
					 struct trouble *trouble)
{
	char key[65];
	int64_t seconds = 0, now_us = env_wall_us(question->env);
	policy_key(question->policy, key);
	if (find_kept(oauth, key, now_us, value))
		return true;
	struct form form = {.count = 0};
	struct buf fresh;
	arena_init(&form.arena, ANSWER_MAX * 4);
	buf_init(&form.body, 0);
	buf_init(&fresh, 0);
	bool good = fetch(&form, question, &fresh, &seconds, trouble);
	if (good)
		buf_adds(value, buf_text(&fresh));
	if (good && seconds * 1000000 > EARLY_US)
		keep(oauth, key, buf_text(&fresh), now_us + seconds * 1000000 - EARLY_US);
	buf_fini(&fresh);
	buf_fini(&form.body);
	arena_fini(&form.arena);
	return good;
}
