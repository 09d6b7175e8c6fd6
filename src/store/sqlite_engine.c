#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/must.h"
#include "store/dialect.h"
#include "store/engine.h"
#include "store/folder.h"
#include "store/gather_vfs.h"
#include "store/image.h"
#include "store/sqlite.h"
#include "store/watch.h"

enum {
	BUSY_MS = 5000,
	RESTART_LOOKS = 500, /* for readers to end; the writer is held meanwhile, so a long one must not be waited for */
	RESTART_LOOK_NS = 200000,
	PAGE = 4096,
	FRAME = PAGE + 24,     /* bytes of a page in the log */
	LOG_LIMIT = 128 << 20, /* bytes of disk that an emptied log keeps */
	CACHE_KB = 4096, /* SQLite 3.40 walks through all of it after each commit that split a page: 16 MiB cost more */
	LOOKASIDE_BYTES = 1200,
	LOOKASIDE_SLOTS = 100,  /* 120 KB a connection that need no allocator */
	COPY_LOOK_STEPS = 10000 /* instructions of a copy between two looks at whether to go on */
};

static bool own_run(struct db *db, const char *sql, struct err *err)
{
	db->own = true;
	bool done = db_run(db, err, sql);
	db->own = false;
	return done;
}

static bool own_script(struct db *db, const char *sql, struct err *err)
{
	db->own = true;
	bool done = sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || sqlite_refuse(db, err);
	db->own = false;
	return done;
}

/* An op that ended the transaction would commit its neighbours, or keep a reader's old state for ever. */
static int authorize(void *self, int action, const char *a, const char *b, const char *c, const char *d)
{
	(void)b, (void)c, (void)d;
	struct db *db = self;
	switch (action) {
	case SQLITE_INSERT:
	case SQLITE_UPDATE:
	case SQLITE_DELETE: /* also what triggers do and references */
		if (db->watches != NULL)
			db->writes |= watches_of(db->watches, a);
		return SQLITE_OK;
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
	case SQLITE_PRAGMA:
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
		return db->own ? SQLITE_OK : SQLITE_DENY;
	default:
		return SQLITE_OK;
	}
}

static int note_log(void *self, sqlite3 *handle, const char *name, int pages)
{
	(void)handle, (void)name;
	struct db *db = self;
	db->log_bytes = (int64_t)pages * FRAME;
	return SQLITE_OK;
}

/* Asking for WAL where it cannot be had (a network folder) is answered with another mode, not with an error. */
static bool is_wal(struct db *db, struct err *err)
{
	struct db_rows rows;
	db->own = true;
	bool queried = db_query(db, &rows, err, "PRAGMA journal_mode"), wal = false;
	if (queried && db_next(&rows))
		wal = strcmp(db_text(&rows, 0), "wal") == 0;
	bool asked = db_end(&rows, err);
	db->own = false;
	return asked && (wal || err_set(err, ERR_IO,
									"the data folder must be on a local disk: its file system has no "
									"shared memory"));
}

/* Short readers end soon; the engine's own patience sleeps for tens of milliseconds by its second look. */
static int wait_for_readers(void *self, int looks)
{
	(void)self;
	const struct timespec look = {.tv_nsec = RESTART_LOOK_NS};
	nanosleep(&look, NULL);
	return looks < RESTART_LOOKS;
}

static bool configure(struct db *db, enum engine_role role, struct err *err)
{
	sqlite3_extended_result_codes(db->handle, 1);
	if (role == ENGINE_CHECKPOINTER)
		sqlite3_busy_handler(db->handle, wait_for_readers, NULL);
	else
		sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_set_authorizer(db->handle, authorize, db);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_LOOKASIDE, NULL, LOOKASIDE_BYTES, LOOKASIDE_SLOTS);
	char sizes[128];
	snprintf(sizes, sizeof sizes, "PRAGMA journal_size_limit = %d; PRAGMA cache_size = -%d;", LOG_LIMIT, CACHE_KB);
	if (!own_script(db,
					"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
					"PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
					"PRAGMA case_sensitive_like = ON;", /* as in PostgreSQL */
					err) ||
		!own_script(db, sizes, err) || !is_wal(db, err))
		return false;
	if (role == ENGINE_WRITER) /* after wal_autocheckpoint, which is a hook too */
		sqlite3_wal_hook(db->handle, note_log, db);
	return role != ENGINE_READER || own_script(db, "PRAGMA query_only = ON", err);
}

/* SQLite would make it readable by all, and its log and index after it. */
static bool make_file(const char *path, struct err *err)
{
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return err_set(err, ERR_IO, "cannot open the store %s: %s", path, strerror(errno));
	close(file);
	return true;
}

/*
 * Its count of all memory costs a lock of the whole process at each allocation, and nobody reads it.  Refused where
 * somebody used SQLite before (a test's file system): then all goes on as it did.
 */
static void set_up_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool engine_open(const char *folder, const char *vfs, enum engine_role role, struct db **db, struct err *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	char path[FOLDER_PATH];
	must(pthread_once(&once, set_up_library) == 0);
	if (!folder_path(path, folder, "store.db", err) || (role == ENGINE_WRITER && !make_file(path, err)))
		return false;
	struct db *open = calloc(1, sizeof *open);
	must(open != NULL);
	open->checkpointer = role == ENGINE_CHECKPOINTER;
	if (role == ENGINE_WRITER)
		open->gather = gather_vfs_new(vfs);
	if (open->gather != NULL)
		vfs = gather_vfs_name(open->gather);
	int code = sqlite3_open_v2(path, &open->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs);
	must(open->handle != NULL);
	if ((code == SQLITE_OK || sqlite_refuse(open, err)) && configure(open, role, err)) {
		*db = open;
		return true;
	}
	engine_close(open);
	return false;
}

void engine_close(struct db *db)
{
	if (db == NULL)
		return;
	sqlite_forget(db);
	sqlite3_close_v2(db->handle);
	gather_vfs_free(db->gather);
	free(db);
}

bool engine_begin(struct db *db, struct err *err)
{
	if (db->watches != NULL && watches_any_new(db->watches))
		sqlite_forget(db);
	return db->scoped = own_run(db, "BEGIN IMMEDIATE", err);
}

bool engine_begin_read(struct db *db, struct err *err)
{
	return db->scoped = own_run(db, "BEGIN", err);
}

bool engine_commit(struct db *db, struct err *err)
{
	bool done = own_run(db, "COMMIT", err);
	if (!done)
		engine_rollback(db);
	db->scoped = false;
	return done;
}

void engine_rollback(struct db *db)
{
	if (engine_in_transaction(db))
		own_run(db, "ROLLBACK", NULL);
	db->scoped = false;
}

bool engine_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

bool engine_savepoint(struct db *db, struct err *err)
{
	return own_run(db, "SAVEPOINT part", err);
}

bool engine_release(struct db *db, struct err *err)
{
	return own_run(db, "RELEASE part", err);
}

bool engine_rollback_to(struct db *db)
{
	return own_run(db, "ROLLBACK TO part", NULL) && own_run(db, "RELEASE part", NULL);
}

void engine_watch(struct db *db, struct watches *watches)
{
	db->watches = watches;
	sqlite_forget(db);
}

struct watches *engine_watches(const struct db *db)
{
	return db->watches;
}

uint64_t db_watch(const struct db *db, const struct store_watch *watch)
{
	return db->watches != NULL ? watch->now : 0;
}

int engine_open_rows(const struct db *db)
{
	return db->open_rows;
}

bool engine_script(struct db *db, const char *sql, struct err *err)
{
	if (!dialect_check_schema(sql, err))
		return false;
	struct buf text;
	buf_init(&text, 0);
	db->own = dialect_to_sqlite(&text, sql); /* the full-text engine has statements of its own */
	bool done = (buf_ok(&text) || err_set(err, ERR_LIMIT, "no memory for a migration")) &&
				(sqlite3_exec(db->handle, buf_text(&text), NULL, NULL, NULL) == SQLITE_OK || sqlite_refuse(db, err));
	db->own = false;
	buf_fini(&text);
	return done;
}

bool engine_is_empty(struct db *db)
{
	struct db_rows rows;
	db->own = true;
	bool empty =
		db_query(db, &rows, NULL, "SELECT COUNT(*) FROM sqlite_schema") && db_next(&rows) && db_int(&rows, 0) == 0;
	empty = db_end(&rows, NULL) && empty;
	db->own = false;
	return empty;
}

/* A database in memory that has these bytes; NULL: there is no memory, or they are none. */
static sqlite3 *open_image(const struct embedded *image)
{
	enum { OWN = SQLITE_DESERIALIZE_READONLY | SQLITE_DESERIALIZE_FREEONCLOSE /* and when it fails */ };
	sqlite3 *from = NULL;
	size_t size = image_size(image->bytes, image->size);
	char *bytes = size > 0 ? sqlite3_malloc64(size) : NULL;
	if (bytes == NULL || !image_unpack(image->bytes, image->size, bytes) ||
		sqlite3_open_v2(":memory:", &from, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) != SQLITE_OK) {
		sqlite3_close(from);
		sqlite3_free(bytes);
		return NULL;
	}
	if (sqlite3_deserialize(from, "main", (unsigned char *)bytes, (sqlite3_int64)size, (sqlite3_int64)size, OWN) ==
		SQLITE_OK)
		return from;
	sqlite3_close(from);
	return NULL;
}

/* Page by page, as a backup is made, so it goes the way of every write: through the log, in one transaction. */
bool engine_fill(struct db *db, const struct embedded *image, struct err *err)
{
	sqlite3 *from = open_image(image);
	if (from == NULL)
		return err_set(err, ERR_INTERNAL, "store: the image of a new store is damaged, or there is no memory for it");
	sqlite3_backup *copy = sqlite3_backup_init(db->handle, "main", from, "main");
	if (copy != NULL)
		sqlite3_backup_step(copy, -1);
	bool done = copy != NULL && sqlite3_backup_finish(copy) == SQLITE_OK;
	sqlite3_close(from);
	return done || sqlite_refuse(db, err);
}

bool engine_foreign_keys(struct db *db, bool on, struct err *err)
{
	return own_script(db, on ? "PRAGMA foreign_keys = ON" : "PRAGMA foreign_keys = OFF", err);
}

bool engine_synced(struct db *db, bool on, struct err *err)
{
	return own_script(db, on ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", err);
}

bool engine_check_foreign_keys(struct db *db, struct err *err)
{
	struct db_rows rows;
	char table[64] = "";
	db->own = true;
	if (db_query(db, &rows, err, "PRAGMA foreign_key_check") && db_next(&rows))
		snprintf(table, sizeof table, "%s", db_text(&rows, 0));
	bool asked = db_end(&rows, err);
	db->own = false;
	return asked &&
		   (table[0] == '\0' || err_set(err, ERR_CONFLICT, "rows of table %s refer to rows that are not there", table));
}

bool engine_disk_failed(const struct db *db)
{
	return db->disk_failed;
}

static bool checkpoint(struct db *db, int mode, bool *whole, struct err *err)
{
	int in_log = 0, copied = 0;
	int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, &in_log, &copied);
	if (code != SQLITE_OK && code != SQLITE_BUSY)
		return sqlite_refuse(db, err);
	*whole = code == SQLITE_OK && copied == in_log;
	return true;
}

bool engine_checkpoint(struct db *db, bool restart, bool *whole, struct err *err)
{
	return checkpoint(db, restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, whole, err);
}

bool engine_checkpoint_last(struct db *db, struct err *err)
{
	bool whole;
	return checkpoint(db, SQLITE_CHECKPOINT_TRUNCATE, &whole, err);
}

int64_t engine_log_bytes(const struct db *db)
{
	return db->log_bytes;
}

int64_t engine_bytes(const char *folder)
{
	char path[FOLDER_PATH];
	struct stat st;
	return folder_path(path, folder, "store.db", NULL) && stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

struct copying {
	bool (*go_on)(void *self);
	void *self;
};

static int look(void *self)
{
	const struct copying *copying = self;
	return !copying->go_on(copying->self);
}

bool engine_copy(struct db *db, const char *path, bool (*go_on)(void *self), void *self, struct err *err)
{
	struct copying copying = {go_on, self};
	sqlite3_progress_handler(db->handle, COPY_LOOK_STEPS, look, &copying);
	db->own = true;
	bool done = db_run(db, err, "VACUUM INTO $1", V_TEXT(path));
	db->own = false;
	sqlite3_progress_handler(db->handle, 0, NULL, NULL);
	if (!done && sqlite3_errcode(db->handle) == SQLITE_INTERRUPT)
		return err_set(err, ERR_STORE_FULL, "the copy was given up: the disk is nearly full");
	return done;
}
