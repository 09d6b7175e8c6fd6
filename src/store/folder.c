#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/err.h"
#include "core/log.h"

bool folder_path(char path[FOLDER_PATH], const char *folder, const char *name, struct err *err)
{
	int size = snprintf(path, FOLDER_PATH, "%s%s%s", folder, name[0] != '\0' ? "/" : "", name);
	return (size > 0 && size < FOLDER_PATH) || err_set(err, ERR_IO, "the path of the data folder is empty or too long");
}

bool folder_sync(const char *folder, struct err *err)
{
	int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = file >= 0 && fsync(file) == 0;
	if (!synced)
		err_set(err, ERR_IO, "cannot make the folder %s durable: %s", folder, strerror(errno));
	if (file >= 0)
		close(file);
	return synced;
}

static bool make_one(char *path, struct err *err)
{
	if (mkdir(path, 0700) != 0)
		return errno == EEXIST || err_set(err, errno == ENOSPC || errno == EDQUOT ? ERR_STORE_FULL : ERR_IO,
										  "cannot make the data folder %s: %s", path, strerror(errno));
	char *slash = strrchr(path, '/');
	if (slash == NULL)
		return folder_sync(".", err);
	if (slash == path)
		return folder_sync("/", err);
	*slash = '\0';
	bool synced = folder_sync(path, err);
	*slash = '/';
	return synced;
}

bool folder_make(const char *folder, struct err *err)
{
	char path[FOLDER_PATH];
	if (!folder_path(path, folder, "", err))
		return false;
	for (size_t size = strlen(path); size > 1 && path[size - 1] == '/'; size--)
		path[size - 1] = '\0';
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		bool made = make_one(path, err);
		*slash = '/';
		if (!made)
			return false;
	}
	return make_one(path, err);
}

static bool refuse_lock(const char *folder, int lock, struct err *err)
{
	char pid[32] = "";
	ssize_t size = pread(lock, pid, sizeof pid - 1, 0);
	pid[size > 0 ? size : 0] = '\0';
	return err_set(err, ERR_STORE_BUSY,
				   "the data folder %s is in use by another process (%ld); stop it first, or name another folder with "
				   "--data",
				   folder, strtol(pid, NULL, 10));
}

/* Only told to people, so that a full disk does not keep a server from starting to be read [P-12.3]. */
static void write_pid(int lock)
{
	char pid[32];
	int size = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(lock, 0) != 0 || pwrite(lock, pid, (size_t)size, 0) != size)
		log_warn("the lock file does not name this process", log_str("why", strerror(errno)));
}

bool folder_lock(const char *folder, int *lock, struct err *err)
{
	char path[FOLDER_PATH];
	if (!folder_path(path, folder, "lock", err))
		return false;
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return err_set(err, errno == ENOSPC || errno == EDQUOT ? ERR_STORE_FULL : ERR_IO,
					   "cannot write to the data folder %s: %s", folder, strerror(errno));
	if (flock(file, LOCK_EX | LOCK_NB) != 0) {
		refuse_lock(folder, file, err);
		close(file);
		return false;
	}
	write_pid(file);
	*lock = file;
	return true;
}

int64_t folder_free_bytes(const char *folder)
{
	struct statvfs fs;
	return statvfs(folder, &fs) == 0 ? (int64_t)(fs.f_bavail * fs.f_frsize) : INT64_MAX;
}
