#include "seal/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/embedded.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[];

enum { STEPS_MAX = 32 };

const char *fixture_person(int i)
{
	static char names[FIXTURE_PEOPLE][ID_TEXT];
	must(i >= 0 && i < FIXTURE_PEOPLE);
	snprintf(names[i], ID_TEXT, "01900000-0000-7000-8000-0000000001%02d", i);
	return names[i];
}

static bool add_rows(struct db *db, void *self, struct err *err)
{
	(void)self;
	const char *const accounts[] = {FIXTURE_ACCOUNT, FIXTURE_OTHER};
	for (size_t i = 0; i < 2; i++)
		if (!db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, $1, 0)",
					V_TEXT(accounts[i])))
			return false;
	for (int i = 0; i < FIXTURE_PEOPLE; i++)
		if (!db_run(db, err,
					"INSERT INTO users (user_id, account_id, email, email_norm, roles, status, erasure_key, version, "
					"created_at, updated_at) VALUES ($1, $2, $1, $1, 'approver', 'active', $3, 1, 0, 0)",
					V_TEXT(fixture_person(i)), V_TEXT(FIXTURE_ACCOUNT), V_BLOB(fixture_person(i), AUDIT_KEY)))
			return false;
	return true;
}

static void open_store(struct seal_fixture *f)
{
	struct store_migration steps[STEPS_MAX];
	struct store_options options = {
		.folder = f->folder,
		.migrations = steps,
		.sha256_hex = sha256_hex,
		.mono_us = f->env.env.mono_us,
		.wall_us = f->env.env.wall_us,
		.clock = f->env.env.self,
		.new_store_id = "01900000-0000-7000-8000-0000000000ff",
		.batch_max = 64,
		.queue_max = 1024,
		.readers = 2,
	};
	struct err err;
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++) {
		must(options.migrations_count < STEPS_MAX);
		steps[options.migrations_count++] =
			(struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	}
	if (!store_open(&options, &f->store, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	must(store_write(f->store, add_rows, NULL, &err));
}

int seal_fixture_new(void **state)
{
	struct seal_fixture *f = calloc(1, sizeof *f);
	must(f != NULL);
	strcpy(f->folder, "/tmp/seal-XXXXXX");
	must(mkdtemp(f->folder) != NULL);
	env_sim_init(&f->env, 1, 1750000000000000);
	id_maker_init(&f->ids, &f->env.env);
	arena_init(&f->arena, ARENA_REQUEST_CAP);
	open_store(f);
	f->audit = (struct audit){.env = &f->env.env, .store_id = store_id(f->store), .stream = "main"};
	*state = f;
	return 0;
}

int seal_fixture_free(void **state)
{
	struct seal_fixture *f = *state;
	char command[128];
	store_close(f->store);
	arena_fini(&f->arena);
	id_maker_fini(&f->ids);
	env_sim_fini(&f->env);
	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	int removed = system(command);
	free(f);
	return removed;
}

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

int64_t fixture_number(struct seal_fixture *f, const char *sql)
{
	int64_t number = -1;
	struct err err;
	struct db *db = store_read(f->store);
	must(db_one(db, &err, NULL, take_number, &number, sql));
	store_read_end(f->store, db);
	return number;
}
