/*
 * The store: the one SQL interface of the house.
 *
 * One text of SQL serves every engine: parameters $1, $2 …; ON CONFLICT and RETURNING; no rowid, no engine's own types
 * or functions (a foreign word is refused with ERR_INTERNAL, see dialect.h).  Ids are text, times and money are
 * integers, JSON is text; LIKE heeds case; a column that rows are ordered by is NOT NULL, for engines put nulls at
 * different ends.  SQLite is behind it today; nothing here says so, and PostgreSQL can take its place without touching
 * a caller.
 *
 * Reads run on a reader (store_read … store_read_end), any number at once.  Writes are ops: functions that the single
 * writer thread applies, each under a savepoint of its own, many to one commit and one fsync.  An op's `done` runs only
 * after its commit, so nothing is answered before it is durable.  See store_submit.  Transactions and savepoints are
 * the store's business: BEGIN, COMMIT, SAVEPOINT and PRAGMA in an op or a reader are refused.
 *
 * A failed fsync, write or rename ends the process by `on_fatal`, after which nothing more is acknowledged: what the
 * disk holds is known again only by reading it anew.  A full disk is no such error: writes fail with ERR_STORE_FULL
 * until there is room, and reads go on [P-12.3].
 */
#ifndef CS_STORE_STORE_H
#define CS_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct arena;
struct store;
struct db; /* a connection, as an op or a reader has it; one thread at a time */

/* --- statements --- */

enum store_type { STORE_NULL, STORE_INT, STORE_REAL, STORE_TEXT, STORE_BLOB };

struct store_value {
	enum store_type type;
	size_t size; /* STORE_BLOB, and STORE_TEXT unless SIZE_MAX (NUL-terminated) */
	union {
		int64_t integer;
		double real;
		const char *text;
		const void *blob;
	};
};

#define V_INT(x) ((struct store_value){.type = STORE_INT, .integer = (x)})
#define V_REAL(x) ((struct store_value){.type = STORE_REAL, .real = (x)}) /* NaN is null */
#define V_TEXT(x) store_text_value(x)                                     /* NULL is null */
#define V_BLOB(bytes, n) ((struct store_value){.type = STORE_BLOB, .size = (n), .blob = (bytes)})
#define V_NULL ((struct store_value){.type = STORE_NULL})

static inline struct store_value store_text_value(const char *text)
{
	return text == NULL ? V_NULL : (struct store_value){.type = STORE_TEXT, .size = SIZE_MAX, .text = text};
}

#define STORE_VALUES(...) \
	((const struct store_value[]){V_NULL __VA_OPT__(, ) __VA_ARGS__}), \
		(sizeof((const struct store_value[]){V_NULL __VA_OPT__(, ) __VA_ARGS__}) / sizeof(struct store_value) - 1)

/*
 * Run a statement that gives no rows: db_run(db, err, "UPDATE t SET a = $1 WHERE b = $2", V_INT(1), V_TEXT(id)).
 * False: ERR_DUPLICATE (a unique index), ERR_CONFLICT (another constraint), ERR_STORE_FULL, ERR_STORE_BUSY, ERR_IO,
 * ERR_UNAVAILABLE (an earlier failure of this op lost the transaction), ERR_INTERNAL (the statement is wrong, or the
 * values are not as many as its parameters).  Statements are prepared once per connection and text; the text may be
 * built, but of few forms.  Bound bytes are not copied.  At most 64 values.
 */
#define db_run(db, err, sql, ...) db_run_values((db), (err), (sql), STORE_VALUES(__VA_ARGS__))
bool db_run_values(struct db *db, struct err *err, const char *sql, const struct store_value *values, size_t count);

/* Rows changed by the last db_run of this connection. */
int64_t db_changed(const struct db *db);

/* Which constraint the last failed statement of this connection met: what ERR_DUPLICATE and ERR_CONFLICT leave open. */
enum db_fault {
	DB_FAULT_NONE,
	DB_FAULT_UNIQUE,
	DB_FAULT_FOREIGN_KEY,
	DB_FAULT_CHECK,
	DB_FAULT_NOT_NULL,
	DB_FAULT_OTHER
};
enum db_fault db_fault(const struct db *db);

/*
 * Run a part of an op under a savepoint of its own: when it says false, what it did is undone, err has its reason, and
 * the op may go on; so a refusal that the op decided can be recorded in the same transaction [P-8.5].  Parts nest.
 */
bool db_attempt(struct db *db, bool (*part)(struct db *db, void *self, struct err *err), void *self, struct err *err);

/*
 * Rows of a query.  `struct db_rows rows; if (!db_query(db, &rows, err, sql, …)) …; while (db_next(&rows)) …;
 * return db_end(&rows, err);`  Columns count from 0; their bytes live until the next db_next or db_end.  Every db_query
 * that gave true needs its db_end before the op or the reader ends (must), else its state would be held for ever.
 */
struct db_rows {
	struct db *db;
	void *statement;
	bool failed, has_row, over;
};

#define db_query(db, rows, err, sql, ...) db_query_values((db), (rows), (err), (sql), STORE_VALUES(__VA_ARGS__))
bool db_query_values(struct db *db, struct db_rows *rows, struct err *err, const char *sql,
					 const struct store_value *values, size_t count);
bool db_next(struct db_rows *rows);
bool db_end(struct db_rows *rows, struct err *err); /* false when the query or a db_next failed */

bool db_is_null(const struct db_rows *rows, int column);
int64_t db_int(const struct db_rows *rows, int column);      /* 0 for null */
double db_real(const struct db_rows *rows, int column);      /* NaN for null */
const char *db_text(const struct db_rows *rows, int column); /* NULL for null */
const void *db_blob(const struct db_rows *rows, int column, size_t *size);

/*
 * Which of `names` (NULL-terminated) the text of a column is.  One that is none of them is of a damaged row, or of a
 * newer program's: then the first of them is told, and db_end (db_one) of this query fails with ERR_INTERNAL, which
 * names the row by its first column, the column and the word.
 */
int db_word(const struct db_rows *rows, int column, const char *const *names);

/* The text of a column copied into the arena; NULL for null. */
const char *db_text_dup(const struct db_rows *rows, int column, struct arena *arena);

/*
 * One row at most: calls `take` for it.  *found says whether there was one.  False on failure.
 */
#define db_one(db, err, found, take, self, sql, ...) \
	db_one_values((db), (err), (found), (take), (self), (sql), STORE_VALUES(__VA_ARGS__))
bool db_one_values(struct db *db, struct err *err, bool *found, void (*take)(const struct db_rows *row, void *self),
				   void *self, const char *sql, const struct store_value *values, size_t count);

/* --- opening --- */

/*
 * A step of the schema: never edited once released.  Types are BIGINT, DOUBLE, TEXT and BYTES; tables end `) STRICT;`,
 * or `) STRICT CLUSTERED;`: see dialect.h. References are looked at when the step is over, so that a table can be made
 * anew under its name; they are immediate.
 */
struct store_migration {
	int number; /* from 1, rising */
	const char *name;
	const char *sql;
};

struct embedded;

struct store_options {
	const char *folder; /* made (0700) when absent */
	const struct store_migration *migrations;
	size_t migrations_count;
	/*
	 * What these migrations make of an empty store (store/image.h), for a first start that does not run each of them;
	 * NULL: it does.  An image of other migrations is refused as a store of other migrations is.
	 */
	const struct embedded *image;
	void (*sha256_hex)(const void *bytes, size_t size, char hex[65]);
	int64_t (*mono_us)(void *self); /* of core/env.h */
	int64_t (*wall_us)(void *self);
	void *clock;
	const char *new_store_id; /* the id that a fresh store gets */
	size_t batch_max, queue_max;
	int64_t min_free_bytes; /* below it the store is only read */
	int64_t log_max_bytes;  /* of the write-ahead log, about; 0: 64 MiB */
	int readers;            /* 1 to 64 */
	/*
	 * Called once, on one of the store's threads, when the disk cannot be trusted any more.  NULL: log and _exit(1).
	 * If it returns, every op fails with ERR_IO and nothing is written again.
	 */
	void (*on_fatal)(const char *why, void *self);
	void *fatal_self;
	const char *vfs; /* an engine's file layer, for tests; NULL: the usual one */
	bool stepped;    /* no threads: what is queued is applied by store_step() alone; for simulations */
};

/*
 * Open the folder, take its lock, migrate.  ERR_STORE_BUSY: another process has it; ERR_CONFLICT: the store is newer
 * than this program, or an applied migration was edited; ERR_IO: cannot be read or written; ERR_STORE_FULL.  Each
 * message says what to do.  Starts the writer and the checkpoint thread.
 */
bool store_open(const struct store_options *options, struct store **store, struct err *err);

/* Apply what is queued, end the threads, checkpoint, give the lock back.  NULL is fine. */
void store_close(struct store *store);

const char *store_id(const struct store *store);
/*
 * The newest migration of a store that nobody has open, which is not changed; 0: it has none.  ERR_STORE_BUSY: somebody
 * has it.  Thread: any.
 */
bool store_newest_migration(const char *folder, int64_t *newest, struct err *err);

int store_schema_version(const struct store *store);

/* --- reading --- */

/*
 * A reader.  It sees one state, that of its first query, until it is given back; so take it late, give it back soon,
 * and do not wait for a write meanwhile.  Waits while all are in use: a thread holds one at most.  Never NULL.
 */
struct db *store_read(struct store *store);
void store_read_end(struct store *store, struct db *db);

/* --- writing --- */

struct store_op {
	/*
	 * Change the store.  False with err undoes what this op did and no other.  Runs once, on the writer's thread, so
	 * it must not wait for anything; what it learns it keeps in self for `done`.
	 */
	bool (*apply)(struct db *db, void *self, struct err *err);
	/*
	 * NULL, or: make self what it was before `apply`, which has been undone and comes once more.  Then a batch of such
	 * ops needs no savepoints, and one that fails costs it a second pass.
	 */
	void (*again)(void *self);
	/*
	 * After the commit, or after the failure; on the writer's thread, so hand the answer on and return.  The op's
	 * memory is the caller's again.  Also fails when another op's failure lost the transaction: ERR_STORE_FULL or
	 * ERR_UNAVAILABLE; nothing was done then.  ERR_IO: the disk failed, whether it was done only a restart can tell.
	 */
	void (*done)(void *self, bool applied, const struct err *err);
	void *self;
	/* of the writer */
	struct store_op *next;
	bool applied;
	struct err failure;
	int64_t queued_us;
};

/* Queue an op; its memory must live until `done`.  False (and no `done`): ERR_OVERLOADED, ERR_DRAINING.  Any thread. */
bool store_submit(struct store *store, struct store_op *op, struct err *err);

/* The same, waiting for the commit: for the command line, start and tests; never from the writer's thread or a loop. */
bool store_write(struct store *store, bool (*apply)(struct db *db, void *self, struct err *err), void *self,
				 struct err *err);

/*
 * Call `committed` after each commit, on the writer's thread and before the batch's ops are done, so it only passes the
 * word on.  At most STORE_HOOKS_MAX (must); they stay until store_close().  Any thread.
 */
enum { STORE_HOOKS_MAX = 4 };
void store_on_commit(struct store *store, void (*committed)(void *self), void *self);

/*
 * Of a stepped store, all on the caller's thread.  store_step(): apply one batch of what is queued; false: nothing is,
 * or the store has a writer of its own.  store_idle(): copy the log, and begin it anew if `restart`, as the checkpoint
 * thread would in an idle moment; no reader may be in use then.
 */
bool store_step(struct store *store);
void store_idle(struct store *store, bool restart);

/*
 * A watch tells whether tables may have changed, so that what was read of them can be kept: equal numbers of one watch
 * mean that no statement has written any of its tables in between, nor was such a write undone.  The store itself knows
 * what a statement writes; nobody has to tell it.  Numbers are at least 1 and rise.
 *
 *     on a worker: seen = store_watch_seen(w), then store_read() and read     in an op: db_watch(db, w) == seen?
 *
 * `tables` ends with NULL and stays the caller's, as long as the store; at most STORE_WATCHES_MAX watches (must), which
 * stay until store_close().  Thread: any.
 */
enum { STORE_WATCHES_MAX = 8 };
struct store_watch;
const struct store_watch *store_watch(struct store *store, const char *const *tables);

/* Of what is committed; taken before a reader's first query it is of what that reader sees, or of an earlier state. */
uint64_t store_watch_seen(const struct store_watch *watch);

/* In an op: of what its batch has done so far too.  0 on a reader's connection, where it is not known. */
uint64_t db_watch(const struct db *db, const struct store_watch *watch);

/* Ops that are queued.  No lock. */
size_t store_queued(const struct store *store);

enum { STORE_BUCKETS = 10 };

/* Upper bounds of the buckets below; the last one has none. */
extern const int64_t store_batch_bounds[STORE_BUCKETS - 1];
extern const int64_t store_commit_bounds_us[STORE_BUCKETS - 1];

/* Figures for metrics and health; each is exact, together they may be of slightly different moments.  No lock. */
struct store_figures {
	int64_t batches, ops, failed_ops, commit_us, last_commit_us; /* times: sum; wall time of the last commit */
	int64_t batch_ops[STORE_BUCKETS], commits[STORE_BUCKETS];    /* how many of each size, not added up */
	int64_t queue, oldest_us;                                    /* ops waiting; age of the oldest */
	int64_t bytes, wal_bytes, free_bytes;
	int64_t writer_beat_us; /* monotonic: the writer last went round */
	bool full;              /* only read, for want of room */
};

void store_figures(struct store *store, struct store_figures *figures);

/*
 * A consistent copy into a new file (0600; ERR_DUPLICATE when there is one), durable, while serving.  Its own
 * connection; readers and writer go on; the log may grow meanwhile.  Given up with ERR_STORE_FULL below min_free_bytes,
 * and nothing is left of it then [P-12.1].  Thread: any but the writer's; takes as long as the store is large.
 */
bool store_backup(struct store *store, const char *path, struct err *err);

#endif
