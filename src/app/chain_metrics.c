#include "app/chain_metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "http/metrics.h"
#include "seal/audit.h"
#include "seal/countersign_rules.h"
#include "store/store.h"

enum { AT_ONCE = 1000, KINDS = COUNTERSIGN_KINDS, DECISIONS = 2, LABELS = 160, META_MAX = 65536 };

struct chain_metrics {
	struct store *store;
	const char *stream;
	pthread_mutex_t lock; /* of what follows */
	int64_t seq;          /* counted up to it */
	uint64_t rows[AUDIT_ACTIONS][AUDIT_STATUSES];
	uint64_t decisions[KINDS][DECISIONS];
	struct metrics_histogram latency[KINDS];
};

/* --- counting --- */

/* The place of a word in a list; `count`: it is not there. */
static size_t place_of(const char *word, const char *const *list, size_t count)
{
	size_t i = 0;
	while (i < count && (word == NULL || strcmp(list[i], word) != 0))
		i++;
	return i;
}

/* The first of that name: one name may have two rows of the table, for targets of two kinds. */
static size_t action_of(const char *name)
{
	size_t i = 0;
	while (i < AUDIT_ACTIONS && strcmp(audit_action_name((enum audit_action)i), name) != 0)
		i++;
	return i;
}

static void count_decision(struct chain_metrics *chain, const struct json *meta, int64_t took_us)
{
	size_t kind = place_of(json_text(meta, "kind"), countersign_kind_names, KINDS);
	size_t decision = place_of(json_text(meta, "decision"), countersign_decision_names, DECISIONS);
	if (kind == KINDS || decision == DECISIONS)
		return;
	chain->decisions[kind][decision]++;
	metrics_observe(&chain->latency[kind], took_us);
}

/* Columns: seq, action, status, meta, at, when its countersignature was asked for. */
static void count_row(struct chain_metrics *chain, const struct db_rows *row, struct arena *arena)
{
	const char *meta_text = db_text(row, 3);
	const struct json *meta;
	size_t action = action_of(db_text(row, 1));
	size_t status = place_of(db_text(row, 2), audit_status_names, AUDIT_STATUSES);
	chain->seq = db_int(row, 0);
	if (action == AUDIT_ACTIONS || status == AUDIT_STATUSES)
		return; /* of a newer program's time */
	chain->rows[action][status]++;
	arena_reset(arena);
	if (action == AUDIT_COUNTERSIGN_DECIDE && status == AUDIT_SUCCESS &&
		json_parse(arena, meta_text, strlen(meta_text), &json_body_limits, &meta, NULL))
		count_decision(chain, meta, db_is_null(row, 5) ? 0 : db_int(row, 4) - db_int(row, 5));
}

static bool read_page(struct chain_metrics *chain, struct db *db, int64_t *count, struct err *err)
{
	struct db_rows rows;
	struct arena arena;
	if (!db_query(db, &rows, err,
				  "SELECT a.seq, a.action, a.status, a.meta, a.at, r.created_at FROM audit a "
				  "LEFT JOIN countersignatures c ON a.target_kind = 'countersignature' AND "
				  "c.countersignature_id = a.target_id "
				  "LEFT JOIN countersign_requests r ON r.request_id = c.request_id "
				  "WHERE a.stream = $1 AND a.seq > $2 ORDER BY a.seq LIMIT $3",
				  V_TEXT(chain->stream), V_INT(chain->seq), V_INT(AT_ONCE)))
		return false;
	arena_init(&arena, META_MAX);
	for (*count = 0; db_next(&rows); ++*count)
		count_row(chain, &rows, &arena);
	arena_fini(&arena);
	return db_end(&rows, err);
}

/* Under the lock. */
static void follow(struct chain_metrics *chain)
{
	struct err err;
	int64_t count = AT_ONCE;
	struct db *db = store_read(chain->store);
	while (count == AT_ONCE)
		if (!read_page(chain, db, &count, &err)) {
			log_error("the chain could not be counted", log_str("why", err.message));
			break;
		}
	store_read_end(chain->store, db);
}

/* --- families --- */

static void collect(void *self, struct metrics_out *out,
					void (*write)(struct chain_metrics *chain, struct metrics_out *out))
{
	struct chain_metrics *chain = self;
	pthread_mutex_lock(&chain->lock);
	follow(chain);
	write(chain, out);
	pthread_mutex_unlock(&chain->lock);
}

static void write_rows(struct chain_metrics *chain, struct metrics_out *out)
{
	char labels[LABELS];
	for (size_t action = 0; action < AUDIT_ACTIONS; action++)
		for (size_t status = 0; status < AUDIT_STATUSES; status++) {
			snprintf(labels, sizeof labels, "action=\"%s\",status=\"%s\"", audit_action_name((enum audit_action)action),
					 audit_status_names[status]);
			if (chain->rows[action][status] > 0)
				metrics_sample(out, labels, (double)chain->rows[action][status]);
		}
}

static void write_auth(struct chain_metrics *chain, struct metrics_out *out)
{
	static const char begin[] = "auth.";
	char labels[LABELS];
	for (size_t action = 0; action < AUDIT_ACTIONS; action++) {
		const char *name = audit_action_name((enum audit_action)action);
		for (size_t status = 0; status < AUDIT_STATUSES && strncmp(name, begin, sizeof begin - 1) == 0; status++) {
			snprintf(labels, sizeof labels, "event=\"%s\",outcome=\"%s\"", name + sizeof begin - 1,
					 audit_status_names[status]);
			if (chain->rows[action][status] > 0)
				metrics_sample(out, labels, (double)chain->rows[action][status]);
		}
	}
}

static void write_decisions(struct chain_metrics *chain, struct metrics_out *out)
{
	char labels[LABELS];
	for (size_t kind = 0; kind < KINDS; kind++)
		for (size_t decision = 0; decision < DECISIONS; decision++) {
			snprintf(labels, sizeof labels, "kind=\"%s\",decision=\"%s\"", countersign_kind_names[kind],
					 countersign_decision_names[decision]);
			metrics_sample(out, labels, (double)chain->decisions[kind][decision]);
		}
}

static void write_latency(struct chain_metrics *chain, struct metrics_out *out)
{
	char labels[LABELS];
	for (size_t kind = 0; kind < KINDS; kind++) {
		snprintf(labels, sizeof labels, "kind=\"%s\"", countersign_kind_names[kind]);
		metrics_histogram(out, labels, &chain->latency[kind]);
	}
}

static void collect_rows(void *self, struct metrics_out *out)
{
	collect(self, out, write_rows);
}

static void collect_auth(void *self, struct metrics_out *out)
{
	collect(self, out, write_auth);
}

static void collect_decisions(void *self, struct metrics_out *out)
{
	collect(self, out, write_decisions);
}

static void collect_latency(void *self, struct metrics_out *out)
{
	collect(self, out, write_latency);
}

static void take_seq(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool read_head(struct chain_metrics *chain, struct err *err)
{
	struct db *db = store_read(chain->store);
	bool read = db_one(db, err, NULL, take_seq, &chain->seq,
					   "SELECT seq FROM audit WHERE stream = $1 ORDER BY seq DESC LIMIT 1", V_TEXT(chain->stream));
	store_read_end(chain->store, db);
	return read;
}

bool chain_metrics_open(struct store *store, const char *stream, struct metrics *metrics, struct chain_metrics **chain,
						struct err *err)
{
	struct chain_metrics *made = calloc(1, sizeof *made);
	must(made != NULL && pthread_mutex_init(&made->lock, NULL) == 0);
	made->store = store;
	made->stream = stream;
	if (!read_head(made, err)) {
		chain_metrics_close(made);
		return false;
	}
	metrics_add(metrics, "audit_rows_total", METRICS_COUNTER, "Rows of the audit chain", collect_rows, made);
	metrics_add(metrics, "auth_events_total", METRICS_COUNTER, "Logins and what belongs to them", collect_auth, made);
	metrics_add(metrics, "countersignatures_total", METRICS_COUNTER, "Decisions of people", collect_decisions, made);
	metrics_add(metrics, "countersign_latency_seconds", METRICS_HISTOGRAM, "From asking to deciding", collect_latency,
				made);
	*chain = made;
	return true;
}

void chain_metrics_close(struct chain_metrics *chain)
{
	if (chain == NULL)
		return;
	pthread_mutex_destroy(&chain->lock);
	free(chain);
}
