/*
 * The head of one request as the gate (http/gate.h) lets it through: method, target, headers, and what they say about
 * the body.  Every text is NUL-terminated, free of control bytes, and lives as long as the memory it was read into or
 * duplicated into.  A value, no owner of anything.  Thread: read-only, any.
 */
#ifndef CS_HTTP_HEAD_H
#define CS_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum method {
	METHOD_NONE, /* in an alias: the same as its route's */
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHODS
};

/* "GET"; must be one of the seven. */
const char *method_name(enum method method);

/* METHOD_NONE when the text is none of the seven, in upper case. */
enum method method_parse(const char *text, size_t size);

struct header {
	const char *name; /* lower case */
	size_t name_size;
	const char *value; /* without the white space around it; may hold bytes >= 0x80 */
	size_t value_size;
};

struct head {
	enum method method;
	int minor;          /* HTTP/1.minor: 0 or 1 */
	const char *target; /* as received */
	const char *path;   /* of the target, still percent-encoded; begins with / or is "*" */
	const char *query;  /* behind the ?, still encoded; NULL when there is none */
	const struct header *headers;
	size_t header_count;
	int64_t content_length; /* bytes; -1 when not told */
	bool chunked;
	bool expects_continue; /* waits for 100 before it sends the body */
	bool close;            /* the connection ends after this exchange: asked for, or HTTP/1.0 */
	char *text;            /* the memory all texts lie in */
	size_t text_size;
};

/* Is a body announced?  Content-Length: 0 is none. */
bool head_has_body(const struct head *head);

/* The first header of that lower-case name, or NULL.  Cost: a comparison per header. */
const char *head_get(const struct head *head, const char *name);

/* How many headers have that lower-case name. */
size_t head_count(const struct head *head, const char *name);

/* Does a comma-separated value hold this token, regardless of case?  NULL holds none. */
bool head_lists(const char *value, const char *token);

/* Copy a head with all its texts into an arena.  False when the arena is full; *copy is then untouched. */
bool head_dup(struct arena *arena, const struct head *head, struct head *copy);

#endif
