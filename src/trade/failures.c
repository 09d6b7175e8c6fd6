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
	const struct failures *failures;
	struct source source;
};

static bool apply_noting(struct db *db, void *self, struct err *err)
{
	const struct noting *noting = self;
	return write_row(noting->failures, db, &noting->source, err);
}

static void end_noting(void *self, bool applied, const struct err *err)
{
	if (!applied)
		log_error("a wrong signature could not be recorded", log_str("why", err->message));
	free(self);
}

static void submit(const struct failures *failures, const struct source *source)
{
	struct noting *noting = calloc(1, sizeof *noting);
	struct err err;
	must(noting != NULL);
	noting->failures = failures;
	noting->source = *source;
	noting->op = (struct store_op){.apply = apply_noting, .done = end_noting, .self = noting};
	if (store_submit(failures->store, &noting->op, &err))
		return;
	log_error("a wrong signature could not be recorded", log_str("why", err.message));
	free(noting);
}

/* The source's place; one that has to give way for it is copied to *gone. */
static struct source *place(struct failures *failures, const char *key, struct source *gone)
{
	struct source *oldest = &failures->sources[0];
	for (size_t i = 0; i < FAILURES_SOURCES; i++) {
		struct source *s = &failures->sources[i];
		if (strcmp(s->key, key) == 0)
			return s;
		if (s->row_us < oldest->row_us)
			oldest = s;
	}
	*gone = *oldest;
	*oldest = (struct source){0};
	snprintf(oldest->key, sizeof oldest->key, "%s", key);
	return oldest;
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
	if (now_us - s->row_us >= minute_us) {
		row = *s;
		s->row_us = now_us;
		s->count = 0;
	}
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

bool failures_any_due(struct failures *failures, int64_t now_us)
{
	bool due = false;
	pthread_mutex_lock(&failures->lock);
	for (size_t i = 0; i < FAILURES_SOURCES && !due; i++)
		due = is_due(&failures->sources[i], now_us);
	pthread_mutex_unlock(&failures->lock);
	return due;
}

bool failures_write_due(struct failures *failures, struct db *db, int64_t now_us, struct err *err)
{
	bool written = true;
	pthread_mutex_lock(&failures->lock);
	for (size_t i = 0; i < FAILURES_SOURCES && written; i++) {
		struct source *s = &failures->sources[i];
		if (!is_due(s, now_us))
			continue;
		written = write_row(failures, db, s, err);
		s->row_us = now_us;
		s->count = 0;
	}
	pthread_mutex_unlock(&failures->lock);
	return written;
}
