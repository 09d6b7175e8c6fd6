/*
 * Whoever a request acts as: a person at a session, an API key of a person, the operating system's user at the control
 * socket, or a strategy engine or a terminal by its own signature.
 */
#ifndef CS_PEOPLE_PRINCIPAL_H
#define CS_PEOPLE_PRINCIPAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"
#include "seal/audit.h"

struct exchange;

enum principal_kind { PRINCIPAL_PERSON, PRINCIPAL_KEY, PRINCIPAL_LOCAL, PRINCIPAL_PRODUCER, PRINCIPAL_DEVICE };

struct principal {
	enum principal_kind kind;
	unsigned roles;  /* of the person; a key's are those of its maker now */
	uint64_t scopes; /* PRINCIPAL_KEY: a set of permissions (roles.h), which it may use if its maker may */
	char user_id[ID_TEXT], account_id[ID_TEXT], session_id[ID_TEXT]; /* session_id: PRINCIPAL_PERSON,
																	  and of PRINCIPAL_KEY the key's id;
																	  user_id: also a producer's or device's id */
	unsigned char key[AUDIT_KEY]; /* the person's erasure key; use principal_erasure_key() */
};

/* What personal values of its audit rows are committed under [P-7.5]; NULL, the installation's key, where no person
 * acts. */
const unsigned char *principal_erasure_key(const struct principal *principal);

/* The principal of an authorised exchange; must() be called on routes that are not public. */
const struct principal *principal_of(const struct exchange *x);

/* May it?  Ask this and not role_permits(), which knows nothing of a key's scopes [P-4.8]. */
bool principal_may(const struct principal *principal, const char *permission);

/* Is it a person at a session?  Else 403 person_required was answered. */
bool principal_needs_session(struct exchange *x);

/* The actor's part of an audit event: who, in which role, from where, under which request. */
struct audit_event principal_event(const struct exchange *x, enum audit_action action, enum audit_status status);

#endif
