/*
 * Sinks in the store: webhooks of an account that are told of its runs [flow.md 3.4].
 *
 * Reading: on any connection.  Writing: in an op.  Texts and bytes of what was read are the arena's.
 */
#ifndef CS_FLOW_SINKS_REPO_H
#define CS_FLOW_SINKS_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

struct sink_secret {
	const void *sealed; /* NULL: none */
	size_t size;
};

struct sink_record {
	const char *sink_id, *account_id;
	const char *url, *topics; /* topics divided by spaces */
	const char *last_error, *created_by;
	struct sink_secret secret, former;
	int64_t former_until_us;
	int64_t told_to; /* number of the outbox */
	int64_t tries, due_us, delivered, delivered_us, last_status, created_us;
	bool enabled;
};

bool sinks_insert(struct db *db, const struct sink_record *record, struct err *err);
/* Everything that people say of it, and what is done next: not what was told. */
bool sinks_update(struct db *db, const struct sink_record *record, struct err *err);
/* What was told, and what came of it; `enabled` false disables, true leaves it. */
bool sinks_progress(struct db *db, const struct sink_record *record, struct err *err);
/* False without err set where there is none. */
bool sinks_delete(struct db *db, const char *sink_id, struct err *err);

bool sinks_get(struct db *db, const char *sink_id, const char *account_id, struct arena *arena,
			   struct sink_record *record, bool *found, struct err *err);
/* Of an account, oldest first; `account_id` NULL: all that are enabled, of every account. */
bool sinks_list(struct db *db, const char *account_id, struct arena *arena,
				void (*take)(void *self, const struct sink_record *record), void *self, struct err *err);

/* Sinks of all accounts that are to be told, or were given up after their last try; and how many of them are left alone
 * because they failed last. */
struct sinks_figures {
	int64_t count, failing;
};
bool sinks_figures(struct db *db, struct sinks_figures *figures, struct err *err);

#endif
