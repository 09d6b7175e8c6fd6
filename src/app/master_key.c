#include "app/master_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/cli.h"
#include "app/tree.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/aead.h"
#include "crypt/digest.h"
#include "store/store.h"

enum { PATH = 4096, PLACE = 128, AT_ONCE = 100 };

/* What is sealed, under a key for which purpose, and where it says it belongs: the words of those who seal it. */
static const struct sealed {
	const char *select, *update; /* id and sealed bytes after an id; sealed bytes at an id */
	const char *purpose, *place;
} all_sealed[] = {
	{"SELECT user_id, totp_secret FROM users WHERE user_id > $1 AND totp_secret IS NOT NULL ORDER BY user_id LIMIT $2",
	 "UPDATE users SET totp_secret = $1 WHERE user_id = $2", "countersign/totp/v1", "users:totp_secret:%s"},
	{"SELECT producer_id, secret FROM producers WHERE producer_id > $1 ORDER BY producer_id LIMIT $2",
	 "UPDATE producers SET secret = $1 WHERE producer_id = $2", "countersign/trade/secrets/v1", "%s"},
	{"SELECT producer_id, old_secret FROM producers WHERE producer_id > $1 AND old_secret IS NOT NULL "
	 "ORDER BY producer_id LIMIT $2",
	 "UPDATE producers SET old_secret = $1 WHERE producer_id = $2", "countersign/trade/secrets/v1", "%s"},
	{"SELECT device_id, secret FROM devices WHERE device_id > $1 ORDER BY device_id LIMIT $2",
	 "UPDATE devices SET secret = $1 WHERE device_id = $2", "countersign/trade/secrets/v1", "%s"},
	{"SELECT user_id, webhook_secret FROM notice_settings WHERE user_id > $1 AND webhook_secret IS NOT NULL "
	 "ORDER BY user_id LIMIT $2",
	 "UPDATE notice_settings SET webhook_secret = $1 WHERE user_id = $2", "countersign/trade/secrets/v1", "%s"},
	{"SELECT user_id, telegram_token FROM notice_settings WHERE user_id > $1 AND telegram_token IS NOT NULL "
	 "ORDER BY user_id LIMIT $2",
	 "UPDATE notice_settings SET telegram_token = $1 WHERE user_id = $2", "countersign/trade/secrets/v1", "%s"},
	{"SELECT sink_id, secret FROM flow_sinks WHERE sink_id > $1 ORDER BY sink_id LIMIT $2",
	 "UPDATE flow_sinks SET secret = $1 WHERE sink_id = $2", "countersign/flow/sinks/v1", "%s"},
	{"SELECT sink_id, former_secret FROM flow_sinks WHERE sink_id > $1 AND former_secret IS NOT NULL "
	 "ORDER BY sink_id LIMIT $2",
	 "UPDATE flow_sinks SET former_secret = $1 WHERE sink_id = $2", "countersign/flow/sinks/v1", "%s"},
	{"SELECT mail_id, sealed FROM mails WHERE mail_id > $1 ORDER BY mail_id LIMIT $2",
	 "UPDATE mails SET sealed = $1 WHERE mail_id = $2", "countersign/mails/v1", "%s"},
};

static void derive(const unsigned char master[MASTER_KEY], const char *purpose, unsigned char key[AEAD_KEY_SIZE])
{
	hkdf_sha256(master, MASTER_KEY, NULL, 0, purpose, strlen(purpose), key, AEAD_KEY_SIZE);
}

void master_key_id(const unsigned char key[MASTER_KEY], char id[MASTER_KEY_ID])
{
	static const char purpose[] = "countersign/master/id/v1";
	unsigned char bytes[(MASTER_KEY_ID - 1) / 2];
	hkdf_sha256(key, MASTER_KEY, NULL, 0, purpose, sizeof purpose - 1, bytes, sizeof bytes);
	hex_encode(id, bytes, sizeof bytes);
}

/* --- files --- */

static void key_path(const char *folder, const char *name, char path[PATH])
{
	snprintf(path, PATH, "%.4000s/keys/%s", folder, name);
}

/* *there false: no such file. */
static bool read_key(const char *path, unsigned char key[MASTER_KEY], bool *there, struct err *err)
{
	struct buf buf;
	*there = access(path, F_OK) == 0;
	if (!*there)
		return true;
	buf_init(&buf, MASTER_KEY + 1);
	bool whole = cli_read(path, MASTER_KEY, &buf, err) &&
				 (buf.size == MASTER_KEY || err_set(err, ERR_INVALID, "%s is no key of %d bytes", path, MASTER_KEY));
	if (whole)
		memcpy(key, buf.bytes, MASTER_KEY);
	wipe(buf.bytes, buf.bytes != NULL ? buf.size : 0);
	buf_fini(&buf);
	return whole;
}

static bool write_next(const char *folder, const unsigned char key[MASTER_KEY], struct err *err)
{
	char path[PATH];
	key_path(folder, "master.next", path);
	unlink(path);
	return tree_write(path, key, MASTER_KEY, err) &&
		   (chmod(path, 0600) == 0 || err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno)));
}

static bool take_next(const char *folder, struct err *err)
{
	char path[PATH], next[PATH];
	key_path(folder, "master.key", path);
	key_path(folder, "master.next", next);
	if (rename(next, path) != 0)
		return err_set(err, ERR_IO, "cannot change %s: %s", path, strerror(errno));
	snprintf(path, sizeof path, "%.4000s/keys", folder);
	return tree_sync(path, err);
}

static void take_text(const struct db_rows *row, void *self)
{
	snprintf(self, MASTER_KEY_ID, "%s", db_text(row, 0));
}

/* "": the key was never exchanged. */
static bool read_id(struct store *store, char id[MASTER_KEY_ID], struct err *err)
{
	struct db *db = store_read(store);
	id[0] = '\0';
	bool read = db_one(db, err, NULL, take_text, id, "SELECT value FROM settings WHERE name = 'master_key_id'");
	store_read_end(store, db);
	return read;
}

static bool file_is(const char *folder, const char *name, const char *id, bool *is, struct err *err)
{
	unsigned char key[MASTER_KEY];
	char path[PATH], found[MASTER_KEY_ID];
	bool there;
	key_path(folder, name, path);
	*is = false;
	if (!read_key(path, key, &there, err) ||
		(!there && strcmp(name, "master.key") == 0 && !app_keys_credential(key, &there, err)))
		return false;
	if (there) {
		master_key_id(key, found);
		*is = strcmp(found, id) == 0;
		wipe(key, sizeof key);
	}
	return true;
}

bool master_key_settle(struct store *store, const char *folder, struct err *err)
{
	char id[MASTER_KEY_ID], next[PATH];
	bool is_current, is_next;
	if (!read_id(store, id, err))
		return false;
	key_path(folder, "master.next", next);
	if (id[0] == '\0')
		return unlink(next) == 0 || errno == ENOENT || err_set(err, ERR_IO, "cannot remove %s", next);
	if (!file_is(folder, "master.key", id, &is_current, err))
		return false;
	if (is_current)
		return unlink(next) == 0 || errno == ENOENT || err_set(err, ERR_IO, "cannot remove %s", next);
	if (!file_is(folder, "master.next", id, &is_next, err))
		return false;
	return is_next ? take_next(folder, err)
				   : err_set(err, ERR_INVALID,
							 "%s/keys/master.key is not the key that this store's secrets are sealed under; put the "
							 "right one there (its id is %s)",
							 folder, id);
}

/* --- sealing anew --- */

struct changing {
	struct app *app;
	struct audit_event *event;
	struct master_change *change;
	const unsigned char *next;
	unsigned char from[AEAD_KEY_SIZE], to[AEAD_KEY_SIZE]; /* of the purpose at hand */
};

/* Rows of one page; they are read before any is written. */
struct page {
	struct arena arena;
	size_t count;
	struct {
		const char *id;
		unsigned char *bytes;
		size_t size;
	} rows[AT_ONCE];
};

static bool read_page(struct db *db, const struct sealed *sealed, const char *after, struct page *page, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err, sealed->select, V_TEXT(after), V_INT(AT_ONCE)))
		return false;
	for (page->count = 0; db_next(&rows); page->count++) {
		size_t size;
		const void *bytes = db_blob(&rows, 1, &size);
		page->rows[page->count].id = db_text_dup(&rows, 0, &page->arena);
		page->rows[page->count].bytes = arena_alloc(&page->arena, size + 1);
		page->rows[page->count].size = size;
		if (page->rows[page->count].bytes != NULL)
			memcpy(page->rows[page->count].bytes, bytes, size);
	}
	return db_end(&rows, err) && (!page->arena.full || err_set(err, ERR_LIMIT, "no memory for what is sealed"));
}

static bool seal_anew(const struct changing *c, const struct sealed *sealed, const char *id, unsigned char *bytes,
					  size_t size, struct err *err)
{
	char place[PLACE];
	int place_size = snprintf(place, sizeof place, sealed->place, id);
	unsigned char *plain = size >= AEAD_OVERHEAD ? malloc(size - AEAD_OVERHEAD + 1) : NULL;
	must(place_size > 0 && place_size < PLACE);
	if (plain == NULL || !aead_open(c->from, place, (size_t)place_size, bytes, size, plain, NULL)) {
		free(plain);
		return err_set(err, ERR_INTERNAL, "the secret of %s does not open under the present key; nothing was changed",
					   id);
	}
	aead_seal(c->app->env, c->to, place, (size_t)place_size, plain, size - AEAD_OVERHEAD, bytes);
	wipe(plain, size - AEAD_OVERHEAD);
	free(plain);
	return true;
}

static bool change_page(const struct changing *c, struct db *db, const struct sealed *sealed, struct page *page,
						struct err *err)
{
	for (size_t i = 0; i < page->count; i++) {
		if (!seal_anew(c, sealed, page->rows[i].id, page->rows[i].bytes, page->rows[i].size, err) ||
			!db_run(db, err, sealed->update, V_BLOB(page->rows[i].bytes, page->rows[i].size), V_TEXT(page->rows[i].id)))
			return false;
		c->change->secrets++;
	}
	return true;
}

static bool change_all(struct changing *c, struct db *db, const struct sealed *sealed, struct err *err)
{
	char after[64] = "";
	struct page page = {.count = AT_ONCE};
	bool done = true;
	derive(c->app->keys.master, sealed->purpose, c->from);
	derive(c->next, sealed->purpose, c->to);
	while (done && page.count == AT_ONCE) {
		arena_init(&page.arena, (size_t)AT_ONCE << 25);
		done = read_page(db, sealed, after, &page, err) && change_page(c, db, sealed, &page, err);
		if (done && page.count > 0)
			snprintf(after, sizeof after, "%s", page.rows[page.count - 1].id);
		arena_fini(&page.arena);
	}
	wipe(c->from, sizeof c->from);
	wipe(c->to, sizeof c->to);
	return done;
}

static bool apply(struct db *db, void *self, struct err *err)
{
	struct changing *c = self;
	for (size_t i = 0; i < sizeof all_sealed / sizeof *all_sealed; i++)
		if (!change_all(c, db, &all_sealed[i], err))
			return false;
	const struct audit_pair meta[] = {{AUDIT_META_key_id, c->change->id}};
	c->event->meta = meta;
	c->event->meta_count = 1;
	return db_run(db, err,
				  "INSERT INTO settings (name, value) VALUES ('master_key_id', $1) "
				  "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
				  V_TEXT(c->change->id)) &&
		   audit_append(&c->app->audit, db, c->event, err);
}

bool master_key_rotate(struct app *app, struct audit_event *event, struct master_change *change, struct err *err)
{
	unsigned char next[MASTER_KEY];
	struct changing c = {.app = app, .event = event, .change = change, .next = next};
	bool given;
	if (!app_keys_credential(next, &given, err))
		return false;
	if (given)
		return err_set(
			err, ERR_INVALID,
			"the master key is the credential master-key; put it in %s/keys/master.key, exchange it there, and "
			"bring the new one back",
			app->config.data);
	env_random(app->env, next, sizeof next);
	*change = (struct master_change){.secrets = 0};
	master_key_id(next, change->id);
	event->target_id = store_id(app->store);
	bool done = write_next(app->config.data, next, err) && store_write(app->store, apply, &c, err) &&
				take_next(app->config.data, err);
	if (done)
		memcpy(app->keys.master, next, sizeof next);
	wipe(next, sizeof next);
	return done;
}
