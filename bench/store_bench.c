/*
 * Durable small writes: 32 threads, each op two inserts, each waiting for its commit.  Batches against a transaction
 * for each op, on the same disk in the same run; what counts is the ratio, and that a batch costs one fsync.
 * Usage: store_bench [SECONDS [FOLDER]].
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/env.h"
#include "core/id.h"
#include "core/must.h"
#include "store/fault_vfs.h"
#include "store/store.h"

enum { THREADS = 32, PAYLOAD = 200 };

static const struct store_migration steps[] = {
	{1, "bench",
	 "CREATE TABLE things (id TEXT NOT NULL PRIMARY KEY, body TEXT NOT NULL, at BIGINT NOT NULL) STRICT;"
	 "CREATE TABLE events (id TEXT NOT NULL PRIMARY KEY, thing TEXT NOT NULL REFERENCES things (id)) STRICT;"},
};

struct run {
	struct store *store;
	struct id_maker ids;
	_Atomic bool stop;
	_Atomic int64_t done;
};

struct op {
	char thing[ID_TEXT], event[ID_TEXT], body[PAYLOAD + 1];
};

struct figures {
	double ops_s, syncs_per_op, syncs_per_batch, ops_per_batch, cpu_us, commit_us;
};

static void length_only(const void *bytes, size_t size, char hex[65])
{
	(void)bytes;
	snprintf(hex, 65, "%064zx", size);
}

static bool insert_two(struct db *db, void *self, struct err *err)
{
	const struct op *op = self;
	return db_run(db, err, "INSERT INTO things (id, body, at) VALUES ($1, $2, $3)", V_TEXT(op->thing), V_TEXT(op->body),
				  V_INT(1)) &&
		   db_run(db, err, "INSERT INTO events (id, thing) VALUES ($1, $2)", V_TEXT(op->event), V_TEXT(op->thing));
}

static void *submit(void *self)
{
	struct run *run = self;
	struct op op;
	memset(op.body, 'x', PAYLOAD);
	op.body[PAYLOAD] = '\0';
	while (!atomic_load(&run->stop)) {
		struct err err;
		id_make(&run->ids, op.thing);
		id_make(&run->ids, op.event);
		if (!store_write(run->store, insert_two, &op, &err)) {
			fprintf(stderr, "store_bench: %s\n", err.message);
			exit(1);
		}
		atomic_fetch_add(&run->done, 1);
	}
	return NULL;
}

static double cpu_s(void)
{
	struct rusage usage;
	must(getrusage(RUSAGE_SELF, &usage) == 0);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

static struct store *open_in(const char *folder, size_t batch_max)
{
	const struct env *env = env_real();
	const struct store_options options = {
		.folder = folder,
		.migrations = steps,
		.migrations_count = 1,
		.sha256_hex = length_only,
		.mono_us = env->mono_us,
		.wall_us = env->wall_us,
		.clock = env->self,
		.new_store_id = "bench",
		.batch_max = batch_max,
		.queue_max = 4096,
		.readers = 1,
		.vfs = "counting",
	};
	struct store *store;
	struct err err;
	if (!store_open(&options, &store, &err)) {
		fprintf(stderr, "store_bench: %s\n", err.message);
		exit(1);
	}
	return store;
}

static struct figures measure(const char *folder, struct fault_vfs *vfs, size_t batch_max, double seconds)
{
	const struct env *env = env_real();
	struct run run = {.store = open_in(folder, batch_max)};
	struct store_figures figures;
	pthread_t threads[THREADS];
	id_maker_init(&run.ids, env);
	fault_vfs_plan(vfs, (struct fault_plan){.kind = FAULT_NONE}); /* counts from here on */
	double cpu = cpu_s();
	int64_t began = env_mono_us(env);
	for (int i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, submit, &run) == 0);
	usleep((useconds_t)(seconds * 1e6));
	atomic_store(&run.stop, true);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	double took = (double)(env_mono_us(env) - began) * 1e-6;
	cpu = cpu_s() - cpu;
	double syncs = (double)fault_vfs_count(vfs, FAULT_SYNC), done = (double)atomic_load(&run.done);
	store_figures(run.store, &figures);
	store_close(run.store);
	id_maker_fini(&run.ids);
	double batches = (double)figures.batches;
	return (struct figures){done / took,    syncs / done,     syncs / batches,
							done / batches, cpu / done * 1e6, (double)figures.commit_us / batches};
}

static void print(const char *what, const struct figures *f)
{
	printf("%-28s %9.0f %10.3f %12.3f %10.1f %10.1f %12.0f\n", what, f->ops_s, f->syncs_per_op, f->syncs_per_batch,
		   f->ops_per_batch, f->cpu_us, f->commit_us);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 2;
	char folder[400], one[440], many[440], command[900];
	snprintf(folder, sizeof folder, "%s/store-bench-XXXXXX", argc > 2 ? argv[2] : "/var/tmp");
	must(mkdtemp(folder) != NULL);
	snprintf(one, sizeof one, "%s/one", folder);
	snprintf(many, sizeof many, "%s/many", folder);
	struct fault_vfs *vfs = fault_vfs_new("counting", false);
	struct figures single = measure(one, vfs, 1, seconds), batched = measure(many, vfs, 256, seconds);
	printf("%d threads, 2 inserts an op    %9s %10s %12s %10s %10s %12s\n", THREADS, "ops/s", "fsyncs/op",
		   "fsyncs/batch", "ops/batch", "CPU us/op", "commit us");
	print("a transaction for each", &single);
	print("batches", &batched);
	printf("ratio %.1f\n", batched.ops_s / single.ops_s);
	fault_vfs_free(vfs);
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command) == 0 ? 0 : 1;
}
