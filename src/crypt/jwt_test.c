#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "crypt/digest.h"
#include "crypt/jwt.h"
#include "crypt/key.h"

enum { NOW = 1735689600 };

static const char good_claims[] =
	"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"sub\":\"u\",\"iat\":1735689600,"
	"\"nbf\":1735689600,\"exp\":1735690500,\"jti\":\"j\"}";

struct fixture {
	struct key *key, *other, *ed;
	struct arena arena;
	struct buf token;
};

static const struct key *find(void *self, const char *kid)
{
	struct fixture *at = self;
	if (strcmp(kid, key_kid(at->ed)) == 0)
		return at->ed;
	return strcmp(kid, key_kid(at->key)) == 0 ? at->key : NULL;
}

static struct jwt_rules rules_at(struct fixture *at, int64_t now_s)
{
	return (struct jwt_rules){.typ = "at+jwt",
							  .iss = "https://c.example",
							  .aud = "countersign",
							  .now_us = now_s * 1000000 + 999999,
							  .find = find,
							  .self = at};
}

static int set_up(void **state)
{
	static struct fixture at;
	at = (struct fixture){.key = key_new(KEY_ES256, env_real()),
						  .other = key_new(KEY_ES256, env_real()),
						  .ed = key_new(KEY_ED25519, env_real())};
	arena_init(&at.arena, 1 << 20);
	buf_init(&at.token, 0);
	*state = &at;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *at = *state;
	key_free(at->key);
	key_free(at->other);
	key_free(at->ed);
	arena_fini(&at->arena);
	buf_fini(&at->token);
	return 0;
}

/* What verification says about the token at hand, ERR_NONE when it is accepted. */
static enum err_kind verdict_at(struct fixture *at, const char *token, size_t size, int64_t now_s)
{
	struct err err = {.kind = ERR_NONE};
	struct jwt_rules rules = rules_at(at, now_s);
	const struct json *claims = NULL;
	arena_reset(&at->arena);
	bool accepted = jwt_verify(&at->arena, token, size, &rules, &claims, &err);
	assert_true(accepted == (claims != NULL));
	assert_true(accepted == (err.kind == ERR_NONE));
	return err.kind;
}

static enum err_kind verdict(struct fixture *at)
{
	return verdict_at(at, buf_text(&at->token), at->token.size, NOW);
}

/* A token whose parts are given as text and signed as they are. */
static void forge(struct fixture *at, const char *header, const char *claims, const struct key *key)
{
	char text[8000];
	unsigned char signature[KEY_SIGNATURE_SIZE];
	buf_reset(&at->token);
	base64url_encode(text, header, strlen(header));
	buf_addf(&at->token, "%s.", text);
	base64url_encode(text, claims, strlen(claims));
	buf_adds(&at->token, text);
	key_sign(key, at->token.bytes, at->token.size, signature);
	base64url_encode(text, signature, sizeof signature);
	buf_addf(&at->token, ".%s", text);
}

static void good_token(struct fixture *at)
{
	buf_reset(&at->token);
	jwt_sign(at->key, "at+jwt", good_claims, strlen(good_claims), &at->token);
}

static void a_signed_token_is_accepted(void **state)
{
	struct fixture *at = *state;
	struct jwt_rules rules = rules_at(at, NOW);
	const struct json *claims;
	good_token(at);
	arena_reset(&at->arena);
	assert_true(jwt_verify(&at->arena, at->token.bytes, at->token.size, &rules, &claims, NULL));
	assert_string_equal(json_text(claims, "sub"), "u");
}

static void the_header_is_the_documented_one(void **state)
{
	struct fixture *at = *state;
	char header[256], expected[256];
	size_t size;
	good_token(at);
	size_t length = (size_t)(strchr(at->token.bytes, '.') - at->token.bytes);
	assert_true(base64url_decode(at->token.bytes, length, header, sizeof header - 1, &size));
	header[size] = '\0';
	snprintf(expected, sizeof expected, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", key_kid(at->key));
	assert_string_equal(header, expected);
}

/* Headers as printf formats; %s is the kid in force. */
static const char *const bad_headers[] = {
	"{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"{\"alg\":\"es256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"{\"alg\":\"ES256 \",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"{\"alg\":[\"ES256\"],\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"{\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"{\"alg\":\"ES256\",\"kid\":\"%s\"}",
	"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
	"{\"alg\":\"ES256\",\"typ\":1,\"kid\":\"%s\"}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":null}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"x%s\"}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"../keys/access.pem\"}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"crit\":[\"exp\"]}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"crit\":null}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"jwk\":{\"kty\":\"EC\"}}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"jku\":\"https://x.example/k\"}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"x5u\":\"https://x.example/k\"}",
	"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"x5c\":[]}",
	"{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	"[\"ES256\"]",
	"\"ES256\"",
	"null",
	"{",
	"{} ",
	"{}{}",
	"\xef\xbb\xbf{}",
};

/* [P-4.4] each header is rightly signed by the key in force */
static void headers_that_are_refused(void **state)
{
	struct fixture *at = *state;
	for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
		char header[512];
		snprintf(header, sizeof header, bad_headers[i], key_kid(at->key));
		forge(at, header, good_claims, at->key);
		assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
	}
}

static void header_of(char *header, size_t size, const char *kid, int padding)
{
	snprintf(header, size, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"x\":\"%0*d\"}", kid, padding, 0);
}

static void header_may_have_1024_bytes(void **state)
{
	struct fixture *at = *state;
	char header[2048];
	header_of(header, sizeof header, key_kid(at->key), 1);
	int padding = JWT_HEADER_MAX - (int)strlen(header) + 1;
	header_of(header, sizeof header, key_kid(at->key), padding);
	assert_int_equal(strlen(header), JWT_HEADER_MAX);
	forge(at, header, good_claims, at->key);
	assert_int_equal(verdict(at), ERR_NONE);
	header_of(header, sizeof header, key_kid(at->key), padding + 1);
	forge(at, header, good_claims, at->key);
	assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
}

static void keys_that_do_not_count(void **state)
{
	struct fixture *at = *state;
	char header[512];
	header_of(header, sizeof header, key_kid(at->key), 1);
	forge(at, header, good_claims, at->other); /* signed by another key under our kid */
	assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
	header_of(header, sizeof header, key_kid(at->other), 1); /* a key that is not in the ring */
	forge(at, header, good_claims, at->other);
	assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
	header_of(header, sizeof header, key_kid(at->ed), 1); /* a key of ours, for other things */
	forge(at, header, good_claims, at->ed);
	assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
}

/* The classic: the public key as the secret of an HMAC. */
static void hmac_with_the_public_key(void **state)
{
	struct fixture *at = *state;
	char text[512], header[256];
	unsigned char public[KEY_PUBLIC_MAX], mac[SHA256_SIZE];
	snprintf(header, sizeof header, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", key_kid(at->key));
	buf_reset(&at->token);
	base64url_encode(text, header, strlen(header));
	buf_addf(&at->token, "%s.", text);
	base64url_encode(text, good_claims, strlen(good_claims));
	buf_adds(&at->token, text);
	hmac_sha256(public, key_public(at->key, public), at->token.bytes, at->token.size, mac);
	base64url_encode(text, mac, sizeof mac);
	buf_addf(&at->token, ".%s", text);
	assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
}

struct claims_row {
	const char *claims;
	enum err_kind verdict;
};

static const struct claims_row claims_rows[] = {
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":1735689600,\"exp\":1735689601}", ERR_NONE},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":1735689600,\"exp\":1735689600}",
	 ERR_TOKEN_EXPIRED},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":0,\"exp\":-1}", ERR_TOKEN_EXPIRED},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":1735689601,\"exp\":1735690500}",
	 ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example/\",\"aud\":\"countersign\",\"nbf\":0,\"exp\":1735690500}", ERR_TOKEN_INVALID},
	{"{\"aud\":\"countersign\",\"nbf\":0,\"exp\":1735690500}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"aud\":\"Countersign\",\"nbf\":0,\"exp\":1735690500}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"aud\":[\"countersign\"],\"nbf\":0,\"exp\":1735690500}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"nbf\":0,\"exp\":1735690500}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"exp\":1735690500}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":0}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":0,\"exp\":\"1735690500\"}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":0,\"exp\":1e99}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"https://c.example\",\"aud\":\"countersign\",\"nbf\":0,\"exp\":null}", ERR_TOKEN_INVALID},
	{"{\"iss\":\"x\",\"aud\":\"countersign\",\"nbf\":0,\"exp\":1}", ERR_TOKEN_INVALID},
	{"{\"exp\":1,\"exp\":1735690500}", ERR_TOKEN_INVALID},
	{"[]", ERR_TOKEN_INVALID},
	{"not json", ERR_TOKEN_INVALID},
};

static void claims_are_checked_after_the_signature(void **state)
{
	struct fixture *at = *state;
	char header[512];
	header_of(header, sizeof header, key_kid(at->key), 1);
	for (size_t i = 0; i < sizeof claims_rows / sizeof *claims_rows; i++) {
		forge(at, header, claims_rows[i].claims, at->key);
		assert_int_equal(verdict(at), claims_rows[i].verdict);
		/* An expired token with a wrong signature is not called expired. */
		forge(at, header, claims_rows[i].claims, at->other);
		assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
	}
}

static void the_time_limits_have_no_leeway(void **state)
{
	struct fixture *at = *state;
	good_token(at);
	assert_int_equal(verdict_at(at, at->token.bytes, at->token.size, NOW - 1), ERR_TOKEN_INVALID);
	assert_int_equal(verdict_at(at, at->token.bytes, at->token.size, NOW), ERR_NONE);
	assert_int_equal(verdict_at(at, at->token.bytes, at->token.size, 1735690499), ERR_NONE);
	assert_int_equal(verdict_at(at, at->token.bytes, at->token.size, 1735690500), ERR_TOKEN_EXPIRED);
}

/* Shapes of a token: h, c and s stand for the good header, claims and signature. */
static const char *const bad_shapes[] = {
	"",        "h",       "h.c",    "h.c.",   ".c.s",   "h..s",   "..",     ".",
	"h.c.s.",  "h.c.s.s", "h=.c.s", "h.c=.s", " h.c.s", "h.c.s ", "h.c.s=", "h.c.s==",
	"h.c.sAA", "h.c.s\n", "h.c.A",  "h.c.AA", "c.h.s",  "h.h.s",  "h.c.c",  "+h.c.s",
};

static void shapes_that_are_refused(void **state)
{
	struct fixture *at = *state;
	static const char letters[] = "hcs";
	char good[2000], *parts[3], *rest = NULL;
	good_token(at);
	snprintf(good, sizeof good, "%s", buf_text(&at->token));
	for (int i = 0; i < 3; i++)
		parts[i] = strtok_r(i == 0 ? good : NULL, ".", &rest);
	for (size_t i = 0; i < sizeof bad_shapes / sizeof *bad_shapes; i++) {
		buf_reset(&at->token);
		for (const char *c = bad_shapes[i]; *c != '\0'; c++) {
			if (strchr(letters, *c) != NULL)
				buf_adds(&at->token, parts[strchr(letters, *c) - letters]);
			else
				buf_addc(&at->token, *c);
		}
		assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
	}
}

static void every_character_counts(void **state)
{
	struct fixture *at = *state;
	good_token(at);
	for (size_t i = 0; i < at->token.size; i++) {
		char kept = at->token.bytes[i];
		at->token.bytes[i] = kept == 'A' ? 'B' : 'A';
		assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
		at->token.bytes[i] = kept;
		assert_int_equal(verdict_at(at, at->token.bytes, i, NOW), ERR_TOKEN_INVALID);
	}
	assert_int_equal(verdict(at), ERR_NONE);
}

static void a_token_too_long_is_not_looked_at(void **state)
{
	struct fixture *at = *state;
	static char claims[JWT_TOKEN_MAX];
	int size = snprintf(claims, sizeof claims, "{\"pad\":\"%07000d\"}", 0);
	buf_reset(&at->token);
	jwt_sign(at->key, "at+jwt", claims, (size_t)size, &at->token);
	assert_true(at->token.size > JWT_TOKEN_MAX);
	assert_int_equal(verdict(at), ERR_TOKEN_INVALID);
}

static void a_full_arena_is_our_fault_not_the_tokens(void **state)
{
	struct fixture *at = *state;
	struct jwt_rules rules = rules_at(at, NOW);
	const struct json *claims = NULL;
	good_token(at);
	for (size_t cap = 0; cap < 2000; cap += 16) {
		struct arena small;
		struct err err = {.kind = ERR_NONE};
		arena_init(&small, cap);
		if (!jwt_verify(&small, at->token.bytes, at->token.size, &rules, &claims, &err))
			assert_int_equal(err.kind, ERR_LIMIT);
		arena_fini(&small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signed_token_is_accepted),
		cmocka_unit_test(the_header_is_the_documented_one),
		cmocka_unit_test(headers_that_are_refused),
		cmocka_unit_test(header_may_have_1024_bytes),
		cmocka_unit_test(keys_that_do_not_count),
		cmocka_unit_test(hmac_with_the_public_key),
		cmocka_unit_test(claims_are_checked_after_the_signature),
		cmocka_unit_test(the_time_limits_have_no_leeway),
		cmocka_unit_test(shapes_that_are_refused),
		cmocka_unit_test(every_character_counts),
		cmocka_unit_test(a_token_too_long_is_not_looked_at),
		cmocka_unit_test(a_full_arena_is_our_fault_not_the_tokens),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
