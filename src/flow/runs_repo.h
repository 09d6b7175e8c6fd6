/*
 * Runs and their journals in the store.
 *
 * Reading: on any connection.  Writing: in an op.  Texts of what was read are the arena's.
 */
#ifndef CS_FLOW_RUNS_REPO_H
#define CS_FLOW_RUNS_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;
struct json;
struct run;

/* A run as its row says. */
struct run_record {
	const char *run_id, *account_id;
	const char *namespace, *name, *version;
	const char *definition_sha256; /* of the text: where it is kept */
	const char *content_sha256;    /* what tells its definition from another: see flow/content_hash.h */
	const char *status, *reason;
	const char *seed, *labels, *input, *output, *error;
	const char *created_by, *parent_run_id, *parent_path;
	const char *forked_from; /* the run that it was made from, which may be gone if nothing of its journal was taken */
	int64_t priority, seq, due_us;
	int64_t steps_total, attempts_total, cost_micros;
	int64_t created_us, started_us, ended_us; /* 0: not yet */
	bool driven;
};

/* Keep a definition's text under the hash of its bytes; one that is there is left. */
struct definition_text {
	const char *text, *sha256;
	const char *content_sha256; /* see flow/content_hash.h */
};
bool runs_keep_definition(struct db *db, const struct definition_text *definition, struct err *err);

/* NULL without err set: no such definition. */
bool runs_definition(struct db *db, const char *sha256, struct arena *arena, const char **text, size_t *size,
					 struct err *err);

/* A new run, pending, without a journal. */
bool runs_insert(struct db *db, const struct run_record *record, struct err *err);

/* *found false: there is none with that id, or (account_id given) it is another's. */
bool runs_get(struct db *db, const char *run_id, const char *account_id, struct arena *arena, struct run_record *record,
			  bool *found, struct err *err);

struct runs_filter {
	const char *account_id;
	const char *status, *namespace, *name; /* NULL: any */
	const char *label;                     /* KEY:VALUE; NULL: any */
	const char *before;                    /* runs with smaller ids only; "": from the newest */
	int64_t created_before_us;             /* 0: any */
	int64_t limit;
};
/* The account's runs, newest first; those of the house's own workflows only where their namespace is asked for. */
bool runs_list(struct db *db, const struct runs_filter *filter, struct arena *arena,
			   void (*take)(void *self, const struct run_record *record), void *self, struct err *err);

/* Ids and states of at most `limit` of them (`before` does not count): first the ones whose state is a word of `first`.
 */
bool runs_pick(struct db *db, const struct runs_filter *filter, const char *first, struct arena *arena,
			   void (*take)(void *self, const char *run_id, const char *status), void *self, struct err *err);

/* One commit of a run's turn: the lines first_seq to last_seq, and the state they lead to. */
struct run_commit {
	const char *run_id;
	int64_t first_seq, last_seq;
	const char *lines;
	size_t lines_size;
	const char *status, *reason, *output, *error;
	int64_t due_us, started_us, ended_us, steps_total, attempts_total;
	int64_t keep_until_us; /* when it may be deleted; 0: it is not over */
	bool driven;
	bool reopens; /* a person's word: the run may have been over before */
	bool goes_on; /* of the run's state only the counts and the end of its journal are others than before */
};
/* ERR_CONFLICT: the journal is not where the commit begins (somebody else drove the run). */
bool runs_commit(struct db *db, const struct run_commit *commit, struct err *err);

/* All rows after `after`, at most about `limit` (whole commits), in order; `take` gets each as JSON. */
bool runs_journal(struct db *db, const char *run_id, int64_t after, int64_t limit,
				  bool (*take)(void *self, const struct json *row, struct err *err), void *self, struct err *err);

/* Runs that have to be looked after when a process starts: those not driven, and those with a timer. */
struct run_open {
	const char *run_id, *account_id;
	bool driven;
	int64_t due_us, priority;
};
bool runs_open(struct db *db, void (*take)(void *self, const struct run_open *open), void *self, struct err *err);

/* How many runs there are of each status; `take` gets those of which there are any.  Cost: that of those not over. */
bool runs_count(struct db *db, void (*take)(void *self, const char *status, int64_t runs), void *self, struct err *err);

/* In the op that deletes a run, before it does. */
bool runs_uncount(struct db *db, const char *run_id, struct err *err);

/* How many runs of a workflow have begun and are not over. */
bool runs_under_way(struct db *db, const struct runs_filter *workflow, int64_t *count, struct err *err);

/* Of those that have not begun: the highest priority first, then the oldest; at most workflow->limit. */
bool runs_pending(struct db *db, const struct runs_filter *workflow, void (*take)(void *self, const char *run_id),
				  void *self, struct err *err);

#endif
