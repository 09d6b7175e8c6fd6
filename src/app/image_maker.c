/*
 * image_maker FILE: what the migrations make of an empty store, for the binary to carry.  Run when the program is
 * built, so the image is never older than the migrations; the same migrations give the same bytes.
 */
#include <stdio.h>

#include "app/migrations.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/scratch.h"
#include "crypt/digest.h"
#include "store/image.h"
#include "store/store.h"

enum { STEPS_MAX = 128 };

static int64_t no_time(void *self)
{
	(void)self;
	return 0;
}

static bool drop_id(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "DELETE FROM store_meta WHERE name = 'store_id'");
}

static bool make_store(const char *folder, const char *copy, struct err *err)
{
	struct store_migration steps[STEPS_MAX];
	const struct env *env = env_real();
	struct store *store;
	struct store_options options = {.folder = folder,
									.sha256_hex = sha256_hex,
									.mono_us = env->mono_us,
									.wall_us = no_time,
									.clock = env->self,
									.new_store_id = "none",
									.batch_max = 1,
									.queue_max = 1,
									.readers = 1};
	options.migrations = app_migrations(steps, STEPS_MAX, &options.migrations_count);
	if (!store_open(&options, &store, err))
		return false;
	bool made = store_write(store, drop_id, NULL, err) && store_backup(store, copy, err);
	store_close(store);
	return made;
}

static bool read_all(const char *path, struct buf *bytes)
{
	char chunk[65536];
	size_t got;
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return false;
	while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_add(bytes, chunk, got);
	bool whole = !ferror(file) && buf_ok(bytes);
	fclose(file);
	return whole;
}

static bool write_all(const char *path, const struct buf *bytes)
{
	FILE *file = fopen(path, "we");
	bool written = file != NULL && fwrite(bytes->bytes, 1, bytes->size, file) == bytes->size;
	return file != NULL && fclose(file) == 0 && written;
}

int main(int argc, char **argv)
{
	char folder[SCRATCH_PATH], copy[SCRATCH_PATH + 8];
	struct err err = {.kind = ERR_NONE, .message = "cannot read or write the image"};
	struct buf whole, packed;
	if (argc != 2 || !scratch_make(folder, "image", &err)) {
		fprintf(stderr, "image_maker: %s\n", argc != 2 ? "image_maker FILE" : err.message);
		return 1;
	}
	snprintf(copy, sizeof copy, "%s/copy.db", folder);
	buf_init(&whole, IMAGE_MAX);
	buf_init(&packed, IMAGE_MAX);
	bool made = make_store(folder, copy, &err) && read_all(copy, &whole);
	if (made)
		image_pack(whole.bytes, whole.size, &packed);
	made = made && buf_ok(&packed) && write_all(argv[1], &packed);
	if (!made)
		fprintf(stderr, "image_maker: %s\n", err.message);
	buf_fini(&whole);
	buf_fini(&packed);
	scratch_remove(folder);
	return made ? 0 : 1;
}
