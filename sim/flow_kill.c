/*
 * flow_kill: SIGKILL at every point of a run's life, one after the other, none left out [flow.md 3.1].
 *
 * Points are: before each write, sync, truncation and opening of the store's files, before each request that goes out,
 * and after each was carried out but not yet answered.  A process of its own runs the definition and dies there;
 * another takes the folder up and goes on to the end.  Then the run has ended as without the kill, and the network was
 * asked under the same keys.  What is to be sent at most once was, and where that cannot be known the run says so.
 * FLOW_KILL_STRIDE=N looks at each Nth call to the disk only: for the sanitizers, under which all would take too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/must.h"
#include "expr/expr.h"
#include "sim/flow_folder.h"
#include "sim/flow_net.h"
#include "sim/flow_world.h"
#include "store/fault_vfs.h"

#define DOCUMENT "\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"kill\",\"name\":\"k\",\"version\":\"1.0.0\"}"
#define ASK(name, more) \
	"{\"" name "\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"http://sim/" name \
	"\",\"body\":{\"n\":\"${ .n }\"}}" more "}}"
#define PATIENTLY(name, more) \
	"{\"try_" name "\":{\"try\":[" ASK(name, more) "],\"catch\":{\"retry\":{\"delay\":{\"seconds\":2},\"limit\":" \
												   "{\"attempt\":{\"count\":50}}}}}}"

static const char in_order[] =
	"{" DOCUMENT
	",\"do\":[{\"a\":{\"set\":{\"n\":3}}}," PATIENTLY("one", "") ",{\"w\":{\"wait\":{\"seconds\":30}}}," PATIENTLY(
		"two", "") ",{\"e\":{\"set\":{\"n\":\"${ .n }\",\"c\":\"${ $context }\"},\"export\":{\"as\":\"${ . }\"}}}]}";
static const char branches[] =
	"{" DOCUMENT ",\"do\":[{\"f\":{\"fork\":{\"branches\":[" PATIENTLY("left", "") "," PATIENTLY(
		"right", "") ",{\"w\":{\"wait\":{\"seconds\":5}}}]}}},{\"p\":{\"for\":{\"each\":\"x\",\"in\":[1,2,3]},\"do\":"
					 "[" PATIENTLY("round",
								   "") "],\"input\":{\"from\":{\"n\":7}},\"metadata\":{\"parallel\":{\"max\":2}}}}]}";
static const char steps[] =
	"{\"workflow_id\":\"k\",\"version\":\"1.0.0\",\"name\":\"k\",\"steps\":["
	"{\"step_id\":\"a\",\"type\":\"set\",\"params\":{\"n\":4}},"
	"{\"step_id\":\"b\",\"type\":\"http\",\"retry_count\":40,\"retry_delay_seconds\":1,\"depends_on\":[\"a\"],"
	"\"params\":{\"method\":\"post\",\"endpoint\":\"http://sim/b\",\"body\":{\"n\":\"${{ steps.a.output.n "
	"}}\"}}},"
	"{\"step_id\":\"c\",\"type\":\"http\",\"retry_count\":40,\"retry_delay_seconds\":1,\"depends_on\":[\"a\"],"
	"\"params\":{\"method\":\"post\",\"endpoint\":\"http://sim/c\",\"body\":{\"n\":1}}},"
	"{\"step_id\":\"d\",\"type\":\"set\",\"depends_on\":[\"b\",\"c\"],\"params\":{\"b\":\"${{ steps.b.output.n "
	"}}\"}}]}";
static const char put_back[] = "{" DOCUMENT ",\"do\":[{\"a\":{\"set\":{\"n\":3}}}," PATIENTLY("one", "") "," PATIENTLY(
	"two", "") ",{\"r\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}]}";
static const char once[] =
	"{" DOCUMENT
	",\"do\":[{\"a\":{\"set\":{\"n\":3}}}," ASK("once", ",\"metadata\":{\"effect\":\"at-most-once\"}") "]}";

#define TRYING(name, op) \
	"{\"try_" name "\":{\"try\":[{\"" name "\":{\"call\":\"" op \
	"\"}}],\"catch\":{\"retry\":{\"delay\":{\"seconds\":2},\"limit\":{\"attempt\":{\"count\":50}}}}}}"
static const char products[] = "{" DOCUMENT ",\"do\":[" TRYING("a", "sim.count") "," TRYING("b", "sim.tell") "," TRYING(
	"c",
	"sim.count") ",{\"f\":{\"fork\":{\"branches\":[" TRYING("l",
															"sim.tell") "," TRYING("r",
																				   "sim.count") "]}}}," TRYING("d",
																											   "sim."
																											   "tell") "]}";

enum { NETWORK_SEED = 5 };

struct shared {
	struct outcome outcome;
	int64_t calls;
	int requests;
	bool written;
};

struct kill_plan {
	int64_t call;
	int before, after;
};

struct bench {
	char folder[SIM_FOLDER], template[SIM_FOLDER];
	struct ledger *calm, *rough;
	struct shared *shared;
	struct plot plot;
	const char *back_to; /* once it is over the run is put back to before this step; NULL: it is not */
};

/* --- one life, in a process of its own --- */

static _Noreturn void live(struct bench *b, struct ledger *ledger, const struct kill_plan *plan)
{
	struct expr_pool *expr = sim_expr();
	struct fault_vfs *disk = fault_vfs_new("kill", false);
	if (plan->call > 0)
		fault_vfs_plan(disk, (struct fault_plan){.kind = FAULT_KILL, .call = FAULT_ANY_CALL, .nth = plan->call});
	const struct world_options options = {.folder = b->folder,
										  .vfs = "kill",
										  .expr = expr,
										  .ledger = ledger,
										  .network_seed = NETWORK_SEED,
										  .order_seed = 1,
										  .kill_before_request = plan->before,
										  .kill_after_request = plan->after};
	struct sim_world *sim = sim_open(&options);
	bool ordered = false;
	must(sim != NULL && sim_begin(sim, &b->plot) && sim_drive(sim) == SIM_OVER);
	if (b->back_to != NULL)
		must(sim_restore(sim, b->plot.run_id, b->back_to, &ordered));
	if (ordered)
		must(sim_drive(sim) == SIM_OVER);
	sim_outcome(sim, b->plot.run_id, &b->shared->outcome);
	b->shared->requests = sim_requests(sim);
	sim_close(sim);
	b->shared->calls = fault_vfs_count(disk, FAULT_ANY_CALL);
	b->shared->written = true;
	expr_close(expr);
	_exit(0);
}

/* True: it came to its end; false: it was killed. */
static bool life(struct bench *b, struct ledger *ledger, const struct kill_plan *plan)
{
	int status;
	b->shared->written = false;
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		live(b, ledger, plan);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status)) {
		assert_int_equal(WTERMSIG(status), SIGKILL);
		return false;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(b->shared->written);
	return true;
}

static void fresh(struct bench *b)
{
	sim_clear(b->folder);
	sim_copy(b->template, b->folder);
	ledger_clear(b->rough);
}

/* --- points --- */

static const struct kill_plan undisturbed = {.call = 0};

/* Die at the point, go on in another process; false: the run never came to that point. */
static bool kill_at(struct bench *b, const struct kill_plan *plan)
{
	fresh(b);
	if (life(b, b->rough, plan))
		return false;
	assert_true(life(b, b->rough, &undisturbed));
	assert_true(b->shared->outcome.over);
	return true;
}

static void judge(struct bench *b, const char *expected, const struct kill_plan *plan)
{
	const struct delivery *which = NULL;
	const char *what = ledger_differs(b->calm, b->rough, &which, NULL, NULL);
	if (what == NULL && strcmp(b->shared->outcome.text, expected) == 0)
		return;
	fail_msg("killed at call %lld, before request %d, after request %d: %s %s\n%s\n%s", (long long)plan->call,
			 plan->before, plan->after, what == NULL ? "another end" : what, which == NULL ? "" : which->step, expected,
			 b->shared->outcome.text);
}

static int stride(void)
{
	const char *given = getenv("FLOW_KILL_STRIDE");
	int every = given == NULL ? 1 : atoi(given);
	assert_true(every >= 1);
	return every;
}

/* The next call to look at; the last one is, and so are points beyond it. */
static int64_t after(int64_t call, int64_t calls)
{
	int64_t next = call + stride();
	return call >= calls ? call + 1 : next < calls ? next : calls;
}

static int kill_everywhere(struct bench *b, const char *definition)
{
	int points = 0;
	b->plot.definition = definition;
	ledger_clear(b->calm);
	fresh(b);
	assert_true(life(b, b->calm, &undisturbed));
	char *expected = strdup(b->shared->outcome.text);
	int64_t calls = b->shared->calls;
	int requests = b->shared->requests;
	assert_non_null(expected);
	assert_true(calls > 20 && requests > 1);
	for (int64_t call = 1; call <= calls; call += stride(), points++) {
		const struct kill_plan plan = {.call = call};
		assert_true(kill_at(b, &plan));
		judge(b, expected, &plan);
	}
	for (int i = 2; i <= 2 * requests + 1; i++, points++) {
		const struct kill_plan plan = {.before = i % 2 == 0 ? i / 2 : 0, .after = i % 2 == 1 ? i / 2 : 0};
		assert_true(kill_at(b, &plan));
		judge(b, expected, &plan);
	}
	free(expected);
	return points;
}

/* --- tests --- */

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);
	assert_non_null(b);
	sim_folder_new(b->folder);
	sim_folder_new(b->template);
	sim_template(b->template, false);
	b->calm = ledger_new();
	b->rough = ledger_new();
	b->shared = mmap(NULL, sizeof *b->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(b->shared != MAP_FAILED);
	strcpy(b->plot.run_id, "01900000-0000-7000-8000-0000000000aa");
	strcpy(b->plot.seed, "11");
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	sim_folder_free(b->folder);
	sim_folder_free(b->template);
	ledger_free(b->calm);
	ledger_free(b->rough);
	munmap(b->shared, sizeof *b->shared);
	free(b);
	return 0;
}

static void test_in_order(void **state)
{
	print_message("%d points\n", kill_everywhere(*state, in_order));
}

static void test_branches(void **state)
{
	print_message("%d points\n", kill_everywhere(*state, branches));
}

static void test_steps(void **state)
{
	print_message("%d points\n", kill_everywhere(*state, steps));
}

/* What a product stores with a step's result is stored once: the last number is that of the steps [flow.md 2.7]. */
static void test_products(void **state)
{
	struct bench *b = *state;
	print_message("%d points\n", kill_everywhere(b, products));
	assert_non_null(strstr(b->shared->outcome.text, "{\"n\":6}"));
}

/* A run that is put back: what runs again goes by other keys, and what stays is not sent again [flow.md 5]. */
static void test_put_back(void **state)
{
	struct bench *b = *state;
	b->back_to = "/do/2/try_two";
	print_message("%d points\n", kill_everywhere(b, put_back));
	assert_true(b->calm->count >= 3);
}

/* metadata.effect: at-most-once: sent once at most; killed between intent and result the run says "Effect unknown" */
static void test_at_most_once(void **state)
{
	struct bench *b = *state;
	int unknown = 0;
	b->plot.definition = once;
	fresh(b);
	assert_true(life(b, b->rough, &undisturbed));
	char *expected = strdup(b->shared->outcome.text);
	int64_t calls = b->shared->calls;
	for (int64_t call = 1; call <= calls + 2; call = after(call, calls)) {
		const struct kill_plan plan = {
			.call = call <= calls ? call : 0, .before = call == calls + 1, .after = call == calls + 2};
		assert_true(kill_at(b, &plan));
		assert_true(b->rough->count <= 1 && (b->rough->count == 0 || b->rough->items[0].deliveries == 1));
		bool is_unknown = strstr(b->shared->outcome.text, "Effect unknown") != NULL;
		unknown += is_unknown;
		if (!is_unknown)
			assert_string_equal(b->shared->outcome.text, expected);
	}
	assert_true(unknown >= 2);
	free(expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(in_order), TEST(branches), TEST(steps),
									   TEST(products), TEST(put_back), TEST(at_most_once)};
	return cmocka_run_group_tests_name("flow_kill", tests, NULL, NULL);
}
