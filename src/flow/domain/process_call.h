/*
 * `run: shell` and `run: script` as values: from what the definition says, evaluated, to the process as it goes into
 * the journal [flow.md 2.1].  No process here.  Thread: any.
 *
 * `arguments` may be a list, or a map as the language had it up to 1.0.2.  What a map's entries are to a process is
 * taken from the language's own Java and Go SDKs: for a shell command NAME=VALUE (NAME alone where the value is null),
 * in order, as `$1…`; for a script variables by their names (those that its language can have), and the values in order
 * as well.
 */
#ifndef CS_FLOW_DOMAIN_PROCESS_CALL_H
#define CS_FLOW_DOMAIN_PROCESS_CALL_H

#include <stdbool.h>

struct datum;
struct trouble;

enum process_language { PROCESS_SH, PROCESS_JS, PROCESS_PYTHON, PROCESS_LANGUAGES };
/* Of a script's `language`: sh, shell, js, javascript, python; PROCESS_LANGUAGES: none of these. */
enum process_language process_language(const char *name);

/* `body` of a script with the code that its source was pinned to.  A new reference. */
struct datum *process_call_code(struct datum *body, const char *code);

/*
 * `body` with its `arguments` as a list of texts, where they were a map.  `names` is {name as written: its value} of
 * the names that are expressions, or NULL.  A new reference; NULL sets *trouble: a name's value is no text, number or
 * truth value.
 */
struct datum *process_call_request(struct datum *body, struct datum *names, bool script, struct trouble *trouble);

#endif
