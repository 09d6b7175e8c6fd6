/*
 * A definition with the body of one task replaced: what a person patches for one run [flow.md 3.3].
 * Thread: any.
 */
#ifndef CS_FLOW_DEFINITION_PATCH_H
#define CS_FLOW_DEFINITION_PATCH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct json;

/*
 * Append the definition `text` (JSON or YAML) as JSON, with `body` in place of the task at `reference`.  Of a step of
 * the DAG form its id, its dependencies and its condition stay, where the body has none.  False: no task stands there
 * (one of a function or an extension stands elsewhere), or the text cannot be read.
 */
bool definition_patch(struct arena *arena, const char *text, size_t size, const char *reference,
					  const struct json *body, struct buf *patched);

#endif
