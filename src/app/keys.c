#include "app/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/tree.h"
#include "core/env.h"
#include "core/err.h"
#include "crypt/digest.h"
#include "crypt/key.h"
#include "crypt/key_file.h"

enum { PATH = 4096 };

static const struct {
	const char *name;
	enum key_kind kind;
} rows[APP_KEYS] = {
	[KEY_OF_ACCESS] = {"access", KEY_ES256},
	[KEY_OF_RECEIPTS] = {"receipt", KEY_ES256},
	[KEY_OF_CHECKPOINTS] = {"checkpoint", KEY_ED25519},
};

enum app_key app_key_named(const char *name)
{
	enum app_key which = KEY_OF_ACCESS;
	while (which < APP_KEYS && strcmp(rows[which].name, name) != 0)
		which++;
	return which;
}

const char *app_key_name(enum app_key which)
{
	return rows[which].name;
}

const struct key *app_keys_current(const struct app_keys *keys, enum app_key which)
{
	return ring_current(keys->rings[which]);
}

static bool open_current(const char *folder, enum app_key which, const struct env *env, struct key **key,
						 struct err *err)
{
	char path[PATH];
	snprintf(path, sizeof path, "%s/keys/%s.pem", folder, rows[which].name);
	if (access(path, F_OK) == 0)
		return key_read(path, key, err);
	struct key *made = key_new(rows[which].kind, env);
	if (!key_write(made, path, err)) {
		key_free(made);
		return false;
	}
	*key = made;
	return true;
}

/* When was this file's key retired?  0: it is no retired key of that name. */
static int64_t retired_at(const char *file, const char *name)
{
	size_t size = strlen(name);
	if (strncmp(file, name, size) != 0 || file[size] != '-')
		return 0;
	char *end;
	long long at_us = strtoll(file + size + 1, &end, 10);
	return at_us > 0 && strcmp(end, ".pem") == 0 ? at_us : 0;
}

static int64_t end_of(enum app_key which, int64_t retired_us, int64_t access_ttl_s)
{
	return which == KEY_OF_ACCESS ? retired_us + access_ttl_s * 1000000 : INT64_MAX;
}

struct retiring {
	const char *folder;
	enum app_key which;
	int64_t now_us, access_ttl_s;
	struct key_ring *ring;
};

/* A rotation that a crash cut off has left the current key under both names. */
static bool take_retired(void *self, const char *file, struct err *err)
{
	const struct retiring *r = self;
	int64_t at_us = retired_at(file, rows[r->which].name);
	char path[PATH];
	struct key *key;
	if (at_us == 0)
		return true;
	int64_t until_us = end_of(r->which, at_us, r->access_ttl_s);
	snprintf(path, sizeof path, "%s/%s", r->folder, file);
	if (until_us <= r->now_us)
		return unlink(path) == 0 || err_set(err, ERR_IO, "cannot remove %s: %s", path, strerror(errno));
	if (!key_read(path, &key, err))
		return false;
	if (strcmp(key_kid(key), key_kid(ring_current(r->ring))) != 0 && ring_retired(r->ring, key, until_us, err))
		return true;
	bool same = strcmp(key_kid(key), key_kid(ring_current(r->ring))) == 0;
	key_free(key);
	return same;
}

static bool open_ring(const char *folder, enum app_key which, const struct env *env, int64_t access_ttl_s,
					  struct key_ring **ring, struct err *err)
{
	struct key *current;
	char path[PATH];
	if (!open_current(folder, which, env, &current, err))
		return false;
	*ring = ring_new(current);
	snprintf(path, sizeof path, "%s/keys", folder);
	struct retiring retiring = {path, which, env_wall_us(env), access_ttl_s, *ring};
	return tree_walk(path, "", take_retired, &retiring, err);
}

static bool make_secret(const char *path, const struct env *env, unsigned char secret[AUDIT_KEY], struct err *err)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	env_random(env, secret, AUDIT_KEY);
	bool written = write(file, secret, AUDIT_KEY) == AUDIT_KEY && fsync(file) == 0;
	close(file);
	return written || err_set(err, ERR_IO, "cannot write %s whole", path);
}

/* Read what is there: exactly a key, with no more rights than `mode`.  *there false: there is no such file. */
static bool read_secret(const char *path, unsigned mode, unsigned char secret[AUDIT_KEY], bool *there, struct err *err)
{
	struct stat st;
	int file = open(path, O_RDONLY | O_CLOEXEC);
	*there = file >= 0;
	if (file < 0)
		return errno == ENOENT || err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	bool whole = fstat(file, &st) == 0 && st.st_size == AUDIT_KEY && (st.st_mode & 0777 & ~mode) == 0 &&
				 read(file, secret, AUDIT_KEY) == AUDIT_KEY;
	close(file);
	return whole || err_set(err, ERR_INVALID, "%s is damaged or open to others (chmod 600)", path);
}

static bool open_secret(const char *folder, const char *name, const struct env *env, unsigned char secret[AUDIT_KEY],
						struct err *err)
{
	char path[PATH];
	snprintf(path, sizeof path, "%s/keys/%s.key", folder, name);
	bool there;
	return read_secret(path, 0700, secret, &there, err) && (there || make_secret(path, env, secret, err));
}

bool app_keys_credential(unsigned char master[AUDIT_KEY], bool *there, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH];
	*there = false;
	if (folder == NULL)
		return true;
	snprintf(path, sizeof path, "%.4000s/master-key", folder);
	/* systemd may give it by an access list, whose mask shows as rights of the group */
	return read_secret(path, 0770, master, there, err);
}

/*
 * The key's file, or the credential in its place, never both.  One is made for a folder that has no keys at all: where
 * the others are there, secrets are sealed under a master key that is somewhere else.
 */
static bool open_master(const char *folder, bool fresh, const struct env *env, unsigned char master[AUDIT_KEY],
						struct err *err)
{
	unsigned char credential[AUDIT_KEY];
	bool in_file, given;
	char path[PATH];
	snprintf(path, sizeof path, "%s/keys/master.key", folder);
	if (!app_keys_credential(credential, &given, err) || !read_secret(path, 0700, master, &in_file, err))
		return false;
	bool same = !given || !in_file || same_bytes(credential, master, AUDIT_KEY);
	if (given)
		memcpy(master, credential, AUDIT_KEY);
	wipe(credential, sizeof credential);
	if (!same)
		return err_set(err, ERR_INVALID, "%s and the credential master-key differ; take away the wrong one", path);
	if (given || in_file)
		return true;
	return fresh ? make_secret(path, env, master, err)
				 : err_set(err, ERR_INVALID,
						   "%s is not there, nor the credential master-key; put the key of this folder there", path);
}

static bool open_rings(const char *folder, const struct env *env, int64_t access_ttl_s, struct app_keys *keys,
					   struct err *err)
{
	for (enum app_key which = 0; which < APP_KEYS; which++)
		if (!open_ring(folder, which, env, access_ttl_s, &keys->rings[which], err))
			return false;
	return true;
}

bool app_keys_open(const char *folder, const struct env *env, int64_t access_ttl_s, struct app_keys *keys,
				   struct err *err)
{
	char path[PATH];
	*keys = (struct app_keys){.rings = {NULL}};
	snprintf(path, sizeof path, "%s/keys", folder);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	snprintf(path, sizeof path, "%s/keys/installation.key", folder);
	bool fresh = access(path, F_OK) != 0; /* made after the master key, so a crash between the two is no loss */
	if (open_master(folder, fresh, env, keys->master, err) &&
		open_secret(folder, "installation", env, keys->installation, err) &&
		open_rings(folder, env, access_ttl_s, keys, err))
		return true;
	app_keys_close(keys);
	return false;
}

void app_keys_close(struct app_keys *keys)
{
	for (enum app_key which = 0; which < APP_KEYS; which++)
		ring_free(keys->rings[which]);
	wipe(keys->installation, sizeof keys->installation);
	wipe(keys->master, sizeof keys->master);
	*keys = (struct app_keys){.rings = {NULL}};
}

/* --- rotation --- */

/* The old key gets its second name before the new one takes the first: at no moment is one of them without a file. */
static bool change_files(const char *folder, const char *name, int64_t now_us, struct err *err)
{
	char path[PATH], next[PATH], old[PATH];
	snprintf(path, sizeof path, "%.4000s/keys/%s.pem", folder, name);
	snprintf(next, sizeof next, "%.4000s/keys/%s.next", folder, name);
	snprintf(old, sizeof old, "%.4000s/keys/%s-%lld.pem", folder, name, (long long)now_us);
	if (link(path, old) != 0 || rename(next, path) != 0)
		return err_set(err, ERR_IO, "cannot change %s: %s", path, strerror(errno));
	snprintf(path, sizeof path, "%.4000s/keys", folder);
	return tree_sync(path, err);
}

static bool write_next(const struct key *key, const char *folder, const char *name, struct err *err)
{
	char path[PATH];
	snprintf(path, sizeof path, "%.4000s/keys/%s.next", folder, name);
	unlink(path); /* of a rotation that a crash cut off */
	return key_write(key, path, err);
}

bool app_keys_rotate(struct app_keys *keys, const char *folder, const struct env *env, int64_t access_ttl_s,
					 enum app_key which,
					 bool (*record)(void *self, const struct key_rotation *rotation, struct err *err), void *self,
					 struct key_rotation *rotation, struct err *err)
{
	int64_t now_us = env_wall_us(env);
	struct key *next = key_new(rows[which].kind, env);
	*rotation = (struct key_rotation){.next = next,
									  .old = app_keys_current(keys, which),
									  .at_us = now_us,
									  .until_us = end_of(which, now_us, access_ttl_s)};
	if (ring_has_room(keys->rings[which], err) && write_next(next, folder, rows[which].name, err) &&
		record(self, rotation, err) && change_files(folder, rows[which].name, now_us, err) &&
		ring_rotate(keys->rings[which], next, rotation->until_us, err))
		return true;
	key_free(next);
	return false;
}
