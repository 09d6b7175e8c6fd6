#include "seal/countersign_rules.h"

#include <stddef.h>
#include <string.h>

#include "core/err.h"

const char *const countersign_kind_names[] = {"approval", "stamp", "step", "release", NULL};
const char *const countersign_status_names[] = {"open",      "granted", "rejected", "expired",
												"withdrawn", "applied", "revoked",  NULL};
const char *const countersign_decision_names[] = {"approve", "reject", NULL};

enum { DAY_S = 86400 };

const struct countersign_policy countersign_policies[COUNTERSIGN_KINDS] = {
	[COUNTERSIGN_APPROVAL] = {"trade.approve", 1, false, 0, true, false},
	[COUNTERSIGN_STAMP] = {"calculation.stamp", 1, true, 30 * DAY_S, false, true},
	[COUNTERSIGN_STEP] = {"flow.decide", 1, false, 0, false, false},
	[COUNTERSIGN_RELEASE] = {"calculation.approve", 1, true, 7 * DAY_S, false, false},
};

#define TO(status) (1U << COUNTERSIGN_##status)
static const unsigned edges[COUNTERSIGN_STATUSES] = {
	[COUNTERSIGN_OPEN] = TO(GRANTED) | TO(REJECTED) | TO(EXPIRED) | TO(WITHDRAWN),
	[COUNTERSIGN_GRANTED] = TO(APPLIED) | TO(REVOKED),
};

bool countersign_moves(enum countersign_status from, enum countersign_status to)
{
	return (edges[from] & 1U << to) != 0;
}

static bool is_entitled(const struct countersign_case *request, const struct countersign_choice *choice,
						struct err *err)
{
	const struct countersign_policy *policy = &countersign_policies[request->kind];
	if (!choice->permitted)
		return err_set(err, ERR_FORBIDDEN, "This needs the permission %s.", policy->permission);
	if (choice->signer != SIGNER_PERSON && !(choice->signer == SIGNER_KEY && policy->by_key))
		return err_set(err, ERR_PERSON_REQUIRED, "Only a person who has logged in can decide this.");
	if (policy->licensed && !choice->licensed)
		return err_set(err, ERR_FORBIDDEN, "A %s needs a licence in force.", countersign_kind_names[request->kind]);
	if (request->four_eyes && request->author_id != NULL && strcmp(request->author_id, choice->user_id) == 0)
		return err_set(err, ERR_FOUR_EYES, "Who asked for it cannot decide it.");
	return true;
}

static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

static bool is_complete(const struct countersign_choice *choice, struct err *err)
{
	if (choice->reason == NULL || choice->reason[0] == '\0')
		return choice->decision != COUNTERSIGN_REJECT ||
			   err_field(err, ERR_INVALID, "/reason", "Say why it is rejected.");
	return characters(choice->reason) <= COUNTERSIGN_REASON_MAX ||
		   err_field(err, ERR_INVALID, "/reason", "at most %d characters", COUNTERSIGN_REASON_MAX);
}

bool countersign_accepts(const struct countersign_case *request, const struct countersign_choice *choice,
						 struct err *err)
{
	if (!is_entitled(request, choice, err) || !is_complete(choice, err))
		return false;
	if (choice->consent_version != request->consent_version)
		return err_field(err, ERR_CONSENT_OUTDATED, "/consent_version", "The consent text in force is version %lld.",
						 (long long)request->consent_version);
	if (request->decided)
		return err_set(err, ERR_ALREADY_DECIDED, "You have decided this request before.");
	if (request->status == COUNTERSIGN_EXPIRED ||
		(request->status == COUNTERSIGN_OPEN && choice->now_us >= request->expires_us))
		return err_set(err, ERR_EXPIRED, "The request has expired.");
	if (request->status != COUNTERSIGN_OPEN)
		return err_set(err, ERR_TRANSITION_REFUSED, "The request is %s already.",
					   countersign_status_names[request->status]);
	if (choice->seal_sha256 != NULL && strcmp(choice->seal_sha256, request->seal_sha256) != 0)
		return err_set(err, ERR_SEAL_MISMATCH, "The request is about other content than the seal you saw.");
	return true;
}

enum countersign_status countersign_after(enum countersign_decision decision, int64_t approvals, int64_t quorum)
{
	if (decision == COUNTERSIGN_REJECT)
		return COUNTERSIGN_REJECTED;
	return approvals >= quorum ? COUNTERSIGN_GRANTED : COUNTERSIGN_OPEN;
}
