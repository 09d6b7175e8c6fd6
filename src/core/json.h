/*
 * JSON as it comes in: text into a tree of values in an arena.
 *
 * The parser accepts I-JSON only: UTF-8 without BOM, no duplicate names, no U+0000, no lone
 * surrogates, numbers within a double, nothing after the value; depth and number of values are limited.
 * Members keep their order.  The tree is read-only and lives as long as its arena.
 * Thread: any, one arena each.  Cost: about 5 ns a byte.
 */
#ifndef CS_CORE_JSON_H
#define CS_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

enum json_kind { JS_NULL, JS_BOOL, JS_INT, JS_REAL, JS_STRING, JS_ARRAY, JS_OBJECT };

struct json_member;

struct json {
	enum json_kind kind;
	uint32_t count; /* elements of an array, members of an object */
	union {
		bool boolean;
		int64_t integer; /* JS_INT: a number without fraction or exponent that fits */
		struct {
			double real;   /* JS_REAL: every other number */
			bool integral; /* written without fraction or exponent, but beyond 64 bits */
		};
		struct {
			const char *text; /* UTF-8, NUL-terminated, without a NUL inside */
			size_t size;      /* bytes */
		};
		struct json *items;
		struct json_member *members;
	};
};

struct json_member {
	const char *name;
	size_t name_size;
	struct json value;
};

struct json_limits {
	unsigned depth;  /* levels of nesting allowed */
	unsigned values; /* values allowed in the whole text */
};

/* What a request body may have unless its route says otherwise [P-8.2]. */
extern const struct json_limits json_body_limits;

/*
 * Parse `size` bytes (need no NUL).  False with ERR_JSON_INVALID and a sentence that names the byte offset, or
 * ERR_LIMIT when the arena is full.  A number without fraction or exponent beyond 64 bits becomes JS_REAL.
 */
bool json_parse(struct arena *arena, const char *bytes, size_t size, const struct json_limits *limits,
				const struct json **json, struct err *err);

/* The member of that name, or NULL: absent, or `json` is NULL or no object. */
const struct json *json_get(const struct json *json, const char *name);

/* The text of a string member, or NULL when it is absent or not a string. */
const char *json_text(const struct json *json, const char *name);

bool json_numeric(const struct json *json);
double json_number(const struct json *json); /* of JS_INT or JS_REAL (must) */

/* "null", "boolean", "number", "string", "array", "object": for messages. */
const char *json_kind_name(enum json_kind kind);

/* A copy that shares nothing with `json`.  NULL when the arena is full, or `json` is NULL. */
const struct json *json_dup(struct arena *arena, const struct json *json);

/* Equal as JSON values: numbers by value, objects regardless of order. */
bool json_same(const struct json *a, const struct json *b);

#endif
