/*
 * The rules of countersignatures as values: which states a request has, which way it goes from one to another, what
 * each kind asks for, and whether a person's decision is accepted [P-6.6, P-6.7].  No store, no clock, no log.
 *
 * Thread: any.
 */
#ifndef CS_SEAL_COUNTERSIGN_RULES_H
#define CS_SEAL_COUNTERSIGN_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct err;

enum countersign_kind {
	COUNTERSIGN_APPROVAL, /* a trade signal */
	COUNTERSIGN_STAMP,    /* a sign design */
	COUNTERSIGN_STEP,     /* a step of a workflow */
	COUNTERSIGN_RELEASE,  /* any sealed content */
	COUNTERSIGN_KINDS
};
extern const char *const countersign_kind_names[]; /* ends with NULL */

enum countersign_status {
	COUNTERSIGN_OPEN,
	COUNTERSIGN_GRANTED,   /* the quorum of approvals is there */
	COUNTERSIGN_REJECTED,  /* one said no */
	COUNTERSIGN_EXPIRED,   /* nobody decided in time */
	COUNTERSIGN_WITHDRAWN, /* by the author, or the content changed */
	COUNTERSIGN_APPLIED,   /* what was granted has been done */
	COUNTERSIGN_REVOKED,   /* a signer thought better of it before it was done */
	COUNTERSIGN_STATUSES
};
extern const char *const countersign_status_names[]; /* ends with NULL */

enum countersign_decision { COUNTERSIGN_APPROVE, COUNTERSIGN_REJECT };
extern const char *const countersign_decision_names[]; /* ends with NULL */

enum {
	COUNTERSIGN_QUORUM_MAX = 5,
	COUNTERSIGN_REASON_MAX = 500, /* characters */
	COUNTERSIGN_AGENT_MAX = 500,  /* bytes of a user agent that are kept */
	COUNTERSIGN_CONSENT = 1,      /* version of the consent text that is in force where a product has none of its own */
};

/* open -> granted, rejected, expired, withdrawn; granted -> applied, revoked; nothing else. */
bool countersign_moves(enum countersign_status from, enum countersign_status to);

/* What a kind asks for when neither account nor request say more. */
struct countersign_policy {
	const char *permission;
	int64_t quorum;
	bool four_eyes;
	int64_t expires_s; /* 0: the product says how long */
	bool by_key;       /* an API key with the permission among its scopes may decide */
	bool licensed;     /* the signer needs a licence in force */
};
extern const struct countersign_policy countersign_policies[COUNTERSIGN_KINDS];

/* A request, as far as a decision depends on it. */
struct countersign_case {
	enum countersign_kind kind;
	enum countersign_status status;
	const char *seal_sha256, *author_id;
	bool four_eyes, decided; /* decided: this person has a row already */
	int64_t consent_version, expires_us;
};

enum countersign_signer { SIGNER_PERSON, SIGNER_KEY, SIGNER_OTHER };

/* Who decides, and what they sent. */
struct countersign_choice {
	enum countersign_signer signer;
	bool permitted;          /* has the request's permission */
	bool licensed;           /* has a licence in force */
	const char *user_id;     /* the person, also behind a key */
	const char *seal_sha256; /* what they saw; NULL: the request's own, which only trade's door allows */
	const char *reason;      /* NULL: none */
	enum countersign_decision decision;
	int64_t consent_version, now_us;
};

/*
 * Is the decision accepted?  The first fault counts, in this order: ERR_FORBIDDEN (permission, licence),
 * ERR_PERSON_REQUIRED, ERR_FOUR_EYES, ERR_INVALID at /reason, ERR_CONSENT_OUTDATED, ERR_ALREADY_DECIDED, ERR_EXPIRED,
 * ERR_TRANSITION_REFUSED, ERR_SEAL_MISMATCH.
 */
bool countersign_accepts(const struct countersign_case *request, const struct countersign_choice *choice,
						 struct err *err);

/* The status after a decision that was accepted; `approvals` counts this one too. */
enum countersign_status countersign_after(enum countersign_decision decision, int64_t approvals, int64_t quorum);

#endif
