#include "seal/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/embedded.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[], embedded_store_image[];

enum { STEPS_MAX = 64 };

struct people {
	const struct fixture_person *rows;
	size_t count;
};

static bool add_people(struct db *db, void *self, struct err *err)
{
	const struct people *people = self;
	const char *const accounts[] = {FIXTURE_ACCOUNT, FIXTURE_OTHER};
	for (size_t i = 0; i < 2; i++)
		if (!db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, $1, 0)",
					V_TEXT(accounts[i])))
			return false;
	for (size_t i = 0; i < people->count; i++) {
		const struct fixture_person *p = &people->rows[i];
		if (!db_run(db, err,
					"INSERT INTO users (user_id, account_id, email, email_norm, roles, status, erasure_key, version, "
					"created_at, updated_at, licence) VALUES ($1, $2, $3, $3, $4, 'active', $5, 1, 0, 0, $6)",
					V_TEXT(p->user_id), V_TEXT(p->account_id), V_TEXT(p->name), V_TEXT(p->role_names),
					V_BLOB(p->user_id, AUDIT_KEY), V_TEXT(p->licence)))
			return false;
	}
	return true;
}

struct store *fixture_store(const char *folder, const struct env *env)
{
	struct store_migration steps[STEPS_MAX];
	struct store_options options = {
		.folder = folder,
		.migrations = steps,
		.image = embedded_store_image,
		.sha256_hex = sha256_hex,
		.mono_us = env->mono_us,
		.wall_us = env->wall_us,
		.clock = env->self,
		.new_store_id = "01900000-0000-7000-8000-0000000000ff",
		.batch_max = 64,
		.queue_max = 1024,
		.readers = 4,
	};
	struct store *store;
	struct err err;
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++) {
		must(options.migrations_count < STEPS_MAX);
		steps[options.migrations_count++] =
			(struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	}
	if (!store_open(&options, &store, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	return store;
}

void seal_fixture_open(struct seal_fixture *f, const char *name, const struct fixture_person *rows, size_t count)
{
	struct people people = {rows, count};
	struct err err;
	must(scratch_make(f->folder, name, &err));
	env_sim_init(&f->env, 1, 1750000000000000);
	id_maker_init(&f->ids, &f->env.env);
	arena_init(&f->arena, (size_t)1 << 30);
	f->store = fixture_store(f->folder, &f->env.env);
	must(store_write(f->store, add_people, &people, &err));
	f->audit = (struct audit){
		.env = &f->env.env, .store_id = store_id(f->store), .stream = "main", .memory = audit_memory_new(f->store)};
}

void seal_fixture_close(struct seal_fixture *f)
{
	if (f->store != NULL)
		store_close(f->store);
	audit_memory_free(f->audit.memory);
	arena_fini(&f->arena);
	id_maker_fini(&f->ids);
	env_sim_fini(&f->env);
	scratch_remove(f->folder);
}

/* --- without more --- */

const char *fixture_person(int i)
{
	static char names[FIXTURE_PEOPLE][ID_TEXT];
	must(i >= 0 && i < FIXTURE_PEOPLE);
	snprintf(names[i], ID_TEXT, "01900000-0000-7000-8000-0000000001%02d", i);
	return names[i];
}

int seal_fixture_new(void **state)
{
	struct seal_fixture *f = calloc(1, sizeof *f);
	struct fixture_person people[FIXTURE_PEOPLE];
	must(f != NULL);
	for (int i = 0; i < FIXTURE_PEOPLE; i++)
		people[i] = (struct fixture_person){.name = fixture_person(i),
											.user_id = fixture_person(i),
											.account_id = FIXTURE_ACCOUNT,
											.role_names = "approver"};
	seal_fixture_open(f, "seal", people, FIXTURE_PEOPLE);
	*state = f;
	return 0;
}

int seal_fixture_free(void **state)
{
	seal_fixture_close(*state);
	free(*state);
	return 0;
}

/* --- looking --- */

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

int64_t seal_fixture_number(struct store *store, const char *sql)
{
	int64_t number = -1;
	struct err err;
	struct db *db = store_read(store);
	must(db_one(db, &err, NULL, take_number, &number, sql));
	store_read_end(store, db);
	return number;
}

bool seal_fixture_sound(struct store *store)
{
	struct audit_report report;
	struct err err;
	struct db *db = store_read(store);
	bool read = audit_verify(db, store_id(store), NULL, NULL, &report, &err);
	store_read_end(store, db);
	return read && report.sound && report.rows > 0;
}

const struct json *fixture_path(const struct json *json, const char *path)
{
	while (json != NULL && *path != '\0') {
		char name[64];
		size_t size = strcspn(path, ".");
		must(size < sizeof name);
		memcpy(name, path, size);
		name[size] = '\0';
		if (json->kind == JS_ARRAY)
			json = strtoul(name, NULL, 10) < json->count ? &json->items[strtoul(name, NULL, 10)] : NULL;
		else
			json = json_get(json, name);
		path += size + (path[size] == '.');
	}
	return json;
}
