#include "app/health.h"

#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/flow_llm.h"
#include "app/mailer.h"
#include "app/memory.h"
#include "app/overdue.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "crypt/digest.h"
#include "expr/expr.h"
#include "flow/breakers.h"
#include "flow/flow_api.h"
#include "flow/llm.h"
#include "flow/sinks_repo.h"
#include "sign/sign_api.h"
#include "store/blob.h"
#include "store/store.h"

enum {
	SLOW_US = 500000,
	LOG_BYTES = 256 << 20,
	SILENT_US = 5000000,
	OLD_US = 1000000,
	LOW_BYTES = 1 << 30,
	REPLACED_US = 60000000,
	STARTING_US = 1000000,
	MEMORY_HIGH_PERCENT = 85,
	HOUR_S = 3600,
	BLOB_SLOW_US = 1000000,
	SEARCH_SLOW_US = 1000000,
	TIMER_LATE_US = 5000000,
	UNDELIVERED_US = 60000000,
};

/* A read, and how long the oldest write waits for its commit. */
static enum health_state look_at_store(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct store_figures f;
	struct err err = {.kind = ERR_NONE};
	int64_t from_us = env_mono_us(app->env);
	struct db *db = store_read(app->store);
	bool read = db_one(db, &err, NULL, NULL, NULL, "SELECT name FROM store_meta WHERE name = 'store_id'");
	store_read_end(app->store, db);
	int64_t read_us = env_mono_us(app->env) - from_us;
	store_figures(app->store, &f);
	snprintf(note->details, sizeof note->details, "bytes=%lld log_bytes=%lld read_us=%lld", (long long)f.bytes,
			 (long long)f.wal_bytes, (long long)read_us);
	if (!read || f.full) {
		snprintf(note->error, sizeof note->error, "%.150s", read ? "no room: only reads are served" : err.message);
		return HEALTH_BAD;
	}
	return read_us > SLOW_US || f.oldest_us > SLOW_US || f.wal_bytes > LOG_BYTES ? HEALTH_DEGRADED : HEALTH_OK;
}

static enum health_state look_at_writer(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct store_figures f;
	store_figures(app->store, &f);
	int64_t silent_us = env_mono_us(app->env) - f.writer_beat_us;
	snprintf(note->details, sizeof note->details, "queue=%lld oldest_ms=%lld silent_ms=%lld", (long long)f.queue,
			 (long long)f.oldest_us / 1000, (long long)silent_us / 1000);
	if (silent_us > SILENT_US) {
		snprintf(note->error, sizeof note->error, "the writer gives no sign of life");
		return HEALTH_BAD;
	}
	return f.queue * 5 > app->config.store.queue_max * 4 || f.oldest_us > OLD_US ? HEALTH_DEGRADED : HEALTH_OK;
}

static enum health_state look_at_disk(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct store_figures f;
	store_figures(app->store, &f);
	snprintf(note->details, sizeof note->details, "free_bytes=%lld", (long long)f.free_bytes);
	if (f.free_bytes < app->config.store.min_free_bytes) {
		snprintf(note->error, sizeof note->error, "less free than store.min_free_bytes");
		return HEALTH_BAD;
	}
	return f.free_bytes < LOW_BYTES ? HEALTH_DEGRADED : HEALTH_OK;
}

struct chain_head {
	int64_t checkpoint_us;
	struct chain_row row;
	struct arena arena;
	bool found;
};

static void take_time(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static void take_row(const struct db_rows *row, void *self)
{
	struct chain_head *head = self;
	audit_take(row, &head->arena, &head->row);
}

static bool read_head(const struct app *app, struct chain_head *head, struct err *err)
{
	struct db *db = store_read(app->store);
	bool read =
		db_one(db, err, NULL, take_time, &head->checkpoint_us, "SELECT COALESCE(MAX(at), 0) FROM audit_checkpoints") &&
		db_one(db, err, &head->found, take_row, head,
			   "SELECT " AUDIT_COLUMNS " FROM audit WHERE stream = $1 ORDER BY seq DESC LIMIT 1", V_TEXT(AUDIT_STREAM));
	store_read_end(app->store, db);
	return read;
}

/* The age of the last checkpoint, and whether the head is still the hash of its content. */
static enum health_state look_at_audit(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct chain_head head = {.checkpoint_us = 0};
	struct err err = {.kind = ERR_NONE};
	char hash[CHAIN_HASH] = "";
	arena_init(&head.arena, ARENA_REQUEST_CAP);
	bool read = read_head(app, &head, &err);
	if (head.found)
		chain_hash(&head.row, hash);
	bool same = !head.found || strcmp(hash, head.row.hash) == 0;
	int64_t age_us = env_wall_us(app->env) - head.checkpoint_us;
	snprintf(note->details, sizeof note->details, "head=%lld checkpoint_age_s=%lld",
			 head.found ? (long long)head.row.seq : 0LL, (long long)age_us / 1000000);
	if (!read || !same)
		snprintf(note->error, sizeof note->error, "%.150s", read ? "the head is not the hash of its row" : err.message);
	arena_fini(&head.arena);
	if (!read || !same)
		return HEALTH_BAD;
	return age_us > 2 * app->config.audit.checkpoint_s * 1000000 ? HEALTH_DEGRADED : HEALTH_OK;
}

/*
 * [flow 11] A helper was replaced in the last minute, or none answers.  Not in the first second: a server that starts
 * is ready before its helpers are, and the first look is waited for.
 */
static enum health_state look_at_exprs(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct expr_health h;
	struct err err = {.kind = ERR_NONE};
	bool starting = env_mono_us(app->env) - app->started_us < STARTING_US;
	bool answers = starting || expr_ping(app->exprs, &err);
	expr_health(app->exprs, &h);
	snprintf(note->details, sizeof note->details, "helpers=%u started=%llu replaced=%llu", h.helpers,
			 (unsigned long long)h.started, (unsigned long long)h.replaced);
	if (!answers)
		snprintf(note->error, sizeof note->error, "%.150s", err.message);
	bool lately = h.replaced > 0 && env_mono_us(env_real()) - h.replaced_at_us < REPLACED_US;
	return !answers || lately ? HEALTH_DEGRADED : HEALTH_OK;
}

/* [flow 11] Resident size against the limit. */
static enum health_state look_at_memory(void *self, struct watch_note *note)
{
	(void)self;
	double percent = memory_percent();
	snprintf(note->details, sizeof note->details, "resident_bytes=%lld limit_bytes=%lld", (long long)memory_resident(),
			 (long long)memory_limit());
	return percent > MEMORY_HIGH_PERCENT ? HEALTH_DEGRADED : HEALTH_OK;
}

/* Mails wait and are tried again, so a server of mail that is not there makes ours degraded and no more [P-11.1]. */
static enum health_state look_at_smtp(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct mailer_figures figures = {.queued = 0};
	struct err err = {.kind = ERR_NONE};
	if (!mailer_figures(app->mailer, &figures, &err) || !mailer_alive(app->mailer, &err))
		snprintf(note->error, sizeof note->error, "%.150s", err.message);
	snprintf(note->details, sizeof note->details, "queued=%lld dead=%lld", (long long)figures.queued,
			 (long long)figures.dead);
	return note->error[0] != '\0' ? HEALTH_DEGRADED : HEALTH_OK;
}

/* [flow 11] The breakers of all accounts to where models are asked. */
static enum health_state look_at_llm(void *self, struct watch_note *note)
{
	const struct app *app = self;
	int64_t counts[BREAKER_STATES];
	breakers_count_of(app->breakers, "llm", env_wall_us(app->env), counts);
	snprintf(note->details, sizeof note->details, "closed=%lld open=%lld half_open=%lld", (long long)counts[0],
			 (long long)counts[1], (long long)counts[2]);
	return counts[1] + counts[2] > 0 ? HEALTH_DEGRADED : HEALTH_OK;
}

static enum health_state look_at_embedding(void *self, struct watch_note *note)
{
	const struct app *app = self;
	const char *state = llm_embedding_state(app->models->llm);
	snprintf(note->details, sizeof note->details, "breaker=%s", state);
	return strcmp(state, breaker_record_states[0]) != 0 ? HEALTH_DEGRADED : HEALTH_OK;
}

/* [flow 11] A sink is left alone after each failure, and nothing overtakes what it missed: that is its breaker. */
static enum health_state look_at_sinks(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct sinks_figures figures = {.count = 0};
	struct err err = {.kind = ERR_NONE};
	struct db *db = store_read(app->store);
	bool read = sinks_figures(db, &figures, &err);
	store_read_end(app->store, db);
	if (!read)
		snprintf(note->error, sizeof note->error, "%.150s", err.message);
	else if (figures.count == 0)
		return HEALTH_ABSENT;
	else
		snprintf(note->details, sizeof note->details, "sinks=%lld failing=%lld", (long long)figures.count,
				 (long long)figures.failing);
	return !read || figures.failing > 0 ? HEALTH_DEGRADED : HEALTH_OK;
}

/* What was pinned and cannot be read: its workflows do not run until the store is mended and the server begins anew. */
static enum health_state look_at_documents(void *self, struct watch_note *note)
{
	const struct app *app = self;
	size_t damaged = app->flow == NULL ? 0 : flow_api_damaged(app->flow);
	if (damaged == 0)
		return HEALTH_ABSENT;
	snprintf(note->details, sizeof note->details, "damaged=%zu", damaged);
	snprintf(note->error, sizeof note->error, "rows of flow_resources cannot be read: the log of the start names them");
	return HEALTH_DEGRADED;
}

/* A jump within the hour, or time that stands still until the machine's clock has caught up [P-12.4]. */
static enum health_state look_at_clock(void *self, struct watch_note *note)
{
	const struct app *app = self;
	int64_t held_us = clock_held_us(&app->clock), jump_us = app->clock.jump_us;
	int64_t ago_s = (env_mono_us(app->env) - app->clock.jumped_mono_us) / 1000000;
	bool lately = jump_us != 0 && ago_s < HOUR_S;
	if (jump_us != 0)
		snprintf(note->details, sizeof note->details, "held_ms=%lld jump_ms=%lld ago_s=%lld", (long long)held_us / 1000,
				 (long long)jump_us / 1000, (long long)ago_s);
	else
		snprintf(note->details, sizeof note->details, "held_ms=%lld", (long long)held_us / 1000);
	return lately || held_us > CLOCK_JUMP_US ? HEALTH_DEGRADED : HEALTH_OK;
}

/*
 * Put, get and take away again.  What is put is known to this installation only, so that it is nobody's upload, and the
 * same each time, so that a crash leaves one such file at most.
 */
static bool put_and_get(const struct app *app, struct err *err)
{
	static const char purpose[] = "countersign/blob-probe/v1";
	unsigned char bytes[SHA256_SIZE];
	char sha256[SHA256_HEX_SIZE];
	struct buf back;
	hmac_sha256(app->keys.installation, sizeof app->keys.installation, purpose, sizeof purpose - 1, bytes);
	sha256_hex(bytes, sizeof bytes, sha256);
	if (!blob_put(app->files, sha256, bytes, sizeof bytes, err))
		return false;
	buf_init(&back, 0);
	bool got = blob_get(app->files, sha256, &back, err);
	bool same = got && back.size == sizeof bytes && memcmp(buf_text(&back), bytes, sizeof bytes) == 0;
	buf_fini(&back);
	bool removed = blob_remove(app->files, sha256, err);
	return removed && got && (same || err_set(err, ERR_IO, "what was put is not what came back"));
}

static enum health_state look_at_blobs(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct err err = {.kind = ERR_NONE};
	int64_t from_us = env_mono_us(app->env);
	bool kept = put_and_get(app, &err);
	int64_t took_us = env_mono_us(app->env) - from_us;
	snprintf(note->details, sizeof note->details, "put_get_delete_us=%lld", (long long)took_us);
	if (!kept) {
		snprintf(note->error, sizeof note->error, "%.150s", err.message);
		return HEALTH_BAD;
	}
	return took_us > BLOB_SLOW_US ? HEALTH_DEGRADED : HEALTH_OK;
}

static enum health_state judge_overdue(const struct app *app, bool read, const struct overdue *overdue,
									   int64_t allowed_us, const struct err *err, struct watch_note *note)
{
	int64_t age_us = overdue->since_us > 0 ? env_wall_us(app->env) - overdue->since_us : 0;
	if (!read)
		snprintf(note->error, sizeof note->error, "%.150s", err->message);
	else
		snprintf(note->details, sizeof note->details, "waiting=%lld oldest_ms=%lld", (long long)overdue->count,
				 (long long)age_us / 1000);
	return !read || age_us > allowed_us ? HEALTH_DEGRADED : HEALTH_OK;
}

/* [flow 11] Age of the oldest due timer. */
static enum health_state look_at_timers(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct overdue overdue = {.count = 0};
	struct err err = {.kind = ERR_NONE};
	struct db *db = store_read(app->store);
	bool read = overdue_timers(db, env_wall_us(app->env), &overdue, &err);
	store_read_end(app->store, db);
	return judge_overdue(app, read, &overdue, TIMER_LATE_US, &err, note);
}

/* [flow 11] Age of the oldest undelivered row. */
static enum health_state look_at_outbox(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct overdue overdue = {.count = 0};
	struct err err = {.kind = ERR_NONE};
	struct db *db = store_read(app->store);
	bool read = overdue_outbox(db, &overdue, &err);
	store_read_end(app->store, db);
	return judge_overdue(app, read, &overdue, UNDELIVERED_US, &err, note);
}

/* The search engine's own word; without it the store searches [sign.md 5]. */
static enum health_state look_at_search(void *self, struct watch_note *note)
{
	const struct app *app = self;
	struct err err = {.kind = ERR_NONE};
	char colour[16] = "";
	int64_t from_us = env_mono_us(app->env);
	if (!sign_search_status(app->sign, colour, &err)) {
		snprintf(note->error, sizeof note->error, "%.150s", err.message);
		return HEALTH_BAD;
	}
	int64_t took_us = env_mono_us(app->env) - from_us;
	snprintf(note->details, sizeof note->details, "cluster=%s", colour);
	if (strcmp(colour, "red") == 0)
		snprintf(note->error, sizeof note->error, "the search engine's cluster is red");
	if (strcmp(colour, "green") != 0)
		return strcmp(colour, "yellow") == 0 ? HEALTH_DEGRADED : HEALTH_BAD;
	return took_us > SEARCH_SLOW_US ? HEALTH_DEGRADED : HEALTH_OK;
}

static bool has_mail(const struct app *app)
{
	return mailer_has_server(app->mailer);
}

static bool has_search(const struct app *app)
{
	return app->config.sign.search_url != NULL;
}

static bool has_llm(const struct app *app)
{
	return app->breakers != NULL && app->models != NULL && app->models->llm != NULL;
}

static bool has_embedding(const struct app *app)
{
	return has_llm(app) && llm_embedding_state(app->models->llm) != NULL;
}

static const struct part {
	struct watch_row row;
	bool (*there)(const struct app *app); /* NULL: always */
} parts[] = {
	{{"store", true, look_at_store, false}, NULL},    {{"writer", true, look_at_writer, false}, NULL},
	{{"disk", true, look_at_disk, false}, NULL},      {{"blob", false, look_at_blobs, true}, NULL},
	{{"audit", false, look_at_audit, false}, NULL},   {{"expr", false, look_at_exprs, false}, NULL},
	{{"timers", false, look_at_timers, false}, NULL}, {{"outbox", false, look_at_outbox, false}, NULL},
	{{"memory", false, look_at_memory, false}, NULL}, {{"clock", false, look_at_clock, false}, NULL},
	{{"smtp", false, look_at_smtp, false}, has_mail}, {{"search", false, look_at_search, false}, has_search},
	{{"llm", false, look_at_llm, false}, has_llm},    {{"embedding", false, look_at_embedding, false}, has_embedding},
	{{"sinks", false, look_at_sinks, false}, NULL},   {{"documents", false, look_at_documents, false}, NULL},
};

size_t health_parts(const struct app *app, struct watch_row rows[WATCHES_MAX])
{
	size_t count = 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i].there == NULL || parts[i].there(app))
			rows[count++] = parts[i].row;
	return count;
}
