#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "app/migrations.h"
#include "core/buf.h"
#include "core/embedded.h"
#include "core/env.h"
#include "core/err.h"
#include "core/scratch.h"
#include "crypt/digest.h"
#include "store/image.h"
#include "store/store.h"

enum { STEPS_MAX = 128, HEADER = 100 /* of the file: counts of changes, and the version that wrote it */ };

static const int64_t now_us = 1700000000000000;

static int64_t fixed(void *self)
{
	(void)self;
	return now_us;
}

static struct store_migration steps[STEPS_MAX];

static struct store_options options_of(const char *folder, const struct embedded *image)
{
	const struct env *env = env_real();
	struct store_options options = {.folder = folder,
									.sha256_hex = sha256_hex,
									.mono_us = env->mono_us,
									.wall_us = fixed,
									.clock = env->self,
									.new_store_id = "the same",
									.image = image,
									.batch_max = 1,
									.queue_max = 1,
									.readers = 1};
	options.migrations = app_migrations(steps, STEPS_MAX, &options.migrations_count);
	return options;
}

/* The whole store as one file, its pages in the order of its schema. */
static void copy_of(const char *folder, const struct embedded *image, struct buf *bytes)
{
	const struct store_options options = options_of(folder, image);
	struct store *store;
	struct err err;
	char path[SCRATCH_PATH + 8], chunk[65536];
	size_t got;
	if (!store_open(&options, &store, &err))
		fail_msg("%s", err.message);
	assert_string_equal(store_id(store), "the same");
	assert_int_equal(store_schema_version(store), steps[options.migrations_count - 1].number);
	snprintf(path, sizeof path, "%s/copy", folder);
	assert_true(store_backup(store, path, &err));
	store_close(store);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_add(bytes, chunk, got);
	fclose(file);
	assert_true(buf_ok(bytes));
}

/* Tables, indexes, triggers, rows and when they were made: to the byte. */
static void a_new_store_is_what_the_steps_make(void **state)
{
	(void)state;
	char by_steps[SCRATCH_PATH], at_once[SCRATCH_PATH];
	struct buf one, other;
	buf_init(&one, IMAGE_MAX);
	buf_init(&other, IMAGE_MAX);
	assert_true(scratch_make(by_steps, "steps", NULL) && scratch_make(at_once, "image", NULL));
	copy_of(by_steps, NULL, &one);
	copy_of(at_once, app_store_image(), &other);
	assert_int_equal(one.size, other.size);
	assert_true(one.size > 100 * 4096);
	assert_memory_equal(one.bytes + HEADER, other.bytes + HEADER, one.size - HEADER);
	buf_fini(&one);
	buf_fini(&other);
	scratch_remove(by_steps);
	scratch_remove(at_once);
}

/* An image of other steps is an edited migration, like any. */
static void an_image_of_other_steps_is_refused(void **state)
{
	(void)state;
	char folder[SCRATCH_PATH];
	struct store *store;
	struct err err;
	assert_true(scratch_make(folder, "image", NULL));
	const struct store_options options = options_of(folder, app_store_image());
	steps[3].sql = "CREATE TABLE other (id TEXT NOT NULL PRIMARY KEY) STRICT;";
	assert_false(store_open(&options, &store, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_non_null(strstr(err.message, "another text"));
	scratch_remove(folder);
}

static void a_damaged_image_is_refused(void **state)
{
	(void)state;
	const struct embedded *whole = app_store_image();
	const size_t sizes[] = {0, 3, 4, whole->size - 1};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char folder[SCRATCH_PATH];
		struct store *store;
		struct err err;
		const struct embedded cut = {.name = "cut", .bytes = whole->bytes, .size = sizes[i]};
		assert_true(scratch_make(folder, "image", NULL));
		struct store_options options = options_of(folder, &cut);
		assert_false(store_open(&options, &store, &err));
		assert_non_null(strstr(err.message, "damaged"));
		options = options_of(folder, whole); /* and nothing was left that would be in the way */
		assert_true(store_open(&options, &store, &err));
		store_close(store);
		scratch_remove(folder);
	}
}

static void what_is_packed_comes_out_again(void **state)
{
	(void)state;
	static const char texts[][40] = {"a", {0, 0, 'b'}, {'c', [39] = 'd'}, {[20] = 'e', [22] = 'f'}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (size_t size = 1; size <= sizeof texts[i]; size++) {
			struct buf packed;
			char out[40];
			memset(out, 'x', sizeof out);
			buf_init(&packed, 0);
			image_pack(texts[i], size, &packed);
			assert_int_equal(image_size(packed.bytes, packed.size), size);
			bool any = memcmp(texts[i], (const char[sizeof texts[i]]){0}, size) != 0; /* nothing is no database */
			assert_int_equal(image_unpack(packed.bytes, packed.size, out), any);
			assert_memory_equal(out, texts[i], size);
			buf_fini(&packed);
		}
	static const char beyond[12] = {4, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0},
					  more[12] = {4, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0};
	char out[4];
	assert_false(image_unpack(beyond, sizeof beyond, out));
	assert_false(image_unpack(more, sizeof more, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_store_is_what_the_steps_make),
		cmocka_unit_test(an_image_of_other_steps_is_refused),
		cmocka_unit_test(a_damaged_image_is_refused),
		cmocka_unit_test(what_is_packed_comes_out_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
