/*
 * Connections that outlive a request, so that the next one to the same host need not make its own.
 *
 * Whatever lies in it was opened either for targets that may lie anywhere (mapped or allowed) or for those that may
 * not, and is found again by the same kind of request only: nobody comes to a private address on a connection that was
 * opened for somebody who may.  A connection is used again within a second, or never: servers close idle ones, and a
 * request that meets the closing has an end that nobody knows.
 * Thread: any.  Limits: IDLE_MAX handles that nobody uses, of two connections each.
 */
#ifndef CS_LINK_OUTGOING_POOL_H
#define CS_LINK_OUTGOING_POOL_H

#include <stdbool.h>

struct outgoing_pool;

struct outgoing_pool *outgoing_pool_new(void);
void outgoing_pool_free(struct outgoing_pool *pool); /* nobody asks any more; NULL is fine */

/* Close what nobody has used since the last call; now and then.  NULL is fine. */
void outgoing_pool_tidy(struct outgoing_pool *pool);

/* For outgoing.c: a handle of libcurl with nothing set but its connections, or NULL.  `good`: it can be used again. */
void *outgoing_pool_take(struct outgoing_pool *pool, bool trusted);
void outgoing_pool_give(struct outgoing_pool *pool, void *curl, bool trusted, bool good);

#endif
