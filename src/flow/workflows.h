/*
 * The registry of workflows: versions of definitions and their states [flow.md 2.8].
 *
 * A version is known by account, namespace, name and semantic version.  States go draft -> published -> deprecated ->
 * archived, and never back; a draft may be changed and deleted, everything later is kept as it is.
 * Thread: with a reader any; what writes runs in an op.  Texts that are read are the arena's.
 */
#ifndef CS_FLOW_WORKFLOWS_H
#define CS_FLOW_WORKFLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;
struct json;

enum workflow_state { WORKFLOW_DRAFT, WORKFLOW_PUBLISHED, WORKFLOW_DEPRECATED, WORKFLOW_ARCHIVED, WORKFLOW_STATES };
extern const char *const workflow_state_names[]; /* ends with NULL */

struct workflow {
	const char *workflow_id, *account_id, *namespace, *name, *version;
	enum workflow_state state;
	const char *form;              /* "dsl" or "dag" */
	const char *content_sha256;    /* of what was registered: see flow/content_hash.h */
	const char *definition_sha256; /* of the text: the key of flow_definitions */
	const char *title;             /* or NULL */
	const char *tags;              /* JSON text: an object, a list, or null */
	int64_t created_us, updated_us;
	const char *created_by; /* or NULL */
};

/* May the state become that one? */
bool workflow_may_become(enum workflow_state from, enum workflow_state to);

/*
 * One version.  "latest": of those that are published the one that semver puts last, before any pre-release; when
 * none is published, of the deprecated ones, then of the drafts, then of the archived ones.  The caller looks at the
 * state: only published and deprecated ones may be run [flow.md 2.8, 13].
 */
bool workflows_find(struct db *db, const char *account_id, const char *namespace, const char *name, const char *version,
					struct arena *arena, struct workflow *workflow, bool *found, struct err *err);

/* All versions, the last first.  `count` in and out: room, and how many there are (no more than fit). */
bool workflows_versions(struct db *db, const char *account_id, const char *namespace, const char *name,
						struct arena *arena, struct workflow *versions, size_t *count, struct err *err);

enum { WORKFLOW_VERSIONS_MAX = 1000 }; /* that are looked at of one workflow */

struct workflows_filter {
	const char *account_id;
	const char *namespace; /* NULL: any, as each of these */
	const char *form;
	const char *tag;
	int state;          /* -1: any */
	const char *before; /* the workflow_id that the page before ended with; "": from the newest */
	size_t limit;
};

/* Versions, the newest row first; at most limit into `rows`. */
bool workflows_list(struct db *db, const struct workflows_filter *filter, struct arena *arena, struct workflow *rows,
					size_t *count, struct err *err);

/* Store a new version with the tags in `tags` (the tree of workflow->tags). */
bool workflows_insert(struct db *db, const struct workflow *workflow, const struct json *tags, struct err *err);

/* Give a draft another definition: everything but its identity and when it was made. */
bool workflows_replace(struct db *db, const struct workflow *workflow, const struct json *tags, struct err *err);

bool workflows_set_state(struct db *db, const char *workflow_id, enum workflow_state state, int64_t now_us,
						 struct err *err);

/* Delete a text unless a run or a version goes by it. */
bool workflows_drop_text(struct db *db, const char *sha256, struct err *err);

/* Delete a draft, and its text unless a run or another version goes by it. */
bool workflows_delete(struct db *db, const struct workflow *workflow, struct err *err);

#endif
