#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/log.h"
#include "core/must.h"
#include "store/checkpoint.h"
#include "store/engine.h"
#include "store/folder.h"
#include "store/migrate.h"
#include "store/watch.h"
#include "store/writer.h"

enum {
	READERS_MAX = 64,
	READERS_FIRST = 3,  /* at start; each costs 3 ms and half a megabyte, and few threads read at the same moment */
	LOG_MAX = 64 << 20, /* bytes; a restart then copies for some 100 ms beside the writer and holds it for a few */
	ROOM_PERIOD_US = 250000, /* between two looks at the free space */
	FULL_US = 1000000,       /* that a refusal counts for, when there is room again */
};

struct store {
	char *folder;
	char id[64];
	int version, lock_file;
	struct store_options options;

	struct watches watches;
	struct writer writer;
	struct checkpoint checkpoint;
	_Atomic bool dead; /* the disk failed */
	_Atomic bool full; /* the last look at the free space, or the last batch, found no room */
	_Atomic int64_t full_us;
	_Atomic int64_t log_bytes;
	int64_t room_checked_us;

	struct {
		void (*committed)(void *self);
		void *self;
	} hooks[STORE_HOOKS_MAX];
	_Atomic size_t hooks_count;

	pthread_mutex_t lock;
	pthread_cond_t reader_free;
	struct db *readers[READERS_MAX]; /* those that are free; the one that was used last is the next */
	int free_readers, readers_open;
};

static bool has_room(void *self)
{
	const struct store *store = self;
	return folder_free_bytes(store->folder) >= store->options.min_free_bytes;
}

static bool before_batch(void *self, struct err *err)
{
	struct store *store = self;
	checkpoint_enter(&store->checkpoint);
	int64_t now = store->options.mono_us(store->options.clock);
	if (!atomic_load(&store->full) && now - store->room_checked_us <= ROOM_PERIOD_US)
		return true;
	store->room_checked_us = now;
	return has_room(store) || err_set(err, ERR_STORE_FULL,
									  "the disk is nearly full; writes resume by themselves when there is "
									  "room");
}

static void after_batch(void *self, const struct err *failure)
{
	struct store *store = self;
	int64_t log_bytes = -1;
	if (failure == NULL) {
		log_bytes = engine_log_bytes(store->writer.db);
		atomic_store(&store->log_bytes, log_bytes);
		atomic_store(&store->full, false);
	} else if (failure->kind == ERR_STORE_FULL) {
		atomic_store(&store->full, true);
		atomic_store(&store->full_us, store->options.mono_us(store->options.clock));
	}
	checkpoint_leave(&store->checkpoint, log_bytes);
	size_t hooks = failure == NULL ? atomic_load(&store->hooks_count) : 0;
	for (size_t i = 0; i < hooks; i++)
		store->hooks[i].committed(store->hooks[i].self);
}

static void on_fatal(const char *why, void *self)
{
	struct store *store = self;
	if (atomic_exchange(&store->dead, true))
		return;
	if (store->options.on_fatal != NULL) {
		store->options.on_fatal(why, store->options.fatal_self);
		return;
	}
	log_error("the store's disk failed; stopping, a restart reads it anew", log_str("why", why));
	_exit(1);
}

static bool open_connections(struct store *store, struct err *err)
{
	const char *vfs = store->options.vfs;
	if (!engine_open(store->folder, vfs, ENGINE_WRITER, &store->writer.db, err) ||
		!migrate_run(store->writer.db, &store->options, store->id, &store->version, err) ||
		!engine_open(store->folder, vfs, ENGINE_CHECKPOINTER, &store->checkpoint.db, err))
		return false;
	int first = store->options.readers < READERS_FIRST ? store->options.readers : READERS_FIRST;
	for (; store->free_readers < first; store->free_readers++, store->readers_open++)
		if (!engine_open(store->folder, vfs, ENGINE_READER, &store->readers[store->free_readers], err))
			return false;
	return true;
}

static void free_store(struct store *store)
{
	for (int i = 0; i < store->free_readers; i++)
		engine_close(store->readers[i]);
	engine_close(store->checkpoint.db);
	engine_close(store->writer.db);
	if (store->lock_file >= 0)
		close(store->lock_file);
	watches_fini(&store->watches);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->reader_free);
	free(store->folder);
	free(store);
}

static void start_threads(struct store *store)
{
	const struct store_options *options = &store->options;
	struct checkpoint *checkpoint = &store->checkpoint;
	checkpoint->log_max = options->log_max_bytes != 0 ? options->log_max_bytes : LOG_MAX;
	checkpoint->mono_us = options->mono_us;
	checkpoint->clock = options->clock;
	checkpoint->on_fatal = on_fatal;
	checkpoint->self = store;
	struct writer *writer = &store->writer;
	writer->batch_max = options->batch_max;
	writer->queue_max = options->queue_max;
	writer->mono_us = options->mono_us;
	writer->wall_us = options->wall_us;
	writer->clock = options->clock;
	writer->before_batch = before_batch;
	writer->after_batch = after_batch;
	writer->on_fatal = on_fatal;
	writer->self = store;
	writer->dead = &store->dead;
	engine_watch(writer->db, &store->watches);
	checkpoint->stepped = writer->stepped = options->stepped;
	checkpoint_start(checkpoint);
	writer_start(writer);
}

static struct store *new_store(const struct store_options *options)
{
	struct store *store = calloc(1, sizeof *store);
	must(store != NULL && options->sha256_hex != NULL && options->mono_us != NULL && options->wall_us != NULL);
	must(options->readers > 0 && options->readers <= READERS_MAX);
	store->options = *options;
	store->folder = strdup(options->folder);
	must(store->folder != NULL);
	store->lock_file = -1;
	watches_init(&store->watches);
	store->room_checked_us = INT64_MIN / 2;
	must(pthread_mutex_init(&store->lock, NULL) == 0 && pthread_cond_init(&store->reader_free, NULL) == 0);
	return store;
}

bool store_open(const struct store_options *options, struct store **store, struct err *err)
{
	struct store *open = new_store(options);
	if (!folder_make(open->folder, err) || !folder_lock(open->folder, &open->lock_file, err) ||
		!open_connections(open, err)) {
		free_store(open);
		return false;
	}
	start_threads(open);
	*store = open;
	return true;
}

/* All that was acknowledged is in the log; the next start is only quicker without one. */
static void copy_the_rest(struct store *store)
{
	struct err err;
	if (engine_checkpoint_last(store->checkpoint.db, &err))
		return;
	if (engine_disk_failed(store->checkpoint.db))
		on_fatal(err.message, store);
	else
		log_warn("the last checkpoint failed; the next start reads the log instead", log_str("why", err.message));
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	writer_stop(&store->writer);
	checkpoint_stop(&store->checkpoint);
	must(store->free_readers == store->readers_open);
	if (!atomic_load(&store->dead))
		copy_the_rest(store);
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

/* With the lock, which it gives up meanwhile.  One that cannot be had now (no file descriptor) is waited for instead.
 */
static struct db *one_more_reader(struct store *store)
{
	struct db *db = NULL;
	struct err err;
	store->readers_open++;
	pthread_mutex_unlock(&store->lock);
	if (!engine_open(store->folder, store->options.vfs, ENGINE_READER, &db, &err)) {
		log_warn("one more reader of the store cannot be had", log_str("why", err.message));
		db = NULL;
	}
	pthread_mutex_lock(&store->lock);
	store->readers_open -= db == NULL;
	return db;
}

struct db *store_read(struct store *store)
{
	struct db *db = NULL;
	pthread_mutex_lock(&store->lock);
	if (store->free_readers == 0 && store->readers_open < store->options.readers)
		db = one_more_reader(store);
	while (db == NULL && store->free_readers == 0)
		pthread_cond_wait(&store->reader_free, &store->lock);
	if (db == NULL)
		db = store->readers[--store->free_readers];
	pthread_mutex_unlock(&store->lock);
	must(engine_begin_read(db, NULL)); /* touches no file; that is for the first query */
	return db;
}

void store_read_end(struct store *store, struct db *db)
{
	must(engine_open_rows(db) == 0); /* each db_query has its db_end */
	engine_rollback(db);
	pthread_mutex_lock(&store->lock);
	store->readers[store->free_readers++] = db;
	pthread_cond_signal(&store->reader_free);
	pthread_mutex_unlock(&store->lock);
}

bool store_submit(struct store *store, struct store_op *op, struct err *err)
{
	return writer_submit(&store->writer, op, err);
}

bool store_step(struct store *store)
{
	return store->options.stepped && writer_step(&store->writer);
}

void store_idle(struct store *store, bool restart)
{
	must(store->options.stepped);
	if (!atomic_load(&store->dead))
		checkpoint_step(&store->checkpoint, restart);
}

size_t store_queued(const struct store *store)
{
	return (size_t)atomic_load(&store->writer.waiting);
}

void store_on_commit(struct store *store, void (*committed)(void *self), void *self)
{
	pthread_mutex_lock(&store->lock);
	size_t count = atomic_load(&store->hooks_count);
	must(count < STORE_HOOKS_MAX);
	store->hooks[count].committed = committed;
	store->hooks[count].self = self;
	atomic_store(&store->hooks_count, count + 1); /* the writer sees a hook only when it is whole */
	pthread_mutex_unlock(&store->lock);
}

const struct store_watch *store_watch(struct store *store, const char *const *tables)
{
	return watches_add(&store->watches, tables);
}

/* A server that says it is full may be sent no write, and would never learn of the room there is by now. */
static bool is_full(struct store *store)
{
	int64_t since = store->options.mono_us(store->options.clock) - atomic_load(&store->full_us);
	return atomic_load(&store->full) && (since < FULL_US || !has_room(store));
}

void store_figures(struct store *store, struct store_figures *figures)
{
	*figures = (struct store_figures){
		.bytes = engine_bytes(store->folder),
		.wal_bytes = atomic_load(&store->log_bytes),
		.free_bytes = folder_free_bytes(store->folder),
		.full = is_full(store),
	};
	writer_figures(&store->writer, figures);
}

/* What the copy wrote is in memory of the system only; so is its name.  The engine made it readable by all. */
static bool make_durable(const char *path, struct err *err)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	bool synced = file >= 0 && fchmod(file, 0600) == 0 && fsync(file) == 0;
	if (!synced)
		err_set(err, ERR_IO, "cannot make the copy durable: %s", strerror(errno));
	if (file >= 0)
		close(file);
	char parent[FOLDER_PATH];
	if (!synced || !folder_path(parent, path, "", err))
		return false;
	char *slash = strrchr(parent, '/');
	if (slash == NULL)
		return folder_sync(".", err);
	*slash = '\0';
	return folder_sync(slash == parent ? "/" : parent, err);
}

bool store_backup(struct store *store, const char *path, struct err *err)
{
	struct db *db;
	if (access(path, F_OK) == 0)
		return err_set(err, ERR_DUPLICATE, "there is a file %s already", path);
	if (!engine_open(store->folder, store->options.vfs, ENGINE_CHECKPOINTER, &db, err))
		return false;
	checkpoint_copying(&store->checkpoint, 1);
	bool copied = engine_copy(db, path, has_room, store, err);
	checkpoint_copying(&store->checkpoint, -1);
	engine_close(db);
	if (copied && make_durable(path, err))
		return true;
	unlink(path);
	return false;
}
