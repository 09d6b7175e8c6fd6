#include "crypt/key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "crypt/key_internal.h"

enum {
	COORDINATE = 32,            /* bytes of a P-256 coordinate, and of r and s */
	POINT = 1 + 2 * COORDINATE, /* 04 | x | y */
	DER_MAX = 80,               /* an ECDSA-Sig-Value of P-256 has at most 72 bytes */
	THUMB_MAX = 256,
};

struct key {
	EVP_PKEY *pkey;
	enum key_kind kind;
	bool private;
	unsigned char public[KEY_PUBLIC_MAX];
	char kid[KEY_KID_LENGTH + 1];
};

struct kind_row {
	const char *alg, *kty, *crv;
	size_t public_size;
	const EVP_MD *(*md)(void); /* NULL: the scheme hashes by itself */
};

static const struct kind_row kinds[KEY_KINDS] = {
	[KEY_ES256] = {"ES256", "EC", "P-256", 2 * COORDINATE, EVP_sha256},
	[KEY_ED25519] = {"EdDSA", "OKP", "Ed25519", 32, NULL},
};

/* The public members as base64url: x, and y for a curve that has one ("" otherwise). */
struct coordinates {
	char x[BASE64URL_LENGTH(COORDINATE) + 1], y[BASE64URL_LENGTH(COORDINATE) + 1];
};

static struct coordinates coordinates_of(const struct key *key)
{
	struct coordinates text = {.y = ""};
	base64url_encode(text.x, key->public, COORDINATE);
	if (kinds[key->kind].public_size > COORDINATE)
		base64url_encode(text.y, key->public + COORDINATE, COORDINATE);
	return text;
}

/* REF: RFC 7638 section 3; RFC 8037 section 2: the required members in lexicographic order, without white space */
static void make_kid(struct key *key)
{
	const struct kind_row *kind = &kinds[key->kind];
	struct coordinates at = coordinates_of(key);
	bool has_y = at.y[0] != '\0';
	char text[THUMB_MAX];
	int length = snprintf(text, sizeof text, "{\"crv\":\"%s\",\"kty\":\"%s\",\"x\":\"%s\"%s%s%s}", kind->crv, kind->kty,
						  at.x, has_y ? ",\"y\":\"" : "", at.y, has_y ? "\"" : "");
	must(length > 0 && length < THUMB_MAX);
	unsigned char digest[SHA256_SIZE];
	sha256(text, (size_t)length, digest);
	base64url_encode(key->kid, digest, sizeof digest);
}

static bool find_kind(const EVP_PKEY *pkey, enum key_kind *kind)
{
	char group[32];
	if (EVP_PKEY_is_a(pkey, "ED25519")) {
		*kind = KEY_ED25519;
		return true;
	}
	*kind = KEY_ES256;
	return EVP_PKEY_is_a(pkey, "EC") && EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) == 1 &&
		   strcmp(group, "prime256v1") == 0;
}

static bool read_coordinate(const EVP_PKEY *pkey, const char *name, unsigned char bytes[COORDINATE])
{
	BIGNUM *number = NULL;
	bool read =
		EVP_PKEY_get_bn_param(pkey, name, &number) == 1 && BN_bn2binpad(number, bytes, COORDINATE) == COORDINATE;
	BN_free(number);
	return read;
}

static bool read_public(struct key *key)
{
	size_t size = KEY_PUBLIC_MAX;
	if (key->kind == KEY_ED25519)
		return EVP_PKEY_get_raw_public_key(key->pkey, key->public, &size) == 1 && size == kinds[key->kind].public_size;
	return read_coordinate(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, key->public) &&
		   read_coordinate(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, key->public + COORDINATE);
}

bool key_take(EVP_PKEY *pkey, bool private, struct key **key, struct err *err)
{
	struct key made = {.pkey = pkey, .private = private};
	if (pkey == NULL || !find_kind(pkey, &made.kind) || !read_public(&made)) {
		EVP_PKEY_free(pkey);
		ERR_clear_error();
		return err_set(err, ERR_INVALID, "not a key of the kinds P-256 or Ed25519");
	}
	make_kid(&made);
	*key = malloc(sizeof **key);
	must(*key != NULL);
	**key = made;
	return true;
}

EVP_PKEY *key_pkey(const struct key *key)
{
	return key->pkey;
}

/* An EC key from 04 | x | y and, when there is one, the scalar; NULL when the point is not on the curve. */
static EVP_PKEY *ec_pkey(const unsigned char point[POINT], const BIGNUM *scalar)
{
	EVP_PKEY *pkey = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	must(builder != NULL);
	must(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1);
	must(OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, POINT) == 1);
	must(scalar == NULL || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	must(params != NULL && context != NULL && EVP_PKEY_fromdata_init(context) == 1);
	if (EVP_PKEY_fromdata(context, &pkey, scalar == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	return pkey;
}

/* The public point of a scalar in 1 .. n-1; NULL for any other. */
static EVP_PKEY *ec_pair(const unsigned char bytes[KEY_PRIVATE_SIZE])
{
	EVP_PKEY *pkey = NULL;
	unsigned char point_bytes[POINT];
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	must(group != NULL);
	EC_POINT *point = EC_POINT_new(group);
	BIGNUM *scalar = BN_secure_new();
	must(point != NULL && scalar != NULL && BN_bin2bn(bytes, KEY_PRIVATE_SIZE, scalar) != NULL);
	if (!BN_is_zero(scalar) && BN_cmp(scalar, EC_GROUP_get0_order(group)) < 0) {
		must(EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1);
		must(EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, point_bytes, POINT, NULL) == POINT);
		pkey = ec_pkey(point_bytes, scalar);
	}
	BN_clear_free(scalar);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return pkey;
}

bool key_from_private(enum key_kind kind, const unsigned char bytes[KEY_PRIVATE_SIZE], struct key **key,
					  struct err *err)
{
	EVP_PKEY *pkey = kind == KEY_ED25519 ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, bytes, KEY_PRIVATE_SIZE)
										 : ec_pair(bytes);
	return key_take(pkey, true, key, err);
}

bool key_from_public(enum key_kind kind, const unsigned char *bytes, size_t size, struct key **key, struct err *err)
{
	if (size != kinds[kind].public_size)
		return err_set(err, ERR_INVALID, "a public key of %zu bytes is needed", kinds[kind].public_size);
	if (kind == KEY_ED25519)
		return key_take(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, size), false, key, err);
	unsigned char point[POINT] = {POINT_CONVERSION_UNCOMPRESSED};
	memcpy(point + 1, bytes, size);
	return key_take(ec_pkey(point, NULL), false, key, err);
}

struct key *key_new(enum key_kind kind, const struct env *env)
{
	unsigned char bytes[KEY_PRIVATE_SIZE];
	struct key *key = NULL;
	/* All but one in 2^32 draws are below the order of P-256; every draw is a key of Ed25519. */
	do
		env_random(env, bytes, sizeof bytes);
	while (!key_from_private(kind, bytes, &key, NULL));
	wipe(bytes, sizeof bytes);
	return key;
}

void key_free(struct key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

enum key_kind key_kind(const struct key *key)
{
	return key->kind;
}

bool key_private(const struct key *key)
{
	return key->private;
}

const char *key_kid(const struct key *key)
{
	return key->kid;
}

size_t key_public(const struct key *key, unsigned char bytes[KEY_PUBLIC_MAX])
{
	memcpy(bytes, key->public, kinds[key->kind].public_size);
	return kinds[key->kind].public_size;
}

static const EVP_MD *md_of(const struct key *key)
{
	return kinds[key->kind].md == NULL ? NULL : kinds[key->kind].md();
}

/* OpenSSL speaks DER, JOSE speaks r | s.  REF: RFC 7518 section 3.4 */
static void raw_from_der(const unsigned char *der, size_t size, unsigned char raw[KEY_SIGNATURE_SIZE])
{
	ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &der, (long)size);
	must(parts != NULL);
	must(BN_bn2binpad(ECDSA_SIG_get0_r(parts), raw, COORDINATE) == COORDINATE);
	must(BN_bn2binpad(ECDSA_SIG_get0_s(parts), raw + COORDINATE, COORDINATE) == COORDINATE);
	ECDSA_SIG_free(parts);
}

static size_t der_from_raw(const unsigned char raw[KEY_SIGNATURE_SIZE], unsigned char der[DER_MAX])
{
	ECDSA_SIG *parts = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, COORDINATE, NULL), *s = BN_bin2bn(raw + COORDINATE, COORDINATE, NULL);
	must(parts != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(parts, r, s) == 1);
	int size = i2d_ECDSA_SIG(parts, NULL);
	must(size > 0 && size <= DER_MAX && i2d_ECDSA_SIG(parts, &der) == size);
	ECDSA_SIG_free(parts);
	return (size_t)size;
}

void key_sign(const struct key *key, const void *bytes, size_t size, unsigned char signature[KEY_SIGNATURE_SIZE])
{
	unsigned char made[DER_MAX];
	size_t made_size = sizeof made;
	must(key->private);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	must(context != NULL && EVP_DigestSignInit(context, NULL, md_of(key), NULL, key->pkey) == 1);
	must(EVP_DigestSign(context, made, &made_size, bytes, size) == 1);
	EVP_MD_CTX_free(context);
	if (key->kind == KEY_ES256) {
		raw_from_der(made, made_size, signature);
		return;
	}
	must(made_size == KEY_SIGNATURE_SIZE);
	memcpy(signature, made, KEY_SIGNATURE_SIZE);
}

bool key_verify(const struct key *key, const void *bytes, size_t size, const unsigned char *signature,
				size_t signature_size)
{
	unsigned char der[DER_MAX];
	if (signature_size != KEY_SIGNATURE_SIZE)
		return false;
	if (key->kind == KEY_ES256) {
		signature_size = der_from_raw(signature, der);
		signature = der;
	}
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	must(context != NULL && EVP_DigestVerifyInit(context, NULL, md_of(key), NULL, key->pkey) == 1);
	bool fits = EVP_DigestVerify(context, signature, signature_size, bytes, size) == 1;
	EVP_MD_CTX_free(context);
	/* A signature that does not fit leaves its reasons in the thread's queue, where they would gather. */
	ERR_clear_error();
	return fits;
}

void key_jwk(const struct key *key, struct jw *jw)
{
	const struct kind_row *kind = &kinds[key->kind];
	struct coordinates at = coordinates_of(key);
	jw_object(jw);
	jw_member_str(jw, "kty", kind->kty);
	jw_member_str(jw, "crv", kind->crv);
	jw_member_str(jw, "x", at.x);
	if (at.y[0] != '\0')
		jw_member_str(jw, "y", at.y);
	jw_member_str(jw, "use", "sig");
	jw_member_str(jw, "alg", kind->alg);
	jw_member_str(jw, "kid", key->kid);
	jw_object_end(jw);
}
