#include "flow/values.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/row.h"
#include "store/store.h"

struct value_kept {
	char sha256[65];
	struct datum *value;
	struct value_kept *next;
};

void values_note(void *self, const char *sha256, struct datum *value)
{
	struct values *values = self;
	struct value_kept *kept = malloc(sizeof *kept);
	must(kept != NULL && strlen(sha256) < sizeof kept->sha256);
	strcpy(kept->sha256, sha256);
	kept->value = datum_ref(value);
	kept->next = values->first;
	values->first = kept;
}

void values_clear(struct values *values)
{
	while (values->first != NULL) {
		struct value_kept *kept = values->first;
		values->first = kept->next;
		datum_unref(kept->value);
		free(kept);
	}
}

bool values_put(const struct values *values, struct db *db, const char *run_id, struct err *err)
{
	for (const struct value_kept *kept = values->first; kept != NULL; kept = kept->next) {
		struct store_value value = {.type = STORE_TEXT};
		value.text = datum_bytes(kept->value, &value.size);
		if (!db_run(db, err, "INSERT INTO flow_values (sha256, value) VALUES ($1, $2) ON CONFLICT (sha256) DO NOTHING",
					V_TEXT(kept->sha256), value) ||
			!db_run(db, err,
					"INSERT INTO flow_value_refs (run_id, sha256) VALUES ($1, $2) ON CONFLICT (run_id, sha256) DO "
					"NOTHING",
					V_TEXT(run_id), V_TEXT(kept->sha256)))
			return false;
	}
	return true;
}

/* --- reading --- */

struct reading {
	struct arena *arena;
	const struct json *json;
	struct err *err;
	bool good;
};

static void take_value(const struct db_rows *row, void *self)
{
	struct reading *r = self;
	const char *text = db_text(row, 0);
	r->good = json_parse(r->arena, text, strlen(text), &datum_limits, &r->json, r->err);
}

static bool read_value(struct db *db, struct arena *arena, const char *sha256, struct json *value, struct err *err)
{
	struct reading r = {.arena = arena, .err = err};
	bool found;
	if (!db_one(db, err, &found, take_value, &r, "SELECT value FROM flow_values WHERE sha256 = $1", V_TEXT(sha256)))
		return false;
	if (!found)
		return err_set(err, ERR_INTERNAL, "The value %s of a row is missing.", sha256);
	if (r.good)
		*value = *r.json;
	return r.good;
}

static bool resolve_member(struct db *db, struct arena *arena, struct json_member *member, struct err *err)
{
	const char *name = row_apart_name(member->name);
	if (name == NULL || member->value.kind != JS_STRING)
		return true;
	member->name = name;
	member->name_size = strlen(name);
	return read_value(db, arena, member->value.text, &member->value, err);
}

static bool names_any(const struct json *data)
{
	for (uint32_t i = 0; i < data->count; i++)
		if (row_apart_name(data->members[i].name) != NULL)
			return true;
	return false;
}

static struct json_member *members_dup(struct arena *arena, const struct json *json)
{
	struct json_member *members = arena_array(arena, json->count, sizeof *members);
	if (members != NULL)
		memcpy(members, json->members, json->count * sizeof *members);
	return members;
}

bool values_resolve(struct db *db, struct arena *arena, const struct json **row, struct err *err)
{
	const struct json *data = json_get(*row, "data");
	if (data == NULL || data->kind != JS_OBJECT || !names_any(data))
		return true;
	struct json *whole = arena_new(arena, struct json), *inner = NULL;
	struct json_member *members = members_dup(arena, data), *outer = members_dup(arena, *row);
	if (whole == NULL || members == NULL || outer == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a row");
	*whole = **row;
	whole->members = outer;
	for (uint32_t i = 0; i < whole->count; i++)
		if (strcmp(outer[i].name, "data") == 0)
			inner = &outer[i].value;
	inner->members = members;
	for (uint32_t i = 0; i < inner->count; i++)
		if (!resolve_member(db, arena, &members[i], err))
			return false;
	*row = whole;
	return true;
}

bool values_drop(struct db *db, const char *run_id, struct err *err)
{
	return db_run(db, err,
				  "DELETE FROM flow_values WHERE sha256 IN (SELECT sha256 FROM flow_value_refs WHERE run_id = $1) AND "
				  "NOT EXISTS (SELECT 1 FROM flow_value_refs r WHERE r.sha256 = flow_values.sha256 AND r.run_id <> $1)",
				  V_TEXT(run_id)) &&
		   db_run(db, err, "DELETE FROM flow_value_refs WHERE run_id = $1", V_TEXT(run_id));
}
