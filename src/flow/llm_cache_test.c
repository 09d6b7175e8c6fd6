#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "flow/agents_fixture.h"
#include "flow/domain/datum.h"
#include "flow/domain/vector.h"
#include "flow/llm_cache.h"

struct box {
	struct agents_fixture *f;
	struct llm_cache *cache;
};

static int open_box(void **state)
{
	struct box *box = calloc(1, sizeof *box);
	must(box != NULL && agents_fixture_new((void **)&box->f) == 0);
	box->cache = llm_cache_open(box->f->store, &box->f->env.env);
	*state = box;
	return 0;
}

static int close_box(void **state)
{
	struct box *box = *state;
	llm_cache_close(box->cache);
	agents_fixture_free((void **)&box->f);
	free(box);
	return 0;
}

static struct llm_lookup question(int number, const char *account)
{
	struct llm_lookup lookup = {.account_id = account, .model = number % 2 == 0 ? "even" : "odd", .tags = "[\"t\"]"};
	snprintf(lookup.key, sizeof lookup.key, "%064d", number);
	snprintf(lookup.family, sizeof lookup.family, "%064d", 0);
	return lookup;
}

static void keep(struct llm_cache *cache, const struct llm_lookup *lookup, const char *text, int64_t cost)
{
	struct datum *answer = datum_text(text, strlen(text));
	llm_cache_keep(cache, lookup, answer, cost);
	datum_unref(answer);
}

/* The level that answers, and that it answers so; LLM_L4: none. */
static enum llm_level level_of(struct llm_cache *cache, const struct llm_lookup *lookup, const char *wanted)
{
	struct llm_hit hit;
	if (!llm_cache_find(cache, lookup, &hit) && !llm_cache_alike(cache, lookup, &hit))
		return LLM_L4;
	assert_string_equal(datum_bytes(hit.answer, NULL), wanted);
	datum_unref(hit.answer);
	return hit.level;
}

/* A process that begins anew has only what is in the store. */
static void reopen(struct box *box)
{
	llm_cache_close(box->cache);
	box->cache = llm_cache_open(box->f->store, &box->f->env.env);
}

static void pass(struct box *box, int64_t s)
{
	env_sim_advance(&box->f->env, s * 1000000);
}

/* [flow.md 6]: L1 300 s, L2 3,600 s; hits move up */
static void answers_live_their_time_and_move_up(void **state)
{
	struct box *box = *state;
	const struct llm_lookup asked = question(1, "a");
	assert_int_equal(level_of(box->cache, &asked, ""), LLM_L4);
	keep(box->cache, &asked, "{\"a\":1}", 7);
	assert_int_equal(level_of(box->cache, &asked, "{\"a\":1}"), LLM_L1);
	pass(box, LLM_L1_TTL_S - 1);
	assert_int_equal(level_of(box->cache, &asked, "{\"a\":1}"), LLM_L1);
	pass(box, 1);
	llm_cache_close(box->cache);
	box->cache = llm_cache_open(box->f->store, &box->f->env.env); /* what was being written is */
	assert_int_equal(level_of(box->cache, &asked, "{\"a\":1}"), LLM_L2);
	assert_int_equal(level_of(box->cache, &asked, "{\"a\":1}"), LLM_L1);
	pass(box, LLM_L2_TTL_S - LLM_L1_TTL_S - 1);
	assert_int_equal(level_of(box->cache, &asked, "{\"a\":1}"), LLM_L2);
	pass(box, LLM_L1_TTL_S);
	assert_int_equal(level_of(box->cache, &asked, ""), LLM_L4);
}

static void answers_are_an_accounts(void **state)
{
	struct box *box = *state;
	const struct llm_lookup ours = question(1, "a"), theirs = question(1, "b");
	keep(box->cache, &ours, "1", 7);
	reopen(box);
	assert_int_equal(level_of(box->cache, &theirs, ""), LLM_L4);
	assert_int_equal(level_of(box->cache, &ours, "1"), LLM_L2);
	assert_int_equal(level_of(box->cache, &theirs, ""), LLM_L4);
}

/* [flow.md 6]: LRU of 1,000 */
static void the_least_used_leaves_memory_first(void **state)
{
	struct box *box = *state;
	struct llm_level_figures figures[LLM_LEVELS];
	struct llm_lookup first = question(0, "a");
	for (int i = 0; i < LLM_L1_ENTRIES; i++) {
		const struct llm_lookup asked = question(i, "a");
		keep(box->cache, &asked, "1", 1);
	}
	assert_int_equal(level_of(box->cache, &first, "1"), LLM_L1); /* now 1 is the least used */
	const struct llm_lookup more = question(LLM_L1_ENTRIES, "a"), second = question(1, "a");
	keep(box->cache, &more, "1", 1);
	assert_int_equal(level_of(box->cache, &first, "1"), LLM_L1);
	assert_true(llm_cache_figures(box->cache, "a", figures, NULL));
	assert_int_equal(figures[LLM_L1].entries, LLM_L1_ENTRIES);
	assert_int_equal(figures[LLM_L1].evictions, 1);
	assert_int_equal(figures[LLM_L1].bytes, LLM_L1_ENTRIES);
	assert_int_equal(figures[LLM_L1].hits, 2);
	assert_int_equal(figures[LLM_L1].saved_micros, 2);
	struct llm_hit hit;
	bool in_memory = llm_cache_find(box->cache, &second, &hit) && hit.level == LLM_L1;
	datum_unref(hit.answer);
	assert_false(in_memory);
}

/* [flow.md 6]: cosine from 0.92, same model and parameters, 86,400 s */
static void questions_of_like_meaning_are_one(void **state)
{
	struct box *box = *state;
	static const float a[2] = {1, 0}, near[2] = {92, 39.1918f}, far[2] = {91, 41.4608f}; /* cosines .92 and .91 */
	struct llm_lookup first = question(2, "a"), second = question(4, "a"), third = question(6, "a");
	first.vector = a;
	second.vector = near;
	third.vector = far;
	first.dimension = second.dimension = third.dimension = 2;
	first.norm = 1;
	second.norm = vector_norm(near, 2);
	third.norm = vector_norm(far, 2);
	assert_true(vector_cosine(a, 1, near, second.norm, 2) >= LLM_ALIKE);
	keep(box->cache, &first, "1", 7);
	reopen(box);
	pass(box, LLM_L3_TTL_S - 1);
	assert_int_equal(level_of(box->cache, &third, ""), LLM_L4);
	struct llm_lookup other = second;
	memset(other.family, '1', 64);
	assert_int_equal(level_of(box->cache, &other, ""), LLM_L4);
	assert_int_equal(level_of(box->cache, &second, "1"), LLM_L3);
	assert_int_equal(level_of(box->cache, &second, "1"), LLM_L1);
	pass(box, 1);
	reopen(box);
	struct llm_lookup again = question(8, "a");
	again.vector = a;
	again.dimension = 2;
	again.norm = 1;
	assert_int_equal(level_of(box->cache, &again, "1"), LLM_L3); /* the second's, kept later */
	pass(box, LLM_L3_TTL_S + LLM_L3_TTL_S);
	reopen(box);
	assert_int_equal(level_of(box->cache, &again, ""), LLM_L4);
	assert_true(llm_cache_sweep(box->cache, NULL));
	struct llm_level_figures figures[LLM_LEVELS];
	assert_true(llm_cache_figures(box->cache, "a", figures, NULL));
	assert_int_equal(figures[LLM_L3].entries, 0);
}

static int64_t forget(struct box *box, struct llm_forget what)
{
	int64_t count;
	assert_true(llm_cache_forget(box->cache, &what, &count, NULL));
	return count;
}

static void answers_are_forgotten_by_model_tag_or_all(void **state)
{
	struct box *box = *state;
	for (int i = 0; i < 10; i++) {
		struct llm_lookup asked = question(i, i < 8 ? "a" : "b");
		asked.tags = i == 3 ? "[\"x\",\"t\"]" : "[\"tt\"]";
		keep(box->cache, &asked, "1", 1);
	}
	reopen(box);
	const struct llm_lookup third = question(3, "a"), fifth = question(5, "a"), zero = question(0, "a");
	assert_int_equal(level_of(box->cache, &third, "1"), LLM_L2);
	assert_int_equal(forget(box, (struct llm_forget){.account_id = "a", .tag = "t", .level = LLM_LEVELS}), 1);
	assert_int_equal(level_of(box->cache, &third, ""), LLM_L4);
	assert_int_equal(forget(box, (struct llm_forget){.account_id = "a", .model = "odd", .level = LLM_LEVELS}), 3);
	assert_int_equal(level_of(box->cache, &fifth, ""), LLM_L4);
	assert_int_equal(level_of(box->cache, &zero, "1"), LLM_L2);
	assert_int_equal(forget(box, (struct llm_forget){.level = LLM_L1}), 1);
	assert_int_equal(level_of(box->cache, &zero, "1"), LLM_L2);
	assert_int_equal(forget(box, (struct llm_forget){.account_id = "a", .level = LLM_LEVELS}), 4);
	const struct llm_lookup theirs = question(8, "b");
	assert_int_equal(level_of(box->cache, &theirs, "1"), LLM_L2);
}

struct caller {
	struct box *box;
	_Atomic int *calls;
};

static void *ask(void *self)
{
	struct caller *caller = self;
	struct llm_cache *cache = caller->box->cache;
	const struct llm_lookup asked = question(1, "a");
	struct llm_hit hit;
	while (!llm_cache_find(cache, &asked, &hit)) {
		if (!llm_cache_enter(cache, &asked, 60000))
			continue;
		++*caller->calls;
		keep(cache, &asked, "1", 1);
		llm_cache_leave(cache, &asked);
		return NULL;
	}
	datum_unref(hit.answer);
	return NULL;
}

/* [flow.md 6]: equal concurrent misses make one call */
static void equal_questions_at_once_make_one_call(void **state)
{
	enum { CALLERS = 8, ROUNDS = 20 };
	struct box *box = *state;
	for (int round = 0; round < ROUNDS; round++) {
		_Atomic int calls = 0;
		struct caller caller = {box, &calls};
		pthread_t threads[CALLERS];
		for (int i = 0; i < CALLERS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, ask, &caller), 0);
		for (int i = 0; i < CALLERS; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(calls, 1);
		forget(box, (struct llm_forget){.level = LLM_LEVELS});
	}
	const struct llm_lookup asked = question(1, "a");
	assert_true(llm_cache_enter(box->cache, &asked, 0));
	assert_false(llm_cache_enter(box->cache, &asked, 1)); /* out of time */
	llm_cache_leave(box->cache, &asked);
	assert_true(llm_cache_enter(box->cache, &asked, 0));
	llm_cache_leave(box->cache, &asked);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_box, close_box)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_live_their_time_and_move_up),       TEST(answers_are_an_accounts),
		TEST(the_least_used_leaves_memory_first),        TEST(questions_of_like_meaning_are_one),
		TEST(answers_are_forgotten_by_model_tag_or_all), TEST(equal_questions_at_once_make_one_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
