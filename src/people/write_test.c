#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/fixture.h"
#include "people/write.h"
#include "store/store.h"

/*
 * Writes that say that they can come once more: what apply() left in its struct is gone before it comes again.  Three
 * of one batch, of which one refuses; an op of the test holds the writer until they are queued.
 */

enum { WRITES = 3 };

struct counting {
	struct write write;
	int64_t number;
	int applied;
};

static bool refuses[WRITES]; /* after its row */

static bool apply(struct write *w, struct db *db, struct err *err)
{
	struct counting *c = (struct counting *)w;
	c->applied++;
	const char key[] = {(char)('a' + c->number), '\0'};
	return db_run(db, err,
				  "INSERT INTO packs_used (sha256, name, version, bytes, first_used_at) VALUES ($1, 'n', '1', $2, $3)",
				  V_TEXT(key), V_BLOB("", 0), V_INT(c->applied)) &&
		   (!refuses[c->number] || err_set(err, ERR_FOUR_EYES, "as asked"));
}

static void answer(struct write *w)
{
	exchange_answer(w->x, 200, "text/plain", ((struct counting *)w)->applied == 1 ? "1" : "2", 1);
}

static void handle(struct exchange *x)
{
	struct counting *c = write_start(x, sizeof *c);
	c->number = atoi(exchange_param(x, "number"));
	c->write.store = x->owner;
	c->write.apply = apply;
	c->write.answer = answer;
	c->write.repeatable = true;
	write_submit(&c->write);
}

static const char *const texts[] = {"text/plain", NULL};
static const struct route routes[] = {ROUTE(POST, "/count/{number}", PUBLIC, EFFECT_WRITE, handle, .operation = "count",
											.summary = "Count", .produces = texts, .bare = true)};

struct held {
	struct store_op op;
	sem_t entered, go;
};

static bool hold(struct db *db, void *self, struct err *err)
{
	struct held *gate = self;
	(void)db, (void)err;
	sem_post(&gate->entered);
	while (sem_wait(&gate->go) != 0)
		;
	return true;
}

static void let_go(void *self, bool applied, const struct err *err)
{
	(void)self, (void)applied, (void)err;
}

struct asking {
	pthread_t thread;
	struct people_fixture *f;
	char target[16];
	struct loopback l;
};

static void *ask(void *self)
{
	struct asking *a = self;
	a->l = (struct loopback){.method = "POST", .target = a->target};
	loopback_ask(&a->f->service, &a->l);
	return NULL;
}

static void ask_all(struct people_fixture *f, struct asking asking[WRITES])
{
	struct held gate = {.op = {.apply = hold, .done = let_go, .self = &gate}};
	const struct timespec moment = {.tv_nsec = 1000000};
	assert_true(sem_init(&gate.entered, 0, 0) == 0 && sem_init(&gate.go, 0, 0) == 0);
	assert_true(store_submit(f->store, &gate.op, NULL));
	while (sem_wait(&gate.entered) != 0)
		;
	for (int i = 0; i < WRITES; i++) {
		asking[i] = (struct asking){.f = f, .target = {'/', 'c', 'o', 'u', 'n', 't', '/', (char)('0' + i)}};
		assert_int_equal(pthread_create(&asking[i].thread, NULL, ask, &asking[i]), 0);
		while (store_queued(f->store) < (size_t)i + 1)
			nanosleep(&moment, NULL);
	}
	sem_post(&gate.go);
	for (int i = 0; i < WRITES; i++)
		pthread_join(asking[i].thread, NULL);
	sem_destroy(&gate.entered);
	sem_destroy(&gate.go);
}

static int begin(void **state)
{
	struct people_fixture *f = calloc(1, sizeof *f);
	people_fixture_open(f, "write", NULL, 0, NULL, 0);
	struct router *router = router_new();
	router_add(router, routes, 1, f->store);
	people_fixture_serve(f, router);
	memset(refuses, 0, sizeof refuses);
	*state = f;
	return 0;
}

static int end(void **state)
{
	people_fixture_close(*state);
	free(*state);
	return 0;
}

static void check(struct asking asking[WRITES])
{
	for (int i = 0; i < WRITES; i++) {
		assert_int_equal(asking[i].l.status, refuses[i] ? 403 : 200);
		assert_true(refuses[i] || strcmp(asking[i].l.answer, "1") == 0);
		loopback_fini(&asking[i].l);
	}
}

static void who_can_come_again_comes_as_if_for_the_first_time(void **state)
{
	struct people_fixture *f = *state;
	struct asking asking[WRITES];
	refuses[1] = true;
	ask_all(f, asking);
	check(asking);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM packs_used"), 2);
	assert_int_equal(fixture_number(f, "SELECT MAX(first_used_at) FROM packs_used"), 1);
}

static void without_a_refusal_once_is_enough(void **state)
{
	struct people_fixture *f = *state;
	struct asking asking[WRITES];
	ask_all(f, asking);
	check(asking);
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM packs_used"), WRITES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_can_come_again_comes_as_if_for_the_first_time, begin, end),
		cmocka_unit_test_setup_teardown(without_a_refusal_once_is_enough, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
