/*
 * Schedules in the store, and what they have started [flow.md 3.4].
 *
 * Reading: on any connection.  Writing: in an op.  Texts of what was read are the arena's.
 */
#ifndef CS_FLOW_SCHEDULES_REPO_H
#define CS_FLOW_SCHEDULES_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

struct schedule_record {
	const char *schedule_id, *account_id;
	const char *namespace, *name, *version; /* version may be latest */
	const char *origin;                     /* request, definition */
	const char *kind, *spec, *tz, *catch_up, *overlap, *input;
	const char *last_run_id, *listener_run_id, *last_error, *created_by; /* or NULL */
	bool enabled;
	int64_t next_us, last_us, queued, row_version, created_us, updated_us; /* 0: none */
};

bool schedules_insert(struct db *db, const struct schedule_record *record, struct err *err);

/* Everything but its identity and when it was made. */
bool schedules_update(struct db *db, const struct schedule_record *record, struct err *err);

/* With what it has fired. */
bool schedules_delete(struct db *db, const char *schedule_id, struct err *err);

/* account_id NULL: any. */
bool schedules_get(struct db *db, const char *schedule_id, const char *account_id, struct arena *arena,
				   struct schedule_record *record, bool *found, struct err *err);

struct schedules_filter {
	const char *account_id, *namespace, *name; /* the last two: NULL for any */
	const char *before;                        /* only smaller ids; "": from the newest */
	int64_t limit;
};
bool schedules_list(struct db *db, const struct schedules_filter *filter, struct arena *arena,
					void (*take)(void *self, const struct schedule_record *record), void *self, struct err *err);

/* The one that a workflow's own definition made. */
bool schedules_own(struct db *db, const char *account_id, const char *namespace, const char *name, struct arena *arena,
				   struct schedule_record *record, bool *found, struct err *err);

/* Those whose time has come, the earliest first. */
bool schedules_due(struct db *db, int64_t now_us, int64_t limit, struct arena *arena,
				   void (*take)(void *self, const struct schedule_record *record), void *self, struct err *err);

/* When the next one's time comes; 0: none. */
bool schedules_next(struct db *db, int64_t *next_us, struct err *err);

/* The schedule that started a run, and the one that a run listens for. */
bool schedules_of_run(struct db *db, const char *run_id, struct arena *arena, struct schedule_record *record,
					  bool *found, struct err *err);
bool schedules_of_listener(struct db *db, const char *run_id, struct arena *arena, struct schedule_record *record,
						   bool *found, struct err *err);

/* Note that it fires at a time with that run; *first false: it did before. */
bool firings_put(struct db *db, const char *schedule_id, int64_t fired, const char *run_id, bool *first,
				 struct err *err);

#endif
