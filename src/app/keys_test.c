#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/keys.h"
#include "app/tree.h"
#include "core/env.h"
#include "core/err.h"
#include "core/scratch.h"
#include "crypt/key.h"

enum { TTL_S = 900, START_S = 1900000000 };

static char folder[SCRATCH_PATH];
static struct env_sim sim;

static int make_folder(void **state)
{
	(void)state;
	env_sim_init(&sim, 7, (int64_t)START_S * 1000000);
	return scratch_make(folder, "keys", NULL) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	scratch_remove(folder);
	return 0;
}

static void at(int64_t s)
{
	env_sim_set_wall(&sim, (START_S + s) * 1000000);
}

static bool count_record(void *self, const struct key_rotation *rotation, struct err *err)
{
	int *left = self;
	assert_string_not_equal(key_kid(rotation->next), key_kid(rotation->old));
	return (*left)-- > 0 || err_set(err, ERR_STORE_FULL, "no");
}

static struct app_keys open_keys(void)
{
	struct app_keys keys;
	struct err err;
	assert_true(app_keys_open(folder, &sim.env, TTL_S, &keys, &err));
	return keys;
}

static bool rotate(struct app_keys *keys, enum app_key which, int records, struct key_rotation *done)
{
	struct err err;
	return app_keys_rotate(keys, folder, &sim.env, TTL_S, which, count_record, &records, done, &err);
}

/* [P-4.4] the old access key verifies for access_ttl_s more, over a restart too; its file then goes */
static void test_access_key(void **state)
{
	(void)state;
	struct app_keys keys = open_keys();
	struct key_rotation done;
	char old[64], next[64];
	assert_true(rotate(&keys, KEY_OF_ACCESS, 1, &done));
	snprintf(old, sizeof old, "%s", key_kid(done.old));
	snprintf(next, sizeof next, "%s", key_kid(done.next));
	assert_int_equal(done.until_us - done.at_us, TTL_S * INT64_C(1000000));
	assert_ptr_equal(app_keys_current(&keys, KEY_OF_ACCESS), done.next);
	app_keys_close(&keys);
	at(TTL_S - 1);
	keys = open_keys();
	assert_string_equal(key_kid(app_keys_current(&keys, KEY_OF_ACCESS)), next);
	assert_non_null(ring_find(keys.rings[KEY_OF_ACCESS], old, env_wall_us(&sim.env)));
	app_keys_close(&keys);
	at(TTL_S);
	keys = open_keys();
	assert_string_equal(key_kid(app_keys_current(&keys, KEY_OF_ACCESS)), next);
	assert_null(ring_find(keys.rings[KEY_OF_ACCESS], old, 0));
	app_keys_close(&keys);
}

/* [P-6.9] retired receipt keys stay */
static void test_receipt_keys_stay(void **state)
{
	(void)state;
	struct app_keys keys = open_keys();
	struct key_rotation first, second;
	at(10000);
	assert_true(rotate(&keys, KEY_OF_RECEIPTS, 1, &first));
	at(20000);
	assert_true(rotate(&keys, KEY_OF_RECEIPTS, 1, &second));
	char kids[2][64];
	snprintf(kids[0], 64, "%s", key_kid(first.old));
	snprintf(kids[1], 64, "%s", key_kid(first.next));
	app_keys_close(&keys);
	at(INT64_C(1000000000));
	keys = open_keys();
	for (int i = 0; i < 2; i++)
		assert_non_null(ring_find(keys.rings[KEY_OF_RECEIPTS], kids[i], env_wall_us(&sim.env)));
	app_keys_close(&keys);
}

/* What could not be recorded was not done. */
static void test_no_row_no_rotation(void **state)
{
	(void)state;
	struct app_keys keys = open_keys();
	struct key_rotation done;
	const struct key *before = app_keys_current(&keys, KEY_OF_CHECKPOINTS);
	char kid[64];
	snprintf(kid, sizeof kid, "%s", key_kid(before));
	assert_false(rotate(&keys, KEY_OF_CHECKPOINTS, 0, &done));
	assert_ptr_equal(app_keys_current(&keys, KEY_OF_CHECKPOINTS), before);
	app_keys_close(&keys);
	keys = open_keys();
	assert_string_equal(key_kid(app_keys_current(&keys, KEY_OF_CHECKPOINTS)), kid);
	assert_true(rotate(&keys, KEY_OF_CHECKPOINTS, 1, &done)); /* the draft of the first is no obstacle */
	app_keys_close(&keys);
}

/* A ring without room is told before anything is written. */
static void test_no_room(void **state)
{
	(void)state;
	struct app_keys keys = open_keys();
	struct key_rotation done;
	struct err err;
	char path[TREE_PATH];
	while (ring_has_room(keys.rings[KEY_OF_RECEIPTS], NULL))
		assert_true(ring_retired(keys.rings[KEY_OF_RECEIPTS], key_new(KEY_ES256, &sim.env), INT64_MAX, &err));
	const struct key *before = app_keys_current(&keys, KEY_OF_RECEIPTS);
	int records = 1;
	assert_false(app_keys_rotate(&keys, folder, &sim.env, TTL_S, KEY_OF_RECEIPTS, count_record, &records, &done, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(records, 1); /* and no row says it was done */
	assert_ptr_equal(app_keys_current(&keys, KEY_OF_RECEIPTS), before);
	assert_true(tree_path(path, folder, "keys/receipt.next", NULL));
	assert_int_not_equal(access(path, F_OK), 0);
	app_keys_close(&keys);
}

/* Between the two steps on the files a crash leaves one key under two names. */
static void test_crash_between(void **state)
{
	(void)state;
	char path[TREE_PATH], old[TREE_PATH], kid[64];
	struct app_keys keys = open_keys();
	snprintf(kid, sizeof kid, "%s", key_kid(app_keys_current(&keys, KEY_OF_ACCESS)));
	app_keys_close(&keys);
	assert_true(tree_path(path, folder, "keys/access.pem", NULL));
	snprintf(old, sizeof old, "%s/keys/access-%lld.pem", folder, (long long)env_wall_us(&sim.env));
	assert_int_equal(link(path, old), 0);
	keys = open_keys();
	assert_string_equal(key_kid(app_keys_current(&keys, KEY_OF_ACCESS)), kid);
	assert_null(ring_at(keys.rings[KEY_OF_ACCESS], 1, 0));
	app_keys_close(&keys);
	assert_int_equal(chmod(path, 0644), 0);
	assert_false(app_keys_open(folder, &sim.env, TTL_S, &keys, NULL)); /* open to others */
	assert_int_equal(chmod(path, 0600), 0);
}

static void test_names(void **state)
{
	(void)state;
	for (enum app_key which = 0; which < APP_KEYS; which++)
		assert_int_equal(app_key_named(app_key_name(which)), which);
	assert_int_equal(app_key_named("master"), APP_KEYS);
	assert_int_equal(app_key_named(""), APP_KEYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_access_key),         cmocka_unit_test(test_receipt_keys_stay),
		cmocka_unit_test(test_no_row_no_rotation), cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_crash_between),      cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
