#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "app/watch.h"
#include "core/env.h"

/* A server of three parts, one of which can be made to hang. */
struct server {
	_Atomic int looks;
	_Atomic bool hang;
	pthread_mutex_t gate;
	enum health_state first, second;
};

static enum health_state look_first(void *self, struct watch_note *note)
{
	struct server *server = self;
	snprintf(note->details, sizeof note->details, "looked=%d", atomic_fetch_add(&server->looks, 1) + 1);
	return server->first;
}

static enum health_state look_second(void *self, struct watch_note *note)
{
	const struct server *server = self;
	(void)note;
	return server->second;
}

static enum health_state look_hanging(void *self, struct watch_note *note)
{
	struct server *server = self;
	(void)note;
	if (atomic_load(&server->hang)) {
		pthread_mutex_lock(&server->gate);
		pthread_mutex_unlock(&server->gate);
	}
	return HEALTH_OK;
}

static const struct watch_row rows[] = {
	{"first", true, look_first, false}, {"second", false, look_second, false}, {"hanging", true, look_hanging, false}};
static const struct watch_pace brisk = {.every_ms = 1, .timeout_ms = 20};

static void opening_has_looked_at_each(void **state)
{
	(void)state;
	struct server server = {.gate = PTHREAD_MUTEX_INITIALIZER, .second = HEALTH_DEGRADED};
	static const struct watch_pace patient = {.every_ms = 60000, .timeout_ms = 60000};
	struct watches *watches = watches_open(rows, 3, &server, &patient, env_real());
	struct watch_seen seen[WATCHES_MAX];
	assert_int_equal(watches_read(watches, seen), 3);
	assert_int_equal(watches_looks(watches), 3);
	assert_string_equal(seen[0].name, "first");
	assert_string_equal(seen[0].note.details, "looked=1");
	assert_true(seen[0].required && !seen[1].required);
	assert_int_equal(seen[1].state, HEALTH_DEGRADED);
	assert_true(seen[0].at_us > 0 && seen[2].at_us > 0);
	watches_close(watches);
}

static void looks_again_and_again(void **state)
{
	(void)state;
	struct server server = {.gate = PTHREAD_MUTEX_INITIALIZER};
	struct watches *watches = watches_open(rows, 3, &server, &brisk, env_real());
	while (atomic_load(&server.looks) < 5)
		sched_yield();
	assert_true(watches_looks(watches) >= 5);
	watches_close(watches);
}

/* [P-11.1] however many hang, the answer is there; the others go on. */
static void what_hangs_is_unhealthy_alone(void **state)
{
	(void)state;
	struct server server = {.gate = PTHREAD_MUTEX_INITIALIZER, .hang = true};
	pthread_mutex_lock(&server.gate);
	struct watches *watches = watches_open(rows, 3, &server, &brisk, env_real());
	struct watch_seen seen[WATCHES_MAX];
	watches_read(watches, seen);
	assert_int_equal(seen[2].state, HEALTH_BAD);
	assert_string_equal(seen[2].note.error, "timeout");
	assert_true(seen[2].latency_us >= 20000);
	assert_int_equal(seen[0].state, HEALTH_OK);
	int looks = atomic_load(&server.looks);
	while (atomic_load(&server.looks) < looks + 3)
		sched_yield();
	atomic_store(&server.hang, false);
	pthread_mutex_unlock(&server.gate);
	do
		watches_read(watches, seen);
	while (seen[2].state != HEALTH_OK);
	assert_string_equal(seen[2].note.error, "");
	watches_close(watches);
}

static enum health_state look_for_nothing(void *self, struct watch_note *note)
{
	(void)self;
	(void)note;
	return HEALTH_ABSENT;
}

/* What has nothing to be looked at has no row; it may get one later. */
static void what_is_absent_is_not_told(void **state)
{
	(void)state;
	struct server server = {.gate = PTHREAD_MUTEX_INITIALIZER};
	static const struct watch_row some[] = {{"nothing", false, look_for_nothing, false},
											{"second", false, look_second, false}};
	static const struct watch_pace pace = {.every_ms = 1, .timeout_ms = 20000, .idle_ms = 60000};
	struct watch_seen seen[WATCHES_MAX];
	struct watches *watches = watches_open(some, 2, &server, &pace, env_real());
	assert_int_equal(watches_read(watches, seen), 1);
	assert_string_equal(seen[0].name, "second");
	watches_close(watches);
}

/* Nobody asks: it rests.  Somebody asks: it looks as often as the others. */
static void a_costly_look_waits_to_be_wanted(void **state)
{
	(void)state;
	struct server server = {.gate = PTHREAD_MUTEX_INITIALIZER};
	static const struct watch_row costly[] = {{"first", false, look_first, true},
											  {"second", false, look_second, false}};
	static const struct watch_pace pace = {.every_ms = 1, .timeout_ms = 20, .idle_ms = 60000};
	struct watch_seen seen[WATCHES_MAX];
	struct watches *watches = watches_open(costly, 2, &server, &pace, env_real());
	while (watches_looks(watches) < 20)
		sched_yield();
	assert_int_equal(atomic_load(&server.looks), 1);
	watches_read(watches, seen);
	while (atomic_load(&server.looks) < 3)
		sched_yield();
	watches_close(watches);
}

static void the_worst_required_part_decides(void **state)
{
	(void)state;
	struct watch_seen seen[2] = {{.required = true}, {.required = false}};
	assert_int_equal(watch_overall(seen, 2), HEALTH_OK);
	assert_int_equal(watch_overall(seen, 0), HEALTH_OK);
	seen[1].state = HEALTH_BAD;
	assert_int_equal(watch_overall(seen, 2), HEALTH_DEGRADED);
	seen[0].state = HEALTH_DEGRADED;
	assert_int_equal(watch_overall(seen, 2), HEALTH_DEGRADED);
	seen[0].state = HEALTH_BAD;
	assert_int_equal(watch_overall(seen, 2), HEALTH_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening_has_looked_at_each),       cmocka_unit_test(looks_again_and_again),
		cmocka_unit_test(what_hangs_is_unhealthy_alone),    cmocka_unit_test(what_is_absent_is_not_told),
		cmocka_unit_test(a_costly_look_waits_to_be_wanted), cmocka_unit_test(the_worst_required_part_decides),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
