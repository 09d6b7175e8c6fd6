/*
 * How fast the workflow engine is, with real fsync [flow.md 16]: runs of set steps from start to end, one at a time and
 * many at once; bytes of journal a step; runs that sleep; how late they wake; what a killed process left is taken up.
 * Usage: flow_bench [FOLDER [ROW...]]: the folder is made anew (/var/tmp/countersign-flow-bench); rows are resume steps
 * many storage sleep wake.  A line each: what, what came out, the budget, and "over" where it is not kept.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
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

enum {
	MIGRATIONS = 128,
	ROUNDS = 21,
	MANY = 256,
	STEPS_OF_MANY = 400,
	MANY_ROUNDS = 3,
	SLEEPERS = 10000,
	SLEEP_S = 20,
	WAKERS = 5000,
	KILLED = 1000,
	CALLS = 256,
	WAIT_MS = 120000
};

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

static void say(const char *what, const char *figure, const char *budget, bool kept)
{
	printf("%-48s %-34s %-22s %s\n", what, figure, budget, kept ? "" : "over");
	fflush(stdout);
}

__attribute__((format(printf, 1, 2))) static const char *words(const char *format, ...)
{
	static char texts[3][80];
	static int at;
	va_list args;
	char *text = texts[at++ % 3];
	va_start(args, format);
	vsnprintf(text, sizeof texts[0], format, args);
	va_end(args);
	return text;
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
										   .effects = CALLS,
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

static void open_bench(struct bench *b)
{
	char command[300];
	struct err err;
	snprintf(command, sizeof command, "rm -rf -- '%s'", b->folder);
	must(system(command) == 0);
	arena_init(&b->arena, (size_t)1 << 30);
	id_maker_init(&b->ids, env_real());
	must(expr_open(NULL, &b->expr, &err));
	open_store(b);
	must(store_write(b->store, add_account, NULL, &err));
	open_runner(b);
}

static void close_bench(struct bench *b)
{
	runner_close(b->runner);
	store_close(b->store);
	expr_close(b->expr);
	id_maker_fini(&b->ids);
	arena_fini(&b->arena);
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

static char *dup_text(const char *text)
{
	char *copy = strdup(text);
	must(copy != NULL);
	return copy;
}

#define DOCUMENT(name) \
	"{\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"bench\",\"name\":\"" name "\",\"version\":\"1.0.0\"},\"do\":["

static char *rounds_of_a_set(void)
{
	return dup_text(
		DOCUMENT("rounds") "{\"f\":{\"for\":{\"in\":\"${ [range(.n)] }\"},\"do\":[{\"s\":{\"set\":{\"x\":1}}}]}}]}");
}

static char *sleeper(void)
{
	return dup_text(DOCUMENT("sleeper") "{\"w\":{\"wait\":{\"milliseconds\":\"${ .n }\"}}}]}");
}

struct start {
	struct bench *bench;
	char input[32];
	struct runner_start start;
};

static bool insert(struct db *db, void *self, struct err *err)
{
	struct start *s = self;
	s->start.input = s->input;
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

static struct start start_of(struct bench *b, const struct kind *kind, int n)
{
	struct start s = {.bench = b,
					  .start = {.account_id = ACCOUNT,
								.definition = kind->definition,
								.definition_text = kind->text,
								.definition_sha256 = kind->sha256,
								.priority = 5}};
	snprintf(s.input, sizeof s.input, "{\"n\":%d}", n);
	return s;
}

static void begin(struct bench *b, const struct kind *kind, int n, char run_id[37])
{
	struct err err;
	struct start s = start_of(b, kind, n);
	must(store_write(b->store, insert, &s, &err));
	strcpy(run_id, s.start.run_id);
	runner_begin(b->runner, &s.start);
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
		begin(b, &kind, 0, id);
		must(runner_wait(b->runner, id, false, WAIT_MS));
		times[i] = now_ms() - from;
	}
	close_kind(&kind);
	qsort(times, ROUNDS, sizeof *times, by_size);
	double median = times[ROUNDS / 2];
	say(words("%d set steps, start to end (of %d)", steps, ROUNDS), words("%.2f ms, least %.2f ms", median, times[0]),
		words("%g ms", budget_ms), median < budget_ms);
}

static void measure_steps(struct bench *b)
{
	measure_one(b, 20, 5);
	measure_one(b, 50, 8);
	measure_one(b, 100, 12);
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

/* The n of the first one, and of each how much more. */
struct spread {
	int n, more_each;
};

static struct start *insert_many(struct bench *b, const struct kind *kind, size_t count, struct spread spread)
{
	struct err err;
	struct batch batch = {.starts = calloc(count, sizeof(struct start)), .count = count};
	must(batch.starts != NULL);
	for (size_t i = 0; i < count; i++)
		batch.starts[i] = start_of(b, kind, spread.n + (int)i * spread.more_each);
	must(store_write(b->store, insert_all, &batch, &err));
	return batch.starts;
}

static void begin_all(struct bench *b, const struct start *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		runner_begin(b->runner, &starts[i].start);
}

static double steps_per_second(struct bench *b, const struct kind *kind)
{
	struct start *starts = insert_many(b, kind, MANY, (struct spread){.n = 0});
	double from = now_ms();
	begin_all(b, starts, MANY);
	for (size_t i = 0; i < MANY; i++)
		must(runner_wait(b->runner, starts[i].start.made_id, false, WAIT_MS));
	double ms = now_ms() - from;
	free(starts);
	return MANY * STEPS_OF_MANY / ms * 1e3;
}

static void measure_many(struct bench *b)
{
	double rates[MANY_ROUNDS];
	struct kind kind;
	open_kind(b, &kind, sets(STEPS_OF_MANY));
	for (int i = 0; i < MANY_ROUNDS; i++)
		rates[i] = steps_per_second(b, &kind);
	close_kind(&kind);
	qsort(rates, MANY_ROUNDS, sizeof *rates, by_size);
	double median = rates[MANY_ROUNDS / 2];
	say(words("%d runs of %d set steps at once (of %d)", MANY, STEPS_OF_MANY, MANY_ROUNDS),
		words("%.0f steps/s", median), "100,000 /s", median >= 100000);
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

static int64_t bytes_of_rounds(struct bench *b, const struct kind *kind, int rounds)
{
	char id[37];
	begin(b, kind, rounds, id);
	must(runner_wait(b->runner, id, false, WAIT_MS));
	return number(b, "SELECT SUM(LENGTH(lines)) FROM flow_journal WHERE run_id = $1", id) +
		   number(b,
				  "SELECT COALESCE(SUM(LENGTH(value)), 0) FROM flow_values WHERE sha256 IN (SELECT sha256 FROM "
				  "flow_value_refs WHERE run_id = $1)",
				  id);
}

static void measure_storage(struct bench *b)
{
	static const int counts[] = {100, 1000, 10000, 100000};
	struct kind kind;
	double first = 0;
	open_kind(b, &kind, rounds_of_a_set());
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		double each = (double)bytes_of_rounds(b, &kind, counts[i]) / counts[i];
		first = i == 0 ? each : first;
		say(words("journal of %d steps, bytes a step", counts[i]), words("%.1f", each), "the first within 5 %",
			each > first / 1.05 && each < first * 1.05);
	}
	close_kind(&kind);
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
	open_kind(b, &kind, sleeper());
	struct start *starts = insert_many(b, &kind, SLEEPERS, (struct spread){.n = SLEEP_S * 1000});
	begin_all(b, starts, SLEEPERS);
	await_status(b, "waiting", SLEEPERS);
	double now = resident_mb();
	say(words("memory, %d sleeping runs", SLEEPERS), words("%.1f MB, %.1f MB before", now, before), "100 MB",
		now < 100);
	runner_close(b->runner);
	double from = now_ms();
	open_runner(b);
	double took = now_ms() - from;
	say(words("%d sleeping runs, taken up by another runner", SLEEPERS), words("%.0f ms", took), "2,000 ms",
		took < 2000);
	await_status(b, "completed", SLEEPERS);
	free(starts);
	close_kind(&kind);
}

/* A run a millisecond is due; how long after that its turn came. */
static void measure_wake(struct bench *b)
{
	struct kind kind;
	open_kind(b, &kind, sleeper());
	int64_t done = number(b, "SELECT COUNT(*) FROM flow_runs WHERE name = 'sleeper' AND status = $1", "completed");
	struct start *starts = insert_many(b, &kind, WAKERS, (struct spread){.n = SLEEP_S * 1000 / 4, .more_each = 1});
	begin_all(b, starts, WAKERS);
	await_status(b, "completed", done + WAKERS);
	double *late = calloc(WAKERS, sizeof *late);
	must(late != NULL);
	for (size_t i = 0; i < WAKERS; i++) {
		int64_t us =
			number(b, "SELECT ended_at - started_at FROM flow_runs WHERE run_id = $1", starts[i].start.made_id);
		late[i] = (double)us / 1e3 - (SLEEP_S * 1000 / 4 + (double)i);
	}
	qsort(late, WAKERS, sizeof *late, by_size);
	say(words("%d runs due, one a millisecond: late by", WAKERS),
		words("p50 %.1f p99 %.1f max %.1f ms", late[WAKERS / 2], late[WAKERS * 99 / 100], late[WAKERS - 1]), "50 ms",
		late[WAKERS - 1] < 50);
	free(late);
	free(starts);
	close_kind(&kind);
}

/* --- killed --- */

/* What the two processes share. */
struct lives {
	_Atomic int asked, ready;
};

static bool keep_waiting(void *self, const struct outgoing_request *request, struct outgoing_answer *answer,
						 struct err *err)
{
	(void)self;
	(void)answer;
	while (!request->given_up(request->self))
		usleep(10000);
	return err_set(err, ERR_DEADLINE, "given up");
}

static bool answer_at_once(void *self, const struct outgoing_request *request, struct outgoing_answer *answer,
						   struct err *err)
{
	struct lives *lives = self;
	(void)request;
	(void)err;
	lives->asked++;
	answer->status = 200;
	return true;
}

static char *caller(void)
{
	return dup_text(
		DOCUMENT("caller") "{\"c\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"http://peer/\","
						   "\"body\":{\"n\":\"${ .n }\"}}}}]}");
}

/* The first life: all runs have said what they ask, and some are asking it, when it ends. */
static _Noreturn void be_killed(struct bench *b, struct lives *lives)
{
	struct kind kind;
	b->outgoing = (struct outgoing){.ask = keep_waiting};
	open_bench(b);
	open_kind(b, &kind, caller());
	struct start *starts = insert_many(b, &kind, KILLED, (struct spread){.more_each = 1});
	begin_all(b, starts, KILLED);
	while (number(b, "SELECT COUNT(*) FROM flow_runs WHERE name = $1 AND seq > 0", "caller") < KILLED)
		usleep(10000);
	lives->ready = 1;
	for (;;)
		pause();
}

/* Nothing may have been opened before: the process is forked. */
static void measure_resume(struct bench *b)
{
	struct err err;
	struct lives *lives = mmap(NULL, sizeof *lives, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(lives != MAP_FAILED);
	pid_t pid = fork();
	must(pid >= 0);
	if (pid == 0)
		be_killed(b, lives);
	while (!lives->ready)
		usleep(10000);
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
	double from = now_ms();
	arena_init(&b->arena, (size_t)1 << 30);
	id_maker_init(&b->ids, env_real());
	b->outgoing = (struct outgoing){.ask = answer_at_once, .ask_self = lives};
	must(expr_open(NULL, &b->expr, &err));
	open_store(b);
	open_runner(b);
	while (lives->asked < KILLED)
		usleep(1000);
	double asked = now_ms() - from;
	while (number(b, "SELECT COUNT(*) FROM flow_runs WHERE status = $1", "completed") < KILLED)
		usleep(1000);
	say(words("killed: all of %d runs ask again", KILLED), words("%.0f ms, over in %.0f ms", asked, now_ms() - from),
		"2,000 ms", asked < 2000);
	must(lives->asked == KILLED);
	close_bench(b);
	munmap(lives, sizeof *lives);
}

static const struct row {
	const char *name;
	void (*measure)(struct bench *b);
} rows[] = {{"steps", measure_steps},
			{"many", measure_many},
			{"storage", measure_storage},
			{"sleep", measure_sleep},
			{"wake", measure_wake}};

static bool is_chosen(const char *name, char **names, int count)
{
	bool chosen = count == 0;
	for (int i = 0; i < count; i++)
		chosen = chosen || strcmp(names[i], name) == 0;
	return chosen;
}

int main(int argc, char **argv)
{
	static struct bench b;
	char **names = argv + 2;
	int count = argc - 2;
	snprintf(b.folder, sizeof b.folder, "%s", argc > 1 ? argv[1] : "/var/tmp/countersign-flow-bench");
	if (is_chosen("resume", names, count))
		measure_resume(&b);
	open_bench(&b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (is_chosen(rows[i].name, names, count))
			rows[i].measure(&b);
	close_bench(&b);
	return 0;
}
