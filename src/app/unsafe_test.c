#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config.h"
#include "app/unsafe.h"
#include "core/scratch.h"

static const char *addresses[] = {"127.0.0.1:80", "[::1]:80", "unix:/run/cs"};

static struct config sound(const char *folder)
{
	struct config config = {.mode = MODE_PRODUCTION, .data = folder, .public_url = "https://sign.example"};
	config.listen.items = addresses;
	config.listen.count = 3;
	config.audit.checkpoint_dir = "/mnt/elsewhere";
	return config;
}

static size_t refusals(const struct config *config, const char *what)
{
	struct unsafe found[UNSAFE_MAX];
	size_t count = unsafe_settings(config, found), refused = 0;
	for (size_t i = 0; i < count; i++) {
		refused += found[i].refused;
		assert_non_null(strstr(found[i].what, what));
		assert_true(found[i].mend[0] != '\0');
	}
	return refused;
}

/* [P-3.3] */
static void each_unsafe_setting_is_refused(void **state)
{
	(void)state;
	char folder[SCRATCH_PATH];
	assert_true(scratch_make(folder, "unsafe", NULL));
	struct config config = sound(folder);
	struct unsafe found[UNSAFE_MAX];
	assert_int_equal(unsafe_settings(&config, found), 0);

	addresses[1] = "0.0.0.0:80";
	assert_int_equal(refusals(&config, "0.0.0.0:80"), 1);
	config.http.behind_proxy = true;
	assert_int_equal(refusals(&config, ""), 0);
	addresses[1] = "[::1]:80";

	assert_int_equal(chmod(folder, 0750), 0);
	assert_int_equal(refusals(&config, "750"), 1);
	assert_int_equal(chmod(folder, 0700), 0);

	config.public_url_made = true;
	assert_int_equal(refusals(&config, "public_url"), 1);
	config.mode = MODE_DEVELOPMENT;
	assert_int_equal(unsafe_settings(&config, found), 0);
	rmdir(folder);
}

static void a_missing_checkpoint_folder_is_a_warning(void **state)
{
	(void)state;
	struct config config = sound("/nowhere");
	struct unsafe found[UNSAFE_MAX];
	config.audit.checkpoint_dir = NULL;
	assert_int_equal(unsafe_settings(&config, found), 1);
	assert_false(found[0].refused);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_unsafe_setting_is_refused),
		cmocka_unit_test(a_missing_checkpoint_folder_is_a_warning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
