/*
 * How fast the workflow engine is, with real fsync: runs of set steps from start to end, one at a time and many at
 * once; bytes of journal a step; runs that sleep, and how late they wake; a process that takes up what another left.
 * Usage: flow_bench [FOLDER], which is made anew (/var/tmp/countersign-flow-bench).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/embedded.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "expr/expr.h"
#include "flow/definition.h"
#include "flow/runner.h"
#include "link/outgoing.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[];

enum { MIGRATIONS = 128, ROUNDS = 21, MANY = 256, STEPS_OF_MANY = 400, SLEEPERS = 10000, TEXT = 64, WAIT_MS = 120000 };

#define ACCOUNT "01900000-0000-7000-8000-00000000000a"

struct bench {
	char folder[200];
	struct id_maker ids;
	struct ir_policy policy;
	struct outgoing outgoing;
	struct expr_pool *expr;
	struct store *store;
	struct runner *runner;
	struct arena arena;
};

static double now_ms(void)
{
	return (double)env_mono_us(env_real()) / 1e3;
}

/* --- opening --- */

static void open_store(struct bench *b)
{
	struct store_migration steps[MIGRATIONS];
	const struct env *env = env_real();
	struct err err;
	struct store_options options = {.folder = b->folder,
									.migrations = steps,
									.sha256_hex = sha256_hex,
									.mono_us = env->mono_us,
									.wall_us = env->wall_us,
									.clock = env->self,
									.new_store_id = "01900000-0000-7000-8000-0000000000ff",
									.batch_max = 256,
									.queue_max = 65536,
									.readers = 4};
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++)
		steps[options.migrations_count++] =
			(struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	if (!store_open(&options, &b->store, &err)) {
		fprintf(stderr, "%s\n", err.message);
		exit(1);
	}
}

static void open_runner(struct bench *b)
{
	struct err err;
	const struct runner_options options = {.store = b->store,
										   .env = env_real(),
										   .ids = &b->ids,
										   .expr = b->expr,
										   .outgoing = &b->outgoing,
										   .policy = &b->policy,
										   .event_source = "bench",
										   .version = "bench",
										   .turns = 2,
										   .effects = 4,
										   .retry_max = 1000,
										   .retry_max_delay_ms = 3600000};
	must(runner_open(&options, &b->runner, &err));
}

static bool add_account(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, 'bench', 0)",
				  V_TEXT(ACCOUNT));
}

static void open_bench(struct bench *b, const char *folder)
{
	char command[300];
	struct err err;
	snprintf(b->folder, sizeof b->folder, "%s", folder);
	snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
	must(system(command) == 0);
	arena_init(&b->arena, (size_t)1 << 30);
	id_maker_init(&b->ids, env_real());
	must(expr_open(NULL, &b->expr, &err));
	open_store(b);
	must(store_write(b->store, add_account, NULL, &err));
	open_runner(b);
}

/* --- runs --- */

static char *sets(int count)
{
	struct buf out;
	buf_init(&out, 0);
	buf_adds(
		&out,
		"{\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"bench\",\"name\":\"sets\",\"version\":\"1.0.0\"},\"do\":[");
	for (int i = 0; i < count; i++)
		buf_addf(&out, "%s{\"t%d\":{\"set\":{\"n\":%d,\"before\":\"${ .n }\"}}}", i > 0 ? "," : "", i, i);
	buf_adds(&out, "]}");
	return buf_take(&out, NULL);
}

static char *sleeper(int seconds)
{
	struct buf out;
	buf_init(&out, 0);
	buf_addf(&out,
			 "{\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"bench\",\"name\":\"sleeper\",\"version\":\"1.0.0\"},"
			 "\"do\":[{\"w\":{\"wait\":{\"seconds\":%d}}}]}",
			 seconds);
	return buf_take(&out, NULL);
}

struct start {
	struct bench *bench;
	struct runner_start start;
};

static bool insert(struct db *db, void *self, struct err *err)
{
	struct start *s = self;
	return runner_insert(s->bench->runner, db, &s->start, err);
}

struct kind {
	struct definition *definition;
	char *text, sha256[65];
};

static void open_kind(struct bench *b, struct kind *kind, char *text)
{
	struct err err = {.kind = ERR_NONE};
	struct definition_problems problems = {.arena = &b->arena};
	kind->text = text;
	kind->definition = runner_definition(b->runner, text, strlen(text), kind->sha256, &problems, &err);
	must(kind->definition != NULL);
}

static void close_kind(struct kind *kind)
{
	definition_unref(kind->definition);
	free(kind->text);
}

static struct start start_of(struct bench *b, const struct kind *kind)
{
	return (struct start){.bench = b,
						  .start = {.account_id = ACCOUNT,
									.definition = kind->definition,
									.definition_text = kind->text,
									.definition_sha256 = kind->sha256,
									.input = "{\"n\":0}",
									.priority = 5}};
}

static void begin(struct bench *b, const struct kind *kind, char run_id[37])
{
	struct err err;
	struct start s = start_of(b, kind);
	must(store_write(b->store, insert, &s, &err));
	strcpy(run_id, s.start.run_id);
	runner_wake(b->runner, run_id);
}

/* --- one at a time --- */

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void measure_one(struct bench *b, int steps, double budget_ms)
{
	double times[ROUNDS];
	struct kind kind;
	open_kind(b, &kind, sets(steps));
	for (int i = 0; i < ROUNDS; i++) {
		char id[37];
		double from = now_ms();
		begin(b, &kind, id);
		must(runner_wait(b->runner, id, false, WAIT_MS));
		times[i] = now_ms() - from;
	}
	close_kind(&kind);
	qsort(times, ROUNDS, sizeof *times, by_size);
	printf("%4d set steps, start to end:        median %6.2f ms, least %6.2f ms (budget %g ms)\n", steps,
		   times[ROUNDS / 2], times[0], budget_ms);
}

/* --- many at once --- */

struct batch {
	struct start *starts;
	size_t count;
};

static bool insert_all(struct db *db, void *self, struct err *err)
{
	struct batch *batch = self;
	for (size_t i = 0; i < batch->count; i++)
		if (!insert(db, &batch->starts[i], err))
			return false;
	return true;
}

static struct start *begin_many(struct bench *b, const struct kind *kind, size_t count)
{
	struct err err;
	struct batch batch = {.starts = calloc(count, sizeof(struct start)), .count = count};
	must(batch.starts != NULL);
	for (size_t i = 0; i < count; i++)
		batch.starts[i] = start_of(b, kind);
	must(store_write(b->store, insert_all, &batch, &err));
	return batch.starts;
}

static void measure_many(struct bench *b)
{
	struct kind kind;
	open_kind(b, &kind, sets(STEPS_OF_MANY));
	struct start *starts = begin_many(b, &kind, MANY);
	double from = now_ms();
	for (size_t i = 0; i < MANY; i++)
		runner_wake(b->runner, starts[i].start.made_id);
	for (size_t i = 0; i < MANY; i++)
		must(runner_wait(b->runner, starts[i].start.made_id, false, WAIT_MS));
	double ms = now_ms() - from;
	free(starts);
	close_kind(&kind);
	printf("%d runs of %d set steps at once:   %.0f steps/s (budget 100,000)\n", MANY, STEPS_OF_MANY,
		   MANY * STEPS_OF_MANY / ms * 1e3);
}

/* --- storage --- */

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static int64_t number(struct bench *b, const char *sql, const char *text)
{
	int64_t value = 0;
	bool found;
	struct err err;
	struct db *db = store_read(b->store);
	must(db_one(db, &err, &found, take_int, &value, sql, V_TEXT(text)));
	store_read_end(b->store, db);
	return value;
}

static void measure_storage(struct bench *b)
{
	static const int counts[] = {100, 1000, 4000};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		struct kind kind;
		char id[37];
		open_kind(b, &kind, sets(counts[i]));
		begin(b, &kind, id);
		must(runner_wait(b->runner, id, false, WAIT_MS));
		close_kind(&kind);
		int64_t bytes = number(b, "SELECT SUM(LENGTH(lines)) FROM flow_journal WHERE run_id = $1", id);
		printf("journal of a run of %5d steps:      %.1f bytes a step\n", counts[i], (double)bytes / counts[i]);
	}
}

/* --- sleep --- */

static double resident_mb(void)
{
	long total = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	must(file != NULL && fscanf(file, "%ld %ld", &total, &resident) == 2);
	fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static void await_status(struct bench *b, const char *status, int64_t count)
{
	while (number(b, "SELECT COUNT(*) FROM flow_runs WHERE name = 'sleeper' AND status = $1", status) < count)
		usleep(20000);
}

static void measure_sleep(struct bench *b)
{
	struct kind kind;
	double before = resident_mb();
	open_kind(b, &kind, sleeper(20));
	struct start *starts = begin_many(b, &kind, SLEEPERS);
	for (size_t i = 0; i < SLEEPERS; i++)
		runner_wake(b->runner, starts[i].start.made_id);
	await_status(b, "waiting", SLEEPERS);
	printf("%d sleeping runs:                %.1f MB resident, %.1f MB before (budget 100 MB)\n", SLEEPERS,
		   resident_mb(), before);
	runner_close(b->runner);
	double from = now_ms();
	open_runner(b);
	printf("taken up by a new runner:            %.0f ms (budget 2,000 ms for 1,000)\n", now_ms() - from);
	await_status(b, "completed", SLEEPERS);
	double late =
		(double)number(b,
					   "SELECT MAX(ended_at - started_at) - 20000000 FROM flow_runs WHERE name = 'sleeper' AND "
					   "status = $1",
					   "completed") /
		1e3;
	printf("all woken; the latest                %.0f ms after its time\n", late);
	free(starts);
	close_kind(&kind);
}

int main(int argc, char **argv)
{
	static struct bench b;
	open_bench(&b, argc > 1 ? argv[1] : "/var/tmp/countersign-flow-bench");
	measure_one(&b, 20, 5);
	measure_one(&b, 50, 8);
	measure_one(&b, 100, 12);
	measure_many(&b);
	measure_storage(&b);
	measure_sleep(&b);
	runner_close(b.runner);
	store_close(b.store);
	expr_close(b.expr);
	id_maker_fini(&b.ids);
	arena_fini(&b.arena);
	return 0;
}
