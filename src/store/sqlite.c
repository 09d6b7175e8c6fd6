#include "store/sqlite.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "store/dialect.h"
#include "store/watch.h"

enum {
	STATEMENTS_FULL = 384, /* entries of the cache at which it is emptied */
	PARAMETERS_MAX = 64,
};

/* A prepared text and where its $1, $2 … stand. */
struct statement {
	char *sql;
	sqlite3_stmt *stmt;
	int slots[PARAMETERS_MAX + 1];
	int parameters;
	bool own;        /* of the store itself: what an op may not prepare it must not find prepared */
	bool busy;       /* rows of it are being read */
	bool cached;     /* false: finalised when its rows end */
	unsigned writes; /* watches that it concerns */
	char *strange;   /* the first word of its rows that nobody knows: db_word; or NULL */
};

/* The system's own reason of the last failed write: the writer writes the log only, the checkpointer the main file. */
static int write_errno(const struct db *db)
{
	int which = db->checkpointer ? SQLITE_FCNTL_FILE_POINTER : SQLITE_FCNTL_JOURNAL_POINTER, why = 0;
	sqlite3_file *file = NULL;
	if (sqlite3_file_control(db->handle, "main", which, &file) == SQLITE_OK && file != NULL && file->pMethods != NULL)
		file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &why);
	return why;
}

/*
 * SQLite calls only ENOSPC full; over a quota it says IOERR [P-12.3].  Nor does it when the index of its log cannot
 * grow, which holds nothing that a restart would not make anew.
 */
static bool is_full_disk(const struct db *db, int extended)
{
	return (extended & 0xff) == SQLITE_FULL || extended == SQLITE_IOERR_SHMSIZE ||
		   (extended == SQLITE_IOERR_WRITE && write_errno(db) == EDQUOT);
}

/* Failures that leave the file's content in doubt.  A read that fails, or a want of memory, changed nothing. */
static bool is_disk_failure(const struct db *db, int extended)
{
	switch (extended) {
	case SQLITE_IOERR_NOMEM:
	case SQLITE_IOERR_READ:
	case SQLITE_IOERR_SHORT_READ:
		return false;
	default:
		break;
	}
	switch (extended & 0xff) {
	case SQLITE_IOERR:
		return !is_full_disk(db, extended);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return true;
	default:
		return false;
	}
}

static enum db_fault fault_of(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
		return DB_FAULT_UNIQUE;
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return DB_FAULT_FOREIGN_KEY;
	case SQLITE_CONSTRAINT_CHECK:
		return DB_FAULT_CHECK;
	case SQLITE_CONSTRAINT_NOTNULL:
		return DB_FAULT_NOT_NULL;
	default:
		return (extended & 0xff) == SQLITE_CONSTRAINT ? DB_FAULT_OTHER : DB_FAULT_NONE;
	}
}

static enum err_kind kind_of(const struct db *db, int extended)
{
	if (fault_of(extended) == DB_FAULT_UNIQUE)
		return ERR_DUPLICATE;
	if (is_full_disk(db, extended))
		return ERR_STORE_FULL;
	switch (extended & 0xff) {
	case SQLITE_CONSTRAINT:
		return ERR_CONFLICT;
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

bool sqlite_refuse(struct db *db, struct err *err)
{
	int extended = sqlite3_extended_errcode(db->handle);
	db->disk_failed = db->disk_failed || is_disk_failure(db, extended);
	db->fault = fault_of(extended);
	return err_set(err, kind_of(db, extended), "store: %s (%d)", sqlite3_errmsg(db->handle), extended);
}

enum db_fault db_fault(const struct db *db)
{
	return db->fault;
}

/* Eight bytes at a time: texts of some hundred bytes are looked up for every row that is written. */
static size_t slot_of(const char *sql)
{
	uint64_t hash = 14695981039346656037ULL, word;
	size_t left = strlen(sql);
	for (; left >= sizeof word; left -= sizeof word, sql += sizeof word) {
		memcpy(&word, sql, sizeof word);
		hash = (hash ^ word) * 1099511628211ULL;
		hash ^= hash >> 32;
	}
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

void sqlite_forget(struct db *db)
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

/* The text must be one statement and nothing behind it: the rest would be dropped in silence. */
static bool compile(struct db *db, const char *sql, sqlite3_stmt **stmt, struct err *err)
{
	const char *tail = "";
	db->writes = 0;
	if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, &tail) != SQLITE_OK)
		return sqlite_refuse(db, err);
	if (*stmt != NULL && tail[strspn(tail, " \t\r\n;")] == '\0')
		return true;
	sqlite3_finalize(*stmt);
	return err_set(err, ERR_INTERNAL, "store: not one statement: %.100s", sql);
}

static struct statement *prepare(struct db *db, const char *sql, struct err *err)
{
	sqlite3_stmt *stmt = NULL;
	if ((!db->own && !dialect_check(sql, err)) || !compile(db, sql, &stmt, err))
		return NULL;
	struct statement *statement = calloc(1, sizeof *statement);
	must(statement != NULL);
	statement->stmt = stmt;
	statement->own = db->own;
	statement->writes = db->writes;
	statement->sql = strdup(sql);
	must(statement->sql != NULL);
	statement->parameters = sqlite3_bind_parameter_count(stmt);
	for (int i = 1; i <= PARAMETERS_MAX; i++) {
		char name[8];
		snprintf(name, sizeof name, "$%d", i);
		statement->slots[i] = sqlite3_bind_parameter_index(stmt, name);
	}
	return statement;
}

/* The cached statement of this text, or a fresh one while the cached one is being read. */
static struct statement *statement_for(struct db *db, const char *sql, struct err *err)
{
	size_t slot = slot_of(sql);
	for (; db->cache[slot] != NULL; slot = (slot + 1) % STATEMENTS)
		if (db->cache[slot]->own == db->own && strcmp(db->cache[slot]->sql, sql) == 0)
			return db->cache[slot]->busy ? prepare(db, sql, err) : db->cache[slot];
	struct statement *statement = prepare(db, sql, err);
	if (statement == NULL)
		return NULL;
	if (db->count == STATEMENTS_FULL) {
		sqlite_forget(db);
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
	case STORE_REAL: /* SQLite takes NaN for null */
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

/* Values that the text does not name, or names without a value, are a slip that would store a null. */
static bool bind_all(struct statement *statement, const struct store_value *values, size_t count, struct err *err)
{
	if (count > PARAMETERS_MAX || (int)count != statement->parameters)
		return err_set(err, ERR_INTERNAL, "store: %zu values for %d parameters: %.100s", count, statement->parameters,
					   statement->sql);
	for (size_t i = 1; i <= count; i++) { /* values[0] is the leading null of STORE_VALUES */
		if (statement->slots[i] == 0)
			return err_set(err, ERR_INTERNAL, "store: parameter $%zu is missing: %.100s", i, statement->sql);
		if (bind_one(statement->stmt, statement->slots[i], &values[i]) != SQLITE_OK)
			return err_set(err, ERR_LIMIT, "store: value $%zu is too long", i);
	}
	return true;
}

/* Bytes that were bound must not be looked at again. */
static void let_go(struct statement *statement)
{
	sqlite3_reset(statement->stmt);
	sqlite3_clear_bindings(statement->stmt);
	statement->busy = false;
	free(statement->strange);
	statement->strange = NULL;
	if (!statement->cached)
		statement_free(statement);
}

static struct statement *bound(struct db *db, struct err *err, const char *sql, const struct store_value *values,
							   size_t count)
{
	/* A failure can end the transaction under an op that does not look; what it wrote next would commit by itself. */
	if (db->scoped && !db->own && sqlite3_get_autocommit(db->handle) != 0) {
		err_set(err, ERR_UNAVAILABLE, "store: the transaction was lost");
		return NULL;
	}
	struct statement *statement = statement_for(db, sql, err);
	if (statement == NULL)
		return NULL;
	if (!bind_all(statement, values, count, err)) {
		let_go(statement);
		return NULL;
	}
	if (statement->writes != 0)
		watches_touch(db->watches, statement->writes);
	return statement;
}

bool db_run_values(struct db *db, struct err *err, const char *sql, const struct store_value *values, size_t count)
{
	struct statement *statement = bound(db, err, sql, values, count);
	if (statement == NULL)
		return false;
	int code;
	do
		code = sqlite3_step(statement->stmt);
	while (code == SQLITE_ROW); /* of RETURNING: the count of changes is right only at its end */
	db->changed = sqlite3_changes64(db->handle);
	bool done = code == SQLITE_DONE || sqlite_refuse(db, err);
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
	*rows = (struct db_rows){.db = db, .statement = statement, .over = statement == NULL};
	if (statement == NULL)
		return false;
	statement->busy = true;
	db->open_rows++;
	return true;
}

static sqlite3_stmt *stmt_of(const struct db_rows *rows)
{
	must(rows->has_row);
	return ((struct statement *)rows->statement)->stmt;
}

bool db_next(struct db_rows *rows)
{
	if (rows->over)
		return false; /* SQLite would begin again */
	int code = sqlite3_step(((struct statement *)rows->statement)->stmt);
	rows->has_row = code == SQLITE_ROW;
	rows->failed = code != SQLITE_ROW && code != SQLITE_DONE;
	rows->over = code != SQLITE_ROW;
	return rows->has_row;
}

bool db_end(struct db_rows *rows, struct err *err)
{
	struct statement *statement = rows->statement;
	if (statement == NULL)
		return false; /* the query itself had failed, and told why */
	while (!rows->over && sqlite3_stmt_readonly(statement->stmt) == 0 && db_next(rows))
		; /* a change with RETURNING ends only with its last row */
	/* Resetting tells a failure again, whatever else ran on the connection since. */
	bool fine = sqlite3_reset(statement->stmt) == SQLITE_OK || !rows->failed || sqlite_refuse(rows->db, err);
	if (fine && statement->strange != NULL)
		fine = err_set(err, ERR_INTERNAL, "store: %s", statement->strange);
	let_go(statement);
	rows->db->open_rows--;
	*rows = (struct db_rows){.db = rows->db, .over = true};
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

int db_word(const struct db_rows *rows, int column, const char *const *names)
{
	struct statement *statement = rows->statement;
	const char *word = db_text(rows, column);
	for (int i = 0; names[i] != NULL; i++)
		if (word != NULL && strcmp(names[i], word) == 0)
			return i;
	if (statement->strange == NULL) {
		const char *key = db_text(rows, 0);
		must(asprintf(&statement->strange, "row %.64s has the %.40s %.40s, which is none that this version knows",
					  key != NULL ? key : "", sqlite3_column_name(stmt_of(rows), column),
					  word != NULL ? word : "null") > 0);
	}
	return 0;
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
