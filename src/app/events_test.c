#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/app.h"
#include "app/cli.h"
#include "app/events.h"
#include "core/buf.h"
#include "core/scratch.h"
#include "http/exchange.h"
#include "http/stream.h"
#include "people/principal.h"
#include "people/roles.h"
#include "seal/outbox.h"
#include "store/store.h"

/* A listener that reads slowly gets everything once and in order, whatever is written meanwhile [P-8.11]. */

#define ACCOUNT "0192f000-0000-7000-8000-00000000000a"
#define OTHER "0192f000-0000-7000-8000-00000000000b"

static struct app app;
static char folder[SCRATCH_PATH];
static struct principal local = {.kind = PRINCIPAL_LOCAL, .roles = ROLE_OWNER, .account_id = ACCOUNT};

static int open_app(void **state)
{
	(void)state;
	struct err err;
	assert_true(scratch_make(folder, "events", NULL));
	const struct cli cli = {.data = folder, .quiet = true};
	assert_true(app_open(&app, &cli, &err));
	assert_true(app_assemble(&app, &err));
	return 0;
}

static int close_app(void **state)
{
	(void)state;
	app_stop(&app);
	app_close(&app);
	scratch_remove(folder);
	return 0;
}

/* --- rows --- */

struct adding {
	const char *account_id, *topic;
	int count;
	const char *owner; /* NULL: nobody is named */
	int bytes;         /* of data, where nobody is named; 0: 500 */
};

static bool apply_add(struct db *db, void *self, struct err *err)
{
	const struct adding *adding = self;
	char data[6000];
	if (adding->owner != NULL)
		snprintf(data, sizeof data, "{\"owner_id\":\"%s\"}", adding->owner);
	else
		snprintf(data, sizeof data, "{\"text\":\"%0*d\"}", adding->bytes > 0 ? adding->bytes : 500, 7);
	for (int i = 0; i < adding->count; i++) {
		struct outbox_event event = {
			.account_id = adding->account_id, .topic = adding->topic, .event = "a.b", .data = data};
		if (!outbox_add(app.outbox, db, &event, err))
			return false;
	}
	return true;
}

static void add(const char *account_id, const char *topic, int count)
{
	struct adding adding = {account_id, topic, count};
	struct err err;
	if (!store_write(app.store, apply_add, &adding, &err))
		fail_msg("%s", err.message);
}

static void add_large(int count, int bytes)
{
	struct adding adding = {ACCOUNT, "files", count, .bytes = bytes};
	struct err err;
	if (!store_write(app.store, apply_add, &adding, &err))
		fail_msg("%s", err.message);
}

static void *add_some_more(void *self)
{
	for (int i = 0; i < *(const int *)self; i++)
		add(ACCOUNT, "files", 1);
	return NULL;
}

/* --- a listener without a socket --- */

static void delivered(struct exchange *x)
{
	(void)x;
}

static struct exchange *listen_as(struct principal *who, int64_t after, uint32_t topics)
{
	struct exchange *x = exchange_new(&app.service);
	const struct listen_request request = {.after = after, .topics = topics};
	assert_non_null(x);
	x->deliver = delivered;
	x->principal = who;
	exchange_move(x, EXCHANGE_ROUTED);
	events_listen(app.events, x, &request);
	return x;
}

static struct exchange *listen_after(int64_t after, uint32_t topics)
{
	return listen_as(&local, after, topics);
}

/* Take what comes until `text` does; a test that waits in vain ends by its own time-out. */
static void take_until(struct exchange *x, struct buf *out, const char *text)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	while (strstr(buf_text(out), text) == NULL) {
		assert_false(stream_take(x->stream, out));
		nanosleep(&moment, NULL);
	}
}

static void leave(struct exchange *x)
{
	exchange_move(x, EXCHANGE_SENDING);
	exchange_move(x, EXCHANGE_DONE);
	exchange_free(x);
}

static void assert_ids(const struct buf *out, const int64_t *ids, size_t count)
{
	const char *at = buf_text(out);
	for (size_t i = 0; i < count; i++) {
		at = strstr(at, "id: ");
		assert_non_null(at);
		assert_int_equal(strtoll(at + 4, NULL, 10), ids[i]);
		at++;
	}
	assert_null(strstr(at, "id: "));
}

/* --- tests --- */

static void what_was_missed_comes_in_order_while_more_is_written(void **state)
{
	enum { MISSED = 900, MORE = 150 };
	static int64_t ids[MISSED + MORE + 1];
	int more = MORE;
	char last[32];
	struct buf out;
	pthread_t thread;
	(void)state;
	buf_init(&out, 0);
	add(ACCOUNT, "files", MISSED); /* three times what a listener's buffer holds */
	struct exchange *x = listen_after(0, 0);
	pthread_create(&thread, NULL, add_some_more, &more);
	pthread_join(thread, NULL);
	add(ACCOUNT, "files", 1);
	snprintf(last, sizeof last, "id: %d\n", MISSED + MORE + 1);
	take_until(x, &out, last);
	for (int i = 0; i <= MISSED + MORE; i++)
		ids[i] = i + 1;
	assert_ids(&out, ids, MISSED + MORE + 1);
	assert_null(strstr(buf_text(&out), "overflow"));
	leave(x);
	buf_fini(&out);
}

/* One read of what was missed may hold more than the buffer does. */
static void what_was_missed_may_be_large(void **state)
{
	enum { MISSED = 300 };
	int64_t ids[MISSED];
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	add_large(MISSED, 5000);
	struct exchange *x = listen_after(0, 0);
	take_until(x, &out, "id: 300\n");
	for (int i = 0; i < MISSED; i++)
		ids[i] = i + 1;
	assert_ids(&out, ids, MISSED);
	leave(x);
	buf_fini(&out);
}

static void only_what_is_asked_for_and_ones_own(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	struct exchange *x = listen_after(EVENTS_FROM_NOW, 1U << 1 | 1U << 3); /* files, signals */
	add(ACCOUNT, "files", 1);
	take_until(x, &out, "id: 1\n");
	add(OTHER, "files", 1);
	add(ACCOUNT, "countersign", 1);
	add(NULL, "files", 1);
	add(ACCOUNT, "unheard", 1);
	add(ACCOUNT, "signals", 1);
	take_until(x, &out, "id: 6\n");
	assert_ids(&out, (const int64_t[]){1, 6}, 2);
	leave(x);
	buf_fini(&out);
}

static void add_owned(const char *owner)
{
	struct adding adding = {ACCOUNT, "signals", 1, .owner = owner};
	struct err err;
	if (!store_write(app.store, apply_add, &adding, &err))
		fail_msg("%s", err.message);
}

/* [trade.md 2.4] Of signals only what the caller owns or may approve. */
static void of_signals_only_ones_own_or_what_one_decides(void **state)
{
	static const char me[] = "0192f000-0000-7000-8000-0000000000f1", other[] = "0192f000-0000-7000-8000-0000000000f2";
	struct principal viewer = {.kind = PRINCIPAL_LOCAL, .roles = ROLE_VIEWER, .account_id = ACCOUNT};
	struct principal approver = {.kind = PRINCIPAL_LOCAL, .roles = ROLE_APPROVER, .account_id = ACCOUNT};
	struct buf seen, all;
	(void)state;
	snprintf(viewer.user_id, sizeof viewer.user_id, "%s", me);
	buf_init(&seen, 0);
	buf_init(&all, 0);
	struct exchange *mine = listen_as(&viewer, EVENTS_FROM_NOW, 1U << 3);
	struct exchange *decides = listen_as(&approver, EVENTS_FROM_NOW, 1U << 3);
	add_owned(other);
	add_owned(me);
	add(ACCOUNT, "signals", 1); /* nobody's */
	add_owned(me);
	take_until(mine, &seen, "id: 4\n");
	take_until(decides, &all, "id: 4\n");
	assert_ids(&seen, (const int64_t[]){2, 4}, 2);
	assert_ids(&all, (const int64_t[]){1, 2, 3, 4}, 4);
	leave(mine);
	leave(decides);
	buf_fini(&seen);
	buf_fini(&all);
}

static void a_number_that_is_gone_or_never_was_resets(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	add(ACCOUNT, "files", 3);
	struct exchange *x = listen_after(4, 0);
	take_until(x, &out, "event: reset\n");
	add(ACCOUNT, "files", 1);
	take_until(x, &out, "event: a.b\n");
	assert_ids(&out, (const int64_t[]){3, 4}, 2);
	leave(x);
	buf_fini(&out);
}

static void who_reads_nothing_is_cut(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	struct exchange *x = listen_after(EVENTS_FROM_NOW, 0);
	add(ACCOUNT, "files", 1);
	take_until(x, &out, "id: 1\n");
	add(ACCOUNT, "files", 150);
	add(ACCOUNT, "files", 150);
	add(ACCOUNT, "files", 150);
	while (stream_room(x->stream) > 0)
		nanosleep(&(const struct timespec){.tv_nsec = 2000000}, NULL);
	assert_true(stream_take(x->stream, &out)); /* the last */
	assert_non_null(strstr(buf_text(&out), "event: overflow\n"));
	leave(x);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_missed_comes_in_order_while_more_is_written, open_app, close_app),
		cmocka_unit_test_setup_teardown(what_was_missed_may_be_large, open_app, close_app),
		cmocka_unit_test_setup_teardown(only_what_is_asked_for_and_ones_own, open_app, close_app),
		cmocka_unit_test_setup_teardown(of_signals_only_ones_own_or_what_one_decides, open_app, close_app),
		cmocka_unit_test_setup_teardown(a_number_that_is_gone_or_never_was_resets, open_app, close_app),
		cmocka_unit_test_setup_teardown(who_reads_nothing_is_cut, open_app, close_app),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
