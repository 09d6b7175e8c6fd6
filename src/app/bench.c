#include "app/bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ops.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/json.h"
#include "core/must.h"
#include "core/scratch.h"
#include "crypt/digest.h"
#include "crypt/jwt.h"
#include "crypt/key.h"
#include "http/gate.h"
#include "seal/chain.h"
#include "seal/op.h"
#include "seal/pack.h"
#include "seal/seals.h"
#include "store/store.h"

enum { SLICE_US = 200000, CHAIN_ROWS = 500, CLIENTS = 64, WRITE_BYTES = 200, LINE_BYTES = 600 };

struct bench {
	const char *folder;
	struct app_ops ops;
	struct packs *packs;
	struct op_context context;
	struct arena arena, scratch; /* what rows are made of; what one call takes */
	struct key *key;
	struct buf token;
	unsigned char signature[KEY_SIGNATURE_SIZE];
	struct chain_row rows[CHAIN_ROWS];
	const struct op *op;
	const struct json *body;
	struct seal seal;
};

static int64_t now_us(void)
{
	return env_mono_us(env_real());
}

/* Microseconds a call, `calls` at a time, until the slice is over. */
static double repeat(struct bench *bench, void (*call)(struct bench *bench), int calls)
{
	int64_t from_us = now_us(), took_us;
	int64_t done = 0;
	do {
		call(bench);
		done += calls;
		took_us = now_us() - from_us;
	} while (took_us < SLICE_US);
	return (double)took_us / (double)done;
}

/* --- durable writes --- */

struct writing {
	struct store *store;
	struct id_maker ids;
	_Atomic bool stop, failed;
	_Atomic int64_t done;
};

static bool insert_one(struct db *db, void *self, struct err *err)
{
	char body[WRITE_BYTES + 1];
	memset(body, 'x', WRITE_BYTES);
	body[WRITE_BYTES] = '\0';
	return db_run(db, err, "INSERT INTO things (id, body) VALUES ($1, $2)", V_TEXT(self), V_TEXT(body));
}

static void *write_on(void *self)
{
	struct writing *w = self;
	char id[ID_TEXT];
	struct err err;
	while (!atomic_load(&w->stop)) {
		id_make(&w->ids, id);
		if (store_write(w->store, insert_one, id, &err))
			atomic_fetch_add(&w->done, 1);
		else
			atomic_store(&w->failed, true);
	}
	return NULL;
}

static double count_writes(struct writing *w)
{
	pthread_t threads[CLIENTS];
	int64_t from_us = now_us();
	for (int i = 0; i < CLIENTS; i++)
		must(pthread_create(&threads[i], NULL, write_on, w) == 0);
	while (now_us() - from_us < SLICE_US) {
		const struct timespec rest = {.tv_nsec = 5000000};
		nanosleep(&rest, NULL);
	}
	atomic_store(&w->stop, true);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	double took_us = (double)(now_us() - from_us);
	return atomic_load(&w->failed) || atomic_load(&w->done) == 0 ? -1 : took_us / (double)atomic_load(&w->done);
}

static double write_in_batches(const struct bench *bench, size_t batch_max)
{
	static const struct store_migration steps[] = {
		{1, "bench", "CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL) STRICT;"}};
	const struct env *env = env_real();
	char folder[4200];
	struct err err;
	snprintf(folder, sizeof folder, "%s/batches-of-%zu", bench->folder, batch_max);
	const struct store_options options = {.folder = folder,
										  .migrations = steps,
										  .migrations_count = 1,
										  .sha256_hex = sha256_hex,
										  .mono_us = env->mono_us,
										  .wall_us = env->wall_us,
										  .clock = env->self,
										  .new_store_id = "bench",
										  .batch_max = batch_max,
										  .queue_max = 4096,
										  .readers = 1};
	struct writing w = {.store = NULL};
	if (!store_open(&options, &w.store, &err))
		return -1;
	id_maker_init(&w.ids, env);
	double each_us = count_writes(&w);
	store_close(w.store);
	id_maker_fini(&w.ids);
	scratch_remove(folder);
	return each_us;
}

static double write_own(struct bench *bench)
{
	return write_in_batches(bench, 256);
}

static double write_other(struct bench *bench)
{
	return write_in_batches(bench, 1);
}

/* --- the audit chain --- */

static void check_chain(struct bench *bench)
{
	struct chain_check check;
	const char *reason;
	chain_check_init(&check, "bench", "main");
	for (size_t i = 0; i < CHAIN_ROWS; i++)
		must(chain_check_row(&check, &bench->rows[i], &reason));
}

static void digest_lines(struct bench *bench)
{
	static const char line[LINE_BYTES];
	char hex[SHA256_HEX_SIZE];
	(void)bench;
	for (size_t i = 0; i < CHAIN_ROWS; i++)
		sha256_hex(line, sizeof line, hex);
}

static double audit_own(struct bench *bench)
{
	return repeat(bench, check_chain, CHAIN_ROWS);
}

static double audit_other(struct bench *bench)
{
	return repeat(bench, digest_lines, CHAIN_ROWS);
}

static void make_chain(struct bench *bench)
{
	const char *before = arena_alloc(&bench->arena, CHAIN_HASH);
	chain_genesis("bench", "main", (char *)(uintptr_t)before);
	for (int i = 0; i < CHAIN_ROWS; i++) {
		char *hash = arena_alloc(&bench->arena, CHAIN_HASH);
		must(hash != NULL);
		struct chain_row row = {.account_id = "0192f000-0000-7000-8000-000000000001",
								.stream = "main",
								.seq = i + 1,
								.at_us = INT64_C(1700000000000000) + i,
								.actor = "0192f000-0000-7000-8000-000000000002",
								.role = "owner",
								.action = "project.created",
								.target_kind = "project",
								.target_id = "0192f000-0000-7000-8000-000000000003",
								.status = "success",
								.ip = "p1:00112233445566778899aabbccddeeff",
								.user_agent = "p1:00112233445566778899aabbccddeeff",
								.request_id = "0192f000-0000-7000-8000-000000000004",
								.meta = "{\"account_id\":\"0192f000-0000-7000-8000-000000000001\"}",
								.prev_hash = before};
		chain_hash(&row, hash);
		row.hash = before = hash;
		bench->rows[i] = row;
	}
}

/* --- sealed results --- */

static void replay_one(struct bench *bench)
{
	struct err err;
	arena_reset(&bench->scratch);
	struct replay *replay = arena_new(&bench->scratch, struct replay);
	must(replay != NULL &&
		 seal_replay(&bench->seal, bench->ops.ops, bench->ops.count, &bench->context, &bench->scratch, replay, &err));
	must(replay->outcome == REPLAY_IDENTICAL);
}

static void calculate_one(struct bench *bench)
{
	struct op_answer answer;
	struct faults faults;
	struct err err;
	arena_reset(&bench->scratch);
	must(op_run(bench->op, &bench->context, bench->body, &bench->scratch, &answer, &faults, &err));
}

static double replay_own(struct bench *bench)
{
	return repeat(bench, replay_one, 1);
}

static double replay_other(struct bench *bench)
{
	return repeat(bench, calculate_one, 1);
}

static bool make_seal(struct bench *bench, struct err *err)
{
	struct op_answer answer;
	struct faults faults;
	app_ops_init(&bench->ops);
	if (!app_packs_open(&bench->ops, NULL, &bench->packs, err))
		return false;
	bench->op = app_ops_find(&bench->ops, "sign.wind");
	must(bench->op != NULL);
	bench->context = (struct op_context){
		.packs = bench->packs,
		.envelope = {.version = "1", .git_sha = "", .route = bench->op->path, .timestamp = "1970-01-01T00:00:00Z"}};
	const char *example = bench->op->example;
	must(json_parse(&bench->arena, example, strlen(example), &json_body_limits, &bench->body, err) &&
		 op_run(bench->op, &bench->context, bench->body, &bench->arena, &answer, &faults, err));
	bench->seal = (struct seal){.operation = bench->op->name,
								.inputs = answer.inputs,
								.result = answer.result,
								.packs = answer.packs,
								.content_sha256 = arena_dup(&bench->arena, answer.content_sha256),
								.inputs_sha256 = arena_dup(&bench->arena, answer.inputs_sha256),
								.seal_sha256 = arena_dup(&bench->arena, answer.seal_sha256),
								.code_version = "1",
								.git_sha = ""};
	return true;
}

/* --- access tokens --- */

static const char claims[] = "{\"iss\":\"https://bench.example\",\"aud\":\"countersign\",\"sub\":\"someone\",\"iat\":1,"
							 "\"nbf\":1,\"exp\":100,\"sid\":\"session\",\"acc\":\"account\",\"roles\":[\"owner\"]}";

static const struct key *find_key(void *self, const char *kid)
{
	const struct bench *bench = self;
	(void)kid;
	return bench->key;
}

static void verify_token(struct bench *bench)
{
	const struct jwt_rules rules = {.typ = "at+jwt",
									.iss = "https://bench.example",
									.aud = "countersign",
									.now_us = 2000000,
									.find = find_key,
									.self = bench};
	const struct json *found;
	arena_reset(&bench->scratch);
	must(jwt_verify(&bench->scratch, buf_text(&bench->token), bench->token.size, &rules, &found, NULL));
}

static void verify_signature(struct bench *bench)
{
	must(key_verify(bench->key, claims, sizeof claims - 1, bench->signature, KEY_SIGNATURE_SIZE));
}

static double token_own(struct bench *bench)
{
	return repeat(bench, verify_token, 1);
}

static double token_other(struct bench *bench)
{
	return repeat(bench, verify_signature, 1);
}

/* --- the gate --- */

static const char request[] =
	"GET /api/v1/auth/me?limit=50 HTTP/1.1\r\nHost: countersign.example\r\n"
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
	"Accept: application/json, text/plain, */*\r\nAccept-Language: en-US,en;q=0.5\r\n"
	"Accept-Encoding: gzip, deflate, br, zstd\r\nX-Request-Id: 0192f000-0000-7000-8000-0000000004\r\n"
	"Origin: https://countersign.example\r\nConnection: keep-alive\r\nCache-Control: no-cache\r\n\r\n";

enum { AT_ONCE = 100 };

static void pass_gate(struct bench *bench)
{
	static const struct gate_limits limits = {.target_bytes = 8192, .header_bytes = 32768, .header_lines = 100};
	struct gate gate;
	size_t used;
	(void)bench;
	gate_init(&gate, &limits);
	for (int i = 0; i < AT_ONCE; i++) {
		must(gate_feed(&gate, request, sizeof request - 1, &used) == GATE_HEAD);
		must(gate_body(&gate, NULL, 0) == GATE_DONE);
		gate_reset(&gate);
	}
	gate_fini(&gate);
}

/* The least that any server has to do: find where the head ends, a line at a time. */
static void find_end(struct bench *bench)
{
	(void)bench;
	for (int i = 0; i < AT_ONCE; i++) {
		const char *at = request, *end;
		while ((end = memmem(at, (size_t)(request + sizeof request - 1 - at), "\r\n", 2)) != NULL && end != at)
			at = end + 2;
		must(end != NULL);
	}
}

static double gate_own(struct bench *bench)
{
	return repeat(bench, pass_gate, AT_ONCE);
}

static double gate_other(struct bench *bench)
{
	return repeat(bench, find_end, AT_ONCE);
}

/* --- the table --- */

const struct bench_row bench_rows[] = {
	{"write", "durable writes of 64 clients", "a commit for each write", 0, 0, 4, write_own, write_other},
	{"audit", "verify a row of the audit chain", "SHA-256 of 600 bytes", 0, 1e5, 0, audit_own, audit_other},
	{"replay", "replay a sealed result", "the calculation alone", 0, 5000, 0, replay_own, replay_other},
	{"token", "check an access token, cold", "its signature alone", 150, 0, 0, token_own, token_other},
	{"gate", "let one request in", "find its end", 3, 0, 0, gate_own, gate_other},
};
const size_t bench_rows_count = sizeof bench_rows / sizeof *bench_rows;

bool bench_open(struct bench **opened, const char *folder, struct err *err)
{
	struct bench *bench = calloc(1, sizeof *bench);
	must(bench != NULL);
	bench->folder = folder;
	arena_init(&bench->arena, ARENA_REQUEST_CAP);
	arena_init(&bench->scratch, ARENA_REQUEST_CAP);
	buf_init(&bench->token, 0);
	bench->key = key_new(KEY_ES256, env_real());
	must(bench->key != NULL);
	jwt_sign(bench->key, "at+jwt", claims, sizeof claims - 1, &bench->token);
	key_sign(bench->key, claims, sizeof claims - 1, bench->signature);
	make_chain(bench);
	if (!make_seal(bench, err)) {
		bench_close(bench);
		return false;
	}
	*opened = bench;
	return true;
}

void bench_close(struct bench *bench)
{
	if (bench == NULL)
		return;
	packs_free(bench->packs);
	key_free(bench->key);
	buf_fini(&bench->token);
	arena_fini(&bench->scratch);
	arena_fini(&bench->arena);
	free(bench);
}

static int compare(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;
	return (one > other) - (one < other);
}

static double median(double *values)
{
	qsort(values, BENCH_ROUNDS, sizeof *values, compare);
	return values[BENCH_ROUNDS / 2];
}

bool bench_measure(struct bench *bench, const struct bench_row *row, struct bench_figures *figures)
{
	double own[BENCH_ROUNDS], other[BENCH_ROUNDS];
	for (int i = 0; i < BENCH_ROUNDS; i++) {
		own[i] = row->own(bench);
		other[i] = row->other(bench);
		if (own[i] <= 0 || other[i] <= 0)
			return false;
	}
	double own_us = median(own), other_us = median(other);
	*figures = (struct bench_figures){.own_us = own_us, .other_us = other_us, .ratio = other_us / own_us};
	figures->within = (row->most_us == 0 || own_us <= row->most_us) &&
					  (row->least_rate == 0 || 1e6 / own_us >= row->least_rate) &&
					  (row->least == 0 || figures->ratio >= row->least);
	return true;
}
