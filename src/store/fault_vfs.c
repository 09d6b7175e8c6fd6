#include "store/fault_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/must.h"
#include "core/rng.h"
#include "store/fault_image.h"

struct fault_vfs {
	sqlite3_vfs vfs; /* first: SQLite's pointer to it is a pointer to this */
	sqlite3_vfs *real;
	bool remember;
	pthread_mutex_t lock;
	struct fault_plan plan;
	int64_t counts[FAULT_CALLS], chosen;
	bool struck, dark;
	struct fault_image *images;
};

struct fault_file {
	sqlite3_file file; /* first */
	struct fault_vfs *vfs;
	struct fault_image *image; /* NULL: not remembered */
	int last_errno;            /* of the last fault; 0: ask the real file */
	sqlite3_file *real;        /* behind this struct */
};

static struct fault_file *of(sqlite3_file *file)
{
	return (struct fault_file *)file;
}

/* Count the call and say what is to go wrong with it. */
static enum fault_kind next_fault(struct fault_vfs *vfs, enum fault_call call)
{
	pthread_mutex_lock(&vfs->lock);
	enum fault_kind kind = vfs->dark ? FAULT_EIO : FAULT_NONE;
	vfs->counts[call]++;
	if (!vfs->dark && vfs->plan.kind != FAULT_NONE &&
		(vfs->plan.call == FAULT_ANY_CALL || vfs->plan.call == (int)call)) {
		vfs->chosen++;
		if (vfs->chosen == vfs->plan.nth || (vfs->plan.for_good && vfs->chosen > vfs->plan.nth)) {
			kind = vfs->plan.kind;
			vfs->struck = true;
			vfs->dark = kind == FAULT_POWER;
			if (kind == FAULT_KILL)
				raise(SIGKILL);
		}
	}
	pthread_mutex_unlock(&vfs->lock);
	return kind;
}

static bool fails(struct fault_vfs *vfs, enum fault_call call)
{
	enum fault_kind kind = next_fault(vfs, call);
	return kind == FAULT_EIO || kind == FAULT_POWER;
}

/* --- files --- */

static int close_file(sqlite3_file *file)
{
	return of(file)->real->pMethods->xClose(of(file)->real);
}

static int read_file(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
	return of(file)->real->pMethods->xRead(of(file)->real, bytes, size, offset);
}

static int put(struct fault_file *f, const void *bytes, int size, sqlite3_int64 offset)
{
	int code = f->real->pMethods->xWrite(f->real, bytes, size, offset);
	if (code == SQLITE_OK && f->image != NULL) {
		pthread_mutex_lock(&f->vfs->lock);
		fault_image_write(f->image, bytes, (size_t)size, (size_t)offset);
		pthread_mutex_unlock(&f->vfs->lock);
	}
	return code;
}

static int write_file(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
	struct fault_file *f = of(file);
	enum fault_kind kind = next_fault(f->vfs, FAULT_WRITE);
	if (kind == FAULT_NONE)
		return put(f, bytes, size, offset);
	if (kind == FAULT_FULL || kind == FAULT_QUOTA)
		put(f, bytes, size / 2, offset);
	if (kind == FAULT_POWER) /* what of it is there the cut decides */
		put(f, bytes, size, offset);
	f->last_errno = kind == FAULT_QUOTA ? EDQUOT : kind == FAULT_FULL ? ENOSPC : EIO;
	return kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	struct fault_file *f = of(file);
	if (fails(f->vfs, FAULT_TRUNCATE)) {
		f->last_errno = EIO;
		return SQLITE_IOERR_TRUNCATE;
	}
	int code = f->real->pMethods->xTruncate(f->real, size);
	if (code == SQLITE_OK && f->image != NULL) {
		pthread_mutex_lock(&f->vfs->lock);
		fault_image_truncate(f->image, (size_t)size);
		pthread_mutex_unlock(&f->vfs->lock);
	}
	return code;
}

/* The data is not really flushed: what a process that ends can read back is enough for the tests, and much faster. */
static int sync_file(sqlite3_file *file, int flags)
{
	struct fault_file *f = of(file);
	if (fails(f->vfs, FAULT_SYNC)) {
		f->last_errno = EIO;
		return SQLITE_IOERR_FSYNC;
	}
	if (f->image == NULL)
		return f->real->pMethods->xSync(f->real, flags);
	pthread_mutex_lock(&f->vfs->lock);
	fault_image_sync(f->image);
	pthread_mutex_unlock(&f->vfs->lock);
	return SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return of(file)->real->pMethods->xFileSize(of(file)->real, size);
}

static int lock_file(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xLock(of(file)->real, level);
}

static int unlock_file(sqlite3_file *file, int level)
{
	return of(file)->real->pMethods->xUnlock(of(file)->real, level);
}

static int check_lock(sqlite3_file *file, int *held)
{
	return of(file)->real->pMethods->xCheckReservedLock(of(file)->real, held);
}

static int control(sqlite3_file *file, int op, void *arg)
{
	if (op == SQLITE_FCNTL_LAST_ERRNO && of(file)->last_errno != 0) {
		*(int *)arg = of(file)->last_errno;
		return SQLITE_OK;
	}
	return of(file)->real->pMethods->xFileControl(of(file)->real, op, arg);
}

static int sector_size(sqlite3_file *file)
{
	return of(file)->real->pMethods->xSectorSize(of(file)->real);
}

static int characteristics(sqlite3_file *file)
{
	/* A torn write keeps to nothing: no promise that a write leaves its neighbours alone. */
	return of(file)->real->pMethods->xDeviceCharacteristics(of(file)->real) & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **at)
{
	return of(file)->real->pMethods->xShmMap(of(file)->real, region, size, extend, at);
}

static int shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
	return of(file)->real->pMethods->xShmLock(of(file)->real, offset, count, flags);
}

static void shm_barrier(sqlite3_file *file)
{
	of(file)->real->pMethods->xShmBarrier(of(file)->real);
}

static int shm_unmap(sqlite3_file *file, int erase)
{
	return of(file)->real->pMethods->xShmUnmap(of(file)->real, erase);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* no xFetch: what is mapped cannot be made to fail */
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
	.xShmMap = shm_map,
	.xShmLock = shm_lock,
	.xShmBarrier = shm_barrier,
	.xShmUnmap = shm_unmap,
};

/* --- the disk --- */

static struct fault_vfs *disk(sqlite3_vfs *vfs)
{
	return (struct fault_vfs *)vfs;
}

static struct fault_image *image_of(struct fault_vfs *vfs, const char *path)
{
	pthread_mutex_lock(&vfs->lock);
	struct fault_image *image = fault_image_find(&vfs->images, path);
	pthread_mutex_unlock(&vfs->lock);
	return image;
}

static int open_file(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *out)
{
	struct fault_vfs *d = disk(vfs);
	struct fault_file *f = of(file);
	*f = (struct fault_file){.vfs = d, .real = (sqlite3_file *)(f + 1)};
	if (fails(d, FAULT_OPEN))
		return SQLITE_CANTOPEN;
	int code = d->real->xOpen(d->real, path, f->real, flags, out);
	if (code != SQLITE_OK)
		return code;
	if (d->remember && path != NULL)
		f->image = image_of(d, path);
	f->file.pMethods = &methods;
	return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int sync)
{
	struct fault_vfs *d = disk(vfs);
	if (fails(d, FAULT_DELETE))
		return SQLITE_IOERR_DELETE;
	int code = d->real->xDelete(d->real, path, sync);
	if (code == SQLITE_OK && d->remember) /* a name that comes back after the power went is not simulated */
		fault_image_delete(image_of(d, path));
	return code;
}

static int access_file(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	return disk(vfs)->real->xAccess(disk(vfs)->real, path, flags, out);
}

static int full_path(sqlite3_vfs *vfs, const char *path, int size, char *out)
{
	return disk(vfs)->real->xFullPathname(disk(vfs)->real, path, size, out);
}

struct fault_vfs *fault_vfs_new(const char *name, bool remember)
{
	struct fault_vfs *vfs = calloc(1, sizeof *vfs);
	must(vfs != NULL && pthread_mutex_init(&vfs->lock, NULL) == 0);
	vfs->real = sqlite3_vfs_find(NULL);
	must(vfs->real != NULL);
	vfs->remember = remember;
	vfs->vfs = *vfs->real; /* clocks and randomness are the real one's functions, called with our pointer: they look
							  at nothing behind it */
	vfs->vfs.pNext = NULL;
	vfs->vfs.zName = name;
	vfs->vfs.szOsFile = (int)sizeof(struct fault_file) + vfs->real->szOsFile;
	vfs->vfs.xOpen = open_file;
	vfs->vfs.xDelete = delete_file;
	vfs->vfs.xAccess = access_file;
	vfs->vfs.xFullPathname = full_path;
	must(sqlite3_vfs_register(&vfs->vfs, 0) == SQLITE_OK);
	return vfs;
}

void fault_vfs_free(struct fault_vfs *vfs)
{
	if (vfs == NULL)
		return;
	sqlite3_vfs_unregister(&vfs->vfs);
	fault_image_free_all(&vfs->images);
	pthread_mutex_destroy(&vfs->lock);
	free(vfs);
}

void fault_vfs_plan(struct fault_vfs *vfs, struct fault_plan plan)
{
	pthread_mutex_lock(&vfs->lock);
	vfs->plan = plan;
	memset(vfs->counts, 0, sizeof vfs->counts);
	vfs->chosen = 0;
	vfs->struck = vfs->dark = false;
	pthread_mutex_unlock(&vfs->lock);
}

int64_t fault_vfs_count(struct fault_vfs *vfs, int call)
{
	int64_t count = 0;
	pthread_mutex_lock(&vfs->lock);
	for (int i = 0; i < FAULT_CALLS; i++)
		count += call == FAULT_ANY_CALL || call == i ? vfs->counts[i] : 0;
	pthread_mutex_unlock(&vfs->lock);
	return count;
}

bool fault_vfs_struck(struct fault_vfs *vfs)
{
	pthread_mutex_lock(&vfs->lock);
	bool struck = vfs->struck;
	pthread_mutex_unlock(&vfs->lock);
	return struck;
}

bool fault_vfs_cut(struct fault_vfs *vfs, uint64_t seed)
{
	struct rng rng;
	rng_init(&rng, seed);
	bool written = fault_image_cut_all(vfs->images, &rng);
	fault_vfs_plan(vfs, (struct fault_plan){.kind = FAULT_NONE});
	return written;
}
