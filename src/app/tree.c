#include "app/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"

enum { CHUNK = 1 << 16, DEPTH_MAX = 8 };

static bool fail(struct err *err, const char *what, const char *path)
{
	int why = errno;
	enum err_kind kind = why == ENOENT ? ERR_NOT_FOUND : why == ENOSPC || why == EDQUOT ? ERR_STORE_FULL : ERR_IO;
	return err_set(err, kind, "cannot %s %s: %s", what, path, strerror(why));
}

bool tree_path(char path[TREE_PATH], const char *root, const char *name, struct err *err)
{
	int size = snprintf(path, TREE_PATH, "%s%s%s", root, root[0] != '\0' && name[0] != '\0' ? "/" : "", name);
	return (size > 0 && size < TREE_PATH) || err_set(err, ERR_IO, "the path of %s is empty or too long", name);
}

bool tree_make(const char *path, struct err *err)
{
	char made[TREE_PATH];
	if (!tree_path(made, path, "", err))
		return false;
	for (char *at = made + 1; *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(made, 0700) != 0 && errno != EEXIST)
			return fail(err, "make", made);
		*at = '/';
	}
	return mkdir(made, 0700) == 0 || errno == EEXIST || fail(err, "make", made);
}

bool tree_sync(const char *path, struct err *err)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool synced = folder >= 0 && fsync(folder) == 0;
	if (!synced)
		fail(err, "make durable", path);
	if (folder >= 0)
		close(folder);
	return synced;
}

/* The folder of a path, in place. */
static const char *parent_of(char path[TREE_PATH])
{
	char *slash = strrchr(path, '/');
	if (slash == NULL)
		return ".";
	*slash = '\0';
	return slash == path ? "/" : path;
}

/* All bytes of `in`, to `out` unless it is -1. */
static bool pass(int in, int out, const char *path, int64_t *size, char sha256[SHA256_HEX_SIZE], struct err *err)
{
	struct digest digest;
	unsigned char chunk[CHUNK];
	ssize_t got;
	bool whole = true;
	*size = 0;
	digest_init(&digest);
	while (whole && (got = read(in, chunk, sizeof chunk)) > 0) {
		digest_add(&digest, chunk, (size_t)got);
		*size += got;
		whole = out < 0 || write(out, chunk, (size_t)got) == got || fail(err, "write a copy of", path);
	}
	digest_end_hex(&digest, sha256);
	digest_fini(&digest);
	return whole && (got == 0 || fail(err, "read", path));
}

bool tree_hash(const char *path, int64_t *size, char sha256[SHA256_HEX_SIZE], struct err *err)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return fail(err, "read", path);
	bool read = pass(file, -1, path, size, sha256, err);
	close(file);
	return read;
}

/* A new file beside `path`, which takes its name when it is whole. */
static int begin(const char *path, char temporary[TREE_PATH], struct err *err)
{
	char folder[TREE_PATH];
	if (!tree_path(folder, path, "", err) || !tree_make(parent_of(folder), err))
		return -1;
	snprintf(temporary, TREE_PATH, "%.4080s.new", path);
	int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		fail(err, "write", path);
	return file;
}

static bool end(int file, bool written, const char *temporary, const char *path, struct err *err)
{
	char folder[TREE_PATH];
	bool done = written && (fsync(file) == 0 || fail(err, "make durable", path));
	done = (close(file) == 0 || (done && fail(err, "write", path))) && done;
	done = done && (rename(temporary, path) == 0 || fail(err, "write", path));
	if (!done)
		unlink(temporary);
	return done && tree_path(folder, path, "", err) && tree_sync(parent_of(folder), err);
}

bool tree_copy(const char *from, const char *to, int64_t *size, char sha256[SHA256_HEX_SIZE], struct err *err)
{
	char temporary[TREE_PATH];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return fail(err, "read", from);
	int out = begin(to, temporary, err);
	bool copied = out >= 0 && end(out, pass(in, out, from, size, sha256, err), temporary, to, err);
	close(in);
	return copied;
}

bool tree_write(const char *path, const void *bytes, size_t size, struct err *err)
{
	char temporary[TREE_PATH];
	int file = begin(path, temporary, err);
	return file >= 0 &&
		   end(file, write(file, bytes, size) == (ssize_t)size || fail(err, "write", path), temporary, path, err);
}

static int skip_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

struct walk {
	const char *root;
	bool (*visit)(void *self, const char *name, struct err *err);
	void *self;
	struct err *err;
};

static bool walk_folder(const struct walk *walk, const char *below, int depth);

static bool walk_entry(const struct walk *walk, const char *below, const char *entry, int depth)
{
	char name[TREE_PATH], path[TREE_PATH];
	struct stat st;
	if (!tree_path(name, below, entry, walk->err) || !tree_path(path, walk->root, name, walk->err))
		return false;
	if (lstat(path, &st) != 0)
		return errno == ENOENT || fail(walk->err, "read", path); /* gone meanwhile */
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		return walk_folder(walk, name, depth + 1);
	return !S_ISREG(st.st_mode) || walk->visit(walk->self, name, walk->err);
}

static bool walk_folder(const struct walk *walk, const char *below, int depth)
{
	char path[TREE_PATH];
	struct dirent **entries;
	if (!tree_path(path, walk->root, below, walk->err))
		return false;
	int count = scandir(path, &entries, skip_dots, alphasort);
	if (count < 0)
		return errno == ENOENT || fail(walk->err, "read", path);
	bool walked = true;
	for (int i = 0; i < count; i++) {
		walked = walked && walk_entry(walk, below, entries[i]->d_name, depth);
		free(entries[i]);
	}
	free(entries);
	return walked;
}

bool tree_walk(const char *root, const char *below, bool (*visit)(void *self, const char *name, struct err *err),
			   void *self, struct err *err)
{
	const struct walk walk = {.root = root, .visit = visit, .self = self, .err = err};
	return walk_folder(&walk, below, 0);
}

bool tree_empty(const char *path)
{
	DIR *folder = opendir(path);
	if (folder == NULL)
		return errno == ENOENT;
	const struct dirent *entry;
	while ((entry = readdir(folder)) != NULL && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0))
		;
	closedir(folder);
	return entry == NULL;
}
