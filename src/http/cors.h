/*
 * CORS by an allow-list of exact origins [P-8.9].  An origin that is not on it gets no CORS header at all, so its pages
 * read nothing; one that is may send credentials.  Thread: any; a list may be put in another's place while serving
 * (http_config.cors), and the old one then has to live on.
 */
#ifndef CS_HTTP_CORS_H
#define CS_HTTP_CORS_H

#include <stdbool.h>
#include <stddef.h>

struct exchange;

struct cors {
	const char *const *origins; /* "https://console.example", as browsers send them */
	size_t count;
};

/* Headers for whatever will be answered.  Nothing without a list (NULL or empty); then also `Vary: Origin`. */
void cors_headers(const struct cors *cors, struct exchange *x);

/* The rest of a preflight's answer: the methods of the path (router_allow() text) for 600 s.  After cors_headers(). */
void cors_preflight(const struct cors *cors, struct exchange *x, const char *methods);

#endif
