/*
 * The OpenAPI document of this program: what /openapi.json answers and `countersign openapi` prints, from the routes
 * and the two tables of document.c.  Thread: any, after all routes were added.
 */
#ifndef CS_APP_DOCUMENT_H
#define CS_APP_DOCUMENT_H

struct buf;
struct router;

/* Append it.  `server`: the URL under which users reach this one, or NULL. */
void document_write(struct buf *text, const struct router *router, const char *server);

/* One sentence of a tag, without its full stop; NULL: there is no such tag. */
const char *document_about(const char *tag);

#endif
