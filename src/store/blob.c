#include "store/blob.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "store/folder.h"

enum { PREFIXES = 256, CHUNK = 65536 };

struct blobs {
	char root[FOLDER_PATH - 128]; /* …/blobs; what is joined to it always fits */
	struct blobs_options options;
	struct blob_calls calls;
	_Atomic bool dead;
	_Atomic bool durable[PREFIXES]; /* this process saw the folder of the prefix synced into the root */
};

static const struct blob_calls system_calls = {write, fsync, rename};

bool blob_name_valid(const char *sha256)
{
	return sha256 != NULL && strlen(sha256) == BLOB_NAME && strspn(sha256, "0123456789abcdef") == BLOB_NAME;
}

static void path_of(char path[FOLDER_PATH], const struct blobs *blobs, const char *sha256)
{
	must(blob_name_valid(sha256));
	snprintf(path, FOLDER_PATH, "%s/%.2s/%s", blobs->root, sha256, sha256 + 2);
}

static void folder_of(char path[FOLDER_PATH], const struct blobs *blobs, const char *sha256)
{
	must(blob_name_valid(sha256));
	snprintf(path, FOLDER_PATH, "%s/%.2s", blobs->root, sha256);
}

static bool is_full(int why)
{
	return why == ENOSPC || why == EDQUOT;
}

static bool fail(struct err *err, const char *what)
{
	int why = errno;
	return err_set(err, is_full(why) ? ERR_STORE_FULL : ERR_IO, "cannot %s a blob: %s", what, strerror(why));
}

static bool die(struct blobs *blobs, struct err *err, const char *what)
{
	char why[128];
	snprintf(why, sizeof why, "cannot %s a blob: %s", what, strerror(errno));
	if (!atomic_exchange(&blobs->dead, true)) {
		if (blobs->options.on_fatal != NULL) {
			blobs->options.on_fatal(why, blobs->options.fatal_self);
		} else {
			log_error("the disk of the blobs failed; stopping, a restart reads it anew", log_str("why", why));
			_exit(1);
		}
	}
	return err_set(err, ERR_IO, "%s", why);
}

/* Never retried: a second fsync would say that all is well without having written what the first one lost. */
static bool sync_file(struct blobs *blobs, int file, struct err *err)
{
	return blobs->calls.fsync(file) == 0 || die(blobs, err, "sync");
}

/* A name is durable only when its folder is. */
static bool sync_folder(struct blobs *blobs, const char *path, struct err *err)
{
	int file = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file < 0)
		return fail(err, "sync the folder of");
	bool synced = sync_file(blobs, file, err);
	close(file);
	return synced;
}

static bool make_folder(const char *path, struct err *err)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST || fail(err, "make the folder of");
}

/* Another thread that made the folder may not have come to syncing it; so who does not know syncs. */
static bool make_prefix(struct blobs *blobs, const char *sha256, const char *path, struct err *err)
{
	char digits[3] = {sha256[0], sha256[1], '\0'};
	_Atomic bool *durable = &blobs->durable[strtoul(digits, NULL, 16)];
	if (atomic_load(durable))
		return true;
	if (!make_folder(path, err) || !sync_folder(blobs, blobs->root, err))
		return false;
	atomic_store(durable, true);
	return true;
}

static bool write_whole(struct blobs *blobs, int file, const char *bytes, size_t size, struct err *err)
{
	while (size > 0) {
		ssize_t written = blobs->calls.write(file, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return is_full(errno) ? fail(err, "write") : die(blobs, err, "write");
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

static bool write_temporary(struct blobs *blobs, char path[FOLDER_PATH], const void *bytes, size_t size,
							struct err *err)
{
	snprintf(path, FOLDER_PATH, "%s/new/XXXXXX", blobs->root);
	int file = mkostemp(path, O_CLOEXEC);
	if (file < 0)
		return fail(err, "make");
	bool whole = write_whole(blobs, file, bytes, size, err) && sync_file(blobs, file, err);
	close(file);
	if (!whole)
		unlink(path);
	return whole;
}

static bool move_in(struct blobs *blobs, const char *from, const char *to, struct err *err)
{
	if (blobs->calls.rename(from, to) == 0)
		return true;
	bool full = is_full(errno);
	if (full)
		fail(err, "name");
	else
		die(blobs, err, "name");
	unlink(from);
	return false;
}

static bool has_room(const struct blobs *blobs, size_t size, struct err *err)
{
	if (folder_free_bytes(blobs->root) - (int64_t)size >= blobs->options.min_free_bytes)
		return true;
	return err_set(err, ERR_STORE_FULL, "the disk is nearly full; writes resume by themselves when there is room");
}

/* A file of another size is not the blob: something other than this program wrote it, and it is put anew. */
static bool is_there(const char *path, size_t size)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size == size;
}

bool blob_put(struct blobs *blobs, const char *sha256, const void *bytes, size_t size, struct err *err)
{
	char path[FOLDER_PATH], folder[FOLDER_PATH], temporary[FOLDER_PATH];
	path_of(path, blobs, sha256);
	folder_of(folder, blobs, sha256);
	if (atomic_load(&blobs->dead))
		return err_set(err, ERR_IO, "the disk of the blobs failed; a restart reads it anew");
	if (!make_prefix(blobs, sha256, folder, err))
		return false;
	if (!is_there(path, size) && (!has_room(blobs, size, err) || !write_temporary(blobs, temporary, bytes, size, err) ||
								  !move_in(blobs, temporary, path, err)))
		return false;
	return sync_folder(blobs, folder, err);
}

static int open_blob(struct blobs *blobs, const char *sha256, struct err *err)
{
	char path[FOLDER_PATH];
	path_of(path, blobs, sha256);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0 && errno == ENOENT)
		err_set(err, ERR_NOT_FOUND, "there is no blob %s", sha256);
	else if (file < 0)
		fail(err, "open");
	return file;
}

/* Read on until `size` or the end. */
static bool read_at(int file, int64_t offset, char *bytes, size_t size, size_t *got, struct err *err)
{
	size_t have = 0;
	while (have < size) {
		ssize_t part = pread(file, bytes + have, size - have, (off_t)(offset + (int64_t)have));
		if (part < 0 && errno == EINTR)
			continue;
		if (part < 0)
			return fail(err, "read");
		if (part == 0)
			break;
		have += (size_t)part;
	}
	*got = have;
	return true;
}

bool blob_read(struct blobs *blobs, const char *sha256, int64_t offset, void *bytes, size_t size, size_t *got,
			   struct err *err)
{
	must(offset >= 0);
	int file = open_blob(blobs, sha256, err);
	if (file < 0)
		return false;
	bool done = read_at(file, offset, bytes, size, got, err);
	close(file);
	return done;
}

bool blob_get(struct blobs *blobs, const char *sha256, struct buf *buf, struct err *err)
{
	char chunk[CHUNK];
	int file = open_blob(blobs, sha256, err);
	if (file < 0)
		return false;
	bool done = true;
	size_t got = sizeof chunk;
	for (int64_t offset = 0; done && got == sizeof chunk; offset += (int64_t)got) {
		done = read_at(file, offset, chunk, sizeof chunk, &got, err);
		if (done)
			buf_add(buf, chunk, got);
	}
	close(file);
	return done && (buf_ok(buf) || err_set(err, ERR_LIMIT, "the blob is too large to be read at once"));
}

bool blob_size(struct blobs *blobs, const char *sha256, int64_t *size, struct err *err)
{
	char path[FOLDER_PATH];
	struct stat st;
	path_of(path, blobs, sha256);
	if (stat(path, &st) != 0)
		return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "there is no blob %s", sha256) : fail(err, "look at");
	*size = (int64_t)st.st_size;
	return true;
}

bool blob_exists(struct blobs *blobs, const char *sha256)
{
	int64_t size;
	return blob_size(blobs, sha256, &size, NULL);
}

bool blob_remove(struct blobs *blobs, const char *sha256, struct err *err)
{
	char path[FOLDER_PATH];
	path_of(path, blobs, sha256);
	return unlink(path) == 0 || errno == ENOENT || fail(err, "remove");
}

static bool clear_temporary(const char *path, struct err *err)
{
	DIR *folder = opendir(path);
	if (folder == NULL)
		return fail(err, "clear away what was left of");
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
		if (entry->d_name[0] != '.' && unlinkat(dirfd(folder), entry->d_name, 0) != 0)
			log_warn("what is left of a cut-off blob stays", log_str("file", entry->d_name),
					 log_str("why", strerror(errno)));
	closedir(folder);
	return true;
}

bool blobs_open(const struct blobs_options *options, struct blobs **blobs, struct err *err)
{
	struct blobs *open = calloc(1, sizeof *open);
	must(open != NULL);
	open->options = *options;
	open->calls = options->calls != NULL ? *options->calls : system_calls;
	char temporary[FOLDER_PATH];
	int size = snprintf(open->root, sizeof open->root, "%s/blobs", options->folder);
	bool fits = size > 0 && (size_t)size < sizeof open->root;
	snprintf(temporary, sizeof temporary, "%s/new", open->root);
	if ((fits || err_set(err, ERR_IO, "the path of the data folder is too long")) && make_folder(open->root, err) &&
		sync_folder(open, options->folder, err) && make_folder(temporary, err) && clear_temporary(temporary, err)) {
		*blobs = open;
		return true;
	}
	free(open);
	return false;
}

void blobs_close(struct blobs *blobs)
{
	free(blobs);
}
