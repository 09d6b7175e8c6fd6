/*
 * The rows of projects: projects, the words they are found by, and their events.
 *
 * Every function takes the account whose rows it may touch [P-5.3].  Texts that are read are the arena's.
 * Thread: with a reader any; what writes runs in an op.
 */
#ifndef CS_SIGN_PROJECTS_REPO_H
#define CS_SIGN_PROJECTS_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sign/domain/project_state.h"

struct arena;
struct db;
struct err;

struct project {
	const char *project_id, *account_id, *name, *customer, *description, *site_name, *street;
	enum project_status status;
	int64_t version;
	const char *pricing_version, *project_number, *payload_id, *created_by;
	int64_t created_us, updated_us;
	/* of the newest payload */
	const char *module, *payload_sha256, *seal_sha256, *payload_by, *request_id;
};

/* Store a new one with the words of its texts. */
bool project_insert(struct db *db, const struct project *project, struct err *err);

/* One that is not deleted.  account_id NULL: of any account (an admin's reading). */
bool project_find(struct db *db, const char *account_id, const char *project_id, struct arena *arena,
				  struct project *project, bool *found, struct err *err);

/* Write every column that can change; the version becomes project->version + 1, in *project too. */
bool project_update(struct db *db, struct project *project, int64_t now_us, struct err *err);

bool project_delete(struct db *db, const char *account_id, const char *project_id, int64_t now_us, struct err *err);

/* Newest first; `before` is the id that the page before ended with, or NULL. */
struct project_query {
	const char *account_id;
	const char *text; /* every word must begin one of the project's; NULL: no search */
	int status;       /* -1: any */
	const char *before;
	size_t limit;
};

enum { PROJECT_QUERY_WORDS = 8 };

/* At most `limit` rows into `projects`.  Cost: under 1 ms a page of 50 among 100,000. */
bool projects_list(struct db *db, const struct project_query *query, struct arena *arena, struct project *projects,
				   size_t *count, struct err *err);

/* Of every account, in the order of their ids, those above `after` ("": from the first): what a copy is made of. */
bool projects_after(struct db *db, const char *after, size_t limit, struct arena *arena, struct project *projects,
					size_t *count, struct err *err);

struct project_event {
	const char *event_id, *account_id, *project_id, *type, *actor;
	int64_t at_us;
	const char *request_id, *content_sha256;
	const char *before, *after; /* JSON text, or NULL */
};

bool project_event_insert(struct db *db, const struct project_event *event, struct err *err);

/* Newest first, those made before the event `before` (NULL: all). */
bool project_events_list(struct db *db, const char *account_id, const char *project_id, const char *before,
						 size_t limit, struct arena *arena, struct project_event *events, size_t *count,
						 struct err *err);

#endif
