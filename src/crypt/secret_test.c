#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/codec.h"
#include "core/env.h"
#include "crypt/secret.h"

static void a_secret_is_prefix_and_32_bytes(void **state)
{
	(void)state;
	char a[SECRET_TEXT], b[SECRET_TEXT];
	unsigned char bytes[SECRET_BYTES];
	size_t size;
	assert_int_equal(secret_make(env_real(), "csr_", a), 47);
	assert_int_equal(strlen(a), 47);
	assert_memory_equal(a, "csr_", 4);
	assert_true(base64url_decode(a + 4, SECRET_LENGTH, bytes, sizeof bytes, &size));
	assert_int_equal(size, SECRET_BYTES);
	secret_make(env_real(), "csr_", b);
	assert_string_not_equal(a, b);
}

static void a_simulation_repeats_its_secrets(void **state)
{
	(void)state;
	char text[2][SECRET_TEXT];
	for (int i = 0; i < 2; i++) {
		struct env_sim sim;
		env_sim_init(&sim, 4, 0);
		assert_int_equal(secret_make(&sim.env, "", text[i]), SECRET_LENGTH);
		env_sim_fini(&sim);
	}
	assert_string_equal(text[0], text[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_is_prefix_and_32_bytes),
		cmocka_unit_test(a_simulation_repeats_its_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
