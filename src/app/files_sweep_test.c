#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/app.h"
#include "app/cli.h"
#include "app/files.h"
#include "core/env.h"
#include "core/scratch.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "people/users.h"
#include "store/blob.h"
#include "store/store.h"

/* Blobs go when nothing has referred to them for 30 days, and not before [P-9.1]. */

#define ACCOUNT "0192f000-0000-7000-8000-00000000000a"
#define DAY STAMP_US_PER_DAY

static struct app app;
static char folder[SCRATCH_PATH];
static int64_t now_us;

static bool insert_account(struct db *db, void *self, struct err *err)
{
	(void)self;
	return account_insert(db, ACCOUNT, "files", 1, err);
}

static int open_app(void **state)
{
	(void)state;
	struct err err;
	assert_true(scratch_make(folder, "files", NULL));
	const struct cli cli = {.data = folder, .quiet = true};
	assert_true(app_open(&app, &cli, &err));
	assert_true(store_write(app.store, insert_account, NULL, &err));
	now_us = env_wall_us(app.env);
	return 0;
}

static int close_app(void **state)
{
	(void)state;
	app_close(&app);
	scratch_remove(folder);
	return 0;
}

struct making {
	struct file file;
	char file_id[ID_TEXT], sha256[SHA256_HEX_SIZE];
};

static bool apply_insert(struct db *db, void *self, struct err *err)
{
	return file_insert(db, &((struct making *)self)->file, err);
}

static bool apply_delete(struct db *db, void *self, struct err *err)
{
	return file_delete(db, &((struct making *)self)->file, now_us, err);
}

static void make_file(struct making *m, const char *bytes)
{
	struct err err;
	sha256_hex(bytes, strlen(bytes), m->sha256);
	assert_true(blob_put(app.files, m->sha256, bytes, strlen(bytes), &err));
	id_make(&app.ids, m->file_id);
	m->file = (struct file){.file_id = m->file_id,
							.account_id = ACCOUNT,
							.filename = "a.txt",
							.content_type = "text/plain",
							.sniffed_type = "text/plain",
							.blob_sha256 = m->sha256,
							.size = (int64_t)strlen(bytes),
							.state = "clean",
							.created_us = now_us,
							.version = 1};
	assert_true(store_write(app.store, apply_insert, m, &err));
}

static void delete_file(struct making *m)
{
	struct err err;
	assert_true(store_write(app.store, apply_delete, m, &err));
}

static void sweep_at(int64_t us)
{
	struct err err;
	if (!files_sweep(&app, us, &err))
		fail_msg("%s", err.message);
}

static void a_blob_goes_30_days_after_its_last_file(void **state)
{
	struct making first, second, other;
	(void)state;
	make_file(&first, "shared");
	make_file(&second, "shared");
	make_file(&other, "kept");
	delete_file(&first);
	sweep_at(now_us + 31 * DAY);
	assert_true(blob_exists(app.files, first.sha256)); /* the second has it */
	delete_file(&second);
	sweep_at(now_us + 30 * DAY - 1);
	assert_true(blob_exists(app.files, first.sha256));
	sweep_at(now_us + 30 * DAY + 1);
	assert_false(blob_exists(app.files, first.sha256));
	assert_true(blob_exists(app.files, other.sha256));
}

static void a_blob_that_came_again_stays(void **state)
{
	struct making first, again;
	(void)state;
	make_file(&first, "again");
	delete_file(&first);
	make_file(&again, "again");
	sweep_at(now_us + 31 * DAY);
	assert_true(blob_exists(app.files, again.sha256));
}

static bool insert_upload(struct db *db, void *self, struct err *err)
{
	const struct making *m = self;
	return db_run(db, err,
				  "INSERT INTO file_uploads (upload_id, account_id, filename, content_type, max_bytes, created_at, "
				  "expires_at, blob_sha256, blob_size) VALUES ($1, $2, 'a.txt', 'text/plain', 9, $3, $3, $4, 4)",
				  V_TEXT(m->file_id), V_TEXT(ACCOUNT), V_INT(now_us), V_TEXT(m->sha256));
}

static void count_row(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static int64_t uploads(void)
{
	int64_t count = -1;
	struct err err;
	struct db *db = store_read(app.store);
	assert_true(db_one(db, &err, NULL, count_row, &count, "SELECT COUNT(*) FROM file_uploads"));
	store_read_end(app.store, db);
	return count;
}

static void an_upload_that_nobody_made_a_file_goes_and_then_its_bytes(void **state)
{
	struct making m;
	struct err err;
	(void)state;
	sha256_hex("left", 4, m.sha256);
	id_make(&app.ids, m.file_id);
	assert_true(blob_put(app.files, m.sha256, "left", 4, &err));
	assert_true(store_write(app.store, insert_upload, &m, &err));
	sweep_at(now_us + DAY - 1);
	assert_int_equal(uploads(), 1);
	sweep_at(now_us + DAY + 1);
	assert_int_equal(uploads(), 0);
	assert_true(blob_exists(app.files, m.sha256));
	sweep_at(now_us + 32 * DAY);
	assert_false(blob_exists(app.files, m.sha256));
}

static bool fill_quota(struct db *db, void *self, struct err *err)
{
	return db_run(db, err, "UPDATE file_usage SET bytes = $1 WHERE account_id = $2",
				  V_INT(FILE_QUOTA_BYTES - *(const int64_t *)self), V_TEXT(ACCOUNT));
}

/* [P-9.5] */
static void a_quota_holds_to_the_byte(void **state)
{
	struct making m;
	struct err err;
	int64_t left = 5;
	(void)state;
	make_file(&m, "first");
	assert_true(store_write(app.store, fill_quota, &left, &err));
	make_file(&m, "12345");
	m.file.file_id = "0192f000-0000-7000-8000-00000000000b";
	m.file.size = 1;
	assert_false(store_write(app.store, apply_insert, &m, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	m.file.file_id = m.file_id;
	delete_file(&m); /* gives a byte back, and one file that is not there any more */
	m.file.file_id = "0192f000-0000-7000-8000-00000000000b";
	assert_true(store_write(app.store, apply_insert, &m, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_blob_goes_30_days_after_its_last_file, open_app, close_app),
		cmocka_unit_test_setup_teardown(a_blob_that_came_again_stays, open_app, close_app),
		cmocka_unit_test_setup_teardown(an_upload_that_nobody_made_a_file_goes_and_then_its_bytes, open_app, close_app),
		cmocka_unit_test_setup_teardown(a_quota_holds_to_the_byte, open_app, close_app),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
