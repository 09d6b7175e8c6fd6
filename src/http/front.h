/*
 * The front: sockets in, exchanges out.
 *
 * N threads with one libevent base each accept on sockets of their own (SO_REUSEPORT), so that a connection lives and
 * dies on one loop and nothing of it is shared.  A connection feeds its bytes to the gate, one request at a time, and
 * sends answers in their order.  Limits: connections (past the cap the one goes that has waited longest without a whole
 * request), header, body, keep-alive and deadline times, slow readers; see struct http_config.
 *
 * TLS, where the service has it, is the bufferevent's affair.
 *
 * Thread: all functions from the thread that opened the front.
 */
#ifndef CS_HTTP_FRONT_H
#define CS_HTTP_FRONT_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct front;
struct service;

/* `service` (filled in) must outlive the front.  Makes service->config.loops loops; nothing runs yet. */
bool front_open(struct front **front, const struct service *service, struct err *err);

/*
 * Listen on "127.0.0.1:8080", "[::1]:0" (port 0: any free one), or "unix:/path" (mode 0600; a dead socket in its place
 * is removed).  Before front_start().  ERR_CONFLICT: the address is in use; ERR_INVALID: not an address; ERR_IO.
 */
bool front_listen(struct front *front, const char *address, struct err *err);

/* The addresses that are bound, ports resolved: "127.0.0.1:40123". */
size_t front_count(const struct front *front);
const char *front_address(const struct front *front, size_t index);
unsigned front_port(const struct front *front, size_t index); /* 0 for a Unix socket */

/* Begin to serve. */
bool front_start(struct front *front, struct err *err);

/* Open connections now, all loops. */
size_t front_connections(const struct front *front);

/*
 * Stop gracefully: close the listeners, end idle connections, let exchanges end (answers say Connection: close), and
 * wait for that up to `bound_ms`.  False: some connections were cut.  The loops have ended either way.  Call it while
 * workers and writer still run.
 */
bool front_stop(struct front *front, int bound_ms);

/* After front_stop() (or instead of front_start()), and after all that may still hold an exchange has ended. */
void front_close(struct front *front);

#endif
