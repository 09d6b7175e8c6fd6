#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/codec.h"
#include "core/rng.h"

struct row {
	const char *bytes, *text;
};

typedef size_t encode_fn(char *text, const void *bytes, size_t size);
typedef bool decode_fn(const char *text, size_t length, void *bytes, size_t room, size_t *size);

static void check_rows(const struct row *rows, size_t count, encode_fn *encode, decode_fn *decode)
{
	for (size_t i = 0; i < count; i++) {
		char text[64];
		unsigned char bytes[64];
		size_t size = 99, length = strlen(rows[i].bytes);
		assert_int_equal(encode(text, rows[i].bytes, length), strlen(rows[i].text));
		assert_string_equal(text, rows[i].text);
		assert_true(decode(text, strlen(text), bytes, length, &size));
		assert_int_equal(size, length);
		assert_memory_equal(bytes, rows[i].bytes, length);
		if (length > 0)
			assert_false(decode(text, strlen(text), bytes, length - 1, &size));
	}
}

/* REF: RFC 4648 section 10 */
static void vectors_of_the_standard(void **state)
{
	(void)state;
	static const struct row base64[] = {{"", ""},
										{"f", "Zg=="},
										{"fo", "Zm8="},
										{"foo", "Zm9v"},
										{"foob", "Zm9vYg=="},
										{"fooba", "Zm9vYmE="},
										{"foobar", "Zm9vYmFy"},
										{"\xff\xef\xbe", "/+++"}};
	static const struct row url[] = {{"", ""}, {"f", "Zg"}, {"fo", "Zm8"}, {"foo", "Zm9v"}, {"\xff\xef\xbe", "_---"}};
	static const struct row hex[] = {{"", ""}, {"foobar", "666f6f626172"}, {"\xff\x01", "ff01"}};
	check_rows(base64, sizeof base64 / sizeof *base64, base64_encode, base64_decode);
	check_rows(url, sizeof url / sizeof *url, base64url_encode, base64url_decode);
	check_rows(hex, sizeof hex / sizeof *hex, hex_encode, hex_decode);
}

static void refuse(const char *const *texts, size_t count, decode_fn *decode)
{
	for (size_t i = 0; i < count; i++) {
		unsigned char bytes[64];
		size_t size = 99;
		assert_false(decode(texts[i], strlen(texts[i]), bytes, sizeof bytes, &size));
		assert_int_equal(size, 99);
	}
}

static void other_texts_are_refused(void **state)
{
	(void)state;
	static const char *const base64[] = {"Zg",   "Zg=",   "Zg===",    "Z===", "====", "Zh==", "Zm9=", "Zm9v\n",
										 "Zm-v", "Zm9 v", "Zg==Zg==", "=Zg=", " ",    "Zm_v", "Z\x80"};
	static const char *const url[] = {"Zg==", "Z", "Zh", "Zm9", "Zm+v", "Zm/v", "Zm9v ", "Zm9vZ"};
	static const char *const hex[] = {"0", "0g", "0x", " 00", "00 ", "G0"};
	refuse(base64, sizeof base64 / sizeof *base64, base64_decode);
	refuse(url, sizeof url / sizeof *url, base64url_decode);
	refuse(hex, sizeof hex / sizeof *hex, hex_decode);
	unsigned char byte;
	size_t size;
	assert_true(hex_decode("aB", 2, &byte, 1, &size));
	assert_int_equal(byte, 0xab);
}

static void every_length_comes_back(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 11);
	for (size_t size = 0; size <= 100; size++) {
		unsigned char bytes[100], again[BASE64_BYTES(BASE64_LENGTH(100))];
		char text[HEX_LENGTH(100) + 1];
		size_t got;
		rng_bytes(&rng, bytes, size);
		assert_int_equal(base64_encode(text, bytes, size), BASE64_LENGTH(size));
		assert_true(base64_decode(text, strlen(text), again, sizeof again, &got));
		assert_true(got == size && memcmp(bytes, again, size) == 0);
		assert_int_equal(base64url_encode(text, bytes, size), BASE64URL_LENGTH(size));
		assert_true(base64url_decode(text, strlen(text), again, sizeof again, &got));
		assert_true(got == size && memcmp(bytes, again, size) == 0);
		assert_int_equal(hex_encode(text, bytes, size), HEX_LENGTH(size));
		assert_true(hex_decode(text, strlen(text), again, sizeof again, &got));
		assert_true(got == size && memcmp(bytes, again, size) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_standard),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(every_length_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
