#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/env.h"
#include "core/err.h"
#include "crypt/aead.h"
#include "crypt/vector.h"

struct gcm_row {
	const char *key, *nonce, *aad, *plain, *text, *tag;
};

#define K "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"

/* REF: McGrew, Viega, "The Galois/Counter Mode of Operation" (submitted to NIST), test cases 13, 14 and 16 */
static const struct gcm_row gcm_rows[] = {
	{ZERO, "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
	{ZERO, "000000000000000000000000", "", "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
	 "d0d1c8a799996bf0265b98b5d48ab919"},
	{K, "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	 "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657b"
	 "a"
	 "637b39",
	 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0ab"
	 "c"
	 "c9f662",
	 "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static void gcm_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof gcm_rows / sizeof *gcm_rows; i++) {
		const struct gcm_row *row = &gcm_rows[i];
		struct vector key = vector_of(row->key), nonce = vector_of(row->nonce), aad = vector_of(row->aad);
		struct vector plain = vector_of(row->plain), text = vector_of(row->text), tag = vector_of(row->tag);
		unsigned char made[VECTOR_MAX], made_tag[AEAD_TAG_SIZE];
		gcm_encrypt(key.bytes, nonce.bytes, aad.bytes, aad.size, plain.bytes, plain.size, made, made_tag);
		assert_memory_equal(made, text.bytes, text.size);
		assert_memory_equal(made_tag, tag.bytes, sizeof made_tag);
		assert_true(gcm_decrypt(key.bytes, nonce.bytes, aad.bytes, aad.size, text.bytes, text.size, tag.bytes, made));
		assert_memory_equal(made, plain.bytes, plain.size);
	}
}

static const unsigned char key[AEAD_KEY_SIZE] = {1, 2, 3};
static const char place[] = "users|42|totp_secret";
static const char plain_text[] = "JBSWY3DPEHPK3PXP";
enum { PLAIN = sizeof plain_text - 1, SEALED = PLAIN + AEAD_OVERHEAD };

static void sealed_text_opens_only_at_its_place(void **state)
{
	(void)state;
	unsigned char sealed[SEALED], plain[PLAIN], other[AEAD_KEY_SIZE] = {1, 2, 4};
	struct err err;
	aead_seal(env_real(), key, place, sizeof place, plain_text, PLAIN, sealed);
	assert_true(aead_open(key, place, sizeof place, sealed, SEALED, plain, &err));
	assert_memory_equal(plain, plain_text, PLAIN);
	assert_false(aead_open(key, "users|43|totp_secret", sizeof place, sealed, SEALED, plain, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_false(aead_open(other, place, sizeof place, sealed, SEALED, plain, &err));
	for (size_t i = 0; i < PLAIN; i++)
		assert_int_equal(plain[i], 0);
}

static void every_bit_of_a_sealed_text_counts(void **state)
{
	(void)state;
	unsigned char sealed[SEALED], plain[PLAIN];
	aead_seal(env_real(), key, place, sizeof place, plain_text, PLAIN, sealed);
	for (int bit = 0; bit < SEALED * 8; bit++) {
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(aead_open(key, place, sizeof place, sealed, SEALED, plain, NULL));
		sealed[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t size = 0; size < SEALED; size++)
		assert_false(aead_open(key, place, sizeof place, sealed, size, plain, NULL));
	assert_true(aead_open(key, place, sizeof place, sealed, SEALED, plain, NULL));
}

static void two_seals_of_one_text_differ(void **state)
{
	(void)state;
	unsigned char a[AEAD_OVERHEAD], b[AEAD_OVERHEAD], nothing[1];
	aead_seal(env_real(), key, "", 0, "", 0, a);
	aead_seal(env_real(), key, "", 0, "", 0, b);
	assert_memory_not_equal(a, b, sizeof a);
	assert_true(aead_open(key, NULL, 0, a, sizeof a, nothing, NULL));
}

struct kdf_row {
	const char *key, *salt, *info, *out;
};

/* REF: RFC 5869 section 2; RFC 5869 appendix A.1, A.3 */
static const struct kdf_row kdf_rows[] = {
	{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
	 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
	{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	 "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void hkdf_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kdf_rows / sizeof *kdf_rows; i++) {
		struct vector master = vector_of(kdf_rows[i].key), salt = vector_of(kdf_rows[i].salt);
		struct vector info = vector_of(kdf_rows[i].info), out = vector_of(kdf_rows[i].out);
		unsigned char made[VECTOR_MAX];
		hkdf_sha256(master.bytes, master.size, salt.bytes, salt.size, info.bytes, info.size, made, out.size);
		assert_memory_equal(made, out.bytes, out.size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcm_of_the_standard),
		cmocka_unit_test(sealed_text_opens_only_at_its_place),
		cmocka_unit_test(every_bit_of_a_sealed_text_counts),
		cmocka_unit_test(two_seals_of_one_text_differ),
		cmocka_unit_test(hkdf_of_the_standard),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
