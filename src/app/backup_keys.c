#include <stdlib.h>
#include <string.h>

#include "app/backup.h"
#include "app/cli.h"
#include "app/tree.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "crypt/aead.h"
#include "crypt/digest.h"
#include "crypt/passphrase.h"

/*
 * Keys under a passphrase: magic | salt | aead(JSON object {file name: base64url of its bytes}).
 */

static const char magic[8] = "CSKEYS1\n";

enum { HEAD = sizeof magic + PASSPHRASE_SALT, KEY_FILE = 16 << 10, ALL_KEYS = 1 << 20, BODY = 32 << 10 };

struct gathering {
	const char *folder;
	struct jw jw;
};

static bool gather(void *self, const char *name, struct err *err)
{
	struct gathering *g = self;
	char path[TREE_PATH], text[BODY];
	struct buf file;
	buf_init(&file, 0);
	bool read = tree_path(path, g->folder, name, err) && cli_read(path, KEY_FILE, &file, err);
	if (read) {
		base64url_encode(text, buf_text(&file), file.size);
		jw_member_str(&g->jw, name, text);
		wipe(text, sizeof text);
		wipe(file.bytes, file.size);
	}
	buf_fini(&file);
	return read;
}

bool backup_keys_seal(const char *folder, const struct env *env, const struct buf *passphrase, struct buf *sealed,
					  struct err *err)
{
	unsigned char salt[PASSPHRASE_SALT], key[PASSPHRASE_KEY];
	struct buf plain;
	struct gathering g = {.folder = folder};
	buf_init(&plain, ALL_KEYS);
	jw_init(&g.jw, &plain);
	jw_object(&g.jw);
	bool gathered = tree_walk(folder, "", gather, &g, err);
	jw_object_end(&g.jw);
	if (gathered) {
		env_random(env, salt, sizeof salt);
		passphrase_key(buf_text(passphrase), passphrase->size, salt, key);
		buf_add(sealed, magic, sizeof magic);
		buf_add(sealed, salt, sizeof salt);
		char *at = buf_extend(sealed, plain.size + AEAD_OVERHEAD);
		must(at != NULL && jw_ok(&g.jw));
		aead_seal(env, key, magic, sizeof magic, buf_text(&plain), plain.size, (unsigned char *)at);
		wipe(key, sizeof key);
		wipe(plain.bytes, plain.size);
	}
	buf_fini(&plain);
	return gathered;
}

static bool write_keys(const struct json *keys, const char *folder, struct err *err)
{
	for (uint32_t i = 0; i < keys->count; i++) {
		const struct json_member *member = &keys->members[i];
		char path[TREE_PATH];
		unsigned char bytes[KEY_FILE];
		size_t size;
		if (member->value.kind != JS_STRING || strchr(member->name, '/') != NULL || member->name[0] == '.' ||
			!base64url_decode(member->value.text, member->value.size, bytes, sizeof bytes, &size))
			return err_set(err, ERR_INVALID, "the sealed keys hold something that is no key file");
		bool written = tree_path(path, folder, member->name, err) && tree_write(path, bytes, size, err);
		wipe(bytes, sizeof bytes);
		if (!written)
			return false;
	}
	return true;
}

static bool read_keys(const char *plain, size_t size, const char *folder, struct err *err)
{
	const struct json *keys;
	struct arena arena;
	arena_init(&arena, ALL_KEYS);
	bool written = json_parse(&arena, plain, size, &json_body_limits, &keys, err) &&
				   (keys->kind == JS_OBJECT || err_set(err, ERR_INVALID, "the sealed keys are no object")) &&
				   write_keys(keys, folder, err);
	arena_fini(&arena);
	return written;
}

bool backup_keys_open(const struct buf *sealed, const struct buf *passphrase, const char *folder, struct err *err)
{
	const unsigned char *bytes = (const unsigned char *)buf_text(sealed);
	unsigned char key[PASSPHRASE_KEY];
	if (sealed->size < HEAD + AEAD_OVERHEAD || memcmp(bytes, magic, sizeof magic) != 0)
		return err_set(err, ERR_INVALID, "%s is no file of sealed keys", BACKUP_KEYS);
	size_t size = sealed->size - HEAD - AEAD_OVERHEAD;
	unsigned char *plain = malloc(size + 1);
	must(plain != NULL);
	passphrase_key(buf_text(passphrase), passphrase->size, bytes + sizeof magic, key);
	bool opened = aead_open(key, magic, sizeof magic, bytes + HEAD, sealed->size - HEAD, plain, NULL);
	wipe(key, sizeof key);
	if (!opened)
		err_set(err, ERR_INVALID, "the passphrase is another one, or %s is damaged", BACKUP_KEYS);
	bool read = opened && read_keys((const char *)plain, size, folder, err);
	wipe(plain, size);
	free(plain);
	return read;
}
