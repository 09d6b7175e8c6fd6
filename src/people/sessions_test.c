#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/env.h"
#include "core/err.h"
#include "crypt/key.h"
#include "crypt/ring.h"
#include "people/access.h"
#include "people/sessions.h"
#include "seal/fixture.h"
#include "store/store.h"

/* [P-4.5] Refresh tokens are single use; a session has an idle and an absolute limit (ASVS 7.3.1, 7.3.2). */

#define DAY_US (INT64_C(86400) * 1000000)
#define SESSION "01900000-0000-7000-8000-0000000000f1"

static const struct fixture_person people[] = {
	{"ann", "01900000-0000-7000-8000-0000000000a1", FIXTURE_ACCOUNT, 0, "viewer", NULL}};

static const struct session_limits limits = {.idle_us = 7 * DAY_US, .whole_us = 30 * DAY_US};

struct step {
	struct seal_fixture *f;
	const char *old_hash, *new_hash;
	enum refresh_outcome outcome;
};

static bool apply_open(struct db *db, void *self, struct err *err)
{
	struct seal_fixture *f = self;
	const struct session session = {.session_id = SESSION,
									.user_id = people[0].user_id,
									.refresh_hash = "h0",
									.created_us = f->env.wall_us,
									.last_seen_us = f->env.wall_us,
									.expires_us = f->env.wall_us + limits.idle_us};
	return session_insert(db, &session, 20, err);
}

static int begin(void **state)
{
	struct seal_fixture *f = calloc(1, sizeof *f);
	struct err err;
	seal_fixture_open(f, "sessions", people, 1);
	assert_true(store_write(f->store, apply_open, f, &err));
	*state = f;
	return 0;
}

static int end(void **state)
{
	seal_fixture_close(*state);
	free(*state);
	return 0;
}

static bool apply_rotate(struct db *db, void *self, struct err *err)
{
	struct step *step = self;
	struct session session;
	return session_rotate(db, step->old_hash, step->new_hash, step->f->env.wall_us, &limits, &step->f->arena, &session,
						  &step->outcome, err);
}

static enum refresh_outcome rotate(struct seal_fixture *f, const char *old_hash, const char *new_hash)
{
	struct step step = {.f = f, .old_hash = old_hash, .new_hash = new_hash};
	struct err err;
	assert_true(store_write(f->store, apply_rotate, &step, &err));
	return step.outcome;
}

/* Of two at once the writer lets one win: the other presents a token that is used by then. */
static void of_two_at_once_one_wins(void **state)
{
	struct seal_fixture *f = *state;
	assert_int_equal(rotate(f, "h0", "h1"), REFRESH_DONE);
	assert_int_equal(rotate(f, "h0", "h2"), REFRESH_REUSED);
	assert_int_equal(rotate(f, "h1", "h3"), REFRESH_UNKNOWN); /* the reuse has ended the session */
	assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM sessions WHERE revoked_at IS NOT NULL"), 1);
}

static void every_earlier_token_is_a_reuse(void **state)
{
	struct seal_fixture *f = *state;
	assert_int_equal(rotate(f, "h0", "h1"), REFRESH_DONE);
	assert_int_equal(rotate(f, "h1", "h2"), REFRESH_DONE);
	assert_int_equal(rotate(f, "h2", "h3"), REFRESH_DONE);
	assert_int_equal(rotate(f, "nobody's", "h4"), REFRESH_UNKNOWN);
	assert_int_equal(rotate(f, "h1", "h4"), REFRESH_REUSED);
}

static void who_is_idle_too_long_logs_in_again(void **state)
{
	struct seal_fixture *f = *state;
	env_sim_advance(&f->env, limits.idle_us - 1);
	assert_int_equal(rotate(f, "h0", "h1"), REFRESH_DONE);
	env_sim_advance(&f->env, limits.idle_us);
	assert_int_equal(rotate(f, "h1", "h2"), REFRESH_EXPIRED);
}

static void however_busy_a_session_ends_at_last(void **state)
{
	static const char *const hashes[] = {"h0", "h1", "h2", "h3", "h4", "h5", "h6"};
	struct seal_fixture *f = *state;
	for (size_t i = 0; i < 5; i++) { /* each six days: 30 in all */
		if (i > 0)
			env_sim_advance(&f->env, 6 * DAY_US);
		assert_int_equal(rotate(f, hashes[i], hashes[i + 1]), REFRESH_DONE);
	}
	env_sim_advance(&f->env, 6 * DAY_US);
	assert_int_equal(rotate(f, hashes[5], hashes[6]), REFRESH_EXPIRED);
}

/* A token is good for no longer than its session, also when it is remembered [P-4.5]. */
static void a_token_ends_with_its_session(void **state)
{
	struct seal_fixture *f = *state;
	struct key_ring *ring = ring_new(key_new(KEY_ES256, env_real()));
	const struct access_options options = {.store = f->store,
										   .env = &f->env.env,
										   .ids = &f->ids,
										   .keys = ring,
										   .issuer = "https://here.example",
										   .ttl_s = 900};
	struct access *access = access_new(&options);
	struct principal who;
	struct err err;
	env_sim_advance(&f->env, limits.idle_us - 60000000);
	const char *token = access_make(access, &f->arena, people[0].user_id, FIXTURE_ACCOUNT, SESSION, 0);
	assert_true(access_check(access, &f->arena, token, &who, &err)); /* and is remembered */
	env_sim_advance(&f->env, 59000000);
	assert_true(access_check(access, &f->arena, token, &who, &err));
	assert_string_equal(who.user_id, people[0].user_id);
	env_sim_advance(&f->env, 1000000);
	assert_false(access_check(access, &f->arena, token, &who, &err));
	assert_int_equal(err.kind, ERR_SESSION_REVOKED);
	access_free(access);
	ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(of_two_at_once_one_wins, begin, end),
		cmocka_unit_test_setup_teardown(a_token_ends_with_its_session, begin, end),
		cmocka_unit_test_setup_teardown(every_earlier_token_is_a_reuse, begin, end),
		cmocka_unit_test_setup_teardown(who_is_idle_too_long_logs_in_again, begin, end),
		cmocka_unit_test_setup_teardown(however_busy_a_session_ends_at_last, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
