#include "store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"

enum { NAME = 64, PATH = 4096 };

bool blob_name_valid(const char *sha256)
{
	return sha256 != NULL && strlen(sha256) == NAME && strspn(sha256, "0123456789abcdef") == NAME;
}

static void folder_of(char path[PATH], const char *folder, const char *sha256)
{
	must(blob_name_valid(sha256));
	int size = snprintf(path, PATH, "%s/blobs/%.2s", folder, sha256);
	must(size > 0 && size < PATH - 80);
}

static void path_of(char path[PATH], const char *folder, const char *sha256)
{
	folder_of(path, folder, sha256);
	strcat(path, "/");
	strcat(path, sha256 + 2);
}

static bool fail(struct err *err, const char *what)
{
	int why = errno;
	return err_set(err, why == ENOSPC || why == EDQUOT ? ERR_STORE_FULL : ERR_IO, "cannot %s a blob: %s", what,
				   strerror(why));
}

/* A name is durable only when its folder is. */
static bool sync_folder(const char *path, struct err *err)
{
	int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = file >= 0 && fsync(file) == 0;
	if (!synced)
		fail(err, "make durable");
	if (file >= 0)
		close(file);
	return synced;
}

static bool make_folders(const char *folder, const char *path, struct err *err)
{
	char parent[PATH];
	snprintf(parent, sizeof parent, "%s/blobs", folder);
	bool made = mkdir(parent, 0700) == 0;
	if (!made && errno != EEXIST)
		return fail(err, "store");
	if (made && !sync_folder(folder, err))
		return false;
	made = mkdir(path, 0700) == 0;
	if (!made && errno != EEXIST)
		return fail(err, "store");
	return !made || sync_folder(parent, err);
}

static bool write_whole(int file, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(file, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

bool blob_put(const char *folder, const char *sha256, const void *bytes, size_t size, struct err *err)
{
	char path[PATH], parent[PATH], temporary[PATH + 16];
	folder_of(parent, folder, sha256);
	path_of(path, folder, sha256);
	if (access(path, F_OK) == 0)
		return true;
	if (!make_folders(folder, parent, err))
		return false;
	snprintf(temporary, sizeof temporary, "%s/.new-XXXXXX", parent);
	int file = mkostemp(temporary, O_CLOEXEC);
	if (file < 0)
		return fail(err, "store");
	bool whole = write_whole(file, bytes, size) && fsync(file) == 0;
	whole = close(file) == 0 && whole;
	if (!whole || rename(temporary, path) != 0) {
		fail(err, "store");
		unlink(temporary);
		return false;
	}
	return sync_folder(parent, err);
}

static bool read_all(int file, struct buf *buf)
{
	char chunk[65536];
	for (;;) {
		ssize_t got = read(file, chunk, sizeof chunk);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 && buf_ok(buf);
		buf_add(buf, chunk, (size_t)got);
	}
}

bool blob_get(const char *folder, const char *sha256, struct buf *buf, struct err *err)
{
	char path[PATH];
	path_of(path, folder, sha256);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "there is no blob %s", sha256) : fail(err, "read");
	bool whole = read_all(file, buf);
	if (!whole)
		fail(err, "read");
	close(file);
	return whole;
}

bool blob_exists(const char *folder, const char *sha256)
{
	char path[PATH];
	path_of(path, folder, sha256);
	return access(path, F_OK) == 0;
}

bool blob_remove(const char *folder, const char *sha256, struct err *err)
{
	char path[PATH];
	path_of(path, folder, sha256);
	return unlink(path) == 0 || errno == ENOENT || fail(err, "remove");
}
