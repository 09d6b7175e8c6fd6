#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/tree.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/scratch.h"

static char root[SCRATCH_PATH];

static int make_root(void **state)
{
	(void)state;
	return scratch_make(root, "tree", NULL) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	scratch_remove(root);
	return access(root, F_OK) == 0;
}

static const char *at(const char *name, char path[TREE_PATH])
{
	assert_true(tree_path(path, root, name, NULL));
	return path;
}

/* REF: FIPS 180-4: the digest of "abc" */
static void test_copies_are_whole_and_private(void **state)
{
	(void)state;
	static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	char from[TREE_PATH], to[TREE_PATH], sha256[SHA256_HEX_SIZE];
	struct stat st;
	struct err err;
	int64_t size;
	assert_true(tree_write(at("a/b/one", from), "abc", 3, &err));
	assert_true(tree_copy(from, at("c/d/two", to), &size, sha256, &err));
	assert_int_equal(size, 3);
	assert_string_equal(sha256, abc);
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true(tree_write(to, "other", 5, &err)); /* over what was there */
	assert_true(tree_hash(to, &size, sha256, &err));
	assert_int_equal(size, 5);
	assert_false(tree_copy(at("none", from), to, &size, sha256, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_true(tree_hash(to, &size, sha256, &err));
	assert_int_equal(size, 5);
}

static bool note(void *self, const char *name, struct err *err)
{
	(void)err;
	buf_addf(self, "%s ", name);
	return strcmp(name, "walk/stop") != 0;
}

static void test_walk(void **state)
{
	(void)state;
	char path[TREE_PATH];
	struct buf seen;
	struct err err;
	buf_init(&seen, 0);
	assert_true(tree_walk(root, "walk", note, &seen, &err)); /* no such folder: no files */
	assert_string_equal(buf_text(&seen), "");
	assert_true(tree_write(at("walk/b", path), "1", 1, &err));
	assert_true(tree_write(at("walk/a/z", path), "1", 1, &err));
	assert_int_equal(symlink("b", at("walk/link", path)), 0); /* is no plain file */
	assert_true(tree_walk(root, "walk", note, &seen, &err));
	assert_string_equal(buf_text(&seen), "walk/a/z walk/b ");
	assert_true(tree_write(at("walk/stop", path), "1", 1, &err));
	assert_true(tree_write(at("walk/zz", path), "1", 1, &err));
	buf_reset(&seen);
	assert_false(tree_walk(root, "walk", note, &seen, &err));
	assert_string_equal(buf_text(&seen), "walk/a/z walk/b walk/stop ");
	buf_fini(&seen);
}

static void test_empty(void **state)
{
	(void)state;
	char path[TREE_PATH];
	struct err err;
	assert_true(tree_empty(at("nobody", path)));
	assert_true(tree_make(at("nobody/home", path), &err));
	assert_true(tree_empty(path));
	assert_false(tree_empty(at("nobody", path)));
	scratch_remove(path);
	assert_true(tree_empty(path));
	assert_int_not_equal(access(path, F_OK), 0);
	char name[TREE_PATH];
	memset(name, 'x', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_false(tree_path(path, root, name, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_copies_are_whole_and_private), cmocka_unit_test(test_walk),
									   cmocka_unit_test(test_empty)};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
