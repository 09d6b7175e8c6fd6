#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "app/backup.h"
#include "app/tree.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/scratch.h"

static char root[SCRATCH_PATH];

static int make_root(void **state)
{
	(void)state;
	return scratch_make(root, "keys", NULL) ? 0 : -1;
}

static int remove_root(void **state)
{
	(void)state;
	scratch_remove(root);
	return 0;
}

static void same_file(const char *name)
{
	char one[TREE_PATH], two[TREE_PATH], a[SHA256_HEX_SIZE], b[SHA256_HEX_SIZE], below[64];
	int64_t size;
	snprintf(below, sizeof below, "in/%s", name);
	assert_true(tree_path(one, root, below, NULL) && tree_hash(one, &size, a, NULL));
	snprintf(below, sizeof below, "out/%s", name);
	assert_true(tree_path(two, root, below, NULL) && tree_hash(two, &size, b, NULL));
	assert_string_equal(a, b);
}

/* [P-12.1] keys encrypted to a passphrase */
static void test_there_and_back(void **state)
{
	(void)state;
	char path[TREE_PATH], out[TREE_PATH];
	struct buf sealed, right, wrong;
	struct err err;
	buf_init(&sealed, 0);
	buf_init(&right, 0);
	buf_init(&wrong, 0);
	buf_adds(&right, "lavender tram 88 kite");
	buf_adds(&wrong, "lavender tram 88 kitf");
	assert_true(tree_path(path, root, "in/master.key", &err) && tree_write(path, "\0\1\2 secret", 10, &err));
	assert_true(tree_path(path, root, "in/access.pem", &err) && tree_write(path, "-----BEGIN", 10, &err));
	assert_true(tree_path(path, root, "in", &err) && backup_keys_seal(path, env_real(), &right, &sealed, &err));
	assert_null(memmem(buf_text(&sealed), sealed.size, "BEGIN", 5));
	assert_true(tree_path(out, root, "out", &err));
	assert_false(backup_keys_open(&sealed, &wrong, out, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_true(tree_empty(out));
	assert_true(backup_keys_open(&sealed, &right, out, &err));
	same_file("master.key");
	same_file("access.pem");
	for (size_t i = 0; i < sealed.size; i += 29) { /* each byte counts: magic, salt, nonce, text, tag */
		sealed.bytes[i] = (char)(sealed.bytes[i] ^ 1);
		assert_false(backup_keys_open(&sealed, &right, out, &err));
		sealed.bytes[i] = (char)(sealed.bytes[i] ^ 1);
	}
	sealed.size = 20;
	assert_false(backup_keys_open(&sealed, &right, out, &err));
	buf_fini(&sealed);
	buf_fini(&right);
	buf_fini(&wrong);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_there_and_back)};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
