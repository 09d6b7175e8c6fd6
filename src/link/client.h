/*
 * The HTTP client for what the house asks of others: today, the command line of its own server over the control socket.
 * The only door to libcurl.  Thread: any, one call each.
 */
#ifndef CS_LINK_CLIENT_H
#define CS_LINK_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

struct client_request {
	const char *socket;         /* path of a Unix socket; NULL: by the URL */
	const char *method;         /* "GET" */
	const char *url;            /* "http://localhost/health" */
	const char *const *headers; /* "Name: value", ends with NULL; or NULL */
	const char *body;           /* JSON, or NULL */
	size_t body_size;
	int timeout_ms;
	size_t limit; /* bytes of the answer that are taken */
};

/*
 * Ask.  True: *status and `body` hold the answer, whatever it says.  ERR_UNAVAILABLE: nobody answers there;
 * ERR_DEADLINE; ERR_LIMIT: the answer is longer than the limit.
 */
bool client_ask(const struct client_request *request, int *status, struct buf *body, struct err *err);

#endif
