#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "seal/fixture.h"
#include "seal/outbox.h"
#include "store/store.h"

struct box {
	struct seal_fixture *f;
	struct outbox *outbox;
	struct outbox_event event;
	bool fail; /* after having added */
	int64_t dropped;
	_Atomic int woken;
	int64_t seen[64];
	int count;
	const char *events[64];
};

static void wake(void *self)
{
	atomic_fetch_add(&((struct box *)self)->woken, 1);
}

static int begin(void **state)
{
	static struct box box;
	void *f;
	seal_fixture_new(&f);
	box = (struct box){.f = f};
	box.outbox = outbox_new(box.f->store, &box.f->env.env, &box.f->ids, "https://cs.test");
	outbox_hook(box.outbox, wake, &box);
	*state = &box;
	return 0;
}

static int end(void **state)
{
	struct box *box = *state;
	void *f = box->f;
	int ended = seal_fixture_free(&f);
	outbox_free(box->outbox);
	return ended;
}

static bool apply(struct db *db, void *self, struct err *err)
{
	struct box *box = self;
	return outbox_add(box->outbox, db, &box->event, err) && (!box->fail || err_set(err, ERR_CONFLICT, "no"));
}

static bool add(struct box *box, const char *account, const char *topic, const char *event, struct err *err)
{
	box->event = (struct outbox_event){.account_id = account, .topic = topic, .event = event, .data = "{\"n\":1}"};
	return store_write(box->f->store, apply, box, err);
}

static void take(void *self, const struct outbox_event *event)
{
	struct box *box = self;
	box->seen[box->count] = event->number;
	box->events[box->count++] = event->event;
}

static int read_after(struct box *box, struct outbox_filter filter)
{
	struct err err;
	struct db *db = store_read(box->f->store);
	box->count = 0;
	assert_true(outbox_read(db, &filter, &box->f->arena, take, box, &err));
	store_read_end(box->f->store, db);
	return box->count;
}

static void test_order(void **state)
{
	struct box *box = *state;
	struct err err;
	for (int i = 0; i < 10; i++) {
		assert_true(add(box, i % 2 == 0 ? FIXTURE_ACCOUNT : FIXTURE_OTHER, i < 5 ? "signals" : "projects", "e", &err));
		assert_int_equal(box->event.number, i + 1);
	}
	assert_int_equal(read_after(box, (struct outbox_filter){.limit = 50}), 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(box->seen[i], i + 1);
	assert_int_equal(read_after(box, (struct outbox_filter){.after = 7, .limit = 2}), 2);
	assert_int_equal(box->seen[0], 8);
	assert_int_equal(read_after(box, (struct outbox_filter){.account_id = FIXTURE_ACCOUNT, .limit = 50}), 5);
	const char *const topics[] = {"other", "projects", NULL}, *const none[] = {"project", "sprojects", NULL};
	assert_int_equal(read_after(box, (struct outbox_filter){.topics = topics, .limit = 50}), 5);
	assert_int_equal(box->seen[0], 6);
	assert_int_equal(read_after(box, (struct outbox_filter){.topics = none, .limit = 50}), 0);
}

/* What was rolled back was never there: neither a row, nor a number, nor a wake-up. */
static void test_rolled_back(void **state)
{
	struct box *box = *state;
	struct err err;
	assert_true(add(box, FIXTURE_ACCOUNT, "a", "first", &err));
	assert_int_equal(atomic_load(&box->woken), 1);
	box->fail = true;
	assert_false(add(box, FIXTURE_ACCOUNT, "a", "undone", &err));
	box->fail = false;
	assert_true(add(box, FIXTURE_ACCOUNT, "a", "second", &err));
	assert_int_equal(box->event.number, 2);
	assert_int_equal(read_after(box, (struct outbox_filter){.limit = 50}), 2);
	assert_string_equal(box->events[1], "second");
	assert_in_range(atomic_load(&box->woken), 2, 3);
}

/* [P-6.8] the second effect of one key is refused by the store itself */
static void test_effect_key(void **state)
{
	struct box *box = *state;
	struct err err;
	for (int i = 0; i < 2; i++) {
		box->event = (struct outbox_event){.topic = "a", .event = "go", .effect_key = "k"};
		assert_int_equal(store_write(box->f->store, apply, box, &err), i == 0);
	}
	assert_int_equal(err.kind, ERR_DUPLICATE);
}

/* [P-8.11] a stream resumes for 24 hours; numbers never come again, even when everything was swept */
static bool sweep(struct db *db, void *self, struct err *err)
{
	struct box *box = self;
	return outbox_sweep(box->outbox, db, &box->dropped, err);
}

static void test_sweep(void **state)
{
	struct box *box = *state;
	struct err err;
	int64_t oldest, newest;
	for (int i = 0; i < 3; i++)
		assert_true(add(box, NULL, "a", "e", &err));
	env_sim_advance(&box->f->env, INT64_C(24) * 3600 * 1000000);
	assert_true(store_write(box->f->store, sweep, box, &err));
	assert_int_equal(box->dropped, 0);
	env_sim_advance(&box->f->env, INT64_C(25) * 3600 * 1000000);
	assert_true(store_write(box->f->store, sweep, box, &err));
	assert_int_equal(box->dropped, 2);
	struct db *db = store_read(box->f->store);
	assert_true(outbox_span(db, &oldest, &newest, &err));
	store_read_end(box->f->store, db);
	assert_int_equal(oldest, 3);
	assert_int_equal(newest, 3);
	assert_true(add(box, NULL, "a", "e", &err));
	assert_int_equal(box->event.number, 4);
}

/* REF: CloudEvents 1.0.2 section 3.1 */
static void test_cloud_event(void **state)
{
	struct box *box = *state;
	const struct outbox_event event = {.event_id = "id-1",
									   .event = "release.granted",
									   .subject = "s-1",
									   .data = "{\"a\":1}",
									   .at_us = 1750000000000000};
	struct buf buf;
	buf_init(&buf, 0);
	outbox_write(box->outbox, &event, &buf);
	assert_string_equal(buf_text(&buf),
						"{\"specversion\":\"1.0\",\"id\":\"id-1\",\"source\":\"https://cs.test\",\"type\":"
						"\"release.granted\",\"subject\":\"s-1\",\"time\":\"2025-06-15T15:06:40.000000Z\","
						"\"datacontenttype\":\"application/json\",\"data\":{\"a\":1}}");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, begin, end),
		cmocka_unit_test_setup_teardown(test_rolled_back, begin, end),
		cmocka_unit_test_setup_teardown(test_effect_key, begin, end),
		cmocka_unit_test_setup_teardown(test_sweep, begin, end),
		cmocka_unit_test_setup_teardown(test_cloud_event, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
