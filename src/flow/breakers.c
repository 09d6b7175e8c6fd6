#include "flow/breakers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/map.h"
#include "core/must.h"
#include "core/stamp.h"
#include "link/circuit.h"
#include "seal/outbox.h"
#include "store/store.h"

enum {
	FAILURES = 5,       /* REF: platform P-10.4 */
	TARGETS_MAX = 4096, /* beyond, those that say nothing are forgotten */
	ACCOUNT = 40,
	HALF_AGAIN_US = 30000000, /* who comes while the trials are out; their end wakes earlier */
};
#define OPEN_US (INT64_C(60) * 1000000) /* REF: platform P-10.4 */

const char *const breaker_record_states[BREAKER_STATES + 1] = {"closed", "open", "half_open", NULL};

struct breaker_entry {
	char account_id[ACCOUNT], target[BREAKER_TARGET];
	struct circuit circuit;
	enum circuit_state told; /* the state that was written last */
	int64_t changed_us;
	char *by, *reason;
	struct map held; /* run_id -> the entry */
};

struct breakers {
	struct store *store;
	struct outbox *outbox;
	pthread_mutex_t lock;
	struct map entries; /* account_id \n target -> struct breaker_entry */
	void (*woken)(void *self, const char *run_id);
	void *self;
};

/* --- entries, with the lock held --- */

static void free_entry(struct breaker_entry *e)
{
	circuit_fini(&e->circuit);
	map_fini(&e->held);
	free(e->by);
	free(e->reason);
	free(e);
}

static void write_key(struct buf *key, const char *account_id, const char *target)
{
	buf_init(key, 0);
	buf_addf(key, "%s\n%s", account_id, target);
}

static struct breaker_entry *find(struct breakers *b, const char *account_id, const char *target)
{
	struct buf key;
	write_key(&key, account_id, target);
	struct breaker_entry *e = map_get(&b->entries, buf_text(&key));
	buf_fini(&key);
	return e;
}

/* Those that say no more than a new one would. */
static void forget_idle(struct breakers *b)
{
	const char *key;
	size_t size;
	void *value;
	for (size_t at = 0; map_next(&b->entries, &at, &key, &size, &value);) {
		struct breaker_entry *e = value;
		if (e->circuit.open || e->circuit.failures > 0 || e->held.count > 0)
			continue;
		map_remove_n(&b->entries, key, size);
		free_entry(e);
	}
}

static struct breaker_entry *get(struct breakers *b, const char *account_id, const char *target)
{
	struct breaker_entry *e = find(b, account_id, target);
	if (e != NULL || strlen(account_id) >= ACCOUNT || strlen(target) >= BREAKER_TARGET)
		return e;
	if (b->entries.count >= TARGETS_MAX)
		forget_idle(b);
	if (b->entries.count >= TARGETS_MAX)
		return NULL;
	struct buf key;
	e = calloc(1, sizeof *e);
	must(e != NULL);
	strcpy(e->account_id, account_id);
	strcpy(e->target, target);
	circuit_init(&e->circuit, FAILURES, OPEN_US);
	map_init(&e->held, NULL, NULL);
	write_key(&key, account_id, target);
	must(map_set(&b->entries, buf_text(&key), e, NULL));
	buf_fini(&key);
	return e;
}

static void set_words(struct breaker_entry *e, const char *by, const char *reason)
{
	free(e->by);
	free(e->reason);
	e->by = by == NULL ? NULL : strdup(by);
	e->reason = reason == NULL ? NULL : strdup(reason);
}

/* --- waking --- */

struct wake {
	char **run_ids;
	size_t count;
};

static struct wake take_held(struct breaker_entry *e)
{
	const char *key;
	size_t size;
	void *value;
	struct wake wake = {.run_ids = calloc(e->held.count + 1, sizeof *wake.run_ids)};
	must(wake.run_ids != NULL);
	for (size_t at = 0; map_next(&e->held, &at, &key, &size, &value);) {
		wake.run_ids[wake.count++] = strdup(key);
		map_remove_n(&e->held, key, size);
	}
	return wake;
}

/* Without the lock: the other side takes locks of its own. */
static void wake_all(struct breakers *b, struct wake *wake)
{
	pthread_mutex_lock(&b->lock);
	void (*woken)(void *self, const char *run_id) = b->woken;
	void *self = b->self;
	pthread_mutex_unlock(&b->lock);
	for (size_t i = 0; i < wake->count; i++) {
		if (woken != NULL)
			woken(self, wake->run_ids[i]);
		free(wake->run_ids[i]);
	}
	free(wake->run_ids);
}

/* --- the store --- */

struct saving {
	struct store_op op;
	struct breakers *breakers;
	char account_id[ACCOUNT], target[BREAKER_TARGET];
	struct breaker_record record;
};

static bool tell(struct breakers *b, struct db *db, const struct breaker_record *record, struct err *err)
{
	struct buf data, name;
	struct jw jw;
	char until[STAMP_TEXT];
	buf_init(&data, 0);
	buf_init(&name, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, "target", record->target);
	jw_member_str(&jw, "state", record->state);
	if (record->until_us > 0) {
		stamp_format(until, record->until_us);
		jw_member_str(&jw, "until", until);
	}
	jw_object_end(&jw);
	buf_addf(&name, "breaker.%s", strcmp(record->state, "open") == 0 ? "opened" : record->state);
	struct outbox_event event = {.account_id = record->account_id,
								 .topic = "health",
								 .event = buf_text(&name),
								 .subject = record->target,
								 .data = buf_text(&data)};
	bool told = b->outbox == NULL || outbox_add(b->outbox, db, &event, err);
	buf_fini(&data);
	buf_fini(&name);
	return told;
}

bool breakers_put(struct breakers *b, struct db *db, const struct breaker_record *r, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_breakers (account_id, target, state, until_at, changed_at, changed_by, reason) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, target) DO UPDATE SET state = "
				  "excluded.state, until_at = excluded.until_at, changed_at = excluded.changed_at, changed_by = "
				  "excluded.changed_by, reason = excluded.reason",
				  V_TEXT(r->account_id), V_TEXT(r->target), V_TEXT(r->state), V_INT(r->until_us), V_INT(r->changed_us),
				  V_TEXT(r->by), V_TEXT(r->reason)) &&
		   tell(b, db, r, err);
}

static bool apply_save(struct db *db, void *self, struct err *err)
{
	struct saving *s = self;
	return breakers_put(s->breakers, db, &s->record, err);
}

static void saved(void *self, bool applied, const struct err *err)
{
	if (!applied)
		log_error("flow: the state of a breaker was not kept", log_str("error", err->message));
	free(self);
}

/* With the lock held, so that changes are queued in the order in which they came about; queueing waits for nothing. */
static void save(struct breakers *b, struct breaker_entry *e, enum circuit_state state, int64_t now_us)
{
	struct saving *s = calloc(1, sizeof *s);
	struct err err;
	must(s != NULL);
	e->told = state;
	e->changed_us = now_us;
	set_words(e, NULL, NULL);
	s->breakers = b;
	strcpy(s->account_id, e->account_id);
	strcpy(s->target, e->target);
	s->record = (struct breaker_record){.account_id = s->account_id,
										.target = s->target,
										.state = breaker_record_states[state],
										.until_us = state == CIRCUIT_OPEN ? e->circuit.until_us : 0,
										.changed_us = now_us};
	s->op = (struct store_op){.apply = apply_save, .done = saved, .self = s};
	if (!store_submit(b->store, &s->op, &err))
		saved(s, false, &err);
}

static void note_state(struct breakers *b, struct breaker_entry *e, int64_t now_us)
{
	enum circuit_state state = circuit_state(&e->circuit, now_us);
	if (state != e->told)
		save(b, e, state, now_us);
}

/* --- calls --- */

bool breakers_may(struct breakers *b, const struct breaker_call *call, const char *run_id, int64_t *until_us)
{
	pthread_mutex_lock(&b->lock);
	struct breaker_entry *e = get(b, call->account_id, call->target);
	bool may = e == NULL || circuit_may(&e->circuit, call->now_us);
	if (e != NULL)
		note_state(b, e, call->now_us);
	if (!may) {
		int64_t wait_us = circuit_wait_us(&e->circuit, call->now_us);
		*until_us = call->now_us + (wait_us > 0 ? wait_us : HALF_AGAIN_US);
		must(run_id == NULL || map_set(&e->held, run_id, e, NULL));
	} else if (e != NULL && run_id != NULL) {
		map_remove(&e->held, run_id);
	}
	pthread_mutex_unlock(&b->lock);
	return may;
}

bool breakers_hold(struct breakers *b, const struct breaker_call *call, const char *run_id)
{
	pthread_mutex_lock(&b->lock);
	struct breaker_entry *e = find(b, call->account_id, call->target);
	bool holds = e != NULL && circuit_state(&e->circuit, call->now_us) != CIRCUIT_CLOSED &&
				 (circuit_wait_us(&e->circuit, call->now_us) > 0 || e->circuit.let >= CIRCUIT_PROBES);
	if (holds)
		must(map_set(&e->held, run_id, e, NULL));
	pthread_mutex_unlock(&b->lock);
	return holds;
}

void breakers_tell(struct breakers *b, const struct breaker_call *call, bool well, int64_t took_us)
{
	struct wake wake = {.count = 0};
	pthread_mutex_lock(&b->lock);
	struct breaker_entry *e = find(b, call->account_id, call->target);
	if (e != NULL) {
		circuit_tell_took(&e->circuit, call->now_us, well, took_us);
		note_state(b, e, call->now_us);
		if (e->told == CIRCUIT_CLOSED && e->held.count > 0)
			wake = take_held(e);
	}
	pthread_mutex_unlock(&b->lock);
	wake_all(b, &wake);
}

void breakers_give_back(struct breakers *b, const struct breaker_call *call)
{
	struct wake wake = {.count = 0};
	pthread_mutex_lock(&b->lock);
	struct breaker_entry *e = find(b, call->account_id, call->target);
	if (e != NULL) {
		circuit_give_back(&e->circuit, call->now_us);
		if (e->told == CIRCUIT_HALF_OPEN && e->held.count > 0)
			wake = take_held(e);
	}
	pthread_mutex_unlock(&b->lock);
	wake_all(b, &wake);
}

/* --- looking and setting --- */

static bool show(struct breaker_entry *e, int64_t now_us, struct arena *arena, struct breaker_record *record)
{
	enum circuit_state state = circuit_state(&e->circuit, now_us);
	*record = (struct breaker_record){
		.account_id = arena_dup(arena, e->account_id),
		.target = arena_dup(arena, e->target),
		.state = breaker_record_states[state],
		.until_us = state == CIRCUIT_OPEN ? e->circuit.until_us : 0,
		.changed_us = e->changed_us,
		.failures = e->circuit.failures,
		.held = (int64_t)e->held.count,
		.by = e->by == NULL ? NULL : arena_dup(arena, e->by),
		.reason = e->reason == NULL ? NULL : arena_dup(arena, e->reason),
	};
	const struct circuit_seen seen = circuit_seen(&e->circuit);
	record->calls = seen.calls;
	record->failed = seen.failed;
	record->slow = seen.slow;
	return record->account_id != NULL && record->target != NULL;
}

static int by_target(const void *a, const void *b)
{
	return strcmp(((const struct breaker_record *)a)->target, ((const struct breaker_record *)b)->target);
}

bool breakers_list(struct breakers *b, const char *account_id, int64_t now_us, struct arena *arena,
				   struct breaker_record **records, size_t *count)
{
	const char *key;
	size_t size;
	void *value;
	pthread_mutex_lock(&b->lock);
	*count = 0;
	*records = arena_array(arena, b->entries.count + 1, sizeof **records);
	bool good = *records != NULL;
	for (size_t at = 0; good && map_next(&b->entries, &at, &key, &size, &value);) {
		struct breaker_entry *e = value;
		if (account_id == NULL || strcmp(e->account_id, account_id) == 0)
			good = show(e, now_us, arena, &(*records)[(*count)++]);
	}
	pthread_mutex_unlock(&b->lock);
	if (good)
		qsort(*records, *count, sizeof **records, by_target);
	return good;
}

void breakers_count_of(struct breakers *b, const char *target, int64_t now_us, int64_t counts[BREAKER_STATES])
{
	const char *key;
	size_t size;
	void *value;
	memset(counts, 0, BREAKER_STATES * sizeof *counts);
	pthread_mutex_lock(&b->lock);
	for (size_t at = 0; map_next(&b->entries, &at, &key, &size, &value);) {
		struct breaker_entry *e = value;
		if (target == NULL || strcmp(e->target, target) == 0)
			counts[circuit_state(&e->circuit, now_us)]++;
	}
	pthread_mutex_unlock(&b->lock);
}

void breakers_count(struct breakers *b, int64_t now_us, int64_t counts[BREAKER_STATES])
{
	breakers_count_of(b, NULL, now_us, counts);
}

static enum circuit_state state_of(const char *name)
{
	for (int i = 0; breaker_record_states[i] != NULL; i++)
		if (strcmp(breaker_record_states[i], name) == 0)
			return (enum circuit_state)i;
	return CIRCUIT_CLOSED;
}

static void take(struct breaker_entry *e, const struct breaker_record *r)
{
	e->told = state_of(r->state);
	e->changed_us = r->changed_us;
	set_words(e, r->by, r->reason);
	if (e->told == CIRCUIT_CLOSED)
		circuit_close(&e->circuit);
	else
		circuit_open(&e->circuit, r->until_us); /* half open: a time that is over */
}

void breakers_set(struct breakers *b, const struct breaker_record *record)
{
	struct wake wake = {.count = 0};
	pthread_mutex_lock(&b->lock);
	struct breaker_entry *e = get(b, record->account_id, record->target);
	if (e != NULL) {
		take(e, record);
		if (e->told != CIRCUIT_OPEN && e->held.count > 0)
			wake = take_held(e);
	}
	pthread_mutex_unlock(&b->lock);
	wake_all(b, &wake);
}

/* --- life --- */

struct breakers *breakers_new(struct store *store, struct outbox *outbox)
{
	struct breakers *b = calloc(1, sizeof *b);
	must(b != NULL);
	b->store = store;
	b->outbox = outbox;
	pthread_mutex_init(&b->lock, NULL);
	map_init(&b->entries, NULL, NULL);
	return b;
}

static void take_row(const struct db_rows *row, void *self)
{
	struct breakers *b = self;
	const struct breaker_record record = {.account_id = db_text(row, 0),
										  .target = db_text(row, 1),
										  .state = db_text(row, 2),
										  .until_us = db_int(row, 3),
										  .changed_us = db_int(row, 4),
										  .by = db_text(row, 5),
										  .reason = db_text(row, 6)};
	struct breaker_entry *e = get(b, record.account_id, record.target);
	if (e != NULL)
		take(e, &record);
}

bool breakers_load(struct breakers *b, struct err *err)
{
	struct db *db = store_read(b->store);
	struct db_rows rows;
	bool good =
		db_query(db, &rows, err,
				 "SELECT account_id, target, state, until_at, changed_at, changed_by, reason FROM flow_breakers "
				 "ORDER BY account_id, target LIMIT $1",
				 V_INT(TARGETS_MAX));
	pthread_mutex_lock(&b->lock);
	while (good && db_next(&rows))
		take_row(&rows, b);
	pthread_mutex_unlock(&b->lock);
	good = good && db_end(&rows, err);
	store_read_end(b->store, db);
	return good;
}

void breakers_serve(struct breakers *b, void (*woken)(void *self, const char *run_id), void *self)
{
	if (b == NULL)
		return;
	pthread_mutex_lock(&b->lock);
	b->woken = woken;
	b->self = self;
	pthread_mutex_unlock(&b->lock);
}

void breakers_free(struct breakers *b)
{
	const char *key;
	size_t size;
	void *value;
	if (b == NULL)
		return;
	for (size_t at = 0; map_next(&b->entries, &at, &key, &size, &value);)
		free_entry(value);
	map_fini(&b->entries);
	pthread_mutex_destroy(&b->lock);
	free(b);
}
