#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "crypt/digest.h"
#include "crypt/vector.h"

struct row {
	const char *text, *hex;
};

/* REF: FIPS 180-4 section 6.2: examples of NIST for SHA-256 */
static const struct row sha_rows[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void sha256_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof sha_rows / sizeof *sha_rows; i++) {
		char hex[SHA256_HEX_SIZE];
		sha256_hex(sha_rows[i].text, strlen(sha_rows[i].text), hex);
		assert_string_equal(hex, sha_rows[i].hex);
	}
}

static void parts_give_the_digest_of_the_whole(void **state)
{
	(void)state;
	char hex[SHA256_HEX_SIZE], block[1000];
	struct digest digest;
	memset(block, 'a', sizeof block);
	digest_init(&digest);
	for (int i = 0; i < 1000; i++)
		digest_add(&digest, block, sizeof block);
	digest_end_hex(&digest, hex);
	digest_fini(&digest);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	digest_init(&digest);
	digest_add(&digest, "ab", 2);
	digest_add(&digest, "", 0);
	digest_add(&digest, "c", 1);
	digest_end_hex(&digest, hex);
	digest_fini(&digest);
	assert_string_equal(hex, sha_rows[1].hex);
}

struct mac_row {
	const char *key, *data, *mac; /* hexadecimal; data of NULL: see text */
	const char *text;
};

/* REF: RFC 4231 section 4, cases 1 to 4, 6, 7 (5 is truncated) */
static const struct mac_row mac_rows[] = {
	{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", NULL,
	 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "Hi There"},
	{"4a656665", NULL, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
	 "what do ya want for nothing?"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
	 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe", NULL},
	{"0102030405060708090a0b0c0d0e0f10111213141516171819",
	 "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
	 "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b", NULL},
};

static void hmac_of_the_standard(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mac_rows / sizeof *mac_rows; i++) {
		const struct mac_row *row = &mac_rows[i];
		struct vector key = vector_of(row->key), mac = vector_of(row->mac);
		struct vector data = vector_of(row->data == NULL ? "" : row->data);
		unsigned char made[SHA256_SIZE];
		if (row->text != NULL)
			hmac_sha256(key.bytes, key.size, row->text, strlen(row->text), made);
		else
			hmac_sha256(key.bytes, key.size, data.bytes, data.size, made);
		assert_memory_equal(made, mac.bytes, sizeof made);
	}
}

static void check_long_key(const char *text, const char *hex)
{
	unsigned char key[131], made[SHA256_SIZE];
	memset(key, 0xaa, sizeof key);
	hmac_sha256(key, sizeof key, text, strlen(text), made);
	assert_memory_equal(made, vector_of(hex).bytes, sizeof made);
}

/* REF: RFC 2104; RFC 4231 cases 6 and 7: a key longer than the block */
static void hmac_with_a_long_key(void **state)
{
	(void)state;
	check_long_key("Test Using Larger Than Block-Size Key - Hash Key First",
				   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	check_long_key("This is a test using a larger than block-size key and a larger than block-size data. The key "
				   "needs to be hashed before being used by the HMAC algorithm.",
				   "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

static void hmac_takes_an_empty_key(void **state)
{
	(void)state;
	unsigned char made[SHA256_SIZE];
	hmac_sha256(NULL, 0, "", 0, made);
	assert_memory_equal(made, vector_of("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad").bytes, 32);
}

/* REF: RFC 2202 section 3, cases 1 and 2 */
static void hmac_sha1_of_the_standard(void **state)
{
	(void)state;
	unsigned char made[SHA1_SIZE];
	struct vector key = vector_of(mac_rows[0].key);
	hmac_sha1(key.bytes, key.size, "Hi There", 8, made);
	assert_memory_equal(made, vector_of("b617318655057264e28bc0b6fb378c8ef146be00").bytes, SHA1_SIZE);
	hmac_sha1("Jefe", 4, "what do ya want for nothing?", 28, made);
	assert_memory_equal(made, vector_of("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79").bytes, SHA1_SIZE);
}

static void comparison_sees_each_bit(void **state)
{
	(void)state;
	unsigned char a[32], b[32];
	memset(a, 0x5a, sizeof a);
	for (int bit = 0; bit < 256; bit++) {
		memcpy(b, a, sizeof b);
		assert_true(same_bytes(a, b, sizeof a));
		b[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(same_bytes(a, b, sizeof a));
	}
	assert_true(same_bytes(a, b, 0));
	wipe(a, sizeof a);
	for (size_t i = 0; i < sizeof a; i++)
		assert_int_equal(a[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_the_standard),   cmocka_unit_test(parts_give_the_digest_of_the_whole),
		cmocka_unit_test(hmac_of_the_standard),     cmocka_unit_test(hmac_with_a_long_key),
		cmocka_unit_test(hmac_takes_an_empty_key),  cmocka_unit_test(hmac_sha1_of_the_standard),
		cmocka_unit_test(comparison_sees_each_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
