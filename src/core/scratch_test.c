#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"
#include "core/scratch.h"

static const char *below(const char *folder, const char *name)
{
	static char path[SCRATCH_PATH + 64];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void put(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void two_folders_are_apart_and_private(void **state)
{
	(void)state;
	char one[SCRATCH_PATH], two[SCRATCH_PATH];
	struct stat status;
	assert_true(scratch_make(one, "test", NULL) && scratch_make(two, "test", NULL));
	assert_string_not_equal(one, two);
	assert_int_equal(stat(one, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	scratch_remove(one);
	scratch_remove(two);
	assert_int_equal(access(one, F_OK), -1);
	assert_int_equal(access(two, F_OK), -1);
}

static void removing_takes_what_is_below_and_follows_no_link(void **state)
{
	(void)state;
	char kept[SCRATCH_PATH], gone[SCRATCH_PATH];
	assert_true(scratch_make(kept, "kept", NULL) && scratch_make(gone, "gone", NULL));
	put(below(kept, "file"));
	assert_int_equal(mkdir(below(gone, "a"), 0700), 0);
	put(below(gone, "a/file"));
	assert_int_equal(symlink(kept, below(gone, "link")), 0);
	scratch_remove(gone);
	assert_int_equal(access(gone, F_OK), -1);
	assert_int_equal(access(below(kept, "file"), F_OK), 0);
	scratch_remove(kept);
}

static void a_parent_that_is_not_there_is_named(void **state)
{
	(void)state;
	char path[SCRATCH_PATH] = "as it was", before[SCRATCH_PATH];
	const char *parent = getenv("TMPDIR");
	snprintf(before, sizeof before, "%s", parent != NULL ? parent : "");
	struct err err;
	setenv("TMPDIR", "/no/such/folder", 1);
	assert_false(scratch_make(path, "test", &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(err.message, "/no/such/folder"));
	assert_string_equal(path, "as it was");
	if (parent != NULL)
		setenv("TMPDIR", before, 1);
	else
		unsetenv("TMPDIR");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_folders_are_apart_and_private),
		cmocka_unit_test(removing_takes_what_is_below_and_follows_no_link),
		cmocka_unit_test(a_parent_that_is_not_there_is_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
