/*
 * flow_sim [SEEDS [FIRST]]: runs of workflows on a disk that loses power, tears sectors, is full and fails, and on a
 * network that refuses and breaks, from seeds [flow.md 14].
 *
 * For each seed some definitions are made up.  They run to their end undisturbed, then again with faults; after each
 * the store and the runner are opened anew on what the disk kept.  Then: every run ended as without the faults; its
 * journal has no gap and leads to its row; the network was asked under the same keys, of which none came with two
 * requests; but for steps in a fork of which another branch ended the run by its fault.  Exit 0 and one line with the
 * figures; else the seed and what differs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "core/rng.h"
#include "expr/expr.h"
#include "sim/flow_plot.h"
#include "sim/flow_world.h"
#include "store/fault_vfs.h"

enum { SEEDS = 25, DISTURBANCES_MAX = 4, NAME = 96, LOOPS_MAX = 64 };

struct trial {
	uint64_t seed;
	char folder[NAME], template[NAME];
	struct expr_pool *expr;
	struct fault_vfs *disk;
	struct plot plots[RUNS_MAX];
	size_t runs;
	struct ledger *calm, *rough;
	struct outcome *expected, *got; /* RUNS_MAX each */
	long calls, faults, lives;
};

static struct sim_world *open_world(struct trial *trial, struct ledger *ledger, uint64_t order)
{
	const struct world_options options = {.folder = trial->folder,
										  .vfs = "sim",
										  .expr = trial->expr,
										  .ledger = ledger,
										  .network_seed = trial->seed,
										  .order_seed = order};
	return sim_open(&options);
}

static bool begin_all(struct trial *trial, struct sim_world *sim)
{
	bool good = true;
	for (size_t i = 0; i < trial->runs && good; i++)
		good = sim_begin(sim, &trial->plots[i]);
	return good;
}

static _Noreturn void fail(const struct trial *trial, const char *what, const char *more)
{
	fprintf(stderr, "seed %llu: %s: %s\n", (unsigned long long)trial->seed, what, more);
	for (size_t i = 0; i < trial->runs; i++)
		fprintf(stderr, "run %s: %s\n", trial->plots[i].run_id, trial->plots[i].definition);
	exit(1);
}

static void fresh_disk(struct trial *trial)
{
	sim_clear(trial->folder);
	sim_copy(trial->template, trial->folder);
	trial->disk = fault_vfs_new("sim", true);
	fault_vfs_plan(trial->disk, (struct fault_plan){.kind = FAULT_NONE});
}

static void end_disk(struct trial *trial)
{
	fault_vfs_free(trial->disk);
}

/* --- undisturbed --- */

static void run_calm(struct trial *trial)
{
	fresh_disk(trial);
	struct sim_world *sim = open_world(trial, trial->calm, trial->seed);
	must(sim != NULL && begin_all(trial, sim));
	if (sim_drive(sim, trial->runs) != SIM_OVER)
		fail(trial, "undisturbed", "it does not end");
	trial->calls = (long)fault_vfs_count(trial->disk, FAULT_ANY_CALL);
	for (size_t i = 0; i < trial->runs; i++)
		sim_outcome(sim, trial->plots[i].run_id, &trial->expected[i]);
	sim_close(sim);
	end_disk(trial);
}

/* --- disturbed --- */

static struct fault_plan choose_fault(struct trial *trial, struct rng *rng)
{
	static const enum fault_kind kinds[] = {FAULT_POWER, FAULT_POWER, FAULT_POWER, FAULT_EIO, FAULT_FULL, FAULT_QUOTA};
	enum fault_kind kind = kinds[rng_below(rng, sizeof kinds / sizeof *kinds)];
	return (struct fault_plan){.kind = kind,
							   .call = kind == FAULT_FULL || kind == FAULT_QUOTA ? FAULT_WRITE : FAULT_ANY_CALL,
							   .nth = 1 + (int64_t)rng_below(rng, (uint64_t)trial->calls + 8)};
}

/* One life of the process, until all is over or the disk is lost.  True: all is over. */
static bool live_once(struct trial *trial, struct rng *rng, bool last)
{
	fault_vfs_plan(trial->disk, last ? (struct fault_plan){.kind = FAULT_NONE} : choose_fault(trial, rng));
	trial->lives++;
	struct sim_world *sim = open_world(trial, trial->rough, rng_next(rng));
	enum sim_end end = SIM_DISK_LOST;
	if (sim != NULL && begin_all(trial, sim)) {
		end = sim_drive(sim, trial->runs);
		if (end == SIM_STUCK)
			fail(trial, "disturbed", "nothing is under way and it is not over");
	}
	if (sim != NULL)
		sim_close(sim);
	trial->faults += fault_vfs_struck(trial->disk);
	return end == SIM_OVER;
}

/* Nothing that was not synced is certain when the power goes; a process that ends leaves all it wrote. */
static void between(struct trial *trial, struct rng *rng)
{
	if (fault_vfs_struck(trial->disk) && rng_below(rng, 4) > 0)
		must(fault_vfs_cut(trial->disk, rng_next(rng)));
}

static void run_rough(struct trial *trial, struct rng *rng)
{
	fresh_disk(trial);
	size_t faults = 1 + rng_below(rng, DISTURBANCES_MAX);
	for (size_t i = 0; !live_once(trial, rng, i >= faults); i++) {
		if (i > LOOPS_MAX)
			fail(trial, "disturbed", "it does not get on");
		between(trial, rng);
	}
	fault_vfs_plan(trial->disk, (struct fault_plan){.kind = FAULT_NONE});
	struct sim_world *sim = open_world(trial, trial->rough, trial->seed);
	if (sim == NULL)
		fail(trial, "disturbed", "the store does not open again");
	for (size_t i = 0; i < trial->runs; i++)
		sim_outcome(sim, trial->plots[i].run_id, &trial->got[i]);
	sim_close(sim);
	end_disk(trial);
}

/* --- judging --- */

/* Are these in two branches of one fork?  Then neither waits for the other. */
static bool are_beside(const char *a, const char *b)
{
	static const char fork[] = "/fork/branches/";
	size_t same = 0, branch;
	while (a[same] != '\0' && a[same] == b[same])
		same++;
	for (branch = same; branch > 0 && a[branch - 1] != '/';)
		branch--;
	return branch >= sizeof fork - 1 && strncmp(a + branch - (sizeof fork - 1), fork, sizeof fork - 1) == 0;
}

/* Where a branch is at fault the others end with it: how far they had come is anybody's. */
static bool may_differ(const void *self, const char *step)
{
	static const char instance[] = "\"instance\":\"";
	const struct trial *trial = self;
	for (size_t i = 0; i < trial->runs; i++) {
		size_t size = strlen(trial->plots[i].run_id);
		const char *text = trial->expected[i].text, *at = strstr(text, instance);
		if (strncmp(step, trial->plots[i].run_id, size) == 0)
			return strncmp(text, "faulted", 7) == 0 && at != NULL &&
				   are_beside(step + size + 1, at + sizeof instance - 1);
	}
	return false;
}

static void judge(const struct trial *trial)
{
	for (size_t i = 0; i < trial->runs; i++) {
		if (!trial->got[i].over)
			fail(trial, "not over", trial->plots[i].run_id);
		if (strcmp(trial->got[i].text, trial->expected[i].text) != 0) {
			fprintf(stderr, "expected %s\ngot      %s\n", trial->expected[i].text, trial->got[i].text);
			fail(trial, "another end", trial->plots[i].run_id);
		}
	}
	const char *step = "", *what = ledger_differs(trial->calm, trial->rough, &step, may_differ, trial);
	if (what != NULL)
		fail(trial, what, step);
}

/* --- seeds --- */

static void make_plots(struct trial *trial, struct rng *rng)
{
	trial->runs = 1 + rng_below(rng, RUNS_MAX);
	for (size_t i = 0; i < trial->runs; i++) {
		struct plot *plot = &trial->plots[i];
		plot->definition = plot_make(rng);
		snprintf(plot->run_id, sizeof plot->run_id, "%08x-0000-7000-8000-%012llx", (unsigned)trial->seed,
				 (unsigned long long)i);
		snprintf(plot->seed, sizeof plot->seed, "%u", (unsigned)rng_below(rng, 1000));
	}
}

static void try_seed(struct trial *trial, uint64_t seed)
{
	struct rng rng;
	rng_init(&rng, seed);
	trial->seed = seed;
	ledger_clear(trial->calm);
	ledger_clear(trial->rough);
	make_plots(trial, &rng);
	run_calm(trial);
	run_rough(trial, &rng);
	judge(trial);
	for (size_t i = 0; i < trial->runs; i++)
		free((char *)(uintptr_t)trial->plots[i].definition);
}

static void make_folders(struct trial *trial)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(trial->folder, NAME, "%s/countersign-sim-XXXXXX", base);
	snprintf(trial->template, NAME, "%s/countersign-sim-XXXXXX", base);
	must(mkdtemp(trial->folder) != NULL && mkdtemp(trial->template) != NULL);
	sim_template(trial->template);
}

/* The server complains of each fault, as it should; here they are expected. */
static void keep_quiet(void *self, const char *line, size_t size)
{
	(void)self;
	(void)line;
	(void)size;
}

int main(int argc, char **argv)
{
	const char *fewer = getenv("FLOW_SIM_SEEDS"); /* under the sanitizers */
	unsigned long long usual = fewer == NULL ? SEEDS : strtoull(fewer, NULL, 10);
	unsigned long long seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : usual;
	unsigned long long first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct trial trial = {.calm = ledger_new(), .rough = ledger_new()};
	struct err err;
	unsigned long long keys = 0, rows = 0, runs = 0;
	trial.expected = calloc(RUNS_MAX, sizeof *trial.expected);
	trial.got = calloc(RUNS_MAX, sizeof *trial.got);
	must(trial.expected != NULL && trial.got != NULL);
	log_setup(&(struct log_options){.level = LOG_LEVEL_ERROR, .put = keep_quiet});
	make_folders(&trial);
	must(expr_open(NULL, &trial.expr, &err));
	for (unsigned long long seed = first; seed < first + seeds; seed++) {
		try_seed(&trial, seed);
		keys += trial.rough->count;
		runs += trial.runs;
		for (size_t i = 0; i < trial.runs; i++)
			rows += (unsigned long long)trial.got[i].seq;
	}
	expr_close(trial.expr);
	sim_clear(trial.folder);
	sim_clear(trial.template);
	rmdir(trial.folder);
	rmdir(trial.template);
	printf("flow_sim: seeds %llu to %llu: %llu runs, %llu rows, %llu keys, %ld faults, %ld lives; all ended as "
		   "undisturbed\n",
		   first, first + seeds - 1, runs, rows, keys, trial.faults, trial.lives);
	free(trial.expected);
	free(trial.got);
	ledger_free(trial.calm);
	ledger_free(trial.rough);
	return 0;
}
