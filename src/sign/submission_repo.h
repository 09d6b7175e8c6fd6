/*
 * The rows of dispatches: what has to be done after a commit, how often it was tried, and what came of it.
 *
 * Every function takes the account [P-5.3], but for the one that finds what is due, which is the server's own.
 */
#ifndef CS_SIGN_SUBMISSION_REPO_H
#define CS_SIGN_SUBMISSION_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

enum dispatch_state {
	DISPATCH_PENDING,
	DISPATCH_STARTED, /* taken up; after a crash it is taken up again */
	DISPATCH_RETRY,
	DISPATCH_SUCCESS,
	DISPATCH_FAILURE, /* out of tries: a dead letter */
	DISPATCH_REVOKED
};
extern const char *const dispatch_state_names[]; /* PENDING …; ends with NULL */

#define DISPATCH_SUBMIT "projects.submit.dispatch"
#define DISPATCH_EMAIL "projects.email.send"
#define DISPATCH_REPORT "projects.report.generate"
#define DISPATCH_INDEX "projects.search.index"

struct dispatch {
	const char *dispatch_id, *account_id, *project_id, *name;
	enum dispatch_state state;
	int64_t attempts, next_us;
	const char *seal_sha256;                              /* what was submitted, or is shown */
	const char *effect_key;                               /* of the stamp whose effect it is; NULL: of none */
	const char *error, *result, *started_by, *request_id; /* result: JSON text */
	int64_t created_us, updated_us;
};

bool dispatch_insert(struct db *db, const struct dispatch *dispatch, struct err *err);

/* The same unless one of that name waits for its project already. */
bool dispatch_insert_once(struct db *db, const struct dispatch *dispatch, struct err *err);

bool dispatch_delete(struct db *db, const struct dispatch *dispatch, struct err *err);

/* state, attempts, next_us and error, unless it has ended meanwhile. */
bool dispatch_update(struct db *db, const struct dispatch *dispatch, int64_t now_us, struct err *err);

bool dispatch_result(struct db *db, const struct dispatch *dispatch, struct err *err);

/* The newest of that name for a project. */
bool dispatch_find(struct db *db, const char *account_id, const char *project_id, const char *name, struct arena *arena,
				   struct dispatch *dispatch, bool *found, struct err *err);

/* The one that has waited longest of those due at `now_us`. */
bool dispatch_due(struct db *db, int64_t now_us, struct arena *arena, struct dispatch *dispatch, bool *found,
				  struct err *err);

/* account_id NULL: of any account. */
bool dispatch_by_id(struct db *db, const char *account_id, const char *dispatch_id, struct arena *arena,
					struct dispatch *dispatch, bool *found, struct err *err);

/* Those of the account, newest first, older than the one named `before` (NULL: all), in that state (NULL: any). */
bool dispatches_list(struct db *db, const char *account_id, const char *state, const char *before, size_t limit,
					 struct arena *arena, struct dispatch *dispatches, size_t *count, struct err *err);

/* Dead letters, newest first, older than the one named `before` (NULL: all).  account_id NULL: of any account. */
bool dispatches_failed(struct db *db, const char *account_id, const char *before, size_t limit, struct arena *arena,
					   struct dispatch *dispatches, size_t *count, struct err *err);

/* A dead letter gets d->state and d->attempts, now. */
bool dispatch_revive(struct db *db, const struct dispatch *d, int64_t now_us, struct err *err);

/* The next number of the built-in PM system, from 1. */
bool project_number_next(struct db *db, int64_t *number, struct err *err);

#endif
