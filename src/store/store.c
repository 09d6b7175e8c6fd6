#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "core/must.h"
#include "store/engine.h"
#include "store/migrate.h"
#include "store/writer.h"

enum {
	READERS_MAX = 64,
	LOG_WORTH_COPYING = 1 << 20, /* bytes of log at which an idle moment is used */
	LOG_TOO_LONG = 64 << 20,     /* bytes at which the writer is held, since a passive copy never empties the log */
	CHECKPOINT_PERIOD_MS = 100,
	ROOM_PERIOD_US = 250000, /* between two looks at the free space */
};

struct store {
	char *folder;
	char id[64];
	int version, lock_file;
	int64_t min_free_bytes;
	struct store_options options;

	struct writer writer;
	_Atomic bool full;
	int64_t room_checked_us;

	pthread_mutex_t lock;
	pthread_cond_t reader_free;
	struct db *readers[READERS_MAX];
	int free_readers;

	struct db *checkpointer;
	pthread_t checkpoint_thread;
	pthread_cond_t checkpoint_wake;
	bool stop, copying;
	_Atomic int64_t log_bytes;
};

static bool make_folder(const char *folder, struct err *err)
{
	char path[4096];
	int size = snprintf(path, sizeof path, "%s", folder);
	must(size > 0 && (size_t)size < sizeof path);
	for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash != NULL)
			*slash = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return err_set(err, ERR_IO, "cannot make the data folder %s: %s", path, strerror(errno));
		if (slash == NULL)
			return true;
		*slash = '/';
	}
}

static bool take_lock(struct store *store, struct err *err)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/lock", store->folder);
	store->lock_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->lock_file < 0)
		return err_set(err, ERR_IO, "cannot write to the data folder %s: %s", store->folder, strerror(errno));
	if (flock(store->lock_file, LOCK_EX | LOCK_NB) != 0)
		return err_set(err, ERR_STORE_BUSY,
					   "the data folder %s is in use by another process; stop it first, or name "
					   "another folder with --data",
					   store->folder);
	char pid[32];
	int size = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	if (ftruncate(store->lock_file, 0) != 0 || write(store->lock_file, pid, (size_t)size) != size)
		return err_set(err, errno == ENOSPC ? ERR_STORE_FULL : ERR_IO, "cannot write to the data folder %s: %s",
					   store->folder, strerror(errno));
	return true;
}

static int64_t free_bytes(const struct store *store)
{
	struct statvfs fs;
	return statvfs(store->folder, &fs) == 0 ? (int64_t)(fs.f_bavail * fs.f_frsize) : INT64_MAX;
}

static bool has_room(void *self)
{
	struct store *store = self;
	int64_t now = store->options.mono_us(store->options.clock);
	if (atomic_load(&store->full) || now - store->room_checked_us > ROOM_PERIOD_US) {
		store->room_checked_us = now;
		atomic_store(&store->full, free_bytes(store) < store->min_free_bytes);
	}
	return !atomic_load(&store->full);
}

static void after_batch(void *self)
{
	struct store *store = self;
	int64_t bytes = engine_log_bytes(store->folder);
	atomic_store(&store->log_bytes, bytes);
	if (bytes >= LOG_TOO_LONG)
		pthread_cond_signal(&store->checkpoint_wake);
}

static void end_process(const char *why, void *self)
{
	(void)self;
	fprintf(stderr, "level=error msg=\"the store's disk failed; stopping, start again to read it anew\" why=\"%s\"\n",
			why);
	_exit(1);
}

static void on_fatal(const char *why, void *self)
{
	struct store *store = self;
	if (store->options.on_fatal != NULL)
		store->options.on_fatal(why, store->options.fatal_self);
	else
		end_process(why, NULL);
}

/*
 * The only connection that ever checkpoints: two that race can lose the log's reset.  It copies in idle moments; when
 * the log has grown too long under a continuous writer, it holds the writer and empties the log.
 */
static void checkpoint(struct store *store, bool writer_idle, bool copying)
{
	int64_t bytes = atomic_load(&store->log_bytes);
	struct err err;
	bool done = true;
	if (bytes >= LOG_TOO_LONG && !copying) {
		writer_pause(&store->writer);
		done = engine_checkpoint(store->checkpointer, true, &err);
		writer_resume(&store->writer);
	} else if (bytes >= LOG_WORTH_COPYING && writer_idle) {
		done = engine_checkpoint(store->checkpointer, false, &err);
	}
	if (!done && engine_disk_failed(store->checkpointer))
		on_fatal(err.message, store);
}

static void *checkpoint_loop(void *self)
{
	struct store *store = self;
	int64_t seen = -1;
	pthread_mutex_lock(&store->lock);
	while (!store->stop) {
		struct timespec until;
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += CHECKPOINT_PERIOD_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&store->checkpoint_wake, &store->lock, &until);
		bool copying = store->copying;
		pthread_mutex_unlock(&store->lock);
		int64_t batches = atomic_load(&store->writer.batches);
		bool idle = batches == seen && atomic_load(&store->log_bytes) != 0;
		checkpoint(store, idle, copying);
		if (idle) /* what was copied need not be copied again until something is written */
			atomic_store(&store->log_bytes, 0);
		seen = batches;
		pthread_mutex_lock(&store->lock);
	}
	pthread_mutex_unlock(&store->lock);
	return NULL;
}

static bool open_connections(struct store *store, struct err *err)
{
	const char *vfs = store->options.vfs;
	if (!engine_open(store->folder, vfs, ENGINE_WRITER, &store->writer.db, err) ||
		!migrate_run(store->writer.db, &store->options, store->id, &store->version, err) ||
		!engine_open(store->folder, vfs, ENGINE_CHECKPOINTER, &store->checkpointer, err))
		return false;
	must(store->options.readers > 0 && store->options.readers <= READERS_MAX);
	for (int i = 0; i < store->options.readers; i++)
		if (!engine_open(store->folder, vfs, ENGINE_READER, &store->readers[store->free_readers++], err)) {
			store->free_readers--;
			return false;
		}
	return true;
}

static void free_store(struct store *store)
{
	for (int i = 0; i < store->free_readers; i++)
		engine_close(store->readers[i]);
	engine_close(store->checkpointer);
	engine_close(store->writer.db);
	if (store->lock_file >= 0)
		close(store->lock_file);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->reader_free);
	pthread_cond_destroy(&store->checkpoint_wake);
	free(store->folder);
	free(store);
}

static void start_threads(struct store *store)
{
	struct writer *writer = &store->writer;
	writer->batch_max = store->options.batch_max;
	writer->queue_max = store->options.queue_max;
	writer->mono_us = store->options.mono_us;
	writer->wall_us = store->options.wall_us;
	writer->clock = store->options.clock;
	writer->has_room = has_room;
	writer->after_batch = after_batch;
	writer->on_fatal = on_fatal;
	writer->self = store;
	writer_start(writer);
	must(pthread_create(&store->checkpoint_thread, NULL, checkpoint_loop, store) == 0);
}

bool store_open(const struct store_options *options, struct store **store, struct err *err)
{
	struct store *open = calloc(1, sizeof *open);
	must(open != NULL && options->sha256_hex != NULL && options->mono_us != NULL && options->wall_us != NULL);
	open->options = *options;
	open->folder = strdup(options->folder);
	must(open->folder != NULL);
	open->lock_file = -1;
	open->min_free_bytes = options->min_free_bytes;
	open->room_checked_us = INT64_MIN / 2;
	must(pthread_mutex_init(&open->lock, NULL) == 0 && pthread_cond_init(&open->reader_free, NULL) == 0 &&
		 pthread_cond_init(&open->checkpoint_wake, NULL) == 0);
	if (!make_folder(open->folder, err) || !take_lock(open, err) || !open_connections(open, err)) {
		free_store(open);
		return false;
	}
	start_threads(open);
	*store = open;
	return true;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	writer_stop(&store->writer);
	pthread_mutex_lock(&store->lock);
	store->stop = true;
	pthread_cond_signal(&store->checkpoint_wake);
	pthread_mutex_unlock(&store->lock);
	pthread_join(store->checkpoint_thread, NULL);
	struct err err;
	if (!engine_disk_failed(store->writer.db))
		engine_checkpoint(store->checkpointer, true, &err);
	free_store(store);
}

const char *store_id(const struct store *store)
{
	return store->id;
}

int store_schema_version(const struct store *store)
{
	return store->version;
}

struct db *store_read(struct store *store)
{
	pthread_mutex_lock(&store->lock);
	while (store->free_readers == 0)
		pthread_cond_wait(&store->reader_free, &store->lock);
	struct db *db = store->readers[--store->free_readers];
	pthread_mutex_unlock(&store->lock);
	return db;
}

void store_read_end(struct store *store, struct db *db)
{
	pthread_mutex_lock(&store->lock);
	store->readers[store->free_readers++] = db;
	pthread_cond_signal(&store->reader_free);
	pthread_mutex_unlock(&store->lock);
}

bool store_submit(struct store *store, struct store_op *op, struct err *err)
{
	return writer_submit(&store->writer, op, err);
}

struct waiting {
	struct store_op op;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	bool over, applied;
	struct err err;
	bool (*apply)(struct db *db, void *self, struct err *err);
	void *self;
};

static bool apply_waiting(struct db *db, void *self, struct err *err)
{
	struct waiting *waiting = self;
	return waiting->apply(db, waiting->self, err);
}

static void end_waiting(void *self, bool applied, const struct err *err)
{
	struct waiting *waiting = self;
	pthread_mutex_lock(&waiting->lock);
	waiting->over = true;
	waiting->applied = applied;
	if (err != NULL)
		waiting->err = *err;
	pthread_cond_signal(&waiting->ended);
	pthread_mutex_unlock(&waiting->lock);
}

bool store_write(struct store *store, bool (*apply)(struct db *db, void *self, struct err *err), void *self,
				 struct err *err)
{
	struct waiting waiting = {.apply = apply, .self = self};
	waiting.op = (struct store_op){.apply = apply_waiting, .done = end_waiting, .self = &waiting};
	must(pthread_mutex_init(&waiting.lock, NULL) == 0 && pthread_cond_init(&waiting.ended, NULL) == 0);
	bool submitted = store_submit(store, &waiting.op, err);
	pthread_mutex_lock(&waiting.lock);
	while (submitted && !waiting.over)
		pthread_cond_wait(&waiting.ended, &waiting.lock);
	pthread_mutex_unlock(&waiting.lock);
	pthread_mutex_destroy(&waiting.lock);
	pthread_cond_destroy(&waiting.ended);
	if (submitted && !waiting.applied && err != NULL)
		*err = waiting.err;
	return submitted && waiting.applied;
}

void store_figures(struct store *store, struct store_figures *figures)
{
	struct writer *w = &store->writer;
	char path[4096];
	struct stat st;
	*figures = (struct store_figures){
		.batches = atomic_load(&w->batches),
		.ops = atomic_load(&w->ops),
		.failed_ops = atomic_load(&w->failed_ops),
		.commit_us = atomic_load(&w->commit_us),
		.last_commit_us = atomic_load(&w->last_commit_us),
		.writer_beat_us = atomic_load(&w->beat_us),
		.wal_bytes = engine_log_bytes(store->folder),
		.free_bytes = free_bytes(store),
		.full = atomic_load(&store->full),
	};
	writer_queue(w, &figures->queue, &figures->oldest_us);
	snprintf(path, sizeof path, "%s/store.db", store->folder);
	figures->bytes = stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

bool store_backup(struct store *store, const char *path, struct err *err)
{
	struct db *db;
	if (!engine_open(store->folder, store->options.vfs, ENGINE_CHECKPOINTER, &db, err))
		return false;
	pthread_mutex_lock(&store->lock);
	store->copying = true; /* the log may grow meanwhile; it is not emptied under a long read */
	pthread_mutex_unlock(&store->lock);
	bool copied = engine_copy(db, path, err);
	pthread_mutex_lock(&store->lock);
	store->copying = false;
	pthread_mutex_unlock(&store->lock);
	engine_close(db);
	return copied;
}
