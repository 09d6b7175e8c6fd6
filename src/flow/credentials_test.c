#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/credentials.h"
#include "flow/domain/trouble.h"
#include "flow/oauth.h"
#include "link/outgoing.h"

/* A network that remembers what it was asked, and answers what the test says. */
struct bench {
	struct arena arena;
	struct env_sim env;
	struct outgoing outgoing;
	struct oauth *oauth;
	struct trouble trouble;
	struct credentials credentials;
	int asked, status;
	const char *answer;
	char url[256], configuration[256], body[1024], headers[1024];
};

static bool answer(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	struct bench *b = self;
	b->asked++;
	if (b->status == 0)
		return err_set(err, ERR_UNAVAILABLE, "nobody there");
	strcpy(b->url, request->url);
	b->headers[0] = '\0';
	for (const char *const *line = request->headers; *line != NULL; line++)
		strcat(strcat(b->headers, *line), "\n");
	answer->status = b->status;
	if (strstr(request->url, ".well-known") != NULL) {
		strcpy(b->configuration, request->url);
		buf_adds(&answer->body, "{\"issuer\":\"https://id\",\"token_endpoint\":\"https://id/realm/token\"}");
		return true;
	}
	memcpy(b->body, request->body, request->body_size);
	b->body[request->body_size] = '\0';
	buf_adds(&answer->body, b->answer);
	return true;
}

static const struct json *parse(struct bench *b, const char *text)
{
	const struct json *json;
	struct err err;
	assert_true(json_parse(&b->arena, text, strlen(text), &json_body_limits, &json, &err));
	return json;
}

static bool try_policy(struct bench *b, const char *policy)
{
	struct oauth_question question = {.outgoing = &b->outgoing, .env = &b->env.env, .timeout_ms = 1000};
	credentials_fini(&b->credentials);
	return credentials_read(&b->credentials, parse(b, policy),
							parse(b, "{\"door\":{\"username\":\"ada\",\"password\":\"x\"}}"), b->oauth, &question,
							&b->trouble);
}

static void sends(struct bench *b, const char *policy, const char *value)
{
	assert_true(try_policy(b, policy));
	assert_string_equal(buf_text(&b->credentials.authorization), value);
}

static void troubles(struct bench *b, const char *policy, enum trouble_kind kind, const char *title)
{
	assert_false(try_policy(b, policy));
	assert_int_equal(b->trouble.kind, kind);
	assert_string_equal(b->trouble.title, title);
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	assert_non_null(b);
	arena_init(&b->arena, 1 << 20);
	env_sim_init(&b->env, 1, 1750000000000000);
	b->outgoing = (struct outgoing){.ask = answer, .ask_self = b};
	b->oauth = oauth_new();
	b->status = 200;
	b->answer = "{\"access_token\":\"t1\",\"expires_in\":300}";
	buf_init(&b->credentials.authorization, 0);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	credentials_fini(&b->credentials);
	oauth_free(b->oauth);
	env_sim_fini(&b->env);
	arena_fini(&b->arena);
	free(b);
	return 0;
}

/* RFC 7617 section 2, RFC 6750 section 2.1 */
static void test_simple(void **state)
{
	struct bench *b = *state;
	sends(b, "{\"basic\":{\"username\":\"Aladdin\",\"password\":\"open sesame\"}}",
		  "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
	sends(b, "{\"bearer\":{\"token\":\"abc\"}}", "Bearer abc");
	sends(b, "{\"basic\":{\"use\":\"door\"}}", "Basic YWRhOng=");
	assert_true(try_policy(b, "{\"digest\":{\"username\":\"u\",\"password\":\"p\"}}"));
	assert_string_equal(b->credentials.digest_user, "u");
	troubles(b, "{\"basic\":{\"use\":\"cellar\"}}", TROUBLE_AUTHORIZATION, "No such secret");
	troubles(b, "{\"bearer\":{\"token\":\"a\\r\\nX: b\"}}", TROUBLE_CONFIGURATION, "No credentials");
	troubles(b, "{}", TROUBLE_CONFIGURATION, "No credentials");
	assert_int_equal(b->asked, 0);
}

/* RFC 6749 section 4.4.2; flow.md 2.1: the client proves itself in the body unless it says otherwise */
static void test_client_credentials(void **state)
{
	struct bench *b = *state;
	sends(b,
		  "{\"oauth2\":{\"authority\":\"https://id/realm/\",\"grant\":\"client_credentials\",\"client\":{\"id\":\"me\","
		  "\"secret\":\"s&+ \"},\"scopes\":[\"read\",\"write\"],\"audiences\":[\"api\"]}}",
		  "Bearer t1");
	assert_string_equal(b->url, "https://id/realm/oauth2/token");
	assert_string_equal(b->body, "grant_type=client_credentials&scope=read+write&audience=api&client_id=me&"
								 "client_secret=s%26%2B+");
	assert_non_null(strstr(b->headers, "Content-Type: application/x-www-form-urlencoded\n"));
}

/* REF: RFC 6749 section 2.3.1 */
static void test_basic_client(void **state)
{
	struct bench *b = *state;
	sends(b,
		  "{\"oauth2\":{\"authority\":\"https://id\",\"endpoints\":{\"token\":\"/t\"},\"grant\":\"password\","
		  "\"username\":\"ada\",\"password\":\"pw\",\"client\":{\"id\":\"a b\",\"secret\":\"c\",\"authentication\":"
		  "\"client_secret_basic\"}}}",
		  "Bearer t1");
	assert_string_equal(b->url, "https://id/t");
	assert_string_equal(b->body, "grant_type=password&username=ada&password=pw");
	assert_non_null(strstr(b->headers, "Authorization: Basic YStiOmM=\n")); /* a+b:c */
}

static void test_json_and_assertion(void **state)
{
	struct bench *b = *state;
	assert_true(try_policy(b, "{\"oauth2\":{\"authority\":\"https://id\",\"grant\":\"client_credentials\",\"request\":{"
							  "\"encoding\":\"application/json\"},\"client\":{\"id\":\"me\",\"assertion\":\"j.w.t\","
							  "\"authentication\":\"private_key_jwt\"}}}"));
	assert_string_equal(b->body,
						"{\"grant_type\":\"client_credentials\",\"client_id\":\"me\",\"client_assertion_type\":"
						"\"urn:ietf:params:oauth:client-assertion-type:jwt-bearer\",\"client_assertion\":"
						"\"j.w.t\"}");
	troubles(b,
			 "{\"oauth2\":{\"authority\":\"https://id\",\"grant\":\"client_credentials\",\"client\":{\"id\":\"me\","
			 "\"authentication\":\"private_key_jwt\"}}}",
			 TROUBLE_CONFIGURATION, "No assertion");
}

/* REF: RFC 8693 section 2.1: on whose behalf, and who acts */
static void test_parties(void **state)
{
	struct bench *b = *state;
	sends(b,
		  "{\"oauth2\":{\"authority\":\"https://id\",\"grant\":\"client_credentials\",\"subject\":{\"token\":\"s1\","
		  "\"type\":\"urn:t:access\"},\"actor\":{\"token\":\"a1\",\"type\":\"urn:t:id\"}}}",
		  "Bearer t1");
	assert_string_equal(b->body, "grant_type=client_credentials&subject_token=s1&subject_token_type=urn%3At%3Aaccess&"
								 "actor_token=a1&actor_token_type=urn%3At%3Aid");
}

/* REF: RFC 7519 section 4.1.1: who issued a token that is a JWT.  Here its claims are {"iss":"https://id"}. */
static void test_issuers(void **state)
{
	struct bench *b = *state;
	static const char policy[] = "{\"oauth2\":{\"authority\":\"https://id\",\"grant\":\"client_credentials\","
								 "\"issuers\":[\"https://other\",\"%s\"]}}";
	char text[256];
	b->answer = "{\"access_token\":\"e30.eyJpc3MiOiJodHRwczovL2lkIn0.x\",\"expires_in\":300}";
	snprintf(text, sizeof text, policy, "https://id");
	sends(b, text, "Bearer e30.eyJpc3MiOiJodHRwczovL2lkIn0.x");
	snprintf(text, sizeof text, policy, "https://id/");
	troubles(b, text, TROUBLE_AUTHENTICATION, "Token refused");
	b->answer = "{\"access_token\":\"opaque\",\"expires_in\":300}";
	snprintf(text, sizeof text, policy, "https://id//");
	troubles(b, text, TROUBLE_AUTHENTICATION, "Token refused");
}

static void test_discovery(void **state)
{
	struct bench *b = *state;
	sends(b, "{\"oidc\":{\"authority\":\"https://id\",\"grant\":\"client_credentials\",\"client\":{\"id\":\"me\"}}}",
		  "Bearer t1");
	assert_string_equal(b->url, "https://id/realm/token");
	assert_int_equal(b->asked, 2);
	assert_string_equal(b->configuration, "https://id/.well-known/openid-configuration");
	sends(b,
		  "{\"oidc\":{\"authority\":\"https://id/realm/.well-known/openid-configuration\",\"grant\":"
		  "\"client_credentials\",\"client\":{\"id\":\"me\"}}}",
		  "Bearer t1");
	assert_string_equal(b->configuration, "https://id/realm/.well-known/openid-configuration");
}

/* flow.md 2.1: tokens are kept until 30 s before they expire */
static void test_kept(void **state)
{
	struct bench *b = *state;
	static const char policy[] = "{\"oauth2\":{\"authority\":\"https://id\",\"grant\":\"client_credentials\"}}";
	sends(b, policy, "Bearer t1");
	env_sim_advance(&b->env, 269999999);
	b->answer = "{\"access_token\":\"t2\",\"expires_in\":30}";
	sends(b, policy, "Bearer t1");
	assert_int_equal(b->asked, 1);
	env_sim_advance(&b->env, 1);
	sends(b, policy, "Bearer t2");
	sends(b, policy, "Bearer t2"); /* of 30 s nothing is left to keep */
	assert_int_equal(b->asked, 3);
	b->answer = "{\"access_token\":\"t3\",\"expires_in\":300}";
	sends(b, policy, "Bearer t3");
	oauth_forget(b->oauth, json_get(parse(b, policy), "oauth2"));
	sends(b, policy, "Bearer t3");
	assert_int_equal(b->asked, 5);
}

/* flow.md 2.5: authentication 401: the token endpoint refuses */
static void test_refused(void **state)
{
	struct bench *b = *state;
	static const char policy[] =
		"{\"oauth2\":{\"authority\":\"https://id\",\"grant\":\"client_credentials\",\"client\":{"
		"\"id\":\"me\",\"secret\":\"hush\"}}}";
	b->status = 400;
	b->answer = "{\"error\":\"invalid_client\"}";
	troubles(b, policy, TROUBLE_AUTHENTICATION, "Token refused");
	assert_string_equal(b->trouble.detail, "The token endpoint answered 400: invalid_client.");
	b->status = 200;
	b->answer = "no JSON";
	troubles(b, policy, TROUBLE_COMMUNICATION, "No token");
	b->status = 0;
	troubles(b, policy, TROUBLE_COMMUNICATION, "No token");
	assert_null(strstr(b->trouble.detail, "hush"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(simple),       TEST(client_credentials),
									   TEST(basic_client), TEST(json_and_assertion),
									   TEST(discovery),    TEST(kept),
									   TEST(parties),      TEST(issuers),
									   TEST(refused)};
	return cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
}
