/*
 * Does an answer fit what the document says of it?  The document promises a schema for each operation's success; this
 * holds an answer against it, so that a member that is written and not declared, declared and not written, or of
 * another type is found by whatever test makes the route answer.
 *
 * On where http.check_answers says so: in all tests, and never where it would cost anybody anything.
 *
 * Thread: any.  Cost: a parse of the answer and of the schema.
 */
#ifndef CS_HTTP_FITTING_H
#define CS_HTTP_FITTING_H

#include <stdbool.h>

struct answer;
struct arena;
struct buf;
struct err;
struct json;
struct route;

/*
 * Is this success (its status and media type set) one that the route's row declares?  What is no JSON fits by its media
 * type.  False with ERR_INTERNAL and a sentence that names the operation, the JSON Pointer and what is wrong there.
 */
bool fitting_answer(const struct route *route, const struct answer *answer, struct err *err);

/*
 * Does a value fit a JSON Schema (2020-12) made of the words that our documents use?  A word that this does not know
 * fits nothing, or the check would pass over it.  The pointer of the first fault is below `pointer`.
 */
bool fitting_schema(const struct json *value, const struct json *schema, const char *pointer, struct arena *arena,
					struct err *err);

/* The schema of the result of an operation as the document has it, as JSON text; {} where its row has none. */
void fitting_result_schema(const struct route *route, struct buf *text);

#endif
