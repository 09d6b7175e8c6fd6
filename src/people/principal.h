/*
 * Whoever a request acts as: a person at a session, or the operating system's user at the control socket.
 */
#ifndef CS_PEOPLE_PRINCIPAL_H
#define CS_PEOPLE_PRINCIPAL_H

#include <stdbool.h>

#include "core/id.h"
#include "seal/audit.h"

struct exchange;

enum principal_kind { PRINCIPAL_PERSON, PRINCIPAL_LOCAL };

struct principal {
	enum principal_kind kind;
	unsigned roles;
	char user_id[ID_TEXT], account_id[ID_TEXT], session_id[ID_TEXT];
	unsigned char key[AUDIT_KEY]; /* the person's erasure key */
};

/* The principal of an authorised exchange; must() be called on routes that are not public. */
const struct principal *principal_of(const struct exchange *x);

/* Is it a person at a session?  Else 403 person_required was answered. */
bool principal_needs_session(struct exchange *x);

/* The actor's part of an audit event: who, in which role, from where, under which request. */
struct audit_event principal_event(const struct exchange *x, enum audit_action action, enum audit_status status);

#endif
