#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/backup.h"
#include "app/commands.h"
#include "app/fact.h"
#include "app/tree.h"
#include "core/scratch.h"
#include "store/store.h"

/*
 * `restore DIR --data NEW`: the manifest is verified file by file while copying, then the chain and the checkpoint of
 * the backup; only then does the folder take its name [P-12.1].
 */

enum { MANIFEST_MAX = 1 << 28, SEALED_MAX = 1 << 20 };

static const struct json_limits manifest_limits = {.depth = 8, .values = 20000000};

struct restore {
	const struct cli *cli;
	const char *from, *to;
	char work[TREE_PATH]; /* beside `to`, until all is verified */
	struct arena arena;
	struct buf manifest, passphrase;
	const struct json *tree, *store;
	int64_t files;
	bool wrong; /* what failed is the backup and not this machine */
	struct audit_report report;
};

static bool blame(struct restore *r, struct err *err, const char *what, const char *name)
{
	r->wrong = true;
	return err_set(err, ERR_INVALID, "%s %s", what, name);
}

/* Relative, without a way out of the folder, and one of those that a backup has. */
static bool path_valid(const char *path)
{
	static const char *const begins[] = {"blobs/", "files/blobs/", "quarantine/blobs/", "archive/", "packs/", "keys/"};
	if (path == NULL || strstr(path, "..") != NULL)
		return false;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (strncmp(path, begins[i], strlen(begins[i])) == 0)
			return true;
	return strcmp(path, BACKUP_KEYS) == 0;
}

static bool copy_one(struct restore *r, const char *name, const char *as, const struct json *row, struct err *err)
{
	char from[TREE_PATH], to[TREE_PATH], sha256[SHA256_HEX_SIZE];
	const char *promised = json_text(row, "sha256");
	const struct json *size = json_get(row, "size");
	int64_t got;
	if (promised == NULL || size == NULL || size->kind != JS_INT)
		return blame(r, err, "the manifest does not say what this file is:", name);
	if (!tree_path(from, r->from, name, err) || !tree_path(to, r->work, as, err))
		return false;
	if (!tree_copy(from, to, &got, sha256, err)) {
		r->wrong = err->kind == ERR_NOT_FOUND;
		return false;
	}
	r->files++;
	return (got == size->integer && strcmp(sha256, promised) == 0) ||
		   blame(r, err, "not the file that was backed up:", name);
}

static bool read_manifest(struct restore *r, struct err *err)
{
	char path[TREE_PATH];
	if (!tree_path(path, r->from, BACKUP_MANIFEST, err) || !cli_read(path, MANIFEST_MAX, &r->manifest, err))
		return false;
	if (!json_parse(&r->arena, buf_text(&r->manifest), r->manifest.size, &manifest_limits, &r->tree, err))
		return blame(r, err, "damaged:", BACKUP_MANIFEST);
	const struct json *version = json_get(r->tree, "version");
	r->store = json_get(r->tree, "store");
	if (version == NULL || version->kind != JS_INT || version->integer != BACKUP_VERSION)
		return err_set(err, ERR_INVALID, "%s is of another version than this program reads", path);
	return r->store != NULL || blame(r, err, "damaged:", BACKUP_MANIFEST);
}

static bool copy_files(struct restore *r, struct err *err)
{
	const struct json *files = json_get(r->tree, "files");
	const char *store = json_text(r->tree, "store_path");
	if (files == NULL || files->kind != JS_ARRAY || store == NULL || strchr(store, '/') != NULL)
		return blame(r, err, "damaged:", BACKUP_MANIFEST);
	if (!copy_one(r, store, "store.db", r->store, err))
		return false;
	for (uint32_t i = 0; i < files->count; i++) {
		const char *path = json_text(&files->items[i], "path");
		if (!path_valid(path))
			return blame(r, err, "the manifest names a file that no backup has:", path != NULL ? path : "");
		if (!copy_one(r, path, path, &files->items[i], err))
			return false;
	}
	return true;
}

/* The sealed keys become files, and their sealed form goes. */
static bool open_keys(struct restore *r, struct err *err)
{
	char path[TREE_PATH], folder[TREE_PATH];
	struct buf sealed;
	if (!tree_path(path, r->work, BACKUP_KEYS, err) || !tree_path(folder, r->work, "keys", err))
		return false;
	if (access(path, F_OK) != 0)
		return true;
	const char *file = cli_option(r->cli, "passphrase-file");
	if (file == NULL)
		return err_set(err, ERR_INVALID, "the keys of this backup are sealed: name --passphrase-file");
	buf_init(&sealed, 0);
	bool opened = ask_secret(file, &r->passphrase, err) && cli_read(path, SEALED_MAX, &sealed, err) &&
				  backup_keys_open(&sealed, &r->passphrase, folder, err);
	buf_fini(&sealed);
	unlink(path);
	return opened;
}

/* --- the chain --- */

static void take_hash(const struct db_rows *row, void *self)
{
	snprintf(self, CHAIN_HASH, "%s", db_text(row, 0));
}

/* The checkpoint of the manifest is the one witness outside of the store. */
static bool verify_checkpoint(struct restore *r, struct app *app, struct db *db, struct err *err)
{
	const struct json *checkpoint = json_get(r->store, "checkpoint"), *statement, *seq;
	const char *text = json_text(checkpoint, "statement"), *signature = json_text(checkpoint, "signature");
	char hash[CHAIN_HASH] = "";
	bool found = false;
	if (text == NULL || signature == NULL ||
		!json_parse(&r->arena, text, strlen(text), &json_body_limits, &statement, NULL) ||
		(seq = json_get(statement, "seq")) == NULL || json_text(statement, "key_id") == NULL ||
		json_text(statement, "hash") == NULL || json_text(statement, "stream") == NULL || seq->kind != JS_INT ||
		!app_checkpoint_holds(app, json_text(statement, "key_id"), text, signature))
		return blame(r, err, "the signature does not hold of", "the checkpoint in the manifest");
	if (!db_one(db, err, &found, take_hash, hash, "SELECT hash FROM audit WHERE stream = $1 AND seq = $2",
				V_TEXT(json_text(statement, "stream")), V_INT(seq->integer)))
		return false;
	return seq->integer == 0 || (found && strcmp(hash, json_text(statement, "hash")) == 0) ||
		   blame(r, err, "the chain is not the one of", "the checkpoint in the manifest");
}

static bool verify(struct restore *r, struct app *app, struct err *err)
{
	char where[160];
	struct db *db = store_read(app->store);
	bool read = audit_verify(db, store_id(app->store), app_checkpoint_holds, app, &r->report, err) &&
				audit_verify_personal(db, app->audit.key, &r->report, err) && verify_checkpoint(r, app, db, err);
	store_read_end(app->store, db);
	if (!read || r->report.sound)
		return read;
	snprintf(where, sizeof where, "stream %s seq %lld: %s", r->report.stream, (long long)r->report.seq,
			 r->report.reason);
	return blame(r, err, "the audit chain is bad:", where);
}

struct note {
	struct app *app;
	const char *sha256;
};

static bool apply_note(struct db *db, void *self, struct err *err)
{
	const struct note *note = self;
	const struct audit_pair meta[] = {{AUDIT_META_sha256, note->sha256}};
	const struct audit_event event = {.action = AUDIT_RESTORE,
									  .actor = "local",
									  .role = "admin",
									  .target_id = store_id(note->app->store),
									  .meta = meta,
									  .meta_count = 1};
	return audit_append(&note->app->audit, db, &event, err);
}

static bool examine(struct restore *r, struct err *err)
{
	struct app app;
	struct cli cli = *r->cli;
	char path[TREE_PATH];
	cli.data = r->work;
	if (!app_open(&app, &cli, err))
		return false;
	struct note note = {&app, json_text(r->store, "sha256")};
	bool sound =
		verify(r, &app, err) && store_write(app.store, apply_note, &note, err) && app_checkpoint(&app, NULL, err);
	app_close(&app);
	if (sound && tree_path(path, r->work, "lock", err))
		unlink(path);
	return sound;
}

/* --- the command --- */

static bool may_begin(struct restore *r, struct err *err)
{
	char manifest[TREE_PATH];
	if (r->to == NULL)
		return err_set(err, ERR_INVALID, "name the new data folder with --data");
	if (!tree_path(manifest, r->from, BACKUP_MANIFEST, err) || access(manifest, R_OK) != 0)
		return err_set(err, ERR_INVALID, "%s holds no backup: there is no %s", r->from, BACKUP_MANIFEST);
	if (!tree_empty(r->to))
		return err_set(err, ERR_INVALID, "%s is not empty; a backup is restored into a new folder only", r->to);
	snprintf(r->work, sizeof r->work, "%.4000s.restoring", r->to);
	scratch_remove(r->work); /* of a run that was interrupted */
	return tree_make(r->to, err) && tree_make(r->work, err);
}

static bool run(struct restore *r, struct err *err)
{
	char parent[TREE_PATH];
	if (!may_begin(r, err))
		return false;
	bool done = read_manifest(r, err) && copy_files(r, err) && open_keys(r, err) && examine(r, err);
	if (done && rename(r->work, r->to) == 0 && tree_path(parent, r->to, "..", err))
		return tree_sync(parent, err);
	if (done)
		err_set(err, ERR_IO, "cannot give %s its name", r->work);
	scratch_remove(r->work);
	return false;
}

static int tell(const struct restore *r)
{
	const struct audit_report *report = &r->report;
	if (!r->cli->json) {
		printf("files %lld\nstreams %lld rows %lld checkpoints %lld OK\n%s\n", (long long)r->files,
			   (long long)report->streams, (long long)report->rows, (long long)report->checkpoints, r->to);
		return CLI_DONE;
	}
	struct fact fact;
	struct jw *result = fact_begin(&fact);
	jw_member_str(result, "data", r->to);
	jw_member_int(result, "files", r->files);
	jw_member_int(result, "streams", report->streams);
	jw_member_int(result, "rows", report->rows);
	jw_member_int(result, "checkpoints", report->checkpoints);
	jw_member_bool(result, "ok", true);
	return fact_end(&fact, CLI_DONE);
}

int command_restore(const struct cli *cli)
{
	struct restore r = {.cli = cli, .from = cli->args[0], .to = cli->data};
	struct err err = {.kind = ERR_NONE};
	arena_init(&r.arena, 1 << 30);
	buf_init(&r.manifest, 0);
	buf_init(&r.passphrase, 0);
	int code;
	if (run(&r, &err))
		code = tell(&r);
	else
		code = cli_fail(cli,
						r.wrong                   ? CLI_WRONG
						: err.kind == ERR_INVALID ? CLI_INVALID
												  : CLI_FAILED,
						"%s", err.message);
	buf_fini(&r.passphrase);
	buf_fini(&r.manifest);
	arena_fini(&r.arena);
	return code;
}
