#include "people/roles.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/jw.h"

static const char *const names[] = {"admin",      "owner",    "engineer", "pe",     "approver", "trader",
									"risk_owner", "operator", "auditor",  "viewer", "producer", "device"};
enum { NAMES = sizeof names / sizeof *names };

const char *const role_person_names[] = {"admin",      "owner",    "engineer", "pe",     "approver", "trader",
										 "risk_owner", "operator", "auditor",  "viewer", NULL};

#define A ROLE_ADMIN
#define O ROLE_OWNER
#define E ROLE_ENGINEER
#define P ROLE_PE
#define V ROLE_APPROVER
#define T ROLE_TRADER
#define R ROLE_RISK_OWNER
#define S ROLE_OPERATOR
#define U ROLE_AUDITOR
#define W ROLE_VIEWER

static const struct {
	const char *permission;
	unsigned roles;
} permissions[] = {
	{"self.manage", ROLES_PERSON},
	{"seal.read", ROLES_PERSON},
	{"seal.replay", ROLES_PERSON},
	{"countersign.read", ROLES_PERSON},
	{"pack.read", ROLES_PERSON},
	{"task.read", ROLES_PERSON},
	{"file.read", ROLES_PERSON},
	{"calculation.run", ROLES_PERSON},
	{"key.create", A | O | E | P | V | T | R | S},
	{"user.read", A | O},
	{"user.manage", A | O},
	{"key.manage", A | O},
	{"user.erase", A | O},
	{"policy.manage", A | O},
	{"audit.read", A | O | U},
	{"audit.export", A | O | U},
	{"account.manage", A},
	{"pack.manage", A},
	{"ops.read", A | S},
	{"ops.manage", A | S},
	{"deadletter.manage", A | S},
	{"project.read", A | O | E | P | V | U | W},
	{"project.write", A | O | E | P},
	{"seal.create", A | O | E | P | T | S},
	{"countersign.request", A | O | E | P | T | S},
	{"file.write", A | O | E | P | T | S},
	{"project.submit", A | O | E | V},
	{"project.delete", A | O},
	{"calculation.approve", A | O | P | V},
	{"calculation.stamp", P},
	{"trade.read", A | O | V | T | R | S | U | W},
	{"trade.approve", A | O | V | T | R},
	{"trade.manage", A | O | T | S},
	{"trade.risk", A | O | R},
	{"trade.pause", A | O | V | T | R | S},
	{"flow.read", ROLES_PERSON},
	{"flow.run", A | O | E | T | S},
	{"flow.define", A | O | S},
	{"flow.operate", A | O | S},
	{"flow.work", A | O | S},
	{"memory.write", A | O | S},
	{"cost.write", A | O | S},
	{"task.cancel", A | O | S},
	{"flow.decide", A | O | E | P | V | T | R | S},
	{"trade.ingest", ROLE_PRODUCER},
	{"trade.device", ROLE_DEVICE},
};
enum { PERMISSIONS = sizeof permissions / sizeof *permissions };
_Static_assert(PERMISSIONS <= 64, "permissions are bits of a uint64_t");

static unsigned roles_of(const char *permission)
{
	for (size_t i = 0; i < PERMISSIONS; i++)
		if (strcmp(permissions[i].permission, permission) == 0)
			return permissions[i].roles;
	return 0;
}

bool role_permits(unsigned roles, const char *permission)
{
	return (roles & roles_of(permission)) != 0;
}

bool permission_known(const char *permission)
{
	return roles_of(permission) != 0;
}

void permission_roles(struct jw *jw, const char *permission)
{
	roles_write(jw, roles_of(permission));
}

void role_permissions(struct jw *jw, unsigned roles)
{
	permissions_write(jw, permissions_of(roles));
}

static uint64_t bit_of(const char *name, size_t size)
{
	for (size_t i = 0; i < PERMISSIONS; i++)
		if (strlen(permissions[i].permission) == size && memcmp(permissions[i].permission, name, size) == 0)
			return UINT64_C(1) << i;
	return 0;
}

uint64_t permission_bit(const char *permission)
{
	return bit_of(permission, strlen(permission));
}

uint64_t permissions_of(unsigned roles)
{
	uint64_t set = 0;
	for (size_t i = 0; i < PERMISSIONS; i++)
		if ((permissions[i].roles & roles) != 0)
			set |= UINT64_C(1) << i;
	return set;
}

const char *permissions_format(uint64_t set, char text[PERMISSIONS_TEXT])
{
	size_t size = 0;
	text[0] = '\0';
	for (size_t i = 0; i < PERMISSIONS; i++)
		if ((set & UINT64_C(1) << i) != 0)
			size += (size_t)snprintf(text + size, PERMISSIONS_TEXT - size, "%s%s", size > 0 ? "," : "",
									 permissions[i].permission);
	return text;
}

uint64_t permissions_parse(const char *text)
{
	uint64_t set = 0;
	while (*text != '\0') {
		size_t size = strcspn(text, ",");
		set |= bit_of(text, size);
		text += size + (text[size] == ',');
	}
	return set;
}

void permissions_write(struct jw *jw, uint64_t set)
{
	jw_array(jw);
	for (size_t i = 0; i < PERMISSIONS; i++)
		if ((set & UINT64_C(1) << i) != 0)
			jw_str(jw, permissions[i].permission);
	jw_array_end(jw);
}

const char *roles_format(unsigned roles, char text[ROLES_TEXT])
{
	size_t size = 0;
	text[0] = '\0';
	for (int i = 0; i < NAMES; i++)
		if ((roles & 1U << i) != 0)
			size += (size_t)snprintf(text + size, ROLES_TEXT - size, "%s%s", size > 0 ? "," : "", names[i]);
	return text;
}

unsigned role_named(const char *name)
{
	for (int i = 0; i < NAMES; i++)
		if (strcmp(names[i], name) == 0)
			return 1U << i;
	return 0;
}

unsigned roles_parse(const char *text)
{
	unsigned roles = 0;
	while (*text != '\0') {
		char name[32];
		size_t size = strcspn(text, ",");
		snprintf(name, sizeof name, "%.*s", (int)size, text);
		roles |= role_named(name);
		text += size + (text[size] == ',');
	}
	return roles;
}

void roles_write(struct jw *jw, unsigned roles)
{
	jw_array(jw);
	for (int i = 0; i < NAMES; i++)
		if ((roles & 1U << i) != 0)
			jw_str(jw, names[i]);
	jw_array_end(jw);
}

const char *role_strongest(unsigned roles)
{
	for (int i = 0; i < NAMES; i++)
		if ((roles & 1U << i) != 0)
			return names[i];
	return NULL;
}
