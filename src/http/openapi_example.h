/*
 * A value that fits a JSON Schema, for the document's examples where a route has none of its own: what is required (or
 * where nothing is, all there is), each member the least its schema lets it be.  Knows the words that field_schema()
 * and the routes' own schemas use; a schema of anything gets {}.  Thread: any.  Cost: one parse of the schema.
 */
#ifndef CS_HTTP_OPENAPI_EXAMPLE_H
#define CS_HTTP_OPENAPI_EXAMPLE_H

#include <stdbool.h>
#include <stddef.h>

struct jw;

/* `all`: optional members too, as an answer has them.  A text that is no schema writes {}. */
void openapi_example(struct jw *jw, const char *schema, size_t size, bool all);

#endif
