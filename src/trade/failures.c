#include "trade/failures.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/must.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "http/rate.h"
#include "seal/audit.h"
#include "store/store.h"

static const int64_t minute_us = 60 * STAMP_US_PER_S;

/* What one source did since its last row. */
struct source {
	char key[RATE_ADDRESS_TEXT]; /* "": free */
	int64_t count, row_us;       /* not yet written; when the last row was made */
	enum err_kind kind;          /* of the last one */
	char route[64];
};

struct failures {
	struct store *store;
	const struct audit *audit;
	pthread_mutex_t lock;
	struct source sources[FAILURES_SOURCES];
};

struct failures *failures_new(struct store *store, const struct audit *audit)
{
	struct failures *failures = calloc(1, sizeof *failures);
	must(failures != NULL && pthread_mutex_init(&failures->lock, NULL) == 0);
	failures->store = store;
	failures->audit = audit;
	return failures;
}

void failures_free(struct failures *failures)
{
	if (failures == NULL)
		return;
	pthread_mutex_destroy(&failures->lock);
	free(failures);
}

static bool write_row(const struct failures *failures, struct db *db, const struct source *source, struct err *err)
{
	char count[24];
	snprintf(count, sizeof count, "%lld", (long long)source->count);
	const struct audit_pair meta[] = {{AUDIT_META_code, err_code(source->kind)}, {AUDIT_META_count, count}};
	const struct audit_event event = {
		.action = AUDIT_SIGNATURE_FAILURE,
		.status = AUDIT_FAILURE,
		.target_id = source->route,
		.ip = source->key,
		.meta = meta,
		.meta_count = 2,
	};
	return audit_append(failures->audit, db, &event, err);
}

/* --- one row by an op of its own --- */

struct noting {
	struct store_op op;
	struct failures *failures;
	struct source source;
};

static bool apply_noting(struct db *db, void *self, struct err *err)
{
	const struct noting *noting = self;
	return write_row(noting->failures, db, &noting->source, err);
}

/* The place that a source has, or NULL. */
static struct source *find(struct failures *failures, const char *key)
{
	for (size_t i = 0; i < FAILURES_SOURCES; i++)
		if (strcmp(failures->sources[i].key, key) == 0)
			return &failures->sources[i];
	return NULL;
}

/*
 * What could not be written counts again, for the next row.  Nobody gives way for it: while the store refuses, two
 * sources would take turns for ever.
 */
static void give_back(struct failures *failures, const struct source *source, const char *why)
{
	pthread_mutex_lock(&failures->lock);
	struct source *own = find(failures, source->key), *s = own != NULL ? own : find(failures, "");
	if (s != NULL && own == NULL)
		*s = (struct source){.row_us = source->row_us};
	if (s != NULL) {
		snprintf(s->key, sizeof s->key, "%s", source->key);
		snprintf(s->route, sizeof s->route, "%s", source->route);
		s->kind = source->kind;
		s->count += source->count;
	}
	pthread_mutex_unlock(&failures->lock);
	log_error(s != NULL ? "wrong signatures are recorded later" : "wrong signatures could not be recorded",
			  log_str("why", why), log_int("count", source->count));
}

static void end_noting(void *self, bool applied, const struct err *err)
{
	struct noting *noting = self;
	if (!applied)
		give_back(noting->failures, &noting->source, err->message);
	free(noting);
}

static void submit(struct failures *failures, const struct source *source)
{
	struct noting *noting = calloc(1, sizeof *noting);
	struct err err;
	must(noting != NULL);
	noting->failures = failures;
	noting->source = *source;
	noting->op = (struct store_op){.apply = apply_noting, .done = end_noting, .self = noting};
	if (store_submit(failures->store, &noting->op, &err))
		return;
	give_back(failures, source, err.message);
	free(noting);
}

/* The source's place; one that has to give way for it is copied to *gone. */
static struct source *place(struct failures *failures, const char *key, struct source *gone)
{
	struct source *oldest = &failures->sources[0], *own = find(failures, key);
	if (own != NULL)
		return own;
	for (size_t i = 1; i < FAILURES_SOURCES; i++)
		if (failures->sources[i].row_us < oldest->row_us)
			oldest = &failures->sources[i];
	*gone = *oldest;
	*oldest = (struct source){0};
	snprintf(oldest->key, sizeof oldest->key, "%s", key);
	return oldest;
}

/* What is to be written now; from then on its minute runs. */
static struct source take(struct source *s, int64_t now_us)
{
	s->row_us = now_us;
	const struct source row = *s;
	s->count = 0;
	return row;
}

void failures_note(struct failures *failures, const struct exchange *x, enum err_kind kind, int64_t now_us)
{
	char key[RATE_ADDRESS_TEXT];
	struct source gone = {0}, row = {0};
	rate_address_key(x->peer, key);
	pthread_mutex_lock(&failures->lock);
	struct source *s = place(failures, key, &gone);
	s->count++;
	s->kind = kind;
	snprintf(s->route, sizeof s->route, "%s", x->match.route->operation);
	if (now_us - s->row_us >= minute_us)
		row = take(s, now_us);
	pthread_mutex_unlock(&failures->lock);
	if (gone.count > 0)
		submit(failures, &gone);
	if (row.count > 0)
		submit(failures, &row);
}

/* --- by the clock --- */

static bool is_due(const struct source *s, int64_t now_us)
{
	return s->count > 0 && now_us - s->row_us >= minute_us;
}

void failures_write_due(struct failures *failures, int64_t now_us)
{
	struct source rows[FAILURES_SOURCES];
	size_t count = 0;
	pthread_mutex_lock(&failures->lock);
	for (size_t i = 0; i < FAILURES_SOURCES; i++)
		if (is_due(&failures->sources[i], now_us))
			rows[count++] = take(&failures->sources[i], now_us);
	pthread_mutex_unlock(&failures->lock);
	for (size_t i = 0; i < count; i++)
		submit(failures, &rows[i]);
}
