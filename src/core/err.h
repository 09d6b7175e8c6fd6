/*
 * Errors: what went wrong, told once, at the place that knows.
 *
 * A function that can fail is `bool f(..., struct err *err)`.  True: done, err untouched.  False: err holds the kind,
 * the field at fault (a JSON Pointer, or empty), one sentence for a person, and the line that raised it; the
 * function's other outputs are untouched.  A NULL err is allowed everywhere and loses the details.
 *
 * A list of faults (struct faults) gathers everything wrong with one body, so that a user mends all of it at once.
 * Thread: values, no sharing.  Cost: a few hundred bytes copied, only when something failed.
 */
#ifndef CS_CORE_ERR_H
#define CS_CORE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum err_kind {
#define X(name, code, status, title, retry) name,
#include "core/err_kinds.h"
#undef X
	ERR_KINDS
};

enum {
	ERR_FIELD_MAX = 160,     /* bytes of a pointer kept in an error; a longer one is cut */
	ERR_MESSAGE_MAX = 320,   /* bytes of the sentence */
	ERR_AVAILABLE_MAX = 160, /* bytes of the list */
};

struct err {
	enum err_kind kind;
	char field[ERR_FIELD_MAX];
	char message[ERR_MESSAGE_MAX];
	char available[ERR_AVAILABLE_MAX]; /* what can be asked for instead: "v1, v2"; set after raising; empty: not said */
	const char *file;                  /* where it was raised; for the log only */
	int line;
};

/* The row of a kind.  Unknown kinds are a bug (must). */
const char *err_code(enum err_kind kind);
int err_status(enum err_kind kind);
const char *err_title(enum err_kind kind);
bool err_retryable(enum err_kind kind);

/*
 * Fill *err and return false, so that a caller can write `return err_set(err, ERR_IO, "…")`.  `field` is a JSON
 * Pointer or NULL; the message is printf-formatted and cut at ERR_MESSAGE_MAX.
 */
bool err_raise(struct err *err, enum err_kind kind, const char *file, int line, const char *field, const char *format,
			   ...) __attribute__((format(printf, 6, 7)));

#define err_set(err, kind, ...) err_raise((err), (kind), __FILE__, __LINE__, NULL, __VA_ARGS__)
#define err_field(err, kind, field, ...) err_raise((err), (kind), __FILE__, __LINE__, (field), __VA_ARGS__)

struct arena;

/* One thing wrong with a body: where (JSON Pointer), a code a program can read, and what is allowed. */
struct fault {
	const char *pointer;
	const char *code;
	const char *message;
	struct fault *next;
};

enum { FAULTS_MAX = 100 }; /* an answer names at most so many; the rest is counted only */

/* All that is wrong with one body, in the order found.  Memory is the arena's. */
struct faults {
	struct arena *arena;
	struct fault *first, **end;
	size_t count; /* all of them, also those past FAULTS_MAX */
};

void faults_init(struct faults *faults, struct arena *arena);

/* Add one.  pointer and code are copied; the message is printf-formatted.  A full arena still counts the fault. */
void faults_add(struct faults *faults, const char *pointer, const char *code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif
