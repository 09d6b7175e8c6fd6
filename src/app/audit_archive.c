#include "app/audit_archive.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/audit_export.h"
#include "app/cli.h"
#include "app/routes.h"
#include "app/tree.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/packed.h"
#include "store/store.h"

enum { PACKED_LEVEL = 9, FORGET_AT_ONCE = 1000, AT_ONCE = 50 /* archives of one request */, FILES_MAX = 4096 };

#define SUFFIX ".ndjson.zst"

/* --- making one --- */

/* A crash after the file and before the commit has left one that no row speaks of. */
static void remove_leftovers(const char *folder, const char *stream, int64_t from)
{
	char begins[96], path[TREE_PATH];
	int size = snprintf(begins, sizeof begins, "%s-%lld-", stream, (long long)from);
	DIR *dir = opendir(folder);
	for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
		if (strncmp(entry->d_name, begins, (size_t)size) == 0 && tree_path(path, folder, entry->d_name, NULL))
			unlink(path);
	if (dir != NULL)
		closedir(dir);
}

static bool write_file(struct app *app, struct archive_made *made, const struct buf *packed, struct err *err)
{
	char folder[TREE_PATH], path[TREE_PATH];
	if (!tree_path(folder, app->config.data, "archive", err) || !tree_make(folder, err))
		return false;
	remove_leftovers(folder, AUDIT_STREAM, made->range.from);
	snprintf(made->name, sizeof made->name, AUDIT_STREAM "-%lld-%lld" SUFFIX, (long long)made->range.from,
			 (long long)made->range.to);
	sha256_hex(buf_text(packed), packed->size, made->sha256);
	return tree_path(path, folder, made->name, err) && tree_write(path, buf_text(packed), packed->size, err);
}

static bool read_rows(struct app *app, struct archive_made *made, struct buf *text, struct err *err)
{
	int64_t before_us = env_wall_us(app->env) - app->config.audit.retention_days * STAMP_US_PER_DAY;
	struct db *db = store_read(app->store);
	bool read =
		archive_find(db, AUDIT_STREAM, before_us, ARCHIVE_ROWS, &made->range, err) &&
		(made->range.rows == 0 || audit_export_range(db, store_id(app->store), AUDIT_STREAM, made->range.from,
													 made->range.to, app->keys.rings[KEY_OF_CHECKPOINTS], text, err));
	store_read_end(app->store, db);
	return read;
}

struct removing {
	struct app *app;
	struct archive_made *made;
	struct audit_event event;
};

static bool apply_remove(struct db *db, void *self, struct err *err)
{
	struct removing *r = self;
	return archive_remove(&r->app->audit, db, &r->made->range, r->made->sha256, &r->event, err);
}

bool audit_archive(struct app *app, struct audit_event event, struct archive_made *made, struct err *err)
{
	struct removing removing = {.app = app, .made = made, .event = event};
	struct buf text, packed;
	*made = (struct archive_made){.range.rows = 0};
	if (atomic_exchange(&app->archiving, true))
		return err_set(err, ERR_CONFLICT, "Rows are being archived already.");
	buf_init(&text, PACKED_BYTES_MAX);
	buf_init(&packed, 0);
	bool done = read_rows(app, made, &text, err);
	if (done && made->range.rows > 0) {
		packed_write(buf_text(&text), text.size, PACKED_LEVEL, &packed);
		done = write_file(app, made, &packed, err) && store_write(app->store, apply_remove, &removing, err);
	}
	buf_fini(&packed);
	buf_fini(&text);
	atomic_store(&app->archiving, false);
	return done;
}

/* --- clear values --- */

struct forgetting {
	struct app *app;
	int64_t dropped;
};

/* Few at once, from the oldest on: rows of this table are as old as their place in the chain. */
static bool apply_forget(struct db *db, void *self, struct err *err)
{
	struct forgetting *f = self;
	int64_t before_us = env_wall_us(f->app->env) - AUDIT_PERSONAL_DAYS * STAMP_US_PER_DAY;
	if (!db_run(db, err,
				"DELETE FROM audit_personal WHERE stream = $1 AND at < $2 AND seq IN "
				"(SELECT seq FROM audit_personal WHERE stream = $1 ORDER BY seq LIMIT $3)",
				V_TEXT(AUDIT_STREAM), V_INT(before_us), V_INT(FORGET_AT_ONCE)))
		return false;
	f->dropped = db_changed(db);
	return true;
}

bool audit_forget(struct app *app, struct err *err)
{
	struct forgetting f = {.app = app, .dropped = FORGET_AT_ONCE};
	while (f.dropped == FORGET_AT_ONCE)
		if (!store_write(app->store, apply_forget, &f, err))
			return false;
	return true;
}

/* --- before an export --- */

struct archive_file {
	int64_t from;
	char name[128];
};

static int by_from(const void *a, const void *b)
{
	int64_t x = ((const struct archive_file *)a)->from, y = ((const struct archive_file *)b)->from;
	return (x > y) - (x < y);
}

static bool list_files(const char *folder, struct archive_file *files, size_t *count, struct err *err)
{
	DIR *dir = opendir(folder);
	if (dir == NULL)
		return err_set(err, ERR_IO, "cannot read the folder %s", folder);
	*count = 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		const char *dash = strchr(entry->d_name, '-'), *suffix = strstr(entry->d_name, SUFFIX);
		if (dash == NULL || suffix == NULL || strlen(entry->d_name) >= sizeof files->name || *count == FILES_MAX)
			continue;
		files[*count].from = strtoll(dash + 1, NULL, 10);
		snprintf(files[(*count)++].name, sizeof files->name, "%s", entry->d_name);
	}
	closedir(dir);
	qsort(files, *count, sizeof *files, by_from);
	return true;
}

enum line { LINE_HEADER, LINE_ROW, LINE_REST };

/* Lines of one kind: header, rows, or checkpoints and keys. */
static void add_lines(struct buf *out, const struct buf *text, enum line wanted)
{
	const char *at = buf_text(text), *end = at + text->size;
	for (enum line kind = LINE_HEADER; at < end; kind = LINE_ROW) {
		const char *newline = memchr(at, '\n', (size_t)(end - at)), *next = newline != NULL ? newline + 1 : end;
		if (kind != LINE_HEADER && (strncmp(at, "{\"checkpoint\"", 13) == 0 || strncmp(at, "{\"key\"", 6) == 0))
			kind = LINE_REST;
		if (kind == wanted)
			buf_add(out, at, (size_t)(next - at));
		at = next;
	}
}

/* One archive, which the chain has to speak of. */
static bool add_archive(const char *folder, const char *name, struct buf *rows, struct buf *rest, struct buf *named,
						struct err *err)
{
	char path[TREE_PATH], sha256[SHA256_HEX_SIZE];
	struct buf packed, text;
	struct err why;
	buf_init(&packed, 0);
	buf_init(&text, 0);
	bool read = tree_path(path, folder, name, err) && cli_read(path, PACKED_BYTES_MAX, &packed, err);
	if (read && !packed_read(buf_text(&packed), packed.size, &text, &why))
		read = err_set(err, ERR_INVALID, "%s: %s", path, why.message);
	if (read) {
		sha256_hex(buf_text(&packed), packed.size, sha256);
		buf_addf(named, "%s %s\n", sha256, name);
		add_lines(rows, &text, LINE_ROW);
		add_lines(rest, &text, LINE_REST);
	}
	buf_fini(&text);
	buf_fini(&packed);
	return read;
}

/* Is each file the one that a row of the chain names by its hash? */
static bool all_named(const struct buf *named, const struct buf *chain, struct err *err)
{
	for (const char *at = buf_text(named); *at != '\0'; at = strchr(at, '\n') + 1) {
		char needle[SHA256_HEX_SIZE + 16];
		int size = snprintf(needle, sizeof needle, "\"sha256\":\"%.64s\"", at);
		if (memmem(buf_text(chain), chain->size, needle, (size_t)size) == NULL)
			return err_set(err, ERR_INVALID, "no row of the chain speaks of the file %.*s as it is",
						   (int)strcspn(at + SHA256_HEX_SIZE, "\n"), at + SHA256_HEX_SIZE);
	}
	return true;
}

bool audit_archives_join(const char *folder, struct buf *text, struct err *err)
{
	struct archive_file *files = calloc(FILES_MAX, sizeof *files);
	struct buf rows, rest, named, joined;
	size_t count = 0;
	buf_init(&rows, 0);
	buf_init(&rest, 0);
	buf_init(&named, 0);
	buf_init(&joined, 0);
	bool read = files != NULL && list_files(folder, files, &count, err);
	for (size_t i = 0; read && i < count; i++)
		read = add_archive(folder, files[i].name, &rows, &rest, &named, err);
	add_lines(&rows, text, LINE_ROW);
	add_lines(&joined, text, LINE_HEADER);
	buf_add(&joined, buf_text(&rows), rows.size);
	add_lines(&joined, text, LINE_REST);
	buf_add(&joined, buf_text(&rest), rest.size);
	read = read && all_named(&named, &rows, err);
	free(files);
	buf_fini(&rows);
	buf_fini(&rest);
	buf_fini(&named);
	buf_fini(text);
	*text = joined;
	return read;
}

/* --- over HTTP --- */

static void write_made(struct jw *jw, const struct archive_made *made)
{
	jw_object(jw);
	jw_member_str(jw, "file", made->name);
	jw_member_int(jw, "from", made->range.from);
	jw_member_int(jw, "to", made->range.to);
	jw_member_int(jw, "rows", made->range.rows);
	jw_member_str(jw, "sha256", made->sha256);
	jw_object_end(jw);
}

bool audit_archive_all(struct app *app, struct audit_event event, struct jw *jw, struct err *err)
{
	struct archive_made made = {.range.rows = 1};
	bool done = true;
	jw_key(jw, "items");
	jw_array(jw);
	for (int i = 0; done && made.range.rows > 0 && i < AT_ONCE; i++) {
		done = audit_archive(app, event, &made, err);
		if (done && made.range.rows > 0)
			write_made(jw, &made);
	}
	jw_array_end(jw);
	jw_member_str(jw, "next_cursor", NULL);
	return done;
}

static void handle_archive(struct exchange *x)
{
	struct buf text;
	struct jw jw;
	struct err err;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool done = audit_archive_all(x->owner, principal_event(x, AUDIT_ARCHIVE, AUDIT_SUCCESS), &jw, &err);
	jw_object_end(&jw);
	if (done)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static const struct field archive_rows[] = {T_STR(file), T_INT(from), T_INT(to), T_INT(rows), T_STR(sha256)};
static const struct field_table archive_table = TOLD_TABLE("audit.archive", archive_rows);
static const struct field archives_rows[] = {T_PAGE(&archive_table)};
static const struct field_table archives_table = TOLD_TABLE("audit.archives", archives_rows);
static const enum err_kind archive_errors[] = {ERR_CONFLICT, ERR_NONE};

static const struct route routes[] = {
	ROUTE(POST, "/api/v1/ops/audit/archive", "account.manage", EFFECT_WRITE, handle_archive,
		  .operation = "ops.archive_audit", .summary = "Put rows of the chain past their retention into files",
		  .tag = "ops", .doc = "Files are in DATA/archive; the server does it once an hour by itself.",
		  .result = &archives_table, .errors = archive_errors),
};

void audit_archive_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
