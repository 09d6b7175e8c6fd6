#include "app/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/env.h"
#include "core/err.h"
#include "crypt/digest.h"
#include "crypt/key.h"
#include "crypt/key_file.h"

enum { PATH = 4096 };

static bool open_key(const char *folder, const char *name, enum key_kind kind, const struct env *env, struct key **key,
					 struct err *err)
{
	char path[PATH];
	snprintf(path, sizeof path, "%s/keys/%s.pem", folder, name);
	if (access(path, F_OK) == 0)
		return key_read(path, key, err);
	struct key *made = key_new(kind, env);
	if (!key_write(made, path, err)) {
		key_free(made);
		return false;
	}
	*key = made;
	return true;
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

static bool open_secret(const char *folder, const char *name, const struct env *env, unsigned char secret[AUDIT_KEY],
						struct err *err)
{
	char path[PATH];
	snprintf(path, sizeof path, "%s/keys/%s.key", folder, name);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? make_secret(path, env, secret, err)
							   : err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	struct stat st;
	bool whole = fstat(file, &st) == 0 && st.st_size == AUDIT_KEY && (st.st_mode & 077) == 0 &&
				 read(file, secret, AUDIT_KEY) == AUDIT_KEY;
	close(file);
	return whole || err_set(err, ERR_INVALID, "%s is damaged or open to others (chmod 600)", path);
}

bool app_keys_open(const char *folder, const struct env *env, struct app_keys *keys, struct err *err)
{
	char path[PATH];
	*keys = (struct app_keys){.access = NULL};
	snprintf(path, sizeof path, "%s/keys", folder);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	if (open_key(folder, "access", KEY_ES256, env, &keys->access, err) &&
		open_key(folder, "receipt", KEY_ES256, env, &keys->receipt, err) &&
		open_key(folder, "checkpoint", KEY_ED25519, env, &keys->checkpoint, err) &&
		open_secret(folder, "installation", env, keys->installation, err) &&
		open_secret(folder, "master", env, keys->master, err))
		return true;
	app_keys_close(keys);
	return false;
}

void app_keys_close(struct app_keys *keys)
{
	key_free(keys->access);
	key_free(keys->receipt);
	key_free(keys->checkpoint);
	wipe(keys->installation, sizeof keys->installation);
	wipe(keys->master, sizeof keys->master);
	*keys = (struct app_keys){.access = NULL};
}
