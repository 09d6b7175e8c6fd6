#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/err.h"
#include "store/blob.h"
#include "store/fixture.h"

static const char NAME[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/* --- calls that fail on demand --- */

enum call { WRITE, FSYNC, RENAME, NONE };

static struct {
	enum call call;
	int nth, why, seen, syncs;
} plan;

static bool strikes(enum call call)
{
	return call == plan.call && ++plan.seen == plan.nth;
}

/* At most 1000 bytes at a time, and now and then interrupted, as the system may. */
static ssize_t short_write(int file, const void *bytes, size_t size)
{
	static int turn;
	errno = plan.why;
	if (strikes(WRITE))
		return -1;
	errno = EINTR;
	return ++turn % 3 == 0 ? -1 : write(file, bytes, size < 1000 ? size : 1000);
}

static int counted_fsync(int file)
{
	plan.syncs++;
	errno = plan.why;
	return strikes(FSYNC) ? -1 : fsync(file);
}

static int failing_rename(const char *from, const char *to)
{
	errno = plan.why;
	return strikes(RENAME) ? -1 : rename(from, to);
}

static const struct blob_calls calls = {short_write, counted_fsync, failing_rename};
static int fatal;

static void note_fatal(const char *why, void *self)
{
	(void)self;
	assert_non_null(strstr(why, "blob"));
	fatal++;
}

static struct blobs *opened(void)
{
	memset(&plan, 0, sizeof plan);
	plan.call = NONE;
	fatal = 0;
	const struct blobs_options how = {.folder = fixture_folder(), .on_fatal = note_fatal, .calls = &calls};
	struct blobs *blobs = NULL;
	struct err err;
	if (!blobs_open(&how, &blobs, &err))
		fail_msg("%s", err.message);
	return blobs;
}

static bool holds(struct blobs *blobs, const char *name, const void *bytes, size_t size)
{
	struct buf buf;
	struct err err;
	buf_init(&buf, 0);
	bool same = blob_get(blobs, name, &buf, &err) && buf.size == size && memcmp(buf_text(&buf), bytes, size) == 0;
	buf_fini(&buf);
	return same;
}

static void blobs_are_whole_and_named_by_digest(void **state)
{
	(void)state;
	struct blobs *blobs = opened();
	struct err err;
	struct buf buf;
	int64_t size;
	assert_false(blob_exists(blobs, NAME));
	assert_true(blob_put(blobs, NAME, "hello", 5, &err));
	assert_true(blob_put(blobs, NAME, "hello", 5, &err));
	assert_true(blob_exists(blobs, NAME));
	assert_true(holds(blobs, NAME, "hello", 5));
	assert_true(blob_size(blobs, NAME, &size, &err));
	assert_int_equal(size, 5);
	assert_true(blob_remove(blobs, NAME, &err));
	assert_true(blob_remove(blobs, NAME, &err));
	buf_init(&buf, 0);
	assert_false(blob_get(blobs, NAME, &buf, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(blob_size(blobs, NAME, &size, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	buf_fini(&buf);
	blobs_close(blobs);
}

static void names_are_digests_only(void **state)
{
	(void)state;
	char name[70];
	assert_true(blob_name_valid(NAME));
	assert_false(blob_name_valid(NULL));
	assert_false(blob_name_valid(""));
	assert_false(blob_name_valid("../../etc/passwd"));
	assert_false(blob_name_valid("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"));
	snprintf(name, sizeof name, "%s0", NAME);
	assert_false(blob_name_valid(name));
	snprintf(name, sizeof name, "%s", NAME);
	name[2] = '/';
	assert_false(blob_name_valid(name));
}

static void parts_can_be_read(void **state)
{
	(void)state;
	enum { SIZE = 200000 };
	struct blobs *blobs = opened();
	static char bytes[SIZE], part[SIZE];
	size_t got = 0;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 7 + i / 251);
	assert_true(blob_put(blobs, NAME, bytes, SIZE, NULL));
	assert_true(holds(blobs, NAME, bytes, SIZE));
	assert_true(blob_read(blobs, NAME, 1000, part, 5000, &got, NULL));
	assert_int_equal(got, 5000);
	assert_memory_equal(part, bytes + 1000, 5000);
	assert_true(blob_read(blobs, NAME, SIZE - 10, part, 5000, &got, NULL));
	assert_int_equal(got, 10);
	assert_true(blob_read(blobs, NAME, SIZE + 10, part, 5000, &got, NULL));
	assert_int_equal(got, 0);
	struct buf small;
	struct err err = {.kind = ERR_NONE};
	buf_init(&small, 1000);
	assert_false(blob_get(blobs, NAME, &small, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_fini(&small);
	assert_true(blob_put(blobs, "ff23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "", 0, NULL));
	assert_true(holds(blobs, "ff23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "", 0));
	blobs_close(blobs);
}

/* The file, its folder, and the folder of the first of a prefix: fewer would leave a name that a crash can take. */
static void a_put_is_durable(void **state)
{
	(void)state;
	struct blobs *blobs = opened();
	assert_true(blob_put(blobs, NAME, "hello", 5, NULL));
	assert_int_equal(plan.syncs, 4); /* opening; root, file, folder */
	assert_true(blob_put(blobs, NAME, "hello", 5, NULL));
	assert_int_equal(plan.syncs, 5); /* another thread may have renamed it and not come to its sync */
	blobs_close(blobs);
}

/* Each call fails in turn: nothing half-written is seen; what is fatal is said once; a full disk is not [P-12.3]. */
static void every_call_can_fail(void **state)
{
	(void)state;
	static const char bytes[5000] = "x";
	for (int why = 0; why < 3; why++)
		for (enum call call = WRITE; call < NONE; call++)
			for (int nth = 1; nth <= 3; nth++) {
				struct blobs *blobs = opened();
				struct err err = {.kind = ERR_NONE};
				plan.call = call;
				plan.nth = nth;
				plan.why = (const int[]){EIO, ENOSPC, EDQUOT}[why];
				bool put = blob_put(blobs, NAME, bytes, sizeof bytes, &err);
				bool struck = plan.seen >= nth;
				bool deadly = struck && (call == FSYNC || why == 0);
				assert_int_equal(put, !struck);
				assert_int_equal(fatal, deadly);
				if (struck)
					assert_int_equal(err.kind, deadly ? ERR_IO : ERR_STORE_FULL);
				assert_int_equal(blob_put(blobs, NAME, bytes, sizeof bytes, &err), !deadly);
				assert_true(!blob_exists(blobs, NAME) || holds(blobs, NAME, bytes, sizeof bytes));
				blobs_close(blobs);
				blobs = opened(); /* a restart */
				assert_true(blob_put(blobs, NAME, bytes, sizeof bytes, &err));
				assert_true(holds(blobs, NAME, bytes, sizeof bytes));
				assert_true(blob_remove(blobs, NAME, &err));
				blobs_close(blobs);
			}
}

static void what_a_crash_left_is_cleared(void **state)
{
	(void)state;
	char path[400];
	blobs_close(opened());
	snprintf(path, sizeof path, "%s/blobs/new/abcdef", fixture_folder());
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("half", file);
	fclose(file);
	struct blobs *blobs = opened();
	assert_int_equal(access(path, F_OK), -1);
	assert_true(blob_put(blobs, NAME, "hello", 5, NULL));
	/* something else cut a blob short: the next put of it mends it */
	snprintf(path, sizeof path, "%s/blobs/01/%s", fixture_folder(), NAME + 2);
	assert_int_equal(truncate(path, 2), 0);
	assert_true(blob_put(blobs, NAME, "hello", 5, NULL));
	assert_true(holds(blobs, NAME, "hello", 5));
	blobs_close(blobs);
}

static void no_room_refuses(void **state)
{
	(void)state;
	const struct blobs_options how = {.folder = fixture_folder(), .min_free_bytes = INT64_MAX};
	struct blobs *blobs;
	struct err err = {.kind = ERR_NONE};
	assert_true(blobs_open(&how, &blobs, &err));
	assert_false(blob_put(blobs, NAME, "hello", 5, &err));
	assert_int_equal(err.kind, ERR_STORE_FULL);
	assert_false(blob_exists(blobs, NAME));
	blobs_close(blobs);
}

static void *put_many(void *self)
{
	struct blobs *blobs = self;
	for (int i = 0; i < 200; i++) {
		char name[BLOB_NAME + 1], bytes[64];
		snprintf(name, sizeof name, "%08x%.56s", (unsigned)i * 0x1000000u, NAME);
		snprintf(bytes, sizeof bytes, "the bytes of %d", i);
		if (!blob_put(blobs, name, bytes, strlen(bytes), NULL) || !holds(blobs, name, bytes, strlen(bytes)))
			return self;
	}
	return NULL;
}

static void threads_may_put_the_same(void **state)
{
	(void)state;
	const struct blobs_options how = {.folder = fixture_folder()};
	struct blobs *blobs;
	pthread_t threads[4];
	assert_true(blobs_open(&how, &blobs, NULL));
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_many, blobs), 0);
	for (int i = 0; i < 4; i++) {
		void *failed;
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	blobs_close(blobs);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(blobs_are_whole_and_named_by_digest),
		cmocka_unit_test(names_are_digests_only),
		CASE(parts_can_be_read),
		CASE(a_put_is_durable),
		CASE(every_call_can_fail),
		CASE(what_a_crash_left_is_cleared),
		CASE(no_room_refuses),
		CASE(threads_may_put_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
