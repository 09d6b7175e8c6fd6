/*
 * Pack hook_sources: addresses from which charting services call /hooks/tv/…, where a producer names none of its own.
 */
#ifndef CS_TRADE_DOMAIN_HOOK_SOURCES_H
#define CS_TRADE_DOMAIN_HOOK_SOURCES_H

#include <stddef.h>

struct pack_kind;

struct hook_sources {
	const char *name, *version, *effective_from, *source;
	struct {
		size_t count;
		const char **items;
	} addresses; /* each an address or a network */
};

extern const struct pack_kind trade_hook_sources_kind; /* its data is a struct hook_sources */

#endif
