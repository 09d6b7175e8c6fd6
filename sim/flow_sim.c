/*
 * flow_sim [--sub-runs] [--turn-rows N] [SEEDS [FIRST]]: runs of workflows on a disk that loses power, tears sectors,
 * is full and fails, and on a network that refuses and breaks, from seeds [flow.md 14].
 *
 * What a seed brings about is a function of its number alone: no thread, clock or process takes part.  For each some
 * definitions are made up.  They run to their end undisturbed, then again with faults; after each the store and the
 * runner are opened anew on what the disk kept, some time later.  Then: every run ended as without the faults; its
 * journal has no gap, leads to its row, and agrees with the network on every request (flow_record.h); and the network
 * was asked under the same keys, of which none came with two requests.  Where the undisturbed run has a race, how far
 * the steps in it came may differ, and nothing else.
 * With --sub-runs the first run of each seed starts others, which are held to the same; who they are says the step that
 * started them, for their ids are random.
 * With --turn-rows a turn ends after N rows, so that commits lie between any two decisions.
 * Exit 0 and one line with the figures; 1 after a line on each seed that failed.  The fingerprint of many seeds is the
 * sum of theirs: a seed alone and in a slice is the same.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/log.h"
#include "core/must.h"
#include "core/rng.h"
#include "expr/expr.h"
#include "sim/flow_folder.h"
#include "sim/flow_kids.h"
#include "sim/flow_net.h"
#include "sim/flow_plot.h"
#include "sim/flow_record.h"
#include "sim/flow_world.h"
#include "store/fault_vfs.h"

enum { SEEDS = 25, DISTURBANCES_MAX = 4, LOOPS_MAX = 64, DOWN_MAX_S = 30, TENDED_ONCE_IN = 4, FAMILY_MAX = 128 };

struct figures {
	long seeds, failed, runs, rows, keys, faults, kills, lives, steps, races, excused, orders;
	uint64_t fingerprint;
};

/* Runs with those that they started: the first ones are the plots'. */
struct family {
	struct sim_record records[FAMILY_MAX];
	struct sim_child children[FAMILY_MAX]; /* of those behind the plots' */
	size_t count;
};

struct trial {
	uint64_t seed;
	char folder[SIM_FOLDER], template[SIM_FOLDER];
	struct expr_pool *expr;
	struct fault_vfs *disk;
	struct plot plots[RUNS_MAX];
	size_t runs;
	struct ledger *calm, *rough;
	struct family expected, got;
	bool sub_runs;
	unsigned turn_rows; /* 0: as usual */
	long calls;
	int64_t now_us; /* when the last life ended */
	bool failed;
	uint64_t print, first_print;
	struct figures sum;
};

/* --- words --- */

static bool fail(struct trial *trial, const char *what, const char *run_id, const char *more)
{
	fprintf(stderr, "seed %" PRIu64 ": %s: run %s %s\n", trial->seed, what, run_id, more);
	for (size_t i = 0; i < trial->runs; i++)
		if (!trial->failed && strcmp(trial->plots[i].run_id, run_id) == 0)
			fprintf(stderr, "%s\n", trial->plots[i].definition);
	trial->failed = true;
	return false;
}

/* --- lives --- */

static struct sim_world *open_world(struct trial *trial, struct ledger *ledger, uint64_t order)
{
	const struct world_options options = {.folder = trial->folder,
										  .vfs = "sim",
										  .expr = trial->expr,
										  .ledger = ledger,
										  .network_seed = trial->seed,
										  .order_seed = order,
										  .turn_rows = trial->turn_rows,
										  .start_us = trial->now_us};
	return sim_open(&options);
}

static void close_world(struct trial *trial, struct sim_world *sim)
{
	trial->now_us = sim_now_us(sim);
	trial->sum.steps += sim_steps(sim);
	sim_close(sim);
}

static bool begin_all(struct trial *trial, struct sim_world *sim)
{
	bool good = true;
	for (size_t i = 0; i < trial->runs && good; i++)
		good = sim_begin(sim, &trial->plots[i]);
	return good;
}

static bool read_all(struct trial *trial, struct sim_world *sim, struct family *family)
{
	bool good = true;
	for (size_t i = 0; i < trial->runs; i++)
		good = sim_read(sim, trial->plots[i].run_id, &family->records[i]) && good;
	family->count = trial->runs + sim_children(sim, family->children + trial->runs, FAMILY_MAX - trial->runs);
	for (size_t i = trial->runs; i < family->count; i++)
		good = sim_read(sim, family->children[i].run_id, &family->records[i]) && good;
	return good || fail(trial, "a journal cannot be read", "", "");
}

static void forget_all(struct family *family)
{
	for (size_t i = 0; i < family->count; i++)
		record_fini(&family->records[i]);
	family->count = 0;
}

static void fresh_disk(struct trial *trial)
{
	sim_clear(trial->folder);
	sim_copy(trial->template, trial->folder);
	trial->disk = fault_vfs_new("sim", true);
	fault_vfs_plan(trial->disk, (struct fault_plan){.kind = FAULT_NONE});
	trial->now_us = SIM_START_US;
}

static void end_disk(struct trial *trial)
{
	fault_vfs_free(trial->disk);
}

/* --- undisturbed --- */

static bool run_calm(struct trial *trial)
{
	fresh_disk(trial);
	struct sim_world *sim = open_world(trial, trial->calm, trial->seed);
	must(sim != NULL && begin_all(trial, sim));
	bool good = sim_drive(sim) == SIM_OVER || fail(trial, "undisturbed", "", "it does not end");
	trial->calls = (long)fault_vfs_count(trial->disk, FAULT_ANY_CALL);
	good = read_all(trial, sim, &trial->expected) && good;
	close_world(trial, sim);
	end_disk(trial);
	return good;
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

/* One life of the process, until all is over or the disk is lost. */
static enum sim_end live_once(struct trial *trial, struct rng *rng, bool last)
{
	fault_vfs_plan(trial->disk, last ? (struct fault_plan){.kind = FAULT_NONE} : choose_fault(trial, rng));
	trial->sum.lives++;
	struct sim_world *sim = open_world(trial, trial->rough, rng_next(rng));
	enum sim_end end = SIM_DISK_LOST;
	if (sim != NULL && begin_all(trial, sim))
		end = sim_drive(sim);
	if (end == SIM_STUCK)
		(void)read_all(trial, sim, &trial->got);
	if (sim != NULL)
		close_world(trial, sim);
	trial->sum.faults += fault_vfs_struck(trial->disk);
	trial->sum.kills += end == SIM_DISK_LOST;
	return end;
}

/* Nothing that was not synced is certain when the power goes; a process that ends leaves all it wrote. */
static void between(struct trial *trial, struct rng *rng)
{
	if (fault_vfs_struck(trial->disk) && rng_below(rng, 4) > 0)
		must(fault_vfs_cut(trial->disk, rng_next(rng)));
	if (rng_below(rng, 2) == 0)
		trial->now_us += (int64_t)rng_below(rng, DOWN_MAX_S * 1000) * 1000;
}

static bool live_on(struct trial *trial, struct rng *rng)
{
	size_t faults = 1 + rng_below(rng, DISTURBANCES_MAX);
	for (size_t i = 0; i < LOOPS_MAX; i++) {
		enum sim_end end = live_once(trial, rng, i >= faults);
		if (end == SIM_OVER)
			return true;
		if (end == SIM_STUCK)
			return fail(trial, "disturbed", "", "nothing is under way and it is not over");
		between(trial, rng);
	}
	return fail(trial, "disturbed", "", "it does not get on");
}

static bool run_rough(struct trial *trial, struct rng *rng)
{
	fresh_disk(trial);
	bool good = live_on(trial, rng);
	fault_vfs_plan(trial->disk, (struct fault_plan){.kind = FAULT_NONE});
	struct sim_world *sim = good ? open_world(trial, trial->rough, trial->seed) : NULL;
	if (good && sim == NULL)
		good = fail(trial, "disturbed", "", "the store does not open again");
	if (sim != NULL) {
		good = read_all(trial, sim, &trial->got);
		close_world(trial, sim);
	}
	end_disk(trial);
	return good;
}

/* --- judging --- */

static const struct sim_record *record_of(const struct family *family, const char *run_id)
{
	for (size_t i = 0; i < family->count; i++)
		if (strcmp(family->records[i].run_id, run_id) == 0)
			return &family->records[i];
	return NULL;
}

/* The same run in the other family: plots' by their ids, others by their lineage.  NULL: there is none. */
static const struct sim_record *like(const struct trial *trial, const struct family *from, const struct family *to,
									 const struct sim_record *record)
{
	size_t at = (size_t)(record - from->records);
	if (at < trial->runs)
		return &to->records[at];
	for (size_t i = trial->runs; i < to->count; i++)
		if (strcmp(to->children[i].lineage, from->children[at].lineage) == 0)
			return &to->records[i];
	return NULL;
}

/* The step that started the run, and whose run that is. */
static const struct effect_record *start_of(const struct family *family, const char *run_id,
											const struct sim_record **parent)
{
	for (size_t i = 0; i < family->count; i++)
		for (size_t j = 0; j < family->records[i].effects_count; j++) {
			const struct effect_record *effect = &family->records[i].effects[j];
			if (effect->child != NULL && strcmp(effect->child, run_id) == 0) {
				*parent = &family->records[i];
				return effect;
			}
		}
	return NULL;
}

/* Does the undisturbed run have a race where this was asked for, or where the run was started? */
static bool is_in_race(const struct trial *trial, const struct family *family, const struct sim_record *record,
					   const struct effect_record *effect)
{
	for (; effect != NULL; effect = start_of(family, record->run_id, &record)) {
		const struct sim_record *calm =
			family == &trial->expected ? record : like(trial, family, &trial->expected, record);
		const struct sim_record *rough = family == &trial->got ? record : like(trial, family, &trial->got, record);
		if (record_races(calm, rough, effect))
			return true;
	}
	return false;
}

static bool run_is_in_race(const struct trial *trial, const struct family *family, const char *run_id)
{
	const struct sim_record *parent = NULL;
	const struct effect_record *start = start_of(family, run_id, &parent);
	return start != NULL && is_in_race(trial, family, parent, start);
}

/* Where it was sent its run's journal knows the place. */
static bool may_differ(void *self, const struct delivery *which)
{
	struct trial *trial = self;
	const struct family *families[] = {&trial->expected, &trial->got};
	for (size_t i = 0; i < 2; i++) {
		const struct sim_record *record = record_of(families[i], which->run_id);
		const struct effect_record *effect = record == NULL ? NULL : record_find(record, which->key);
		if (effect != NULL && is_in_race(trial, families[i], record, effect)) {
			trial->sum.excused++;
			return true;
		}
	}
	return false;
}

static bool judge_by_itself(struct trial *trial, const struct family *family, const struct ledger *ledger)
{
	for (size_t i = 0; i < family->count; i++) {
		const struct sim_record *record = &family->records[i];
		const char *step = "", *wrong = record_is_wrong(record, ledger, &step);
		if (wrong != NULL)
			return fail(trial, wrong, record->run_id, step);
		if (!record->over)
			return fail(trial, "not over", record->run_id, "");
	}
	return true;
}

/* Each run of one family is in the other, with the same end, unless it was started in a race. */
static bool judge_ends(struct trial *trial, const struct family *from, const struct family *to)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct sim_record *record = &from->records[i], *other = like(trial, from, to, record);
		if ((other != NULL && strcmp(record->text, other->text) == 0) ||
			(i >= trial->runs && run_is_in_race(trial, from, record->run_id)))
			continue;
		fprintf(stderr, "one  %s\nother %s\n", record->text, other == NULL ? "(none)" : other->text);
		return fail(trial, "another end", record->run_id, "");
	}
	return true;
}

static bool judge(struct trial *trial)
{
	bool good = judge_by_itself(trial, &trial->expected, trial->calm) &&
				judge_by_itself(trial, &trial->got, trial->rough) && judge_ends(trial, &trial->expected, &trial->got) &&
				judge_ends(trial, &trial->got, &trial->expected);
	const struct delivery *which = NULL;
	const char *what = good ? ledger_differs(trial->calm, trial->rough, &which, may_differ, trial) : NULL;
	return good &&
		   (what == NULL || fail(trial, what, which == NULL ? "" : which->run_id, which == NULL ? "" : which->step));
}

/* --- seeds --- */

static void make_plots(struct trial *trial, struct rng *rng)
{
	trial->runs = 1 + rng_below(rng, RUNS_MAX);
	for (size_t i = 0; i < trial->runs; i++) {
		struct plot *plot = &trial->plots[i];
		plot->tended = rng_below(rng, TENDED_ONCE_IN) == 0 && !(trial->sub_runs && i == 0);
		plot->parent = trial->sub_runs && i == 0;
		plot->definition = plot_make(rng, plot->parent ? PLOT_PARENT : plot->tended ? PLOT_TENDED : PLOT_PLAIN);
		snprintf(plot->run_id, sizeof plot->run_id, "%08x-0000-7000-8000-%012llx", (unsigned)trial->seed,
				 (unsigned long long)i);
		snprintf(plot->seed, sizeof plot->seed, "%u", (unsigned)rng_below(rng, 1000));
	}
}

static uint64_t fingerprint(const struct trial *trial)
{
	uint64_t sum = mix(MIX_NOTHING, &trial->now_us, sizeof trial->now_us);
	for (size_t i = 0; i < trial->rough->count; i++) {
		const struct delivery *item = &trial->rough->items[i];
		sum = mix(mix(sum, item->key, 64), &item->deliveries, sizeof item->deliveries);
	}
	for (size_t i = 0; i < trial->runs; i++) {
		const char *text = trial->got.records[i].text == NULL ? "" : trial->got.records[i].text;
		sum = mix(mix(sum, &trial->got.records[i].seq, sizeof trial->got.records[i].seq), text, strlen(text));
	}
	return sum;
}

static void count(struct trial *trial)
{
	struct figures *sum = &trial->sum;
	trial->print = fingerprint(trial);
	sum->seeds++;
	sum->failed += trial->failed;
	sum->runs += (long)trial->got.count;
	sum->keys += (long)trial->rough->count;
	for (size_t i = 0; i < trial->runs; i++) {
		sum->rows += (long)trial->got.records[i].seq;
		sum->races += (long)trial->expected.records[i].races_count;
		sum->orders += trial->got.records[i].orders;
	}
	sum->fingerprint += trial->print;
}

static void try_seed(struct trial *trial, uint64_t seed)
{
	struct rng rng;
	rng_init(&rng, seed);
	trial->seed = seed;
	trial->failed = false;
	ledger_clear(trial->calm);
	ledger_clear(trial->rough);
	make_plots(trial, &rng);
	if (run_calm(trial) && run_rough(trial, &rng))
		(void)judge(trial);
	count(trial);
	for (size_t i = 0; i < trial->runs; i++)
		free((char *)(uintptr_t)trial->plots[i].definition);
	forget_all(&trial->expected);
	forget_all(&trial->got);
}

/* The first seed once more, after all others: it is the same, or something was left behind by them. */
static void try_seeds(struct trial *trial, uint64_t first, uint64_t seeds)
{
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		try_seed(trial, seed);
		if (seed == first)
			trial->first_print = trial->print;
	}
	const struct figures sum = trial->sum;
	try_seed(trial, first);
	trial->sum = sum;
	if (trial->print != trial->first_print) {
		fprintf(stderr, "seed %" PRIu64 " is another one after those that followed it\n", first);
		trial->sum.failed++;
	}
}

/* The server complains of each fault, as it should; here they are expected. */
static void keep_quiet(void *self, const char *line, size_t size)
{
	(void)self;
	(void)line;
	(void)size;
}

static void tell(const struct figures *sum, uint64_t first, double seconds)
{
	printf("flow_sim: seeds %" PRIu64 " to %" PRIu64
		   ": %ld failed; %ld runs, %ld rows, %ld keys, %ld steps; %ld orders; %ld faults, "
		   "%ld kills, %ld lives; %ld races, %ld requests in them differ; %.0f s; fingerprint %016" PRIx64 "\n",
		   first, first + (uint64_t)sum->seeds - 1, sum->failed, sum->runs, sum->rows, sum->keys, sum->steps,
		   sum->orders, sum->faults, sum->kills, sum->lives, sum->races, sum->excused, seconds, sum->fingerprint);
}

int main(int argc, char **argv)
{
	bool sub_runs = argc > 1 && strcmp(argv[1], "--sub-runs") == 0;
	argc -= sub_runs;
	argv += sub_runs;
	bool short_turns = argc > 2 && strcmp(argv[1], "--turn-rows") == 0;
	unsigned turn_rows = short_turns ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
	argc -= 2 * short_turns;
	argv += 2 * short_turns;
	const char *fewer = getenv("FLOW_SIM_SEEDS"); /* under the sanitizers */
	uint64_t usual = fewer == NULL ? SEEDS : strtoull(fewer, NULL, 10);
	uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : usual;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	struct trial *trial = calloc(1, sizeof *trial);
	must(trial != NULL);
	time_t began = time(NULL);
	(void)mallopt(M_MMAP_THRESHOLD,
				  1 << 20); /* large and hardly used tables are made for each life: not to be cleared */
	trial->calm = ledger_new();
	trial->rough = ledger_new();
	log_setup(&(struct log_options){.level = LOG_LEVEL_ERROR, .put = keep_quiet});
	sim_folder_new(trial->folder);
	sim_folder_new(trial->template);
	sim_template(trial->template, sub_runs);
	trial->sub_runs = sub_runs;
	trial->turn_rows = turn_rows;
	trial->expr = sim_expr();
	try_seeds(trial, first, seeds);
	expr_close(trial->expr);
	sim_folder_free(trial->folder);
	sim_folder_free(trial->template);
	tell(&trial->sum, first, difftime(time(NULL), began));
	bool failed = trial->sum.failed > 0;
	ledger_free(trial->calm);
	ledger_free(trial->rough);
	free(trial);
	return failed;
}
