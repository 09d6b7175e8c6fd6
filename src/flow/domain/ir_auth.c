#include <string.h>

#include "core/json.h"
#include "flow/domain/ir_compiler.h"

/* Endpoints, external resources and how to be let in [flow.md 2.1]. */

static const char *const policies[] = {"basic", "bearer", "digest", "oauth2", "oidc", NULL};
static const struct ir_field policy_fields[] = {
	{.name = "basic"}, {.name = "bearer"}, {.name = "digest"}, {.name = "oauth2"}, {.name = "oidc"}};
static const struct ir_form policy_form = IR_FORM(policy_fields);

static const struct ir_field use_fields[] = {{.name = "use", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY}};
static const struct ir_form use_form = IR_FORM(use_fields);
static const struct ir_field password_fields[] = {
	{.name = "username", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "password", .want = WANT_TEXT, .flags = IR_REQUIRED},
};
static const struct ir_form password_form = IR_FORM(password_fields);
static const struct ir_field bearer_fields[] = {{.name = "token", .want = WANT_TEXT, .flags = IR_REQUIRED}};
static const struct ir_form bearer_form = IR_FORM(bearer_fields);

static const char *const grants[] = {"client_credentials", "password", NULL};
static const char *const client_authentications[] = {
	"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none", NULL};
static const char *const encodings[] = {"application/x-www-form-urlencoded", "application/json", NULL};
static const struct ir_field client_fields[] = {
	{.name = "id", .want = WANT_TEXT},
	{.name = "secret", .want = WANT_TEXT},
	{.name = "assertion", .want = WANT_TEXT},
	{.name = "authentication", .want = WANT_WORD, .words = client_authentications},
};
static const struct ir_form client_form = IR_FORM(client_fields);
static const struct ir_field request_fields[] = {{.name = "encoding", .want = WANT_WORD, .words = encodings}};
static const struct ir_form request_form = IR_FORM(request_fields);
static const struct ir_field endpoints_fields[] = {
	{.name = "token", .want = WANT_TEXT},
	{.name = "revocation", .want = WANT_TEXT},
	{.name = "introspection", .want = WANT_TEXT},
};
static const struct ir_form endpoints_form = IR_FORM(endpoints_fields);
static const struct ir_field token_fields[] = {
	{.name = "token", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "type", .want = WANT_TEXT, .flags = IR_REQUIRED},
};
static const struct ir_form token_form = IR_FORM(token_fields);
static const struct ir_field oauth2_fields[] = {
	{.name = "authority", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "endpoints", .want = WANT_FORM, .form = &endpoints_form},
	{.name = "grant", .want = WANT_WORD, .flags = IR_REQUIRED | IR_OR_EXPRESSION, .words = grants},
	{.name = "client", .want = WANT_FORM, .flags = IR_OR_EXPRESSION, .form = &client_form},
	{.name = "request", .want = WANT_FORM, .form = &request_form},
	{.name = "issuers", .want = WANT_LIST, .flags = IR_OR_EXPRESSION},
	{.name = "scopes", .want = WANT_LIST, .flags = IR_OR_EXPRESSION},
	{.name = "audiences", .want = WANT_LIST, .flags = IR_OR_EXPRESSION},
	{.name = "username", .want = WANT_TEXT},
	{.name = "password", .want = WANT_TEXT},
	{.name = "subject", .want = WANT_FORM, .flags = IR_OR_EXPRESSION, .form = &token_form},
	{.name = "actor", .want = WANT_FORM, .flags = IR_OR_EXPRESSION, .form = &token_form},
};
static const struct ir_form oauth2_form = IR_FORM(oauth2_fields);

static bool is_secret(const struct ir_compiler *c, const char *name)
{
	for (uint32_t i = 0; c->ir->secrets != NULL && i < c->ir->secrets->count; i++)
		if (c->ir->secrets->items[i].kind == JS_STRING && strcmp(c->ir->secrets->items[i].text, name) == 0)
			return true;
	return false;
}

/* One policy: its own members, or {use: the name of a secret that has them}. */
static void check_policy(struct ir_compiler *c, const struct ir_place *place, const struct json *json, int kind)
{
	static const struct ir_form *const forms[] = {&password_form, &bearer_form, &password_form, &oauth2_form,
												  &oauth2_form};
	const struct ir_place use = ir_at(place, "use");
	if (json_get(json, "use") == NULL) {
		(void)ir_check(c, place, json, forms[kind]);
		return;
	}
	const char *secret = ir_word(json, "use");
	if (ir_check(c, place, json, &use_form) && *secret != '\0' && !is_secret(c, secret))
		ir_problem(c, &use, "unknown_reference", "there is no secret of this name in use.secrets");
}

const struct json *ir_authentication(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	const struct ir_place use = ir_at(place, "use");
	if (json == NULL)
		return NULL;
	if (json_get(json, "use") == NULL)
		return ir_credentials(c, place, json);
	const char *name = ir_word(json, "use");
	if (!ir_check(c, place, json, &use_form) || *name == '\0')
		return NULL;
	const struct json *used = ir_used(c, "authentications", name);
	if (used == NULL)
		ir_problem(c, &use, "unknown_reference", "there is no policy of this name in use.authentications");
	return used;
}

const struct json *ir_credentials(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	if (!ir_check(c, place, json, &policy_form))
		return NULL;
	int kind = ir_one_of(c, place, json, policies);
	if (kind < 0)
		return NULL;
	const struct ir_place at = ir_at(place, policies[kind]);
	check_policy(c, &at, json_get(json, policies[kind]), kind);
	return json;
}

/* --- addresses --- */

static const struct ir_field endpoint_fields[] = {
	{.name = "uri", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "authentication"},
};
static const struct ir_form endpoint_form = IR_FORM(endpoint_fields);

/* A scheme and ://, as RFC 3986 and RFC 6570 have it; what follows is for the one who sends. */
static bool is_address(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
	return *text != '\0' && strchr(letters, *text) != NULL && strncmp(text + strspn(text, all), "://", 3) == 0;
}

const char *ir_endpoint(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						const struct json **authentication)
{
	const struct ir_place at = ir_at(place, "uri"), authentication_at = ir_at(place, "authentication");
	const struct json *uri = json;
	*authentication = NULL;
	if (json == NULL)
		return NULL;
	if (json->kind != JS_STRING) {
		if (!ir_check(c, place, json, &endpoint_form))
			return NULL;
		*authentication = ir_authentication(c, &authentication_at, json_get(json, "authentication"));
		uri = json_get(json, "uri");
	}
	if (uri == NULL || uri->kind != JS_STRING || ir_is_expression(c, uri) || (c->loose && !is_address(uri->text)))
		return NULL;
	if (!is_address(uri->text))
		ir_problem(c, uri == json ? place : &at, "format",
				   "must be an address like https://example.com, or an expression");
	return uri->text;
}

static const struct ir_field external_fields[] = {
	{.name = "name", .want = WANT_TEXT},
	{.name = "endpoint", .flags = IR_REQUIRED},
};
static const struct ir_form external_form = IR_FORM(external_fields);

const char *ir_external(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						enum ir_resource_kind kind)
{
	const struct ir_place at = ir_at(place, "endpoint");
	const struct json *authentication;
	if (json == NULL || !ir_check(c, place, json, &external_form) || json_get(json, "endpoint") == NULL)
		return NULL;
	const char *uri = ir_endpoint(c, &at, json_get(json, "endpoint"), &authentication);
	ir_resource(c, place, kind, uri, authentication);
	return uri;
}
