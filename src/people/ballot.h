/*
 * One person's vote on what waits for a countersignature, as the request that brings it says: who signs, in which role,
 * under which licence, from where.  Every door that takes a decision fills its ballot here [P-6.7].
 */
#ifndef CS_PEOPLE_BALLOT_H
#define CS_PEOPLE_BALLOT_H

#include <stdbool.h>
#include <stdint.h>

#include "seal/audit.h"
#include "seal/countersign.h"

struct exchange;

/*
 * In an op: fill in the signer's part of *ballot, and *who, to which it points.  What is decided stays the caller's:
 * request_id, and of the choice seal_sha256, decision, reason and consent_version.
 */
bool ballot_fill(struct exchange *x, struct db *db, int64_t now_us, struct audit_event *who,
				 struct countersign_ballot *ballot, struct err *err);

#endif
