/*
 * The reference pages, made of the rows that also dispatch, decode and describe: an index of all operations, a page for
 * each with its fields, and a page for each code of a problem.  HTML without scripts, images or anything from
 * elsewhere; one style sheet of our own, so that the content policy of these pages stays closed.
 *
 * Every text of a row is escaped.  Thread: any.  Cost: a millisecond for the index.
 */
#ifndef CS_HTTP_REFERENCE_H
#define CS_HTTP_REFERENCE_H

#include <stdbool.h>

struct buf;
struct route;
struct router;

/* What these pages may load: the style sheet, nothing else. */
#define REFERENCE_POLICY \
	"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/* Where they stand. */
#define REFERENCE_PATH "/docs"

extern const char reference_style[]; /* of REFERENCE_PATH/style.css */

/* All operations by their tags.  `about`: one sentence of a tag, or NULL; may be NULL itself. */
void reference_index(struct buf *html, const struct router *router, const char *version,
					 const char *(*about)(const char *tag));

/* One operation.  False: there is none of that name, nothing was written. */
bool reference_operation(struct buf *html, const struct router *router, const char *operation);

/* All codes; one code, with the operations that may answer it besides the usual.  False: there is no such code. */
void reference_errors(struct buf *html);
bool reference_error(struct buf *html, const struct router *router, const char *code);

#endif
