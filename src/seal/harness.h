/*
 * For tests: run pure operations on JSON bodies with the shipped packs, and read the answers by JSON Pointer.
 * Not linked into the product.
 */
#ifndef CS_SEAL_HARNESS_H
#define CS_SEAL_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

struct expr_pool;
struct op;
struct pack_kind;

struct harness;

/* Packs decoded by `kinds`; a pack that does not load ends the test program. */
struct harness *harness_new(const struct pack_kind *const *kinds, size_t count);
void harness_free(struct harness *harness);

/* What evaluates expressions from now on; the caller's. */
void harness_exprs(struct harness *harness, struct expr_pool *exprs);

/*
 * Run the operation on a body (printf-formatted).  True: answered or abstained.  The answer, or the refusal as
 * {"code", "errors": [{"pointer", "code", "message"}]}, is what the functions below read until the next call.
 */
bool harness_call(struct harness *harness, const struct op *op, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The number at a pointer of the answer, such as "/result/checks/0/demand".  NaN when it is null or not there. */
double harness_number(const struct harness *harness, const char *pointer);

/* The text there, or NULL. */
const char *harness_text(const struct harness *harness, const char *pointer);

/* true or false there; anything else ends the test. */
bool harness_bool(const struct harness *harness, const char *pointer);

/* Elements or members there; -1 when it is no array or object, -2 when it is null, -3 when it is not there. */
int harness_count(const struct harness *harness, const char *pointer);

/* Does the refusal name this pointer with this code?  (pointer NULL: the refusal's own code) */
bool harness_refused(const struct harness *harness, const char *pointer, const char *code);

/* Is there a warning or assumption with this code? */
bool harness_noted(const struct harness *harness, const char *code);

/* The index of the element of an array whose member has this text (rows by name), -1 when there is none. */
int harness_find(const struct harness *harness, const char *pointer, const char *member, const char *text);

/* The whole answer as JSON text, and the hash of its content. */
const char *harness_answer(const struct harness *harness);
const char *harness_content_sha256(const struct harness *harness);

#endif
