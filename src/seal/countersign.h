/*
 * Countersignatures: a person's decision on one sealed content, and the request that waits for it.  A signal's
 * approval, an engineer's stamp, a human step of a workflow and a release all go through here [P-6.6 to P-6.9].
 *
 * A product opens a request in its own op (countersign_open), is told of what becomes of it in the transaction that
 * decides (countersign_on), and carries out what was granted exactly once: whoever does it claims the request in the
 * transaction that records the effect (countersign_claim).
 * Threads: everything that takes a `db` and changes runs in an op, on the writer's thread.  Finding: any connection.
 */
#ifndef CS_SEAL_COUNTERSIGN_H
#define CS_SEAL_COUNTERSIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"
#include "seal/audit.h"
#include "seal/countersign_rules.h"

struct arena;
struct db;
struct env;
struct err;
struct key;
struct outbox;

struct countersign;

struct countersign_options {
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	struct outbox *outbox;
	const struct key *receipt_key; /* ES256, private */
	const char *issuer;            /* public_url; the caller's */
};

struct countersign *countersign_new(const struct countersign_options *options);
void countersign_free(struct countersign *countersign); /* NULL is fine */

/* Sign receipts with this key from now on; it must live as long as the other one.  Thread: any. */
void countersign_use_key(struct countersign *countersign, const struct key *receipt_key);

/* A request's row.  Texts are the arena's when it was read. */
struct countersign_request {
	const char *request_id, *account_id;
	enum countersign_kind kind;
	const char *seal_sha256, *content_sha256;
	const char *subject_kind, *subject_id;
	const char *author_id; /* NULL: nobody in particular */
	int64_t quorum;        /* opening: 0 for the policy's; approvals needed otherwise */
	bool four_eyes;        /* opening: raised by the policy */
	const char *permission;
	int64_t consent_version; /* opening: 0 for COUNTERSIGN_CONSENT */
	enum countersign_status status;
	const char *effect_key;
	int64_t created_us, expires_us; /* expires_us, opening: 0 for the policy's */
	int64_t decided_us, applied_us; /* 0: not yet */
	int64_t approvals;              /* that stand now */
	const struct audit_event *by;   /* who moves it: while its product is told, else NULL */
};

/* A countersignature's row. */
struct countersignature {
	const char *countersignature_id, *request_id, *account_id, *seal_sha256, *user_id, *role;
	enum countersign_decision decision;
	const char *reason; /* NULL: none */
	int64_t consent_version;
	const char *ip, *user_agent;
	bool mfa;
	const char *receipt;
	int64_t created_us, revoked_us; /* 0: stands */
	const char *revoke_reason;
};

/*
 * What a product is told of a request of its kind that left `open` or `granted`, in the same transaction; false undoes
 * the move with everything else.  One listener a kind; before the server serves.
 */
typedef bool countersign_told(void *self, struct db *db, const struct countersign_request *request, struct err *err);
void countersign_on(struct countersign *countersign, enum countersign_kind kind, countersign_told *told, void *self);

/*
 * What a product is asked before a person's decision counts that the rules accept: false refuses it, with an err of the
 * product's.  One a kind; before the server serves.
 */
typedef bool countersign_asked(void *self, struct db *db, const struct countersign_request *request,
							   const struct countersign_choice *choice, struct err *err);
void countersign_guard(struct countersign *countersign, enum countersign_kind kind, countersign_asked *asked,
					   void *self);

/*
 * What a product hears of each person's decision, by whatever door it came, in the same transaction: `recorded` before
 * it moves the request, with request.by set, and `counted` when all that follows from it has been done too.  False
 * undoes the decision.  One a kind; before the server serves.
 */
struct countersign_signed;
struct countersign_ears {
	bool (*recorded)(void *self, struct db *db, const struct countersign_signed *done, struct err *err);
	bool (*counted)(void *self, struct db *db, const struct countersign_signed *done, struct err *err);
};
void countersign_hear(struct countersign *countersign, enum countersign_kind kind, const struct countersign_ears *ears,
					  void *self);

/*
 * Open a request: fills in id, permission, effect_key (the arena's), times, and what the policies of kind and account
 * raise.  `who` is the actor's part of the audit row (action and target are set here).  ERR_INVALID: no time of expiry,
 * or a past one.
 */
bool countersign_open(struct countersign *countersign, struct db *db, const struct audit_event *who,
					  struct arena *arena, struct countersign_request *request, struct err *err);

struct countersign_signed {
	struct countersign_request request; /* as it is now */
	struct countersignature row;
};

/*
 * Decide; choice.permitted and now_us are filled in here.  The row, its audit row, the receipt and with the last
 * approval the outbox row are written.  ERR_NOT_FOUND: not in this account; else as countersign_accepts().
 */
struct countersign_ballot {
	const char *account_id, *request_id;
	struct countersign_choice choice;
	bool (*may)(const void *principal, const char *permission); /* sets choice.permitted by the request's permission */
	const void *principal;
	const char *role;    /* the signer's, for the row and the receipt */
	const char *licence; /* JSON, or NULL */
	bool mfa;
	const struct audit_event *who;
};
bool countersign_decide(struct countersign *countersign, struct db *db, const struct countersign_ballot *ballot,
						struct arena *arena, struct countersign_signed *done, struct err *err);

/*
 * Take a decision back before it has had an effect.  ERR_NOT_FOUND; ERR_FORBIDDEN: another's; ERR_ALREADY_APPLIED;
 * ERR_TRANSITION_REFUSED: the request has ended otherwise, or it was revoked before.
 */
bool countersign_revoke(struct countersign *countersign, struct db *db, const struct audit_event *who,
						const char *countersignature_id, const char *user_id, const char *reason, struct arena *arena,
						struct countersign_signed *done, struct err *err);

/* Withdraw an open request.  ERR_NOT_FOUND, ERR_TRANSITION_REFUSED.  `user_id` must be the author's; NULL: anybody. */
bool countersign_withdraw(struct countersign *countersign, struct db *db, const struct audit_event *who,
						  const char *request_id, const char *user_id, struct arena *arena,
						  struct countersign_request *request, struct err *err);

/*
 * granted -> applied, in the transaction that records the effect: true for exactly one caller.  ERR_ALREADY_APPLIED;
 * ERR_EXPIRED, whatever the clock of the timer; ERR_TRANSITION_REFUSED: not granted, or revoked; ERR_NOT_FOUND.
 */
bool countersign_claim(struct countersign *countersign, struct db *db, const char *effect_key, struct err *err);

/* Let open requests that are past their time expire, at most `limit`; the timer's job, every second or so. */
bool countersign_expire(struct countersign *countersign, struct db *db, int64_t limit, int64_t *count, struct err *err);

/* --- finding: *found says whether there is one --- */

bool countersign_request_find(struct db *db, const char *account_id, const char *request_id, struct arena *arena,
							  struct countersign_request *request, bool *found, struct err *err);

/* The newest request of a kind about a subject that is also what else is asked for. */
struct countersign_about {
	const char *account_id, *subject_kind, *subject_id;
	enum countersign_kind kind;
	unsigned statuses;       /* bits 1 << status; 0: any */
	const char *seal_sha256; /* NULL: any */
	const char *since;       /* this request or a later one; NULL: any */
};
bool countersign_request_about(struct db *db, const struct countersign_about *about, struct arena *arena,
							   struct countersign_request *request, bool *found, struct err *err);

bool countersignature_find(struct db *db, const char *account_id, const char *countersignature_id, struct arena *arena,
						   struct countersignature *row, bool *found, struct err *err);

/* Lists, newest first, before an id ("" from the newest).  Members that are NULL or -1 match all. */
struct countersign_filter {
	const char *account_id, *user_id, *request_id, *before;
	int status, kind;
	int64_t limit;
};
bool countersign_requests(struct db *db, const struct countersign_filter *filter, struct arena *arena,
						  void (*take)(void *self, const struct countersign_request *request), void *self,
						  struct err *err);
bool countersignatures(struct db *db, const struct countersign_filter *filter, struct arena *arena,
					   void (*take)(void *self, const struct countersignature *row), void *self, struct err *err);

/* An account's policy: 0 and false where it asks for nothing. */
bool countersign_policy_get(struct db *db, const char *account_id, enum countersign_kind kind, int64_t *quorum,
							bool *four_eyes, struct err *err);
bool countersign_policy_put(struct countersign *countersign, struct db *db, const char *account_id,
							enum countersign_kind kind, int64_t quorum, bool four_eyes, struct err *err);

#endif
