/*
 * Who asked, when a proxy stands in front: X-Forwarded-For and X-Forwarded-Proto [P-8.13].
 *
 * They count only from addresses that the configuration names; anybody else may write what he likes into them.  The
 * client is the rightmost address that is no such proxy: what stands left of it came from the client itself.
 * Thread: any.  Cost: nothing without proxies.
 */
#ifndef CS_HTTP_FORWARDED_H
#define CS_HTTP_FORWARDED_H

#include <stdbool.h>
#include <stddef.h>

struct exchange;

/* A range of addresses; IPv4 as IPv6 has it, ::ffff:a.b.c.d (RFC 4291 2.5.5.2). */
struct net {
	unsigned char bytes[16];
	unsigned bits; /* 0 to 128 that have to be equal */
};

/* "10.0.0.0/8", "fd00::/8", or one address.  False when it is none; bits behind the prefix are ignored. */
bool net_parse(const char *cidr, struct net *net);

/* Is this address, as inet_ntop() writes it, within?  What is no address is in no range. */
bool net_holds(const struct net *net, const char *address);

struct proxies {
	const struct net *nets;
	size_t count;
};

/* Set x->peer and x->secure by what trusted proxies say.  Before anybody looks at them. */
void forwarded_apply(const struct proxies *proxies, struct exchange *x);

#endif
