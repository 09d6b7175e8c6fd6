/*
 * HTTP requests to addresses that a user or an author chose.
 *
 * An address is looked at when it is connected to, after names were resolved, so that no name can lead to a place that
 * is not allowed [P-10.5]: loopback, private, link-local, shared, multicast and unspecified addresses are refused
 * unless the target was allowed or mapped.  Redirects are never followed, proxies of the environment never asked, and
 * only http and https are spoken. Thread: any; a struct outgoing is read-only once set up.
 */
#ifndef CS_LINK_OUTGOING_H
#define CS_LINK_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

struct err;
struct outgoing_answer;
struct outgoing_pool;
struct outgoing_request;

/* Requests to http or https HOST go as plain http to `address`, with the Host header that they had. */
struct outgoing_map {
	const char *host, *address; /* "petstore.swagger.io", "127.0.0.1:8081" */
};

enum { OUTGOING_MAPS_MAX = 32, OUTGOING_ALLOWED_MAX = 64 };

struct outgoing {
	struct outgoing_map maps[OUTGOING_MAPS_MAX];
	size_t maps_count;
	const char
		*allowed[OUTGOING_ALLOWED_MAX]; /* hosts, as a URL writes them, that may lie on private addresses; "*": all */
	size_t allowed_count;
	struct outgoing_pool *pool; /* of connections (outgoing_pool.h); NULL: each request has one of its own */
	/* Who answers in place of the network, as outgoing_ask() would: for simulations.  NULL: the network. */
	bool (*ask)(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err);
	void *ask_self;
};

/* Add a map of the form HOST=ADDRESS:PORT; the text must live as long.  False: ERR_INVALID. */
bool outgoing_map(struct outgoing *outgoing, char *text, struct err *err);

struct outgoing_request {
	const char *method, *url;
	const char *name;           /* what failures call it, where the URL holds a secret; NULL: the URL */
	const char *const *headers; /* "Name: value", ends with NULL; or NULL */
	const void *body;           /* or NULL */
	size_t body_size;
	const char *digest_user, *digest_password; /* HTTP digest authentication; or NULL */
	int64_t timeout_ms;
	size_t limit; /* bytes of the answer's body that are taken */
	/* Asked now and then while waiting: true gives the request up (ERR_DEADLINE).  May be NULL. */
	bool (*given_up)(void *self);
	void *self;
};

struct outgoing_answer {
	int status;
	struct buf headers; /* "Name: value" lines, each ended by \n; of the last answer */
	struct buf body;
	char content_type[128]; /* "" when none was said */
	bool refused;           /* with false: the address is not allowed */
	bool sent;              /* with false: something may have reached the other side */
};
void outgoing_answer_init(struct outgoing_answer *answer);
void outgoing_answer_fini(struct outgoing_answer *answer);

/* All of it on the heap, for outgoing_answer_free() (NULL is fine); *answer is as after its init. */
struct outgoing_answer *outgoing_answer_take(struct outgoing_answer *answer);
void outgoing_answer_free(struct outgoing_answer *answer);

/*
 * Ask.  True: an answer came, whatever it says.  ERR_FORBIDDEN: the address is not allowed (refused is set);
 * ERR_UNAVAILABLE: no name, no connection, no TLS, or it broke; ERR_DEADLINE; ERR_LIMIT: the answer is too long;
 * ERR_INVALID: that is no URL of http.
 */
bool outgoing_ask(const struct outgoing *outgoing, const struct outgoing_request *request,
				  struct outgoing_answer *answer, struct err *err);

#endif
