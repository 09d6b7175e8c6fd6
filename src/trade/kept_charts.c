#include "trade/kept_charts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "store/blob.h"
#include "store/store.h"
#include "trade/chart_cache.h"

enum { ROWS_AT_ONCE = 100 /* of one sweep, so that no other write waits long */ };

/* A picture on its way to the disk; texts and bytes are the arena's. */
struct waiting_chart {
	struct waiting_chart *next;
	struct arena arena;
	struct chart_picture picture;
};

struct kept_charts {
	struct store *store;
	struct blobs *blobs;
	int64_t account_bytes;
	pthread_mutex_t keeping; /* one at a time: between a row and its blob no other picture takes the row's room */
	pthread_mutex_t lock;    /* of what follows */
	pthread_cond_t wake;
	struct waiting_chart *first, **last;
	size_t waiting; /* bytes */
	bool running, stopped;
	pthread_t thread;
};

/* --- rows --- */

struct kept_row {
	const char *account_id, *key, *sha256;
	int64_t room;
};

#define ROW "SELECT account_id, question_sha256, sha256, room FROM chart_pictures WHERE "

/* At most ROWS_AT_ONCE of an open query, which is ended. */
static bool read_rows(struct db_rows *rows, struct arena *arena, struct kept_row list[], size_t *count, struct err *err)
{
	*count = 0;
	while (db_next(rows))
		list[(*count)++] = (struct kept_row){.account_id = db_text_dup(rows, 0, arena),
											 .key = db_text_dup(rows, 1, arena),
											 .sha256 = db_text_dup(rows, 2, arena),
											 .room = db_int(rows, 3)};
	return db_end(rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

/* A file that cannot be removed is litter, and no reason for the desk's other work to stand still. */
static void remove_blob(struct kept_charts *kept, const char *sha256)
{
	struct err err;
	if (!blob_remove(kept->blobs, sha256, &err))
		log_warn("a picture could not be removed", log_str("sha256", sha256), log_str("why", err.message));
}

/*
 * On the writer's thread, where no row can begin to name the blob meanwhile.  When the commit fails after the blob has
 * gone, the row is one without its blob.
 */
static bool drop(struct kept_charts *kept, struct db *db, const struct kept_row *row, struct err *err)
{
	bool named = false;
	if (!db_run(db, err, "DELETE FROM chart_pictures WHERE account_id = $1 AND question_sha256 = $2",
				V_TEXT(row->account_id), V_TEXT(row->key)) ||
		!db_one(db, err, &named, NULL, NULL, "SELECT 1 FROM chart_pictures WHERE sha256 = $1 LIMIT 1",
				V_TEXT(row->sha256)))
		return false;
	if (!named)
		remove_blob(kept, row->sha256);
	return true;
}

/* --- keeping --- */

struct keeping {
	struct kept_charts *kept;
	const struct chart_picture *picture;
	struct arena arena;
	int64_t used; /* by the account */
};

static int64_t room_of(const struct chart_picture *p)
{
	return (int64_t)((p->size + KEPT_CHARTS_BLOCK - 1) / KEPT_CHARTS_BLOCK * KEPT_CHARTS_BLOCK);
}

static void take_used(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

/* Drop what would end first until the account is within its bytes; the new one stays. */
static bool make_room(struct keeping *k, struct db *db, struct err *err)
{
	const struct chart_picture *p = k->picture;
	struct kept_row list[ROWS_AT_ONCE];
	struct db_rows rows;
	size_t count = ROWS_AT_ONCE;
	while (k->used > k->kept->account_bytes && count == ROWS_AT_ONCE) {
		if (!db_query(db, &rows, err, ROW "account_id = $1 AND question_sha256 <> $2 ORDER BY expires_at LIMIT $3",
					  V_TEXT(p->account_id), V_TEXT(p->key), V_INT(ROWS_AT_ONCE)) ||
			!read_rows(&rows, &k->arena, list, &count, err))
			return false;
		for (size_t i = 0; i < count && k->used > k->kept->account_bytes; i++) {
			if (!drop(k->kept, db, &list[i], err))
				return false;
			k->used -= list[i].room;
		}
	}
	return true;
}

static bool apply_keep(struct db *db, void *self, struct err *err)
{
	struct keeping *k = self;
	const struct chart_picture *p = k->picture;
	return db_run(db, err,
				  "INSERT INTO chart_pictures (account_id, question_sha256, sha256, media_type, result, room, "
				  "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, question_sha256) DO UPDATE "
				  "SET sha256 = excluded.sha256, media_type = excluded.media_type, result = excluded.result, "
				  "room = excluded.room, expires_at = excluded.expires_at",
				  V_TEXT(p->account_id), V_TEXT(p->key), V_TEXT(p->sha256), V_TEXT(p->media_type), V_TEXT(p->result),
				  V_INT(room_of(p)), V_INT(p->until_us)) &&
		   db_one(db, err, NULL, take_used, &k->used,
				  "SELECT CAST(SUM(room) AS BIGINT) FROM chart_pictures WHERE account_id = $1",
				  V_TEXT(p->account_id)) &&
		   make_room(k, db, err);
}

static void keep(struct kept_charts *kept, const struct chart_picture *p)
{
	struct keeping k = {.kept = kept, .picture = p};
	struct err err;
	arena_init(&k.arena, ARENA_REQUEST_CAP);
	pthread_mutex_lock(&kept->keeping);
	if (!store_write(kept->store, apply_keep, &k, &err) || !blob_put(kept->blobs, p->sha256, p->bytes, p->size, &err))
		log_warn("a picture is in memory only", log_str("sha256", p->sha256), log_str("why", err.message));
	pthread_mutex_unlock(&kept->keeping);
	arena_fini(&k.arena);
}

/* --- the thread --- */

static struct waiting_chart *copy(const struct chart_picture *p)
{
	struct waiting_chart *w = calloc(1, sizeof *w);
	must(w != NULL);
	arena_init(&w->arena, 2 * p->size + ARENA_REQUEST_CAP);
	w->picture = *p;
	w->picture.account_id = arena_dup(&w->arena, p->account_id);
	w->picture.key = arena_dup(&w->arena, p->key);
	w->picture.sha256 = arena_dup(&w->arena, p->sha256);
	w->picture.media_type = arena_dup(&w->arena, p->media_type);
	w->picture.result = arena_dup(&w->arena, p->result);
	w->picture.bytes = arena_dupn(&w->arena, p->bytes, p->size);
	must(!w->arena.full);
	return w;
}

static void free_waiting(struct waiting_chart *w)
{
	arena_fini(&w->arena);
	free(w);
}

/* NULL: it has stopped and nothing waits.  Under the lock. */
static struct waiting_chart *take(struct kept_charts *kept)
{
	while (kept->first == NULL && !kept->stopped)
		pthread_cond_wait(&kept->wake, &kept->lock);
	struct waiting_chart *w = kept->first;
	if (w != NULL && (kept->first = w->next) == NULL)
		kept->last = &kept->first;
	return w;
}

static void *run(void *self)
{
	struct kept_charts *kept = self;
	struct waiting_chart *w;
	pthread_mutex_lock(&kept->lock);
	while ((w = take(kept)) != NULL) {
		pthread_mutex_unlock(&kept->lock);
		keep(kept, &w->picture);
		pthread_mutex_lock(&kept->lock);
		kept->waiting -= w->picture.size;
		free_waiting(w);
	}
	pthread_mutex_unlock(&kept->lock);
	return NULL;
}

/* False: the caller has to keep it. */
static bool queue(struct kept_charts *kept, struct waiting_chart *w)
{
	pthread_mutex_lock(&kept->lock);
	bool fits = !kept->stopped && kept->waiting + w->picture.size <= KEPT_CHARTS_WAITING;
	if (fits) {
		*kept->last = w;
		kept->last = &w->next;
		kept->waiting += w->picture.size;
		if (!kept->running)
			must(pthread_create(&kept->thread, NULL, run, kept) == 0);
		kept->running = true;
		pthread_cond_signal(&kept->wake);
	}
	pthread_mutex_unlock(&kept->lock);
	return fits;
}

void kept_charts_put(struct kept_charts *kept, const struct chart_picture *p)
{
	if (room_of(p) > kept->account_bytes)
		return;
	struct waiting_chart *w = copy(p);
	if (queue(kept, w))
		return;
	keep(kept, p);
	free_waiting(w);
}

struct kept_charts *kept_charts_new(struct store *store, struct blobs *blobs, int64_t account_bytes)
{
	struct kept_charts *kept = calloc(1, sizeof *kept);
	must(kept != NULL && pthread_mutex_init(&kept->lock, NULL) == 0 && pthread_mutex_init(&kept->keeping, NULL) == 0 &&
		 pthread_cond_init(&kept->wake, NULL) == 0);
	kept->store = store;
	kept->blobs = blobs;
	kept->account_bytes = account_bytes;
	kept->last = &kept->first;
	return kept;
}

void kept_charts_stop(struct kept_charts *kept)
{
	pthread_mutex_lock(&kept->lock);
	bool running = kept->running;
	kept->stopped = true;
	kept->running = false;
	pthread_cond_signal(&kept->wake);
	pthread_mutex_unlock(&kept->lock);
	if (running)
		pthread_join(kept->thread, NULL);
}

void kept_charts_free(struct kept_charts *kept)
{
	if (kept == NULL)
		return;
	pthread_cond_destroy(&kept->wake);
	pthread_mutex_destroy(&kept->lock);
	pthread_mutex_destroy(&kept->keeping);
	free(kept);
}

/* --- finding --- */

struct finding {
	struct arena *arena;
	struct chart_picture picture;
};

static void take_picture(const struct db_rows *row, void *self)
{
	struct finding *f = self;
	f->picture.key = db_text_dup(row, 0, f->arena);
	f->picture.sha256 = db_text_dup(row, 1, f->arena);
	f->picture.media_type = db_text_dup(row, 2, f->arena);
	f->picture.result = db_text_dup(row, 3, f->arena);
	f->picture.until_us = db_int(row, 4);
}

#define PICTURE "SELECT question_sha256, sha256, media_type, result, expires_at FROM chart_pictures "

static bool find_row(struct kept_charts *kept, const char *key, const char *sha256, int64_t now_us, struct finding *f)
{
	static const char by_key[] = PICTURE "WHERE account_id = $1 AND question_sha256 = $2 AND expires_at > $3";
	static const char by_sha256[] =
		PICTURE "WHERE account_id = $1 AND sha256 = $2 AND expires_at > $3 ORDER BY expires_at DESC LIMIT 1";
	bool found = false;
	struct err err;
	struct db *db = store_read(kept->store);
	if (!db_one(db, &err, &found, take_picture, f, key != NULL ? by_key : by_sha256, V_TEXT(f->picture.account_id),
				V_TEXT(key != NULL ? key : sha256), V_INT(now_us)))
		log_warn("pictures could not be looked for", log_str("why", err.message));
	store_read_end(kept->store, db);
	return found && !f->arena->full;
}

/* What something other than this program wrote there goes, so that it can be put anew. */
static bool is_whole(struct kept_charts *kept, const struct buf *bytes, const char *sha256)
{
	char hash[SHA256_HEX_SIZE];
	sha256_hex(buf_text(bytes), bytes->size, hash);
	if (strcmp(hash, sha256) == 0)
		return true;
	log_warn("a picture was damaged", log_str("sha256", sha256));
	remove_blob(kept, sha256);
	return false;
}

static bool read_bytes(struct kept_charts *kept, struct finding *f)
{
	struct chart_picture *p = &f->picture;
	struct buf bytes;
	struct err err;
	buf_init(&bytes, ARENA_REQUEST_CAP);
	bool read = blob_get(kept->blobs, p->sha256, &bytes, &err);
	if (!read && err.kind != ERR_NOT_FOUND)
		log_warn("a picture could not be read", log_str("sha256", p->sha256), log_str("why", err.message));
	if (read && is_whole(kept, &bytes, p->sha256)) {
		p->bytes = arena_dupn(f->arena, buf_text(&bytes), bytes.size);
		p->size = bytes.size;
	}
	buf_fini(&bytes);
	return p->bytes != NULL;
}

bool kept_charts_find(struct kept_charts *kept, const char *account_id, const char *key, const char *sha256,
					  int64_t now_us, struct arena *arena, struct chart_picture *picture)
{
	struct finding f = {arena, {.account_id = account_id}};
	if (!find_row(kept, key, sha256, now_us, &f) || !read_bytes(kept, &f))
		return false;
	*picture = f.picture;
	return true;
}

/* --- the sweep --- */

bool kept_charts_any_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, NULL, NULL, "SELECT 1 FROM chart_pictures WHERE expires_at <= $1 LIMIT 1",
				  V_INT(now_us));
}

bool kept_charts_sweep(struct kept_charts *kept, struct db *db, int64_t now_us, struct arena *arena, struct err *err)
{
	struct kept_row list[ROWS_AT_ONCE];
	struct db_rows rows;
	size_t count;
	if (!db_query(db, &rows, err, ROW "expires_at <= $1 ORDER BY expires_at LIMIT $2", V_INT(now_us),
				  V_INT(ROWS_AT_ONCE)) ||
		!read_rows(&rows, arena, list, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!drop(kept, db, &list[i], err))
			return false;
	return true;
}
