#include "store/gather_vfs.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"

/* The log's form is fixed (sqlite.org/fileformat2.html#walformat). */
enum {
	LOG_HEADER = 32,
	FRAME_HEADER = 24,
	COMMIT_AT = 4, /* in a frame's header: pages of the store after the commit; 0 in frames that end none */
	COMMIT_SIZE = 4,
	PAGE = 4096,
	ROOM = 128 << 10, /* bytes that wait at most: some thirty frames */
};

struct gather_vfs {
	sqlite3_vfs vfs; /* first: SQLite's pointer to it is a pointer to this */
	sqlite3_vfs *base;
	char name[40];
};

struct gather_file {
	sqlite3_file file;  /* first */
	sqlite3_file *base; /* behind this struct */
	bool open_frame;    /* the last header that was written is of a frame that ends no commit */
	sqlite3_int64 end;  /* where the last write ended */
	unsigned char *waiting;
	size_t size; /* of what waits, the last bytes before `end` */
};

static struct gather_file *of(sqlite3_file *file)
{
	return (struct gather_file *)file;
}

/* --- gathering --- */

static int flush(struct gather_file *f)
{
	if (f->size == 0)
		return SQLITE_OK;
	int code = f->base->pMethods->xWrite(f->base, f->waiting, (int)f->size, f->end - (sqlite3_int64)f->size);
	if (code == SQLITE_OK)
		f->size = 0;
	return code;
}

static bool is_header(int size, sqlite3_int64 offset)
{
	return size == FRAME_HEADER && offset >= LOG_HEADER && (offset - LOG_HEADER) % (FRAME_HEADER + PAGE) == 0;
}

static bool ends_commit(const void *header)
{
	static const unsigned char none[COMMIT_SIZE];
	return memcmp((const unsigned char *)header + COMMIT_AT, none, COMMIT_SIZE) != 0;
}

static void append(struct gather_file *f, const void *bytes, int size)
{
	memcpy(f->waiting + f->size, bytes, (size_t)size);
	f->size += (size_t)size;
	f->end += size;
}

/* May it wait?  A header may for its page, which follows at once. */
static bool may_wait(struct gather_file *f, const void *bytes, int size, sqlite3_int64 offset)
{
	bool header = is_header(size, offset);
	if (header)
		f->open_frame = !ends_commit(bytes);
	return header || f->open_frame;
}

static int write_file(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	struct gather_file *f = of(file);
	bool waits = may_wait(f, bytes, size, offset), follows = offset == f->end;
	if (!follows || f->size + (size_t)size > ROOM) {
		int code = flush(f);
		if (code != SQLITE_OK)
			return code;
	}
	if (!follows || size > ROOM) {
		f->end = offset + size;
		return f->base->pMethods->xWrite(f->base, bytes, size, offset);
	}
	append(f, bytes, size);
	int code = waits ? SQLITE_OK : flush(f);
	if (code != SQLITE_OK) { /* this write failed: a commit that was refused must not go out with the rest later */
		f->size -= (size_t)size;
		f->end -= size;
	}
	return code;
}

/* --- what looks at the file sees all that was written --- */

/* What still waits is of no commit, so nobody will miss it. */
static int close_file(sqlite3_file *file)
{
	free(of(file)->waiting);
	return of(file)->base->pMethods->xClose(of(file)->base);
}

static int read_file(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
	struct gather_file *f = of(file);
	int code = offset + size > f->end - (sqlite3_int64)f->size ? flush(f) : SQLITE_OK;
	return code != SQLITE_OK ? code : f->base->pMethods->xRead(f->base, bytes, size, offset);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	int code = flush(of(file));
	return code != SQLITE_OK ? code : of(file)->base->pMethods->xTruncate(of(file)->base, size);
}

static int sync_file(sqlite3_file *file, int flags)
{
	int code = flush(of(file));
	return code != SQLITE_OK ? code : of(file)->base->pMethods->xSync(of(file)->base, flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	int code = flush(of(file));
	return code != SQLITE_OK ? code : of(file)->base->pMethods->xFileSize(of(file)->base, size);
}

static int lock_file(sqlite3_file *file, int level)
{
	return of(file)->base->pMethods->xLock(of(file)->base, level);
}

static int unlock_file(sqlite3_file *file, int level)
{
	return of(file)->base->pMethods->xUnlock(of(file)->base, level);
}

static int check_lock(sqlite3_file *file, int *held)
{
	return of(file)->base->pMethods->xCheckReservedLock(of(file)->base, held);
}

static int control(sqlite3_file *file, int op, void *arg)
{
	return of(file)->base->pMethods->xFileControl(of(file)->base, op, arg);
}

static int sector_size(sqlite3_file *file)
{
	return of(file)->base->pMethods->xSectorSize(of(file)->base);
}

static int characteristics(sqlite3_file *file)
{
	return of(file)->base->pMethods->xDeviceCharacteristics(of(file)->base);
}

static const sqlite3_io_methods methods = {
	.iVersion = 1, /* a log is neither shared memory nor mapped */
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_lock,
	.xFileControl = control,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
};

/* --- the layer --- */

static sqlite3_vfs *base_of(sqlite3_vfs *vfs)
{
	return ((struct gather_vfs *)vfs)->base;
}

static int open_log(sqlite3_vfs *base, sqlite3_filename path, struct gather_file *f, int flags, int *out)
{
	*f = (struct gather_file){.base = (sqlite3_file *)(f + 1), .end = -1, .waiting = malloc(ROOM)};
	if (f->waiting == NULL)
		return SQLITE_NOMEM;
	int code = base->xOpen(base, path, f->base, flags, out);
	if (code == SQLITE_OK)
		f->file.pMethods = &methods;
	else
		free(f->waiting);
	return code;
}

/* Of other files the layer is not there at all. */
static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *out)
{
	sqlite3_vfs *base = base_of(vfs);
	return (flags & SQLITE_OPEN_WAL) != 0 ? open_log(base, path, of(file), flags, out)
										  : base->xOpen(base, path, file, flags, out);
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync)
{
	return base_of(vfs)->xDelete(base_of(vfs), path, sync);
}

static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	return base_of(vfs)->xAccess(base_of(vfs), path, flags, out);
}

static int full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
	return base_of(vfs)->xFullPathname(base_of(vfs), path, size, out);
}

struct gather_vfs *gather_vfs_new(const char *base)
{
	sqlite3_vfs *found = sqlite3_vfs_find(base);
	if (found == NULL)
		return NULL;
	struct gather_vfs *vfs = calloc(1, sizeof *vfs);
	must(vfs != NULL);
	snprintf(vfs->name, sizeof vfs->name, "gather-%p", (void *)vfs);
	vfs->base = found;
	vfs->vfs = *found; /* clocks and randomness are the base's functions: they look at nothing behind the pointer */
	vfs->vfs.pNext = NULL;
	vfs->vfs.zName = vfs->name;
	vfs->vfs.szOsFile = (int)sizeof(struct gather_file) + found->szOsFile;
	vfs->vfs.xOpen = open_file;
	vfs->vfs.xDelete = delete_file;
	vfs->vfs.xAccess = access_file;
	vfs->vfs.xFullPathname = full_path;
	must(sqlite3_vfs_register(&vfs->vfs, 0) == SQLITE_OK);
	return vfs;
}

const char *gather_vfs_name(const struct gather_vfs *vfs)
{
	return vfs->name;
}

void gather_vfs_free(struct gather_vfs *vfs)
{
	if (vfs == NULL)
		return;
	sqlite3_vfs_unregister(&vfs->vfs);
	free(vfs);
}
