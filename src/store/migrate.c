#include "store/migrate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/must.h"
#include "store/engine.h"
#include "store/folder.h"

static const char *const OWN_TABLES =
	"CREATE TABLE IF NOT EXISTS store_meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;\n"
	"CREATE TABLE IF NOT EXISTS store_migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
	" sha256 TEXT NOT NULL, applied_at BIGINT NOT NULL) STRICT;\n";

static void take_text(const struct db_rows *row, void *self)
{
	snprintf(self, 65, "%s", db_text(row, 0));
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool find_id(struct db *db, const struct store_options *options, char id[64], struct err *err)
{
	char text[65] = "";
	bool found;
	if (!db_one(db, err, &found, take_text, text, "SELECT value FROM store_meta WHERE name = 'store_id'"))
		return false;
	if (!found) {
		snprintf(text, sizeof text, "%.63s", options->new_store_id);
		if (!db_run(db, err, "INSERT INTO store_meta (name, value) VALUES ('store_id', $1)", V_TEXT(text)))
			return false;
	}
	snprintf(id, 64, "%.63s", text);
	return true;
}

/* A step that was applied once must have the same text for ever. */
static bool check_applied(struct db *db, const struct store_options *options, const struct store_migration *step,
						  bool *applied, struct err *err)
{
	char recorded[65] = "", sha256[65];
	if (!db_one(db, err, applied, take_text, recorded, "SELECT sha256 FROM store_migrations WHERE number = $1",
				V_INT(step->number)))
		return false;
	options->sha256_hex(step->sql, strlen(step->sql), sha256);
	if (*applied && strcmp(recorded, sha256) != 0)
		return err_set(err, ERR_CONFLICT,
					   "migration %d (%s) was applied with another text; use the program that made this store",
					   step->number, step->name);
	return true;
}

static bool apply_step(struct db *db, const struct store_options *options, const struct store_migration *step,
					   struct err *err)
{
	char sha256[65];
	options->sha256_hex(step->sql, strlen(step->sql), sha256);
	return engine_script(db, step->sql, err) && engine_check_foreign_keys(db, err) &&
		   db_run(db, err, "INSERT INTO store_migrations (number, name, sha256, applied_at) VALUES ($1, $2, $3, $4)",
				  V_INT(step->number), V_TEXT(step->name), V_TEXT(sha256), V_INT(options->wall_us(options->clock)));
}

static bool run_step(struct db *db, const struct store_options *options, const struct store_migration *step,
					 struct err *err)
{
	struct err why = {.kind = ERR_INTERNAL};
	if (!engine_begin(db, err))
		return false;
	if (apply_step(db, options, step, &why) && engine_commit(db, &why))
		return true;
	engine_rollback(db);
	return err_set(err, why.kind, "migration %d (%s) failed and the store is as before: %s", step->number, step->name,
				   why.message);
}

static int newest_known(const struct store_options *options)
{
	size_t count = options->migrations_count;
	return count > 0 ? options->migrations[count - 1].number : 0;
}

static bool check_newest(struct db *db, const struct store_options *options, int64_t *newest, struct err *err)
{
	if (!db_one(db, err, NULL, take_int, newest, "SELECT COALESCE(MAX(number), 0) FROM store_migrations"))
		return false;
	if (*newest > newest_known(options))
		return err_set(err, ERR_CONFLICT,
					   "the store has schema version %lld, this program knows only %d; start a newer program",
					   (long long)*newest, newest_known(options));
	return true;
}

/* The steps of an image were applied where it was made, at no time; here they are now. */
static bool date(struct db *db, const struct store_options *options, struct err *err)
{
	return db_run(db, err, "UPDATE store_migrations SET applied_at = $1 WHERE applied_at = 0",
				  V_INT(options->wall_us(options->clock)));
}

/* All in one transaction: a store has an id or is not there yet. */
static bool prepare(struct db *db, const struct store_options *options, char id[64], struct err *err)
{
	if (!engine_begin(db, err))
		return false;
	if (engine_script(db, OWN_TABLES, err) && find_id(db, options, id, err) && date(db, options, err))
		return engine_commit(db, err);
	engine_rollback(db);
	return false;
}

/* What the steps would make of nothing, at once: the image is theirs, and check_applied() looks whether it is. */
static bool fill(struct db *db, const struct store_options *options, struct err *err)
{
	return options->image == NULL || !engine_is_empty(db) || engine_fill(db, options->image, err);
}

/* Nobody has been told of a step before the last one is done, so only that one is synced: a new store needs one. */
static bool run_steps(struct db *db, const struct store_options *options, struct err *err)
{
	for (size_t i = 0; i < options->migrations_count; i++) {
		const struct store_migration *step = &options->migrations[i];
		bool applied = false;
		must(step->number > (i > 0 ? step[-1].number : 0));
		if (step->number == newest_known(options) && !engine_synced(db, true, err))
			return false;
		if (!check_applied(db, options, step, &applied, err) || (!applied && !run_step(db, options, step, err)))
			return false;
	}
	return true;
}

bool migrate_run(struct db *db, const struct store_options *options, char id[64], int *version, struct err *err)
{
	int64_t newest = 0;
	if (!fill(db, options, err) || !prepare(db, options, id, err) || !check_newest(db, options, &newest, err))
		return false;
	bool behind = newest < newest_known(options);
	if (behind && (!engine_foreign_keys(db, false, err) || !engine_synced(db, false, err)))
		return false;
	if (!run_steps(db, options, err) || (behind && !engine_foreign_keys(db, true, err)))
		return false;
	*version = newest_known(options);
	return true;
}

bool store_newest_migration(const char *folder, int64_t *newest, struct err *err)
{
	struct db *db = NULL;
	int lock = -1;
	if (!folder_lock(folder, &lock, err))
		return false;
	bool read = engine_open(folder, NULL, ENGINE_READER, &db, err) &&
				db_one(db, err, NULL, take_int, newest, "SELECT COALESCE(MAX(number), 0) FROM store_migrations");
	if (db != NULL)
		engine_close(db);
	close(lock);
	return read;
}
