/*
 * The models that workflows may ask, from the configuration: keys flow.llm.* and flow.embedding.*.
 */
#ifndef CS_APP_FLOW_LLM_H
#define CS_APP_FLOW_LLM_H

#include <stdbool.h>

#include "link/outgoing.h"

struct arena;
struct config;
struct err;
struct llm;
struct llm_cache;
struct packs;
struct store;

/* What a struct llm keeps using; must outlive it. */
struct flow_llm {
	struct outgoing outgoing;
	struct llm_cache *cache;
	struct llm *llm; /* NULL: none is configured */
};

/*
 * `maps`: where hosts really are (--http-map).  The operator chose the endpoints, so that they may lie on private
 * addresses.  ERR_IO: a key cannot be read; ERR_INVALID: a route has another form than PREFIX=URL.
 */
bool flow_llm_open(struct flow_llm *to, const struct config *config, const struct outgoing *maps,
				   const struct packs *packs, struct store *store, struct arena *arena, struct err *err);
void flow_llm_close(struct flow_llm *to); /* after the runner, before the store */

#endif
