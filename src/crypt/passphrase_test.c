#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/codec.h"
#include "crypt/passphrase.h"

/* REF: RFC 7914 section 12: test vectors for scrypt; the one of a gibibyte is left out */
static const struct {
	const char *passphrase, *salt;
	uint64_t n, r, p;
	const char *key;
} vectors[] = {
	{"", "", 16, 1, 1,
	 "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628c"
	 "f"
	 "35e20c38d18906"},
	{"password", "NaCl", 1024, 8, 16,
	 "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8"
	 "3"
	 "60cbdfa2cc0640"},
	{"pleaseletmein", "SodiumChloride", 16384, 8, 1,
	 "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40d"
	 "f"
	 "cf017b45575887"},
};

/* REF: RFC 7914 section 6 */
static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		unsigned char key[64];
		char text[129];
		scrypt(vectors[i].passphrase, strlen(vectors[i].passphrase), vectors[i].salt, strlen(vectors[i].salt),
			   vectors[i].n, vectors[i].r, vectors[i].p, key, sizeof key);
		hex_encode(text, key, sizeof key);
		assert_string_equal(text, vectors[i].key);
	}
}

static void test_every_part_counts(void **state)
{
	(void)state;
	unsigned char salt[PASSPHRASE_SALT] = {1}, key[PASSPHRASE_KEY], other[PASSPHRASE_KEY];
	passphrase_key("tea and rain", 12, salt, key);
	passphrase_key("tea and rain", 12, salt, other);
	assert_memory_equal(key, other, sizeof key);
	passphrase_key("tea and rain ", 13, salt, other);
	assert_memory_not_equal(key, other, sizeof key);
	salt[0] = 2;
	passphrase_key("tea and rain", 12, salt, other);
	assert_memory_not_equal(key, other, sizeof key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_every_part_counts)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
