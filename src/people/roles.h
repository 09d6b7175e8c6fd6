/*
 * Roles and permissions: the one table that says who may do what [P-5.1].  Deny by default.
 *
 * Roles are bits, because a person may have several.  Const data; any thread.
 */
#ifndef CS_PEOPLE_ROLES_H
#define CS_PEOPLE_ROLES_H

#include <stdbool.h>
#include <stdint.h>

struct jw;

enum role {
	ROLE_ADMIN = 1 << 0, /* the installation */
	ROLE_OWNER = 1 << 1, /* their account */
	ROLE_ENGINEER = 1 << 2,
	ROLE_PE = 1 << 3,
	ROLE_APPROVER = 1 << 4,
	ROLE_TRADER = 1 << 5,
	ROLE_RISK_OWNER = 1 << 6,
	ROLE_OPERATOR = 1 << 7,
	ROLE_AUDITOR = 1 << 8,
	ROLE_VIEWER = 1 << 9,
	ROLE_PRODUCER = 1 << 10, /* no person has this or the next */
	ROLE_DEVICE = 1 << 11,
};

enum { ROLES_PERSON = ROLE_PRODUCER - 1 };

/* Do these roles give the permission?  An unknown permission is given to nobody. */
bool role_permits(unsigned roles, const char *permission);

/* Is there such a permission? */
bool permission_known(const char *permission);

/* Write the names of the roles that have a permission, as an array. */
void permission_roles(struct jw *jw, const char *permission);

/* Write the permissions that some roles give, as an array. */
void role_permissions(struct jw *jw, unsigned roles);

/* The names that a person's role may have, in the order of the bits; NULL-terminated. */
extern const char *const role_person_names[];

/*
 * Permissions as a set of bits, for API keys.  The bit of one name is 0 when there is none; permissions_of() are those
 * that some roles give.
 */
uint64_t permission_bit(const char *permission);
uint64_t permissions_of(unsigned roles);

/* "audit.read,user.read" and back: how a set stands in the store.  A name that is no longer known is left out. */
enum { PERMISSIONS_TEXT = 2048 };
const char *permissions_format(uint64_t permissions, char text[PERMISSIONS_TEXT]);
uint64_t permissions_parse(const char *text);

/* Write the names of a set as an array. */
void permissions_write(struct jw *jw, uint64_t permissions);

/* "admin,owner" and back: how roles stand in the store.  An unknown name is left out. */
enum { ROLES_TEXT = 160 };
const char *roles_format(unsigned roles, char text[ROLES_TEXT]);
unsigned roles_parse(const char *text);

/* The bit of one name, 0 when there is none. */
unsigned role_named(const char *name);

/* Write the names as an array. */
void roles_write(struct jw *jw, unsigned roles);

/* The first name, for audit rows: the strongest role. */
const char *role_strongest(unsigned roles);

#endif
