#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "people/totp.h"

static const unsigned char seed[] = "12345678901234567890";
enum { SEED = 20 };

/* The vectors of appendix B for SHA-1: the last six of their eight digits.  REF: RFC 6238 section 4 */
static const struct {
	int64_t s;
	uint32_t code;
} vectors[] = {{59, 287082},       {1111111109, 81804},  {1111111111, 50471},
			   {1234567890, 5924}, {2000000000, 279037}, {INT64_C(20000000000), 353130}};

static void codes_are_those_of_the_rfc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
		assert_int_equal(totp_code(seed, SEED, vectors[i].s / TOTP_STEP_S), vectors[i].code);
}

static int64_t step_of(int64_t step, int64_t now_s, int64_t last)
{
	char text[16];
	snprintf(text, sizeof text, "%06u", totp_code(seed, SEED, step));
	return totp_step_of(seed, SEED, text, now_s * 1000000, last);
}

/* [P-4.7] one step either way, and each step once */
static void a_code_is_good_for_its_step_and_its_neighbours_once(void **state)
{
	(void)state;
	const int64_t now_s = 1111111111, now = now_s / TOTP_STEP_S;
	for (int64_t step = now - 3; step <= now + 3; step++)
		assert_int_equal(step_of(step, now_s, 0), step >= now - 1 && step <= now + 1 ? step : 0);
	assert_int_equal(step_of(now, now_s, now), 0);
	assert_int_equal(step_of(now - 1, now_s, now), 0);
	assert_int_equal(step_of(now + 1, now_s, now), now + 1);
}

static void other_texts_are_no_codes(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "05047", "0504710", "05047a", " 50471", "-50471", "+50471", "050 471"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(totp_step_of(seed, SEED, texts[i], INT64_C(1111111111) * 1000000, 0), 0);
}

/* RFC 4648 section 10, without the padding */
static void base32_is_that_of_the_rfc(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"", ""},
										   {"f", "MY"},
										   {"fo", "MZXQ"},
										   {"foo", "MZXW6"},
										   {"foob", "MZXW6YQ"},
										   {"fooba", "MZXW6YTB"},
										   {"foobar", "MZXW6YTBOI"}};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char text[16];
		totp_base32(text, (const unsigned char *)pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(text, pairs[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_those_of_the_rfc),
		cmocka_unit_test(a_code_is_good_for_its_step_and_its_neighbours_once),
		cmocka_unit_test(other_texts_are_no_codes),
		cmocka_unit_test(base32_is_that_of_the_rfc),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
