/*
 * What a command found or did, as --json gives it: the envelope of a fact, as an answer of the API has it
 * [platform.md 2, P-6.1].  Lists are lines of JSON without one.
 *
 *     struct fact fact;
 *     struct jw *result = fact_begin(&fact);
 *     jw_member_str(result, "id", id);
 *     return fact_end(&fact, CLI_DONE);
 *
 * Thread: the main thread.
 */
#ifndef CS_APP_FACT_H
#define CS_APP_FACT_H

#include "core/buf.h"
#include "core/jw.h"

struct json;

struct fact {
	struct buf text;
	struct jw jw;
};

/* Begin a result that is an object; write its members. */
struct jw *fact_begin(struct fact *fact);

/* Print its envelope and give everything back.  Returns `code`, or CLI_FAILED when it could not be written. */
int fact_end(struct fact *fact, int code);

/* The same of a result that is there: NULL for null. */
int fact_print(const struct json *result, int code);

#endif
