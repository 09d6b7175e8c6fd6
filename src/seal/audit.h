/*
 * The audit log: every state change writes its row in its own transaction, and each row carries the hash of the row
 * before it (chain.h).  There is one stream per writer.
 *
 * Personal data never enters the chain in clear: ip and user agent are commitments under the person's erasure key, and
 * stand in clear beside it for AUDIT_PERSONAL_DAYS [P-7.3].
 * Thread: append runs in an op, on the writer's thread.
 */
#ifndef CS_SEAL_AUDIT_H
#define CS_SEAL_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/chain.h"

struct arena;
struct db;
struct env;
struct err;

enum { AUDIT_KEY = 32, AUDIT_PERSONAL_DAYS = 400 };

enum audit_action {
#define X(name, action, target, fields) name,
#include "seal/audit_actions.h"
#undef X
	AUDIT_ACTIONS
};

enum audit_meta {
#define X(name) AUDIT_META_##name,
#include "seal/audit_meta.h"
#undef X
	AUDIT_METAS
};

enum audit_status { AUDIT_SUCCESS, AUDIT_FAILURE, AUDIT_REFUSED, AUDIT_STATUSES };
extern const char *const audit_status_names[AUDIT_STATUSES];

/* As rows have it: "auth.login". */
const char *audit_action_name(enum audit_action action);

/* One member of meta; text NULL writes null. */
struct audit_pair {
	enum audit_meta field;
	const char *text;
};

/* What the writer knows of its stream, so that it need not ask for each row; audit_memory_new(). */
struct audit_memory;
struct store;
struct audit_memory *audit_memory_new(struct store *store);
/* After store_close().  NULL is fine. */
void audit_memory_free(struct audit_memory *memory);

/* Where rows are appended; const once set up. */
struct audit {
	const struct env *env;
	const char *store_id;
	const char *stream;
	unsigned char key[AUDIT_KEY]; /* the installation's, where there is no person */
	struct audit_memory *memory;  /* NULL: ask each time */
};

/* Who did what to what.  Texts may be NULL. */
struct audit_event {
	enum audit_action action;
	enum audit_status status;
	const char *account_id, *actor, *role, *target_id;
	const char *ip, *user_agent, *request_id; /* in clear */
	const unsigned char *person_key;          /* AUDIT_KEY bytes of the actor; NULL: the installation's */
	const struct audit_pair *meta;            /* in any order; fields of the action only (must) */
	size_t meta_count;
};

/* Append one row.  Cost: about 15 us, a statement or two. */
bool audit_append(const struct audit *audit, struct db *db, const struct audit_event *event, struct err *err);

/* The columns of a query `SELECT AUDIT_COLUMNS FROM audit`, read into a row whose texts are the arena's. */
#define AUDIT_COLUMNS \
	"account_id, stream, seq, at, actor, role, action, target_kind, target_id, status, ip, user_agent, request_id, " \
	"meta, prev_hash, hash"
struct db_rows;
void audit_take(const struct db_rows *rows, struct arena *arena, struct chain_row *row);

/* What a verification found. */
struct audit_report {
	int64_t streams, rows, checkpoints;
	bool sound;
	char stream[64]; /* of the first bad row */
	int64_t seq;
	const char *reason;
};

/*
 * Verify every stream of the store and its checkpoints [P-7.5].  `check` verifies one checkpoint's signature over its
 * statement; NULL leaves signatures unchecked.  False only when the store cannot be read.
 */
bool audit_verify(struct db *db, const char *store_id,
				  bool (*check)(void *self, const char *key_id, const char *statement, const char *signature),
				  void *self, struct audit_report *report, struct err *err);

/*
 * Then, if that was sound: the clear values beside the chain are those that its rows commit to [P-7.3, P-7.5].  `key`
 * is the installation's; a person's is read of their row.  Values of an erased person are gone, and so is nothing to
 * check.
 */
bool audit_verify_personal(struct db *db, const unsigned char key[AUDIT_KEY], struct audit_report *report,
						   struct err *err);

/* The head of a stream: seq and hash of its last row; seq 0 and the genesis when there is none. */
bool audit_head(struct db *db, const char *store_id, const char *stream, int64_t *seq, char hash[CHAIN_HASH],
				struct err *err);

/* Store a signed statement about a head (chain_checkpoint_write). */
bool audit_add_checkpoint(struct db *db, const struct chain_checkpoint *checkpoint, const char *statement,
						  const char *signature, struct err *err);

#endif
