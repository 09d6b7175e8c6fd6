#include "crypt/jwt.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "crypt/key.h"

static const char alg[] = "ES256";

/* A header that brings a key, points at one, or asks for rules that a verifier has to know. */
static const char *const forbidden[] = {"crit", "jwk", "jku", "x5u", "x5c"};

static const struct json_limits limits = {.depth = 8, .values = 1000};

enum part { HEADER, CLAIMS, SIGNATURE, PARTS };

struct span {
	const char *text;
	size_t size;
};

static bool fail(struct err *err, const char *why)
{
	return err_set(err, ERR_TOKEN_INVALID, "the token is not valid: %s", why);
}

static void add_base64url(struct buf *buf, const void *bytes, size_t size)
{
	char *text = buf_extend(buf, BASE64URL_LENGTH(size));
	if (text != NULL)
		base64url_encode(text, bytes, size); /* its NUL is the buffer's own */
}

static void add_header(struct buf *token, const struct key *key, const char *typ)
{
	struct buf header;
	struct jw jw;
	buf_init(&header, JWT_HEADER_MAX);
	jw_init(&jw, &header);
	jw_object(&jw);
	jw_member_str(&jw, "alg", alg);
	jw_member_str(&jw, "typ", typ);
	jw_member_str(&jw, "kid", key_kid(key));
	jw_object_end(&jw);
	must(jw_ok(&jw));
	add_base64url(token, header.bytes, header.size);
	buf_fini(&header);
}

void jwt_sign(const struct key *key, const char *typ, const char *claims, size_t size, struct buf *token)
{
	must(key_kind(key) == KEY_ES256);
	size_t start = token->size;
	unsigned char signature[KEY_SIGNATURE_SIZE];
	add_header(token, key, typ);
	buf_addc(token, '.');
	add_base64url(token, claims, size);
	if (!buf_ok(token))
		return;
	key_sign(key, token->bytes + start, token->size - start, signature);
	buf_addc(token, '.');
	add_base64url(token, signature, sizeof signature);
}

/* Exactly three parts, none empty. */
static bool split(const char *token, size_t size, struct span parts[PARTS])
{
	const char *end = token + size;
	for (int i = 0; i < PARTS; i++) {
		const char *dot = memchr(token, '.', (size_t)(end - token));
		if ((dot == NULL) != (i == PARTS - 1))
			return false;
		parts[i] = (struct span){token, (size_t)((dot == NULL ? end : dot) - token)};
		if (parts[i].size == 0)
			return false;
		token = dot == NULL ? end : dot + 1;
	}
	return true;
}

/* A part as bytes in the arena. */
static bool decode(struct arena *arena, struct span part, struct span *bytes, struct err *err)
{
	size_t room = BASE64_BYTES(part.size);
	char *to = arena_alloc(arena, room);
	if (to == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the token");
	if (!base64url_decode(part.text, part.size, to, room, &bytes->size))
		return fail(err, "a part is not base64url without padding");
	bytes->text = to;
	return true;
}

static bool parse_object(struct arena *arena, struct span bytes, const struct json **json, struct err *err)
{
	if (!json_parse(arena, bytes.text, bytes.size, &limits, json, err)) {
		if (arena->full)
			return err_set(err, ERR_LIMIT, "no memory for the token");
		return fail(err, "a part is not JSON");
	}
	return (*json)->kind == JS_OBJECT || fail(err, "a part is not a JSON object");
}

/* Is the member a string with exactly this text? */
static bool text_is(const struct json *json, const char *name, const char *expected)
{
	const char *text = json_text(json, name);
	return text != NULL && strcmp(text, expected) == 0;
}

/* The checks of P-4.4 up to the key, in its order. */
static bool check_header(struct arena *arena, struct span bytes, const struct jwt_rules *rules, const struct key **key,
						 struct err *err)
{
	const struct json *header = NULL;
	if (bytes.size > JWT_HEADER_MAX)
		return fail(err, "the header is too long");
	if (!parse_object(arena, bytes, &header, err))
		return false;
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
		if (json_get(header, forbidden[i]) != NULL)
			return fail(err, "the header has a member that is not accepted");
	}
	if (!text_is(header, "alg", alg))
		return fail(err, "alg is not ES256");
	if (!text_is(header, "typ", rules->typ))
		return fail(err, "typ is another");
	const char *kid = json_text(header, "kid");
	*key = kid == NULL ? NULL : rules->find(rules->self, kid);
	return (*key != NULL && key_kind(*key) == KEY_ES256) || fail(err, "kid names no key in force");
}

/* A claim that counts seconds since 1970, as a whole number. */
static bool seconds_of(const struct json *claims, const char *name, int64_t *seconds)
{
	const struct json *claim = json_get(claims, name);
	if (claim == NULL || claim->kind != JS_INT)
		return false;
	*seconds = claim->integer;
	return true;
}

static bool check_claims(const struct json *claims, const struct jwt_rules *rules, struct err *err)
{
	int64_t now_s = rules->now_us / 1000000, nbf, exp;
	if (!text_is(claims, "iss", rules->iss))
		return fail(err, "iss is another");
	if (!text_is(claims, "aud", rules->aud))
		return fail(err, "aud is another");
	if (!seconds_of(claims, "nbf", &nbf) || nbf > now_s)
		return fail(err, "nbf is missing or still to come");
	if (!seconds_of(claims, "exp", &exp))
		return fail(err, "exp is missing");
	return exp > now_s || err_set(err, ERR_TOKEN_EXPIRED, "the token has expired");
}

/* Everything but the claims. */
static bool verify(struct arena *arena, const char *token, size_t size, const struct jwt_rules *rules,
				   const struct json **payload, struct err *err)
{
	struct span parts[PARTS], bytes[PARTS];
	const struct key *key = NULL;
	if (size > JWT_TOKEN_MAX)
		return fail(err, "it is too long");
	if (!split(token, size, parts))
		return fail(err, "it has not three parts");
	for (int i = 0; i < PARTS; i++) {
		if (!decode(arena, parts[i], &bytes[i], err))
			return false;
	}
	if (!check_header(arena, bytes[HEADER], rules, &key, err))
		return false;
	size_t signed_size = (size_t)(parts[SIGNATURE].text - 1 - token);
	if (!key_verify(key, token, signed_size, (const unsigned char *)bytes[SIGNATURE].text, bytes[SIGNATURE].size))
		return fail(err, "the signature does not fit");
	return parse_object(arena, bytes[CLAIMS], payload, err);
}

bool jwt_verify(struct arena *arena, const char *token, size_t size, const struct jwt_rules *rules,
				const struct json **claims, struct err *err)
{
	const struct json *found = NULL;
	if (!verify(arena, token, size, rules, &found, err) || !check_claims(found, rules, err))
		return false;
	*claims = found;
	return true;
}

bool jws_verify(struct arena *arena, const char *token, size_t size, const char *typ,
				const struct key *(*find)(void *self, const char *kid), void *self, const struct json **payload,
				struct err *err)
{
	const struct jwt_rules rules = {.typ = typ, .find = find, .self = self};
	const struct json *found = NULL;
	if (!verify(arena, token, size, &rules, &found, err))
		return false;
	*payload = found;
	return true;
}
