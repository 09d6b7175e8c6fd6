#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/cli.h"
#include "app/mail.h"
#include "app/mailer.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/scratch.h"
#include "store/store.h"

/* Mails wait, are tried again, and die, under simulated time and with a server that does as it is told. */

#define SECOND INT64_C(1000000)

static struct app app;
static char folder[SCRATCH_PATH];
static struct env_sim sim;
static struct mailer *mailer;
static struct {
	enum err_kind kind; /* ERR_NONE: it takes the mail */
	int calls;
	char to[100], message[2000];
} server;

static bool send(const struct mail_server *to_server, const char *to, const char *message, size_t size, struct err *err)
{
	(void)to_server;
	server.calls++;
	snprintf(server.to, sizeof server.to, "%s", to);
	snprintf(server.message, sizeof server.message, "%.*s", (int)size, message);
	return server.kind == ERR_NONE || err_set(err, server.kind, "told to");
}

static int open_all(void **state)
{
	(void)state;
	struct err err;
	assert_true(scratch_make(folder, "mailer", NULL));
	const struct cli cli = {.data = folder, .quiet = true};
	assert_true(app_open(&app, &cli, &err));
	env_sim_init(&sim, 1, INT64_C(1795249799000000));
	const struct mailer_options options = {.store = app.store,
										   .env = &sim.env,
										   .ids = &app.ids,
										   .audit = &app.audit,
										   .master_key = app.keys.master,
										   .server = {.url = "smtp://localhost", .from = "robot@sign.example"},
										   .send = send};
	mailer = mailer_new(&options);
	memset(&server, 0, sizeof server);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	app_close(&app);
	mailer_free(mailer);
	env_sim_fini(&sim);
	scratch_remove(folder);
	return 0;
}

struct queueing {
	char mail_id[ID_TEXT];
	struct mail mail;
	bool fails; /* the op, after it */
};

static bool apply_queue(struct db *db, void *self, struct err *err)
{
	const struct queueing *q = self;
	return mailer_put(mailer, db, q->mail_id, "main", &q->mail, err) &&
		   (!q->fails || err_set(err, ERR_CONFLICT, "told to"));
}

static void queue(const char *text)
{
	struct err err;
	struct queueing q = {.mail = {.to = "ada@else.example", .subject = "A\nsubject", .text = text}};
	id_make(&app.ids, q.mail_id);
	assert_true(store_write(app.store, apply_queue, &q, &err));
	mailer_go(mailer, q.mail_id, &q.mail);
}

static struct mailer_figures figures(void)
{
	struct mailer_figures now;
	struct err err;
	assert_true(mailer_figures(mailer, &now, &err));
	return now;
}

static void take_flag(const struct db_rows *row, void *self)
{
	size_t size;
	const void *sealed = db_blob(row, 0, &size);
	*(bool *)self = memmem(sealed, size, "ada@", 4) != NULL || memmem(sealed, size, "secret", 6) != NULL;
}

static void a_mail_is_sealed_sent_and_forgotten(void **state)
{
	bool clear = true;
	struct err err;
	(void)state;
	queue("a secret link\nand more\n");
	struct db *db = store_read(app.store);
	assert_true(db_one(db, &err, NULL, take_flag, &clear, "SELECT sealed FROM mails"));
	store_read_end(app.store, db);
	assert_false(clear);
	assert_int_equal(figures().queued, 1);
	assert_int_equal(mailer_work(mailer), 1);
	assert_string_equal(server.to, "ada@else.example");
	assert_non_null(strstr(server.message, "\r\nFrom: robot@sign.example\r\nSubject: A subject\r\n"));
	assert_non_null(strstr(server.message, "\r\n\r\na secret link\r\nand more\r\n"));
	assert_int_equal(figures().queued, 0);
	assert_int_equal(mailer_work(mailer), 0);
}

/* [P-10.1] What an op queues goes out if the op commits, and only then. */
static void an_op_that_fails_sends_nothing(void **state)
{
	struct err err;
	struct queueing q = {.mail = {.to = "ada@else.example", .subject = "A", .text = "B"}, .fails = true};
	(void)state;
	id_make(&app.ids, q.mail_id);
	assert_false(store_write(app.store, apply_queue, &q, &err));
	assert_int_equal(figures().queued, 0);
	assert_int_equal(mailer_work(mailer), 0);
	q.fails = false;
	assert_true(store_write(app.store, apply_queue, &q, &err));
	assert_int_equal(figures().queued, 1); /* a crash here loses nothing: the thread finds it */
	assert_int_equal(mailer_work(mailer), 1);
	assert_int_equal(server.calls, 1);
}

static bool nothing(struct db *db, void *self, struct err *err)
{
	(void)db;
	(void)self;
	(void)err;
	return true;
}

/* Without a server: the file is there when mailer_go() returns; one that was left is written by the thread, once. */
static void without_a_server_mails_are_files(void **state)
{
	struct err err;
	char path[SCRATCH_PATH + 64];
	const struct mailer_options options = {.store = app.store,
										   .env = &sim.env,
										   .ids = &app.ids,
										   .audit = &app.audit,
										   .master_key = app.keys.master,
										   .folder = folder};
	struct queueing q = {.mail = {.to = "ada@else.example", .subject = "A", .text = "B"}};
	(void)state;
	mailer_free(mailer);
	mailer = mailer_new(&options);
	queue("x");
	assert_true(store_write(app.store, nothing, NULL, &err)); /* ops are applied in order: what was queued is gone */
	assert_int_equal(figures().queued, 0);
	id_make(&app.ids, q.mail_id);
	assert_true(store_write(app.store, apply_queue, &q, &err)); /* and then a crash */
	assert_int_equal(mailer_work(mailer), 0);
	env_sim_advance(&sim, 6 * SECOND);
	assert_int_equal(mailer_work(mailer), 1);
	assert_int_equal(figures().queued, 0);
	snprintf(path, sizeof path, "%s/mail/%s.eml", folder, q.mail_id);
	assert_int_equal(access(path, F_OK), 0);
}

static void message_id(char id[100])
{
	const char *at = strstr(server.message, "Message-ID: ");
	assert_non_null(at);
	snprintf(id, 100, "%.*s", (int)strcspn(at, "\r"), at);
}

static void another_try_waits_longer_each_time_and_is_the_same_mail(void **state)
{
	char first[100], later[100];
	(void)state;
	server.kind = ERR_UNAVAILABLE;
	queue("x");
	assert_int_equal(mailer_work(mailer), 1);
	message_id(first);
	env_sim_advance(&sim, SECOND / 2 - 1);
	assert_int_equal(mailer_work(mailer), 0); /* half of a second is the least */
	env_sim_advance(&sim, SECOND / 2 + 1);
	assert_int_equal(mailer_work(mailer), 1);
	env_sim_advance(&sim, SECOND - 1);
	assert_int_equal(mailer_work(mailer), 0);
	env_sim_advance(&sim, SECOND + 1);
	server.kind = ERR_NONE;
	assert_int_equal(mailer_work(mailer), 1);
	message_id(later);
	assert_string_equal(first, later);
	assert_int_equal(figures().queued + figures().dead, 0);
}

static void read_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static int64_t audited(void)
{
	int64_t count = 0;
	struct err err;
	struct db *db = store_read(app.store);
	assert_true(db_one(db, &err, NULL, read_count, &count, "SELECT COUNT(*) FROM audit WHERE action = 'mail.dead'"));
	store_read_end(app.store, db);
	return count;
}

static void it_dies_of_too_many_tries(void **state)
{
	(void)state;
	server.kind = ERR_UNAVAILABLE;
	queue("x");
	for (int i = 0; figures().queued == 1; i++) {
		assert_true(i < 20 * MAILER_TRIES);
		env_sim_advance(&sim, 3600 * SECOND);
		mailer_work(mailer);
	}
	assert_int_equal(server.calls, MAILER_TRIES);
	assert_int_equal(figures().dead, 1);
	assert_int_equal(audited(), 1);
	server.kind = ERR_NONE;
	env_sim_advance(&sim, 3600 * SECOND);
	assert_int_equal(mailer_work(mailer), 0); /* the dead stay dead */
}

static void it_dies_at_once_when_refused_for_good_and_is_forgotten_in_time(void **state)
{
	(void)state;
	server.kind = ERR_INVALID;
	queue("x");
	assert_int_equal(mailer_work(mailer), 1);
	assert_int_equal(figures().dead, 1);
	env_sim_advance(&sim, (MAILER_KEEP_DAYS * 86400 + 1) * SECOND);
	queue("y");
	assert_int_equal(mailer_work(mailer), 1);
	assert_int_equal(figures().dead, 1); /* only the second */
}

/* [P-10.4] After five failures in a row the server is left alone for a minute, which costs no mail a try. */
static void a_server_that_is_down_is_left_alone(void **state)
{
	struct err err;
	const struct mail mail = {.to = "ada@else.example", .subject = "A", .text = "B"};
	(void)state;
	server.kind = ERR_UNAVAILABLE;
	for (int i = 0; i < 7; i++)
		queue("x");
	assert_int_equal(mailer_work(mailer), 5);
	assert_true(figures().open);
	assert_false(mailer_send(mailer, &mail, &err));
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_int_equal(server.calls, 5);
	server.kind = ERR_NONE;
	env_sim_advance(&sim, 60 * SECOND);
	assert_int_equal(mailer_work(mailer), 7);
	assert_false(figures().open);
	assert_int_equal(figures().queued, 0);
}

/* [P-10.3] */
static void delays_double_up_to_an_hour(void **state)
{
	(void)state;
	assert_int_equal(mailer_delay_us(1, 0), SECOND / 2);
	assert_int_equal(mailer_delay_us(1, UINT16_MAX), SECOND);
	assert_int_equal(mailer_delay_us(5, UINT16_MAX), 16 * SECOND);
	assert_int_equal(mailer_delay_us(12, UINT16_MAX), 2048 * SECOND);
	assert_int_equal(mailer_delay_us(13, UINT16_MAX), 3600 * SECOND);
	assert_int_equal(mailer_delay_us(1000, 0), 1800 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_mail_is_sealed_sent_and_forgotten, open_all, close_all),
		cmocka_unit_test_setup_teardown(an_op_that_fails_sends_nothing, open_all, close_all),
		cmocka_unit_test_setup_teardown(without_a_server_mails_are_files, open_all, close_all),
		cmocka_unit_test_setup_teardown(another_try_waits_longer_each_time_and_is_the_same_mail, open_all, close_all),
		cmocka_unit_test_setup_teardown(it_dies_of_too_many_tries, open_all, close_all),
		cmocka_unit_test_setup_teardown(it_dies_at_once_when_refused_for_good_and_is_forgotten_in_time, open_all,
										close_all),
		cmocka_unit_test_setup_teardown(a_server_that_is_down_is_left_alone, open_all, close_all),
		cmocka_unit_test(delays_double_up_to_an_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
