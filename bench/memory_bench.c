/*
 * What agents ask most: the best of 100,000 vectors of 384 numbers, against reading their bytes once; memories stored
 * (each text twice, so that half are found there); an answer of a model found in memory; a step's look at its budgets.
 * Usage: memory_bench [PART...], of vectors, store, cache, budget, and by name only million: a million memories into
 * tiers that are full, and what the files grow by.  TMPDIR says where the store is.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/embedded.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/budget.h"
#include "flow/domain/datum.h"
#include "flow/domain/vector.h"
#include "flow/domain/vector_set.h"
#include "flow/llm_cache.h"
#include "flow/memory.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[];

enum {
	VECTORS = 100000,
	NUMBERS = 384,
	ROUNDS = 25,
	BATCH = 256,
	STORES = 5120,
	MILLION = 1000000 / BATCH / 10 * BATCH * 10, /* whole batches in tenths */
	HITS = 100000,
	LOOKS = 5000,
	STEPS = 128
};

/* What this process has computed: on a busy machine the time that passes says little. */
static double cpu_ms(void)
{
	struct timespec used;
	must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
	return (double)used.tv_sec * 1e3 + (double)used.tv_nsec / 1e6;
}

static double now_ms(void)
{
	return (double)env_mono_us(env_real()) / 1e3;
}

/* --- vectors --- */

static void fill(struct vector_set *set, float *question)
{
	uint64_t seed = 1;
	float row[NUMBERS];
	vector_set_init(set, NUMBERS);
	for (size_t i = 0; i <= VECTORS; i++) {
		char id[VECTOR_ID];
		for (size_t k = 0; k < NUMBERS; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			row[k] = (float)(seed >> 40) / 8388608 - 1;
		}
		snprintf(id, sizeof id, "%036zu", i);
		if (i == VECTORS)
			memcpy(question, row, sizeof row);
		else
			must(vector_set_add(set, id, row, vector_norm(row, NUMBERS)));
	}
}

/* What the memory gives: a plain sum of the same bytes. */
static double read_ms(const struct vector_set *set)
{
	const uint64_t *words = (const void *)set->numbers;
	size_t count = set->count * set->stride / 2;
	uint64_t sum = 0;
	double from = now_ms();
	for (size_t i = 0; i < count; i++)
		sum += words[i];
	volatile uint64_t kept = sum;
	(void)kept;
	return now_ms() - from;
}

static double top_ms(const struct vector_set *set, const float *question, double norm, struct vector_top *found,
					 size_t *computed)
{
	struct vector_looking looking;
	struct vector_top best;
	double from = now_ms();
	vector_set_look(set, question, norm, 0, found, &looking);
	for (int i = 0; i < 10; i++)
		must(vector_set_take(&looking, &best));
	*computed = looking.computed;
	return now_ms() - from;
}

static void bench_vectors(void)
{
	static float question[NUMBERS];
	struct vector_set set;
	fill(&set, question);
	struct vector_top *found = calloc(VECTORS, sizeof *found);
	must(found != NULL);
	double norm = vector_norm(question, NUMBERS), top = 1e9, plain = 1e9;
	size_t computed = 0;
	for (int i = 0; i < ROUNDS; i++) {
		plain = fmin(plain, read_ms(&set));
		top = fmin(top, top_ms(&set, question, norm, found, &computed));
	}
	double floats = (double)set.count * (double)set.stride * sizeof(float);
	double codes = (double)set.count * (double)(set.codes_stride + sizeof *set.steps);
	printf("top 10 of %d x %d: %.1f ms, %zu cosines computed; reading all the floats alone: %.1f ms (%.1f GB/s), the "
		   "sketches at that speed: %.1f ms\n",
		   VECTORS, NUMBERS, top, computed, plain, floats / plain / 1e6, plain * codes / floats);
	free(found);
	vector_set_fini(&set);
}

/* --- the store --- */

struct bench {
	struct store *store;
	struct id_maker ids;
	struct arena arena;
	int next, same;
};

static void open_store(struct bench *b, char *folder)
{
	struct store_migration steps[STEPS];
	const struct env *env = env_real();
	char id[ID_TEXT];
	struct err err;
	id_maker_init(&b->ids, env);
	id_make(&b->ids, id);
	struct store_options options = {.folder = folder,
									.migrations = steps,
									.sha256_hex = sha256_hex,
									.mono_us = env->mono_us,
									.wall_us = env->wall_us,
									.clock = env->self,
									.new_store_id = id,
									.batch_max = BATCH,
									.queue_max = 1024,
									.readers = 2};
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++)
		steps[options.migrations_count++] =
			(struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	if (!store_open(&options, &b->store, &err)) {
		fprintf(stderr, "memory_bench: %s\n", err.message);
		exit(1);
	}
}

static bool add_account(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ('a', 'a', 0)");
}

static bool store_one(struct bench *b, struct db *db, struct err *err)
{
	char id[ID_TEXT], text[120], sha256[65];
	bool same;
	id_make(&b->ids, id);
	snprintf(text, sizeof text, "The observation number %d says that gate %d opens at six in the morning.", b->next / 2,
			 b->next / 2 % 97);
	must(memory_digest(&b->arena, text, sha256));
	int64_t now_us = env_wall_us(env_real());
	struct memory_new new = {.row = {.memory_id = id,
									 .account_id = "a",
									 .agent_id = b->next / 2 % 2 == 0 ? "even" : "odd",
									 .content = text,
									 .content_sha256 = sha256,
									 .tags = "[]",
									 .importance = .5,
									 .compression_ratio = NAN,
									 .size = (int64_t)strlen(text),
									 .created_us = now_us,
									 .last_accessed_us = now_us,
									 .expires_us = now_us + memory_life_us(MEMORY_L1)}};
	b->next++;
	bool done = memory_store(db, &b->ids, &new, now_us, &b->arena, &same, err);
	b->same += same;
	arena_reset(&b->arena);
	return done;
}

/* A batch of the writer, as 256 requests at once make one. */
static bool store_batch(struct db *db, void *self, struct err *err)
{
	struct bench *b = self;
	for (int i = 0; i < BATCH; i++)
		if (!store_one(b, db, err))
			return false;
	return true;
}

static void bench_store(struct bench *b)
{
	struct err err;
	struct store_figures before, after;
	must(store_write(b->store, add_account, NULL, &err));
	for (int round = 0; round < 3; round++) {
		store_figures(b->store, &before);
		double from = now_ms(), cpu = cpu_ms();
		for (int i = 0; i < STORES / BATCH; i++)
			must(store_write(b->store, store_batch, b, &err));
		double ms = now_ms() - from, used = cpu_ms() - cpu;
		store_figures(b->store, &after);
		printf("%d memories stored: %.0f a second, %.1f us of one core each (%.0f a second of it); %d were there "
			   "already; the file is %.1f MB\n",
			   STORES, STORES / ms * 1e3, used / STORES * 1e3, STORES / used * 1e3, b->same, (double)after.bytes / 1e6);
		b->same = 0;
	}
}

/* --- answers and budgets --- */

static void bench_cache(struct bench *b)
{
	struct llm_cache *cache = llm_cache_open(b->store, env_real());
	struct datum *answer = datum_text("{\"message\":{}}", 14);
	struct llm_lookup lookup = {.account_id = "a", .model = "m"};
	struct llm_hit hit;
	for (int i = 0; i < LLM_L1_ENTRIES; i++) {
		snprintf(lookup.key, sizeof lookup.key, "%064d", i);
		snprintf(lookup.family, sizeof lookup.family, "%064d", 0);
		llm_cache_keep(cache, &lookup, answer, 1);
	}
	double from = now_ms();
	for (int i = 0; i < HITS; i++) {
		must(llm_cache_find(cache, &lookup, &hit) && hit.level == LLM_L1);
		datum_unref(hit.answer);
	}
	printf("a hit in L1: %.2f us\n", (now_ms() - from) / HITS * 1e3);
	datum_unref(answer);
	llm_cache_close(cache);
}

static void bench_budget(struct bench *b)
{
	const struct spender spender = {
		.account_id = "a", .run_id = "r", .agent_id = "even", .workflow = "t/t", .step = "/do/0"};
	struct budget_refusal refusal;
	struct err err;
	bool warned;
	struct db *db = store_read(b->store);
	double from = now_ms();
	for (int i = 0; i < LOOKS; i++)
		must(budget_fits(db, &spender, 1, env_wall_us(env_real()), &refusal, &warned, &err));
	printf("a step's look at the budgets of its four scopes: %.1f us\n", (now_ms() - from) / LOOKS * 1e3);
	store_read_end(b->store, db);
}

/* --- capacities under a million --- */

static int64_t count_of(struct bench *b, const char *sql)
{
	struct db_rows rows;
	struct err err;
	struct db *db = store_read(b->store);
	must(db_query(db, &rows, &err, sql) && db_next(&rows));
	int64_t count = db_int(&rows, 0);
	must(db_end(&rows, &err));
	store_read_end(b->store, db);
	return count;
}

/* Two agents of 1,000 each at most: what is stored beyond that evicts. */
static void bench_million(struct bench *b)
{
	struct err err;
	struct store_figures figures;
	must(store_write(b->store, add_account, NULL, &err));
	for (int part = 1; part <= 10; part++) {
		double from = now_ms(), cpu = cpu_ms();
		for (int i = 0; i < MILLION / 10 / BATCH; i++)
			must(store_write(b->store, store_batch, b, &err));
		double ms = now_ms() - from, used = cpu_ms() - cpu;
		store_figures(b->store, &figures);
		int64_t kept = count_of(b, "SELECT COUNT(*) FROM memories");
		must(kept <= 2 * memory_capacity(MEMORY_L1));
		printf("%7d stored: %lld kept, %lld life-cycle rows, file %.1f MB, log %.1f MB, %.0f a second, %.0f us of one "
			   "core each\n",
			   b->next, (long long)kept, (long long)count_of(b, "SELECT COUNT(*) FROM memory_events"),
			   (double)figures.bytes / 1e6, (double)figures.wal_bytes / 1e6, MILLION / 10 / ms * 1e3,
			   used / MILLION * 1e4);
	}
}

static bool asked(int argc, char **argv, const char *part)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], part) == 0)
			return true;
	return argc == 1 && strcmp(part, "million") != 0;
}

int main(int argc, char **argv)
{
	const char *under = getenv("TMPDIR");
	char folder[300], command[320];
	struct bench b = {.next = 0};
	if (asked(argc, argv, "vectors"))
		bench_vectors();
	snprintf(folder, sizeof folder, "%s/memory-bench-XXXXXX", under != NULL ? under : "/tmp");
	must(mkdtemp(folder) != NULL);
	arena_init(&b.arena, 64 << 20);
	open_store(&b, folder);
	if (asked(argc, argv, "store"))
		bench_store(&b);
	if (asked(argc, argv, "million"))
		bench_million(&b);
	if (asked(argc, argv, "cache"))
		bench_cache(&b);
	if (asked(argc, argv, "budget"))
		bench_budget(&b);
	store_close(b.store);
	id_maker_fini(&b.ids);
	arena_fini(&b.arena);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	must(system(command) == 0);
	return 0;
}
