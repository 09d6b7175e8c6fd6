#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/scratch.h"
#include "crypt/key.h"
#include "crypt/key_file.h"
#include "crypt/vector.h"

struct ed_row {
	const char *private, *public, *message, *signature;
};

/* REF: RFC 8032 section 7.1, tests 1 to 3 */
static const struct ed_row ed_rows[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe246"
	 "55141"
	 "438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb"
	 "00d29"
	 "1612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc"
	 "027be"
	 "ceea1ec40a"},
};

static void ed25519_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ed_rows / sizeof *ed_rows; i++) {
		struct vector private = vector_of(ed_rows[i].private), public = vector_of(ed_rows[i].public);
		struct vector message = vector_of(ed_rows[i].message), signature = vector_of(ed_rows[i].signature);
		struct key *pair, *half;
		unsigned char made[KEY_SIGNATURE_SIZE], made_public[KEY_PUBLIC_MAX];
		assert_true(key_from_private(KEY_ED25519, private.bytes, &pair, NULL));
		assert_int_equal(key_public(pair, made_public), 32);
		assert_memory_equal(made_public, public.bytes, 32);
		key_sign(pair, message.bytes, message.size, made);
		assert_memory_equal(made, signature.bytes, sizeof made);
		assert_true(key_from_public(KEY_ED25519, public.bytes, public.size, &half, NULL));
		assert_false(key_private(half));
		assert_true(key_verify(half, message.bytes, message.size, made, sizeof made));
		assert_string_equal(key_kid(half), key_kid(pair));
		key_free(pair);
		key_free(half);
	}
}

static struct key *es256_from(const char *x, const char *y)
{
	unsigned char point[KEY_PUBLIC_MAX];
	size_t size;
	struct key *key;
	assert_true(base64url_decode(x, strlen(x), point, 32, &size));
	assert_true(base64url_decode(y, strlen(y), point + 32, 32, &size));
	assert_true(key_from_public(KEY_ES256, point, sizeof point, &key, NULL));
	return key;
}

static const char a3_x[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
static const char a3_y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
static const char a3_d[] = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
static const char a3_input[] = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
							   "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
static const char a3_signature[] =
	"DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

/* REF: RFC 7518 section 3.4; RFC 7515 appendix A.3 */
static void es256_of_the_standard(void **state)
{
	(void)state;
	struct key *key = es256_from(a3_x, a3_y), *pair;
	unsigned char signature[KEY_SIGNATURE_SIZE], scalar[KEY_PRIVATE_SIZE], a[KEY_PUBLIC_MAX], b[KEY_PUBLIC_MAX];
	size_t size;
	assert_true(base64url_decode(a3_signature, strlen(a3_signature), signature, sizeof signature, &size));
	assert_true(key_verify(key, a3_input, strlen(a3_input), signature, size));
	assert_false(key_verify(key, a3_input, strlen(a3_input) - 1, signature, size));
	assert_true(base64url_decode(a3_d, strlen(a3_d), scalar, sizeof scalar, &size));
	assert_true(key_from_private(KEY_ES256, scalar, &pair, NULL));
	assert_int_equal(key_public(key, a), key_public(pair, b));
	assert_memory_equal(a, b, sizeof a);
	key_sign(pair, "x", 1, signature);
	assert_true(key_verify(key, "x", 1, signature, sizeof signature));
	key_free(pair);
	key_free(key);
}

/*
 * REF: RFC 7638 section 3; RFC 8037 section 2; RFC 8037 appendix A.3;
 * RFC 9449 sections 4.2 and 6.1 (an EC key and its thumbprint by RFC 7638)
 */
static void thumbprints_of_the_standards(void **state)
{
	(void)state;
	struct vector public = vector_of(ed_rows[0].public);
	struct key *ed,
		*ec = es256_from("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA");
	assert_string_equal(key_kid(ec), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
	assert_true(key_from_public(KEY_ED25519, public.bytes, public.size, &ed, NULL));
	assert_string_equal(key_kid(ed), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
	key_free(ec);
	key_free(ed);
}

/* REF: RFC 7517; RFC 7518 section 6.2; RFC 8037 */
static void jwk_of_both_kinds(void **state)
{
	(void)state;
	struct vector public = vector_of(ed_rows[0].public);
	struct key *ed, *ec = es256_from(a3_x, a3_y);
	struct buf buf;
	struct jw jw;
	assert_true(key_from_public(KEY_ED25519, public.bytes, public.size, &ed, NULL));
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	key_jwk(ec, &jw);
	key_jwk(ed, &jw);
	jw_array_end(&jw);
	assert_true(jw_ok(&jw));
	char expected[1000];
	snprintf(expected, sizeof expected,
			 "[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":"
			 "\"%s\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\","
			 "\"use\":\"sig\",\"alg\":\"EdDSA\",\"kid\":\"%s\"}]",
			 a3_x, a3_y, key_kid(ec), key_kid(ed));
	assert_string_equal(buf_text(&buf), expected);
	buf_fini(&buf);
	key_free(ec);
	key_free(ed);
}

static void one_bit_breaks_a_signature(void **state)
{
	(void)state;
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		struct key *key = key_new((enum key_kind)kind, env_real()), *other = key_new((enum key_kind)kind, env_real());
		unsigned char signature[KEY_SIGNATURE_SIZE + 1] = {0};
		key_sign(key, "message", 7, signature);
		assert_true(key_verify(key, "message", 7, signature, 64));
		assert_false(key_verify(other, "message", 7, signature, 64));
		assert_false(key_verify(key, "massage", 7, signature, 64));
		assert_false(key_verify(key, "message", 7, signature, 63));
		assert_false(key_verify(key, "message", 7, signature, 65));
		for (int bit = 0; bit < 512; bit += 5) {
			signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
			assert_false(key_verify(key, "message", 7, signature, 64));
			signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		key_free(key);
		key_free(other);
	}
}

/* r or s of 0, or of the order and more, must never pass (CVE-2022-21449 was such a verifier). */
static void es256_bounds_of_r_and_s(void **state)
{
	(void)state;
	static const char order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	struct key *key = key_new(KEY_ES256, env_real());
	unsigned char good[KEY_SIGNATURE_SIZE], bad[KEY_SIGNATURE_SIZE];
	key_sign(key, "m", 1, good);
	for (int half = 0; half < 2; half++) {
		memcpy(bad, good, sizeof bad);
		memset(bad + 32 * half, 0, 32);
		assert_false(key_verify(key, "m", 1, bad, sizeof bad));
		memcpy(bad + 32 * half, vector_of(order).bytes, 32);
		assert_false(key_verify(key, "m", 1, bad, sizeof bad));
		memset(bad + 32 * half, 0xff, 32);
		assert_false(key_verify(key, "m", 1, bad, sizeof bad));
	}
	memset(bad, 0, sizeof bad);
	assert_false(key_verify(key, "m", 1, bad, sizeof bad));
	key_free(key);
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	struct key *key = NULL;
	struct err err;
	unsigned char zero[KEY_PUBLIC_MAX] = {0}, most[KEY_PRIVATE_SIZE];
	memset(most, 0xff, sizeof most);
	assert_false(key_from_private(KEY_ES256, zero, &key, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_false(key_from_private(KEY_ES256, most, &key, &err));
	assert_false(key_from_public(KEY_ES256, zero, 64, &key, &err));
	assert_false(key_from_public(KEY_ES256, zero, 63, &key, &err));
	assert_false(key_from_public(KEY_ED25519, zero, 64, &key, &err));
	assert_null(key);
}

static void a_simulation_makes_the_same_keys(void **state)
{
	(void)state;
	char kids[2][KEY_KID_LENGTH + 1];
	for (int i = 0; i < 2; i++) {
		struct env_sim sim;
		env_sim_init(&sim, 77, 0);
		struct key *key = key_new(KEY_ES256, &sim.env);
		memcpy(kids[i], key_kid(key), sizeof kids[i]);
		key_free(key);
		env_sim_fini(&sim);
	}
	assert_string_equal(kids[0], kids[1]);
}

static char folder[SCRATCH_PATH];

static const char *in_folder(const char *name)
{
	static char path[SCRATCH_PATH + 32];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void a_file_gives_the_key_back(void **state)
{
	(void)state;
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		const char *path = in_folder("key.pem");
		struct key *key = key_new((enum key_kind)kind, env_real()), *again;
		struct err err;
		struct stat status;
		assert_true(key_write(key, path, &err));
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		assert_int_equal(status.st_nlink, 1);
		assert_true(key_read(path, &again, &err));
		assert_string_equal(key_kid(again), key_kid(key));
		assert_int_equal(key_kind(again), kind);
		unsigned char signature[KEY_SIGNATURE_SIZE];
		key_sign(again, "m", 1, signature);
		assert_true(key_verify(key, "m", 1, signature, sizeof signature));
		assert_false(key_write(key, path, &err));
		assert_int_equal(err.kind, ERR_DUPLICATE);
		assert_int_equal(unlink(path), 0);
		key_free(key);
		key_free(again);
	}
}

static void put_file(const char *path, const char *text, mode_t mode)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(file >= 0);
	assert_int_equal(write(file, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(file, mode), 0);
	close(file);
}

static void files_that_are_no_keys(void **state)
{
	(void)state;
	const char *path = in_folder("bad.pem");
	struct key *key = NULL;
	struct err err;
	assert_false(key_read(in_folder("absent"), &key, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(key_read(folder, &key, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	static const char *const texts[] = {"", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"};
	path = in_folder("bad.pem");
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		put_file(path, texts[i], 0600);
		assert_false(key_read(path, &key, &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
	put_file(path, "", 0640);
	assert_false(key_read(path, &key, &err));
	assert_non_null(strstr(err.message, "chmod 600"));
	unlink(path);
	assert_null(key);
}

struct signer {
	const struct key *key;
	bool right;
};

static void *sign_and_verify(void *argument)
{
	struct signer *signer = argument;
	signer->right = true;
	for (int i = 0; i < 50; i++) {
		unsigned char signature[KEY_SIGNATURE_SIZE];
		key_sign(signer->key, &i, sizeof i, signature);
		signer->right &= key_verify(signer->key, &i, sizeof i, signature, sizeof signature);
	}
	return NULL;
}

static void threads_share_a_key(void **state)
{
	(void)state;
	for (int kind = 0; kind < KEY_KINDS; kind++) {
		struct key *key = key_new((enum key_kind)kind, env_real());
		struct signer signers[4];
		pthread_t threads[4];
		for (int i = 0; i < 4; i++) {
			signers[i].key = key;
			assert_int_equal(pthread_create(&threads[i], NULL, sign_and_verify, &signers[i]), 0);
		}
		for (int i = 0; i < 4; i++) {
			pthread_join(threads[i], NULL);
			assert_true(signers[i].right);
		}
		key_free(key);
	}
}

static int make_folder(void **state)
{
	(void)state;
	return scratch_make(folder, "key", NULL) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_of_the_standard),      cmocka_unit_test(es256_of_the_standard),
		cmocka_unit_test(thumbprints_of_the_standards), cmocka_unit_test(jwk_of_both_kinds),
		cmocka_unit_test(one_bit_breaks_a_signature),   cmocka_unit_test(es256_bounds_of_r_and_s),
		cmocka_unit_test(what_is_no_key_is_refused),    cmocka_unit_test(a_simulation_makes_the_same_keys),
		cmocka_unit_test(a_file_gives_the_key_back),    cmocka_unit_test(files_that_are_no_keys),
		cmocka_unit_test(threads_share_a_key),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
