#include "flow/flow_metrics.h"

#include <stdio.h>
#include <string.h>

#include "core/env.h"
#include "core/err.h"
#include "core/log.h"
#include "flow/domain/budget.h"
#include "flow/domain/memory.h"
#include "flow/domain/money.h"
#include "flow/domain/run.h"
#include "flow/llm_cache.h"
#include "flow/runs_repo.h"
#include "flow/tally.h"
#include "http/metrics.h"
#include "store/store.h"

static void sample(struct metrics_out *out, const char *key, const char *value, double number)
{
	char label[64];
	snprintf(label, sizeof label, "%s=\"%s\"", key, value);
	metrics_sample(out, label, number);
}

/* `take` gets each row of a statement; false: it was logged, and there is nothing to tell. */
static bool ask(const struct flow_metrics *m, const char *sql, void (*take)(const struct db_rows *row, void *self),
				void *self)
{
	struct err err;
	struct db_rows rows;
	struct db *db = store_read(m->store);
	bool read = db_query_values(db, &rows, &err, sql, NULL, 0);
	while (read && db_next(&rows))
		take(&rows, self);
	read = read && db_end(&rows, &err);
	store_read_end(m->store, db);
	if (!read)
		log_error("runs could not be counted", log_str("why", err.message));
	return read;
}

static size_t place_of(const char *const *names, size_t count, const char *name)
{
	size_t i = 0;
	while (i < count && strcmp(names[i], name) != 0)
		i++;
	return i; /* count: of a newer program's time */
}

/* --- runs --- */

static void take_status(void *self, const char *status, int64_t runs)
{
	int64_t *counts = self;
	counts[place_of(run_status_names, RUN_STATUSES, status)] += runs;
}

static void collect_runs(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	int64_t counts[RUN_STATUSES + 1] = {0};
	struct err err;
	struct db *db = store_read(m->store);
	bool read = runs_count(db, take_status, counts, &err);
	store_read_end(m->store, db);
	if (!read) {
		log_error("runs could not be counted", log_str("why", err.message));
		return;
	}
	for (size_t i = 0; i < RUN_STATUSES; i++)
		sample(out, "status", run_status_names[i], (double)counts[i]);
}

/* --- what the engine counts --- */

static int64_t counted(const _Atomic int64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static void collect_steps(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	for (size_t i = 0; i < TALLY_STEPS; i++)
		sample(out, "outcome", tally_step_names[i], (double)counted(&m->tally->steps[i]));
}

static void collect_turns(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	for (size_t i = 0; i < TALLY_TURNS; i++)
		sample(out, "outcome", tally_turn_names[i], (double)counted(&m->tally->turns[i]));
}

static void collect_batches(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	int64_t counts[TALLY_BUCKETS];
	for (size_t i = 0; i < TALLY_BUCKETS; i++)
		counts[i] = counted(&m->tally->batches[i]);
	metrics_buckets(out, counts, tally_batch_bounds, TALLY_BUCKETS, 1, (double)counted(&m->tally->rows));
}

static void collect_timer_lag(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	metrics_histogram(out, NULL, &m->tally->timer_lag);
}

static void collect_retries(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	metrics_sample(out, NULL, (double)counted(&m->tally->retries));
}

static void collect_stuck(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	metrics_sample(out, NULL, (double)counted(&m->tally->stuck));
}

/* --- the cache of answers --- */

enum cache_figure { CACHE_HITS, CACHE_MISSES, CACHE_EVICTIONS, CACHE_SAVED, CACHE_ENTRIES, CACHE_BYTES };

static double cache_figure(const struct llm_level_figures *figures, enum cache_figure figure)
{
	switch (figure) {
	case CACHE_HITS:
		return (double)figures->hits;
	case CACHE_MISSES:
		return (double)figures->misses;
	case CACHE_EVICTIONS:
		return (double)figures->evictions;
	case CACHE_SAVED:
		return (double)figures->saved_micros / (double)MONEY_UNIT;
	case CACHE_ENTRIES:
		return (double)figures->entries;
	default:
		return (double)figures->bytes;
	}
}

/* The last level is the call itself: it holds nothing. */
static void collect_cache(const struct flow_metrics *m, struct metrics_out *out, enum cache_figure figure)
{
	struct llm_level_figures figures[LLM_LEVELS] = {0};
	struct err err;
	size_t levels = figure >= CACHE_EVICTIONS ? LLM_L4 : LLM_LEVELS;
	if (m->cache != NULL && figure < CACHE_ENTRIES) {
		llm_cache_counters(m->cache, figures);
	} else if (m->cache != NULL && !llm_cache_figures(m->cache, NULL, figures, &err)) {
		log_error("answers of models could not be counted", log_str("why", err.message));
		return;
	}
	for (size_t i = 0; i < levels; i++)
		sample(out, "level", llm_level_names[i], cache_figure(&figures[i], figure));
}

static void collect_cache_hits(void *self, struct metrics_out *out)
{
	collect_cache(self, out, CACHE_HITS);
}

static void collect_cache_misses(void *self, struct metrics_out *out)
{
	collect_cache(self, out, CACHE_MISSES);
}

static void collect_cache_evictions(void *self, struct metrics_out *out)
{
	collect_cache(self, out, CACHE_EVICTIONS);
}

static void collect_cache_saved(void *self, struct metrics_out *out)
{
	collect_cache(self, out, CACHE_SAVED);
}

static void collect_cache_entries(void *self, struct metrics_out *out)
{
	collect_cache(self, out, CACHE_ENTRIES);
}

static void collect_cache_bytes(void *self, struct metrics_out *out)
{
	collect_cache(self, out, CACHE_BYTES);
}

/* --- budgets --- */

struct budget_counts {
	int64_t now_us, of[BUDGET_EXHAUSTED + 1];
};

/* One whose window is over stands at the start of the next, which is empty. */
static void take_budget(const struct db_rows *row, void *self)
{
	struct budget_counts *counts = self;
	bool over = db_int(row, 4) <= counts->now_us;
	double usage = budget_usage(db_int(row, 0), over ? 0 : db_int(row, 1));
	counts->of[budget_status(usage, db_real(row, 2), db_real(row, 3))]++;
}

static void collect_budgets(void *self, struct metrics_out *out)
{
	const struct flow_metrics *m = self;
	struct budget_counts counts = {.now_us = env_wall_us(m->env)};
	if (!ask(m, "SELECT allocated, consumed + reserved, warning, critical, window_end FROM budgets", take_budget,
			 &counts))
		return;
	for (size_t i = 0; i <= BUDGET_EXHAUSTED; i++)
		sample(out, "status", budget_status_names[i], (double)counts.of[i]);
}

/* --- memory --- */

enum { MEMORY_FIGURES = 5 };
struct memory_counts {
	int64_t of[MEMORY_TIERS + 1][MEMORY_FIGURES];
};

static void take_tier(const struct db_rows *row, void *self)
{
	struct memory_counts *counts = self;
	size_t tier = place_of(memory_tier_names, MEMORY_TIERS, db_text(row, 0));
	for (int i = 0; i < MEMORY_FIGURES; i++)
		counts->of[tier][i] = db_int(row, i + 1);
}

/* A row for each agent and tier, kept with every change. */
static void collect_memory(const struct flow_metrics *m, struct metrics_out *out, int figure)
{
	struct memory_counts counts = {0};
	if (!ask(m,
			 "SELECT tier, SUM(memories), SUM(bytes), SUM(dedup_hits), SUM(evictions), SUM(expiries) FROM memory_tiers "
			 "GROUP BY tier",
			 take_tier, &counts))
		return;
	for (size_t i = 0; i < MEMORY_TIERS; i++)
		sample(out, "tier", memory_tier_names[i], (double)counts.of[i][figure]);
}

static void collect_memories(void *self, struct metrics_out *out)
{
	collect_memory(self, out, 0);
}

static void collect_memory_bytes(void *self, struct metrics_out *out)
{
	collect_memory(self, out, 1);
}

static void collect_memory_dedup(void *self, struct metrics_out *out)
{
	collect_memory(self, out, 2);
}

static void collect_memory_evictions(void *self, struct metrics_out *out)
{
	collect_memory(self, out, 3);
}

static void collect_memory_expiries(void *self, struct metrics_out *out)
{
	collect_memory(self, out, 4);
}

static const struct metrics_family families[] = {
	{"flow_runs", METRICS_GAUGE, "Runs by status", collect_runs},
	{"flow_steps_total", METRICS_COUNTER, "Steps that ended, each attempt and each block, by outcome", collect_steps},
	{"flow_turns_total", METRICS_COUNTER, "Turns of runs by outcome", collect_turns},
	{"flow_commit_batch_size", METRICS_HISTOGRAM, "Rows of the journal that one commit wrote", collect_batches},
	{"flow_timer_lag_seconds", METRICS_HISTOGRAM, "From when a timer was due to its turn", collect_timer_lag},
	{"flow_retries_total", METRICS_COUNTER, "Retries that were begun after a fault", collect_retries},
	{"flow_stuck_total", METRICS_COUNTER, "Runs that waited for nothing and were driven again", collect_stuck},
	{"flow_cache_hits_total", METRICS_COUNTER, "Answers of models found, by level; l4: calls that answered",
	 collect_cache_hits},
	{"flow_cache_misses_total", METRICS_COUNTER, "Answers not found, by level; l4: calls that failed",
	 collect_cache_misses},
	{"flow_cache_evictions_total", METRICS_COUNTER, "Answers that made room", collect_cache_evictions},
	{"flow_cache_saved_total", METRICS_COUNTER, "Money that answers found did not cost again", collect_cache_saved},
	{"flow_cache_entries", METRICS_GAUGE, "Answers that are kept", collect_cache_entries},
	{"flow_cache_bytes", METRICS_GAUGE, "Bytes of answers that are kept; of l3 of their vectors", collect_cache_bytes},
	{"flow_budgets", METRICS_GAUGE, "Budgets by status", collect_budgets},
	{"flow_memories", METRICS_GAUGE, "Memories of agents by tier", collect_memories},
	{"flow_memory_bytes", METRICS_GAUGE, "Bytes of their contents", collect_memory_bytes},
	{"flow_memory_dedup_hits_total", METRICS_COUNTER, "Memories that were there already", collect_memory_dedup},
	{"flow_memory_evictions_total", METRICS_COUNTER, "Memories that made room", collect_memory_evictions},
	{"flow_memory_expiries_total", METRICS_COUNTER, "Memories whose time was over", collect_memory_expiries},
};

void flow_metrics_add(struct metrics *metrics, struct flow_metrics *self)
{
	metrics_add_all(metrics, families, sizeof families / sizeof *families, self);
}
