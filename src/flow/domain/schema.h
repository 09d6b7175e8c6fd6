/*
 * JSON Schema 2020-12, and draft 7 where `$schema` says so: is a schema one, and does a value hold by it.
 *
 * References stay inside of the document: #, #/a/pointer, #anchor, and the $id of a schema in it; any other address is
 * refused.  `format`, `contentEncoding` and the like are annotations.  Patterns are those of regex.h.
 * REF: JSON Schema 2020-12 core; JSON Schema 2020-12 validation; JSON Schema draft 7
 *
 * Thread: any.  Bounds: SCHEMA_DEPTH_MAX schemas inside of one another, SCHEMA_STEPS_MAX steps (half a second); past
 * one the value does not hold, with the keyword "limit".
 */
#ifndef CS_FLOW_DOMAIN_SCHEMA_H
#define CS_FLOW_DOMAIN_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct json;

enum { SCHEMA_DEPTH_MAX = 200, SCHEMA_STEPS_MAX = 20000000, SCHEMA_PROBLEMS_MAX = 100 };

/* What is wrong, and where: of a schema a place in it, of a value a place in that. */
struct schema_problem {
	const char *pointer; /* JSON Pointer */
	const char *keyword; /* that does not hold; of a schema what is wrong with: the code type, format, … */
	const char *message;
};

struct schema_problems {
	struct arena *arena; /* the caller's: where texts are made */
	size_t count;        /* of all; the first SCHEMA_PROBLEMS_MAX are kept */
	struct schema_problem items[SCHEMA_PROBLEMS_MAX];
};

/*
 * Is it a schema?  False: `problems` says where not, with the codes type, enum, range, format and unknown_reference.
 * Unknown keywords are annotations, and hold.
 */
bool schema_check(const struct json *schema, struct schema_problems *problems);

/* Does the value hold by a schema that schema_check() takes?  False: `problems` says where not. */
bool schema_validate(const struct json *schema, const struct json *value, struct schema_problems *problems);

#endif
