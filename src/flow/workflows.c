#include "flow/workflows.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/domain/semver.h"
#include "store/store.h"

const char *const workflow_state_names[] = {"draft", "published", "deprecated", "archived", NULL};

bool workflow_may_become(enum workflow_state from, enum workflow_state to)
{
	static const bool edges[WORKFLOW_STATES][WORKFLOW_STATES] = {
		[WORKFLOW_DRAFT] = {[WORKFLOW_PUBLISHED] = true},
		[WORKFLOW_PUBLISHED] = {[WORKFLOW_DEPRECATED] = true, [WORKFLOW_ARCHIVED] = true},
		[WORKFLOW_DEPRECATED] = {[WORKFLOW_ARCHIVED] = true},
	};
	return edges[from][to];
}

/* --- reading --- */

#define COLUMNS \
	"workflow_id, account_id, namespace, name, version, state, form, content_sha256, definition_sha256, title, tags, " \
	"created_at, updated_at, created_by"

static enum workflow_state state_named(const char *name)
{
	int i = 0;
	while (i < WORKFLOW_STATES - 1 && strcmp(workflow_state_names[i], name) != 0)
		i++;
	return (enum workflow_state)i;
}

static struct workflow take(const struct db_rows *row, struct arena *arena)
{
	return (struct workflow){
		.workflow_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.namespace = db_text_dup(row, 2, arena),
		.name = db_text_dup(row, 3, arena),
		.version = db_text_dup(row, 4, arena),
		.state = state_named(db_text(row, 5)),
		.form = db_text_dup(row, 6, arena),
		.content_sha256 = db_text_dup(row, 7, arena),
		.definition_sha256 = db_text_dup(row, 8, arena),
		.title = db_text_dup(row, 9, arena),
		.tags = db_text_dup(row, 10, arena),
		.created_us = db_int(row, 11),
		.updated_us = db_int(row, 12),
		.created_by = db_text_dup(row, 13, arena),
	};
}

static bool take_all(struct db_rows *rows, struct arena *arena, struct workflow *into, size_t room, size_t *count,
					 struct err *err)
{
	*count = 0;
	while (db_next(rows))
		if (*count < room)
			into[(*count)++] = take(rows, arena);
	return db_end(rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

static int last_first(const void *a, const void *b)
{
	const struct workflow *left = a, *right = b;
	int order = semver_compare(right->version, left->version);
	return order != 0 ? order : strcmp(right->workflow_id, left->workflow_id);
}

bool workflows_versions(struct db *db, const char *account_id, const char *namespace, const char *name,
						struct arena *arena, struct workflow *versions, size_t *count, struct err *err)
{
	struct db_rows rows;
	size_t room = *count;
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM flow_workflows WHERE account_id = $1 AND namespace = $2 AND name = $3 "
				  "ORDER BY workflow_id DESC LIMIT $4",
				  V_TEXT(account_id), V_TEXT(namespace), V_TEXT(name), V_INT((int64_t)room)) ||
		!take_all(&rows, arena, versions, room, count, err))
		return false;
	if (*count > 0)
		qsort(versions, *count, sizeof *versions, last_first);
	return true;
}

/* What "latest" looks at first. */
static int rank_of(const struct workflow *workflow)
{
	static const int ranks[] = {
		[WORKFLOW_PUBLISHED] = 0, [WORKFLOW_DEPRECATED] = 1, [WORKFLOW_DRAFT] = 2, [WORKFLOW_ARCHIVED] = 3};
	return 2 * ranks[workflow->state] + semver_prerelease(workflow->version);
}

static bool find_latest(struct db *db, const char *account_id, const char *namespace, const char *name,
						struct arena *arena, struct workflow *workflow, bool *found, struct err *err)
{
	size_t count = WORKFLOW_VERSIONS_MAX, best = 0;
	struct workflow *versions = arena_array(arena, count, sizeof *versions);
	if (versions == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!workflows_versions(db, account_id, namespace, name, arena, versions, &count, err))
		return false;
	for (size_t i = 1; i < count; i++)
		if (rank_of(&versions[i]) < rank_of(&versions[best]))
			best = i;
	*found = count > 0;
	if (count > 0)
		*workflow = versions[best];
	return true;
}

bool workflows_find(struct db *db, const char *account_id, const char *namespace, const char *name, const char *version,
					struct arena *arena, struct workflow *workflow, bool *found, struct err *err)
{
	struct db_rows rows;
	size_t count;
	if (strcmp(version, "latest") == 0)
		return find_latest(db, account_id, namespace, name, arena, workflow, found, err);
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM flow_workflows WHERE account_id = $1 AND namespace = $2 AND name = $3 "
				  "AND version = $4",
				  V_TEXT(account_id), V_TEXT(namespace), V_TEXT(name), V_TEXT(version)) ||
		!take_all(&rows, arena, workflow, 1, &count, err))
		return false;
	*found = count > 0;
	return true;
}

bool workflows_list(struct db *db, const struct workflows_filter *filter, struct arena *arena, struct workflow *rows,
					size_t *count, struct err *err)
{
	struct db_rows found;
	const char *state = filter->state >= 0 ? workflow_state_names[filter->state] : NULL;
	const char *before = *filter->before != '\0' ? filter->before : "~"; /* after every id */
	return db_query(db, &found, err,
					"SELECT " COLUMNS " FROM flow_workflows WHERE account_id = $1 AND workflow_id < $2 "
					"AND ($3 = '' OR namespace = $3) AND ($4 = '' OR state = $4) AND ($5 = '' OR form = $5) "
					"AND ($6 = '' OR workflow_id IN (SELECT workflow_id FROM flow_workflow_tags WHERE account_id = $1 "
					"AND tag = $6)) ORDER BY workflow_id DESC LIMIT $7",
					V_TEXT(filter->account_id), V_TEXT(before),
					V_TEXT(filter->namespace != NULL ? filter->namespace : ""), V_TEXT(state != NULL ? state : ""),
					V_TEXT(filter->form != NULL ? filter->form : ""), V_TEXT(filter->tag != NULL ? filter->tag : ""),
					V_INT((int64_t)filter->limit)) &&
		   take_all(&found, arena, rows, filter->limit, count, err);
}

/* --- writing --- */

static bool insert_tag(struct db *db, const struct workflow *workflow, const char *tag, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_workflow_tags (account_id, tag, workflow_id) VALUES ($1, $2, $3) "
				  "ON CONFLICT (account_id, tag, workflow_id) DO NOTHING",
				  V_TEXT(workflow->account_id), V_TEXT(tag), V_TEXT(workflow->workflow_id));
}

/* KEY, and KEY:VALUE where the value is text. */
static bool insert_pair(struct db *db, const struct workflow *workflow, const struct json_member *pair, struct err *err)
{
	enum { TAG_MAX = 600 };
	char tag[TAG_MAX];
	size_t name = pair->name_size, value = pair->value.kind == JS_STRING ? pair->value.size : 0;
	if (!insert_tag(db, workflow, pair->name, err))
		return false;
	if (pair->value.kind != JS_STRING || name + value + 2 > sizeof tag)
		return true;
	memcpy(tag, pair->name, name);
	tag[name] = ':';
	memcpy(tag + name + 1, pair->value.text, value + 1);
	return insert_tag(db, workflow, tag, err);
}

static bool insert_tags(struct db *db, const struct workflow *workflow, const struct json *tags, struct err *err)
{
	bool kept = true;
	for (uint32_t i = 0; tags != NULL && tags->kind == JS_OBJECT && kept && i < tags->count; i++)
		kept = insert_pair(db, workflow, &tags->members[i], err);
	for (uint32_t i = 0; tags != NULL && tags->kind == JS_ARRAY && kept && i < tags->count; i++)
		kept = insert_tag(db, workflow, tags->items[i].text, err);
	return kept;
}

bool workflows_insert(struct db *db, const struct workflow *w, const struct json *tags, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_workflows (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
				  "$13, $14)",
				  V_TEXT(w->workflow_id), V_TEXT(w->account_id), V_TEXT(w->namespace), V_TEXT(w->name),
				  V_TEXT(w->version), V_TEXT(workflow_state_names[w->state]), V_TEXT(w->form),
				  V_TEXT(w->content_sha256), V_TEXT(w->definition_sha256), V_TEXT(w->title), V_TEXT(w->tags),
				  V_INT(w->created_us), V_INT(w->updated_us), V_TEXT(w->created_by)) &&
		   insert_tags(db, w, tags, err);
}

static bool delete_tags(struct db *db, const char *workflow_id, struct err *err)
{
	return db_run(db, err, "DELETE FROM flow_workflow_tags WHERE workflow_id = $1", V_TEXT(workflow_id));
}

bool workflows_drop_text(struct db *db, const char *sha256, struct err *err)
{
	return db_run(db, err,
				  "DELETE FROM flow_pins WHERE definition_sha256 = $1 AND NOT EXISTS (SELECT 1 FROM flow_workflows "
				  "WHERE definition_sha256 = $1) AND NOT EXISTS (SELECT 1 FROM flow_runs WHERE definition_sha256 = $1)",
				  V_TEXT(sha256)) &&
		   db_run(db, err,
				  "DELETE FROM flow_resources WHERE NOT EXISTS (SELECT 1 FROM flow_pins p "
				  "WHERE p.resource_sha256 = flow_resources.resource_sha256)") &&
		   db_run(db, err,
				  "DELETE FROM flow_definitions WHERE definition_sha256 = $1 AND NOT EXISTS (SELECT 1 FROM "
				  "flow_workflows WHERE definition_sha256 = $1) AND NOT EXISTS (SELECT 1 FROM flow_runs "
				  "WHERE definition_sha256 = $1)",
				  V_TEXT(sha256));
}

struct old_text {
	char sha256[65];
};

static void take_sha256(const struct db_rows *row, void *self)
{
	struct old_text *old = self;
	strncpy(old->sha256, db_text(row, 0), sizeof old->sha256 - 1);
}

bool workflows_replace(struct db *db, const struct workflow *w, const struct json *tags, struct err *err)
{
	struct old_text old = {""};
	bool found;
	return db_one(db, err, &found, take_sha256, &old,
				  "SELECT definition_sha256 FROM flow_workflows WHERE workflow_id = $1", V_TEXT(w->workflow_id)) &&
		   db_run(
			   db, err,
			   "UPDATE flow_workflows SET state = $2, form = $3, content_sha256 = $4, definition_sha256 = $5, title = "
			   "$6, tags = $7, updated_at = $8 WHERE workflow_id = $1",
			   V_TEXT(w->workflow_id), V_TEXT(workflow_state_names[w->state]), V_TEXT(w->form),
			   V_TEXT(w->content_sha256), V_TEXT(w->definition_sha256), V_TEXT(w->title), V_TEXT(w->tags),
			   V_INT(w->updated_us)) &&
		   delete_tags(db, w->workflow_id, err) && insert_tags(db, w, tags, err) &&
		   workflows_drop_text(db, old.sha256, err);
}

bool workflows_set_state(struct db *db, const char *workflow_id, enum workflow_state state, int64_t now_us,
						 struct err *err)
{
	return db_run(db, err, "UPDATE flow_workflows SET state = $2, updated_at = $3 WHERE workflow_id = $1",
				  V_TEXT(workflow_id), V_TEXT(workflow_state_names[state]), V_INT(now_us));
}

bool workflows_delete(struct db *db, const struct workflow *workflow, struct err *err)
{
	return delete_tags(db, workflow->workflow_id, err) &&
		   db_run(db, err, "DELETE FROM flow_workflows WHERE workflow_id = $1", V_TEXT(workflow->workflow_id)) &&
		   workflows_drop_text(db, workflow->definition_sha256, err);
}
