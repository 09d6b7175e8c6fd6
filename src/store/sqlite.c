#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/must.h"
#include "store/engine.h"

enum {
	STATEMENTS = 512,      /* slots of the cache; more distinct texts than that empty it */
	STATEMENTS_FULL = 384, /* entries at which it is emptied */
	PARAMETERS_MAX = 32,
	BUSY_MS = 5000,
};

/* A prepared text and where its $1, $2 … stand. */
struct statement {
	char *sql;
	sqlite3_stmt *stmt;
	int slots[PARAMETERS_MAX + 1];
	bool busy;   /* rows of it are being read */
	bool cached; /* false: finalised when its rows end */
};

struct db {
	sqlite3 *handle;
	int64_t changed;
	bool disk_failed;
	size_t count;
	struct statement *cache[STATEMENTS];
};

/* Extended codes that leave the file's content in doubt. */
static bool is_disk_failure(int extended)
{
	return (extended & 0xff) == SQLITE_IOERR || (extended & 0xff) == SQLITE_CORRUPT ||
		   (extended & 0xff) == SQLITE_NOTADB;
}

static enum err_kind kind_of(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
		return ERR_DUPLICATE;
	default:
		break;
	}
	switch (extended & 0xff) {
	case SQLITE_CONSTRAINT:
		return ERR_CONFLICT;
	case SQLITE_FULL:
		return ERR_STORE_FULL;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_STORE_BUSY;
	case SQLITE_IOERR:
	case SQLITE_CORRUPT:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_NOTADB:
		return ERR_IO;
	default:
		return ERR_INTERNAL;
	}
}

static bool refuse(struct db *db, struct err *err)
{
	int extended = sqlite3_extended_errcode(db->handle);
	db->disk_failed = db->disk_failed || is_disk_failure(extended);
	return err_set(err, kind_of(extended), "store: %s (%d)", sqlite3_errmsg(db->handle), extended);
}

static size_t slot_of(const char *sql)
{
	uint64_t hash = 14695981039346656037ULL;
	for (; *sql != '\0'; sql++)
		hash = (hash ^ (unsigned char)*sql) * 1099511628211ULL;
	return (size_t)(hash % STATEMENTS);
}

static void statement_free(struct statement *statement)
{
	sqlite3_finalize(statement->stmt);
	free(statement->sql);
	free(statement);
}

static void empty_cache(struct db *db)
{
	for (size_t i = 0; i < STATEMENTS; i++) {
		struct statement *statement = db->cache[i];
		if (statement == NULL)
			continue;
		if (statement->busy)
			statement->cached = false;
		else
			statement_free(statement);
		db->cache[i] = NULL;
	}
	db->count = 0;
}

static struct statement *prepare(struct db *db, const char *sql, struct err *err)
{
	struct statement *statement = calloc(1, sizeof *statement);
	must(statement != NULL);
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->stmt, NULL) != SQLITE_OK) {
		refuse(db, err);
		free(statement);
		return NULL;
	}
	must(statement->stmt != NULL);
	statement->sql = strdup(sql);
	must(statement->sql != NULL);
	for (int i = 1; i <= PARAMETERS_MAX; i++) {
		char name[8];
		snprintf(name, sizeof name, "$%d", i);
		statement->slots[i] = sqlite3_bind_parameter_index(statement->stmt, name);
	}
	return statement;
}

/* The cached statement of this text, or a fresh one while the cached one is being read. */
static struct statement *statement_for(struct db *db, const char *sql, struct err *err)
{
	size_t slot = slot_of(sql);
	for (; db->cache[slot] != NULL; slot = (slot + 1) % STATEMENTS)
		if (strcmp(db->cache[slot]->sql, sql) == 0)
			return db->cache[slot]->busy ? prepare(db, sql, err) : db->cache[slot];
	struct statement *statement = prepare(db, sql, err);
	if (statement == NULL)
		return NULL;
	if (db->count == STATEMENTS_FULL) {
		empty_cache(db);
		slot = slot_of(sql);
	}
	statement->cached = true;
	db->cache[slot] = statement;
	db->count++;
	return statement;
}

static int bind_one(sqlite3_stmt *stmt, int slot, const struct store_value *value)
{
	switch (value->type) {
	case STORE_INT:
		return sqlite3_bind_int64(stmt, slot, value->integer);
	case STORE_REAL:
		return sqlite3_bind_double(stmt, slot, value->real);
	case STORE_TEXT:
		return sqlite3_bind_text64(stmt, slot, value->text, value->size == SIZE_MAX ? strlen(value->text) : value->size,
								   SQLITE_STATIC, SQLITE_UTF8);
	case STORE_BLOB:
		return sqlite3_bind_blob64(stmt, slot, value->blob != NULL ? value->blob : "", value->size, SQLITE_STATIC);
	case STORE_NULL:
		return sqlite3_bind_null(stmt, slot);
	}
	return SQLITE_MISUSE;
}

static struct statement *bound(struct db *db, struct err *err, const char *sql, const struct store_value *values,
							   size_t count)
{
	must(count <= PARAMETERS_MAX);
	struct statement *statement = statement_for(db, sql, err);
	if (statement == NULL)
		return NULL;
	for (size_t i = 1; i <= count; i++) /* values[0] is the leading null of STORE_VALUES */
		if (statement->slots[i] != 0)
			must(bind_one(statement->stmt, statement->slots[i], &values[i]) == SQLITE_OK);
	return statement;
}

/* Bytes that were bound must not be looked at again. */
static void let_go(struct statement *statement)
{
	sqlite3_reset(statement->stmt);
	sqlite3_clear_bindings(statement->stmt);
	statement->busy = false;
	if (!statement->cached)
		statement_free(statement);
}

bool db_run_values(struct db *db, struct err *err, const char *sql, const struct store_value *values, size_t count)
{
	struct statement *statement = bound(db, err, sql, values, count);
	if (statement == NULL)
		return false;
	int code = sqlite3_step(statement->stmt);
	db->changed = sqlite3_changes64(db->handle);
	bool done = code == SQLITE_DONE || code == SQLITE_ROW || refuse(db, err);
	let_go(statement);
	return done;
}

int64_t db_changed(const struct db *db)
{
	return db->changed;
}

bool db_query_values(struct db *db, struct db_rows *rows, struct err *err, const char *sql,
					 const struct store_value *values, size_t count)
{
	struct statement *statement = bound(db, err, sql, values, count);
	*rows = (struct db_rows){.db = db, .statement = statement};
	if (statement == NULL)
		return false;
	statement->busy = true;
	return true;
}

static sqlite3_stmt *stmt_of(const struct db_rows *rows)
{
	return ((struct statement *)rows->statement)->stmt;
}

bool db_next(struct db_rows *rows)
{
	int code = sqlite3_step(stmt_of(rows));
	rows->has_row = code == SQLITE_ROW;
	rows->failed = code != SQLITE_ROW && code != SQLITE_DONE;
	return rows->has_row;
}

bool db_end(struct db_rows *rows, struct err *err)
{
	bool fine = !rows->failed || refuse(rows->db, err);
	if (rows->statement != NULL)
		let_go(rows->statement);
	rows->statement = NULL;
	return fine;
}

bool db_is_null(const struct db_rows *rows, int column)
{
	return sqlite3_column_type(stmt_of(rows), column) == SQLITE_NULL;
}

int64_t db_int(const struct db_rows *rows, int column)
{
	return sqlite3_column_int64(stmt_of(rows), column);
}

double db_real(const struct db_rows *rows, int column)
{
	return db_is_null(rows, column) ? NAN : sqlite3_column_double(stmt_of(rows), column);
}

const char *db_text(const struct db_rows *rows, int column)
{
	return (const char *)sqlite3_column_text(stmt_of(rows), column);
}

const void *db_blob(const struct db_rows *rows, int column, size_t *size)
{
	const void *bytes = sqlite3_column_blob(stmt_of(rows), column);
	*size = (size_t)sqlite3_column_bytes(stmt_of(rows), column);
	return bytes;
}

const char *db_text_dup(const struct db_rows *rows, int column, struct arena *arena)
{
	const char *text = db_text(rows, column);
	return text == NULL ? NULL : arena_dupn(arena, text, (size_t)sqlite3_column_bytes(stmt_of(rows), column));
}

bool db_one_values(struct db *db, struct err *err, bool *found, void (*take)(const struct db_rows *row, void *self),
				   void *self, const char *sql, const struct store_value *values, size_t count)
{
	struct db_rows rows;
	if (!db_query_values(db, &rows, err, sql, values, count))
		return false;
	bool there = db_next(&rows);
	if (there && take != NULL)
		take(&rows, self);
	if (!db_end(&rows, err))
		return false;
	if (found != NULL)
		*found = there;
	return true;
}

/* --- the engine's part --- */

static bool simple(struct db *db, const char *sql, struct err *err)
{
	return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK || refuse(db, err);
}

static bool configure(struct db *db, enum engine_role role, struct err *err)
{
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return simple(db,
				  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
				  "PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096;",
				  err) &&
		   (role != ENGINE_READER || simple(db, "PRAGMA query_only = ON", err));
}

bool engine_open(const char *folder, const char *vfs, enum engine_role role, struct db **db, struct err *err)
{
	struct db *open = calloc(1, sizeof *open);
	must(open != NULL);
	char path[4096];
	snprintf(path, sizeof path, "%s/store.db", folder);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (role == ENGINE_WRITER ? SQLITE_OPEN_CREATE : 0);
	if (sqlite3_open_v2(path, &open->handle, flags, vfs) != SQLITE_OK || !configure(open, role, err)) {
		if (open->handle != NULL)
			refuse(open, err);
		engine_close(open);
		return false;
	}
	*db = open;
	return true;
}

void engine_close(struct db *db)
{
	if (db == NULL)
		return;
	empty_cache(db);
	sqlite3_close_v2(db->handle);
	free(db);
}

bool engine_begin(struct db *db, struct err *err)
{
	return db_run(db, err, "BEGIN IMMEDIATE");
}

bool engine_commit(struct db *db, struct err *err)
{
	return db_run(db, err, "COMMIT");
}

void engine_rollback(struct db *db)
{
	if (engine_in_transaction(db))
		db_run(db, NULL, "ROLLBACK");
}

bool engine_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

bool engine_savepoint(struct db *db, struct err *err)
{
	return db_run(db, err, "SAVEPOINT op");
}

bool engine_release(struct db *db, struct err *err)
{
	return db_run(db, err, "RELEASE op");
}

bool engine_rollback_to(struct db *db)
{
	return db_run(db, NULL, "ROLLBACK TO op") && db_run(db, NULL, "RELEASE op");
}

/* The types of the common dialect that a STRICT table here spells otherwise. */
static void translate(struct buf *out, const char *sql)
{
	static const char *const words[][2] = {{"BIGINT", "INTEGER"}, {"DOUBLE", "REAL"}, {"BYTES", "BLOB"}};
	for (const char *at = sql; *at != '\0';) {
		size_t taken = 0;
		for (size_t i = 0; i < sizeof words / sizeof *words && taken == 0; i++) {
			size_t size = strlen(words[i][0]);
			if ((at == sql || at[-1] == ' ') && strncmp(at, words[i][0], size) == 0 &&
				strchr(" ,\n)", at[size]) != NULL) {
				buf_adds(out, words[i][1]);
				taken = size;
			}
		}
		if (taken == 0)
			buf_addc(out, at[taken++]);
		at += taken;
	}
}

bool engine_script(struct db *db, const char *sql, struct err *err)
{
	struct buf text;
	buf_init(&text, 0);
	translate(&text, sql);
	bool done = simple(db, buf_text(&text), err);
	buf_fini(&text);
	return done;
}

bool engine_disk_failed(const struct db *db)
{
	return db->disk_failed;
}

bool engine_checkpoint(struct db *db, bool reset, struct err *err)
{
	int code = sqlite3_wal_checkpoint_v2(db->handle, NULL,
										 reset ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	return code == SQLITE_OK || code == SQLITE_BUSY || refuse(db, err);
}

int64_t engine_log_bytes(const char *folder)
{
	char path[4096];
	struct stat st;
	snprintf(path, sizeof path, "%s/store.db-wal", folder);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

bool engine_copy(struct db *db, const char *path, struct err *err)
{
	return db_run(db, err, "VACUUM INTO $1", V_TEXT(path));
}
