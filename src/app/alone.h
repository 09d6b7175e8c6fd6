/*
 * The server's routes in this process, for a command that finds no server on its data folder: the store is opened here,
 * the request goes through the same gate, permissions and handlers as over the control socket, as principal `local`,
 * and is audited as such [platform.md 2].  No background work is done: what it leads to waits for the next `serve`.
 *
 * Thread: the main thread, one call at a time.  Cost: a start, some tenths of a second.
 */
#ifndef CS_APP_ALONE_H
#define CS_APP_ALONE_H

#include <stdbool.h>
#include <stddef.h>

#include "app/cli.h"
#include "core/err.h"

struct alone;
struct buf;

/* ERR_STORE_BUSY: another process has the folder.  What app_open and app_assemble say otherwise. */
bool alone_open(const struct cli *cli, struct alone **alone, struct err *err);
void alone_close(struct alone *alone); /* NULL is fine */

/* What is asked: `headers` are "Name: value" texts that end with NULL, or NULL; a body of `size` bytes, or NULL. */
struct alone_request {
	const char *method, *target;
	const char *const *headers;
	const char *body;
	size_t size;
};

/* The answer's status; its body is appended.  A header without ": " is a bug of the caller (must). */
int alone_ask(struct alone *alone, const struct alone_request *request, struct buf *answer);

#endif
