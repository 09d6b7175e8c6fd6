#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/ask.h"
#include "app/backup.h"
#include "app/commands.h"
#include "app/fact.h"
#include "app/tree.h"
#include "core/env.h"
#include "core/must.h"
#include "store/blob.h"
#include "store/store.h"

/* `backup DIR`: the store from whoever holds it, the rest from the data folder [P-12.1]. */

struct backup {
	struct ask ask;
	const char *folder;
	bool incremental;
	struct buf passphrase; /* empty: the keys are copied in clear */
	const struct json *facts;
	char store[64];  /* the store's copy in the folder */
	struct buf text; /* of the manifest */
	struct jw jw;
	int64_t files, copied, bytes;
};

/* --- the store --- */

static bool apply_note(struct db *db, void *self, struct err *err)
{
	struct app *app = self;
	const struct audit_event event = {
		.action = AUDIT_BACKUP, .actor = "local", .role = "admin", .target_id = store_id(app->store)};
	return audit_append(&app->audit, db, &event, err);
}

/* No server is there: open the store here. */
static int copy_here(struct backup *b)
{
	struct app app;
	struct err err;
	struct buf text;
	struct jw jw;
	if (!app_open(&app, b->ask.cli, &err))
		return cli_fail(b->ask.cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool done = backup_store(&app, &jw, &err) && store_write(app.store, apply_note, &app, &err);
	jw_object_end(&jw);
	app_close(&app);
	done = done && json_parse(&b->ask.arena, buf_text(&text), text.size, &json_body_limits, &b->facts, &err);
	buf_fini(&text);
	return done ? CLI_DONE : cli_fail(b->ask.cli, CLI_FAILED, "%s", err.message);
}

static int copy_store(struct backup *b)
{
	struct err err;
	if (!ask_try(&b->ask, "POST", "/api/v1/ops/backups", NULL, 0, NULL, &err))
		return copy_here(b);
	if (!ask_good(&b->ask))
		return ask_refused(&b->ask);
	b->facts = ask_result(&b->ask);
	return b->facts != NULL ? CLI_DONE : cli_fail(b->ask.cli, CLI_FAILED, "the server's answer is no envelope");
}

/* Into the folder by another name, or by a copy when that is on another file system. */
static bool take_store(struct backup *b, struct err *err)
{
	char from[TREE_PATH], to[TREE_PATH], sha256[SHA256_HEX_SIZE];
	const char *path = json_text(b->facts, "path"), *promised = json_text(b->facts, "sha256");
	int64_t size;
	if (path == NULL || promised == NULL || !blob_name_valid(promised))
		return err_set(err, ERR_INVALID, "the server does not say what it copied");
	snprintf(b->store, sizeof b->store, "store-%.16s.db", promised);
	if (!tree_path(from, b->ask.config.data, path, err) || !tree_path(to, b->folder, b->store, err))
		return false;
	if (rename(from, to) == 0)
		return tree_sync(b->folder, err);
	if (errno != EXDEV)
		return err_set(err, ERR_IO, "cannot take the copy of the store from %s: %s", from, strerror(errno));
	if (!tree_copy(from, to, &size, sha256, err))
		return false;
	unlink(from);
	return strcmp(sha256, promised) == 0 || err_set(err, ERR_IO, "the copy of the store changed on its way");
}

/* --- the other files --- */

static void list(struct backup *b, const char *name, int64_t size, const char *sha256)
{
	jw_object(&b->jw);
	jw_member_str(&b->jw, "path", name);
	jw_member_int(&b->jw, "size", size);
	jw_member_str(&b->jw, "sha256", sha256);
	jw_object_end(&b->jw);
	b->files++;
	b->bytes += size;
}

struct part {
	struct backup *backup;
	const char *from, *prefix; /* files of `from` go below the folder's `prefix` */
	bool blobs;                /* named by their hash */
};

/* blobs/ab/cdef… is the blob abcdef…; anything else there is half of one. */
static bool is_blob(const char *name, char sha256[BLOB_NAME + 1])
{
	size_t size = strlen(name);
	if (size < BLOB_NAME + 1 || name[size - BLOB_NAME + 1] != '/')
		return false;
	snprintf(sha256, BLOB_NAME + 1, "%.2s%s", name + size - BLOB_NAME - 1, name + size - BLOB_NAME + 2);
	return blob_name_valid(sha256);
}

static bool copy_file(void *self, const char *name, struct err *err)
{
	const struct part *part = self;
	char from[TREE_PATH], to[TREE_PATH], listed[TREE_PATH], sha256[SHA256_HEX_SIZE], blob[BLOB_NAME + 1];
	int64_t size;
	if (part->blobs && !is_blob(name, blob))
		return true;
	if (!tree_path(from, part->from, name, err) || !tree_path(listed, part->prefix, name, err) ||
		!tree_path(to, part->backup->folder, listed, err))
		return false;
	bool there =
		part->blobs && part->backup->incremental && tree_hash(to, &size, sha256, NULL) && strcmp(sha256, blob) == 0;
	if (!there && !tree_copy(from, to, &size, sha256, err))
		return err->kind == ERR_NOT_FOUND; /* swept meanwhile */
	if (part->blobs && strcmp(sha256, blob) != 0)
		cli_fail(part->backup->ask.cli, CLI_DONE, "the blob %s is damaged in the data folder", blob);
	part->backup->copied += !there;
	list(part->backup, listed, size, sha256);
	return true;
}

static bool copy_blobs(struct backup *b, const char *below, struct err *err)
{
	struct part part = {.backup = b, .from = b->ask.config.data, .prefix = "", .blobs = true};
	return tree_walk(b->ask.config.data, below, copy_file, &part, err);
}

static bool copy_packs(struct backup *b, struct err *err)
{
	struct part part = {.backup = b, .from = b->ask.config.packs.folder, .prefix = "packs"};
	return part.from == NULL || tree_walk(part.from, "", copy_file, &part, err);
}

/* Files that are never changed, as packs. */
static bool copy_archives(struct backup *b, struct err *err)
{
	char folder[TREE_PATH];
	struct part part = {.backup = b, .from = folder, .prefix = "archive"};
	return tree_path(folder, b->ask.config.data, "archive", err) && tree_walk(folder, "", copy_file, &part, err);
}

static bool seal_keys(struct backup *b, const char *folder, struct err *err)
{
	char path[TREE_PATH], sha256[SHA256_HEX_SIZE];
	struct buf sealed;
	buf_init(&sealed, 0);
	bool done = backup_keys_seal(folder, env_real(), &b->passphrase, &sealed, err) &&
				tree_path(path, b->folder, BACKUP_KEYS, err) && tree_write(path, buf_text(&sealed), sealed.size, err);
	if (done) {
		sha256_hex(buf_text(&sealed), sealed.size, sha256);
		list(b, BACKUP_KEYS, (int64_t)sealed.size, sha256);
	}
	buf_fini(&sealed);
	return done;
}

static bool copy_keys(struct backup *b, struct err *err)
{
	char folder[TREE_PATH];
	if (!tree_path(folder, b->ask.config.data, "keys", err))
		return false;
	if (b->passphrase.size > 0)
		return seal_keys(b, folder, err);
	struct part part = {.backup = b, .from = folder, .prefix = "keys"};
	cli_fail(b->ask.cli, CLI_DONE, "the keys are in this backup in clear; --passphrase-file seals them");
	return tree_walk(folder, "", copy_file, &part, err);
}

/* --- the manifest --- */

static void begin_manifest(struct backup *b)
{
	buf_init(&b->text, 0);
	jw_init(&b->jw, &b->text);
	jw_object(&b->jw);
	jw_member_int(&b->jw, "version", BACKUP_VERSION);
	jw_member_str(&b->jw, "store_path", b->store);
	jw_key(&b->jw, "store");
	jw_json(&b->jw, b->facts);
	jw_key(&b->jw, "files");
	jw_array(&b->jw);
}

static bool end_manifest(struct backup *b, struct err *err)
{
	char path[TREE_PATH];
	jw_array_end(&b->jw);
	jw_object_end(&b->jw);
	buf_addc(&b->text, '\n');
	must(jw_ok(&b->jw));
	return tree_path(path, b->folder, BACKUP_MANIFEST, err) && tree_write(path, buf_text(&b->text), b->text.size, err);
}

/* What the new manifest does not name: the store of the one before it, and keys in clear that are sealed by now. */
static bool drop_older(void *self, const char *name, struct err *err)
{
	const struct backup *b = self;
	char path[TREE_PATH];
	bool store = strncmp(name, "store-", 6) == 0 && strcmp(name, b->store) != 0;
	bool key = b->passphrase.size > 0 ? strncmp(name, "keys/", 5) == 0 : strcmp(name, BACKUP_KEYS) == 0;
	if (!tree_path(path, b->folder, name, err))
		return false;
	return (!store && !key) || unlink(path) == 0 || err_set(err, ERR_IO, "cannot remove %s: %s", path, strerror(errno));
}

static bool copy_all(struct backup *b, struct err *err)
{
	if (!take_store(b, err))
		return false;
	begin_manifest(b);
	bool done = copy_blobs(b, "blobs", err) && copy_blobs(b, "files/blobs", err) &&
				copy_blobs(b, "quarantine/blobs", err) && copy_packs(b, err) && copy_archives(b, err) &&
				copy_keys(b, err) && end_manifest(b, err) && tree_walk(b->folder, "", drop_older, b, err);
	buf_fini(&b->text);
	return done;
}

/* --- the command --- */

static bool may_begin(struct backup *b, struct err *err)
{
	const char *file = cli_option(b->ask.cli, "passphrase-file");
	char manifest[TREE_PATH];
	if (file == NULL && b->ask.config.mode == MODE_PRODUCTION)
		return err_set(err, ERR_INVALID, "in production a backup needs --passphrase-file: it holds the keys");
	if (file != NULL && !ask_secret(file, &b->passphrase, err))
		return false;
	if (!tree_path(manifest, b->folder, BACKUP_MANIFEST, err))
		return false;
	if (!tree_empty(b->folder) && (!b->incremental || access(manifest, F_OK) != 0))
		return err_set(err, ERR_INVALID, "%s is not empty; --incremental adds to a backup that is there", b->folder);
	return tree_make(b->folder, err);
}

static int tell(const struct backup *b)
{
	char path[TREE_PATH];
	struct err err;
	must(tree_path(path, b->folder, BACKUP_MANIFEST, &err));
	if (!b->ask.cli->json) {
		printf("store %s, files %lld (new %lld)\n%s\n", json_text(b->facts, "store_id"), (long long)b->files,
			   (long long)b->copied, path);
		return CLI_DONE;
	}
	struct fact fact;
	struct jw *result = fact_begin(&fact);
	jw_member_str(result, "manifest", BACKUP_MANIFEST);
	jw_member_str(result, "store_id", json_text(b->facts, "store_id"));
	jw_member_int(result, "files", b->files);
	jw_member_int(result, "copied", b->copied);
	return fact_end(&fact, CLI_DONE);
}

static int run(struct backup *b)
{
	struct err err;
	int code = ask_needs_store(&b->ask);
	if (code != CLI_DONE)
		return code;
	if (!may_begin(b, &err))
		return cli_fail(b->ask.cli, err.kind == ERR_INVALID ? CLI_INVALID : CLI_FAILED, "%s", err.message);
	code = copy_store(b);
	if (code != CLI_DONE)
		return code;
	return copy_all(b, &err) ? tell(b) : cli_fail(b->ask.cli, CLI_FAILED, "%s", err.message);
}

int command_backup(const struct cli *cli)
{
	struct backup b = {.folder = cli->args[0], .incremental = cli_option(cli, "incremental") != NULL};
	int code = ask_begin(&b.ask, cli) ? CLI_DONE : CLI_INVALID;
	buf_init(&b.passphrase, 0);
	if (code == CLI_DONE)
		code = run(&b);
	buf_fini(&b.passphrase);
	return ask_end(&b.ask, code);
}
