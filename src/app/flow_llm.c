#include "app/flow_llm.h"

#include <string.h>

#include "app/app.h"
#include "app/config.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "flow/domain/llm_call.h"
#include "flow/llm.h"
#include "flow/llm_cache.h"
#include "seal/pack.h"

static const struct prices *prices_of(const struct packs *packs)
{
	const struct pack *pack = packs_find(packs, "prices", NULL, NULL);
	return pack == NULL ? NULL : pack->data;
}

/* A slash at the end would become two. */
static const char *base_of(struct arena *arena, const char *url)
{
	size_t size = strlen(url);
	while (size > 0 && url[size - 1] == '/')
		size--;
	return arena_dupn(arena, url, size);
}

static bool read_routes(const struct config *config, struct arena *arena, struct llm_options *options, struct err *err)
{
	typeof(config->flow.llm.routes) *given = &config->flow.llm.routes;
	struct llm_route *routes = arena_array(arena, given->count + 1, sizeof *routes);
	if (routes == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < given->count; i++) {
		const char *equals = strchr(given->items[i], '=');
		if (equals == NULL || equals == given->items[i])
			return err_set(err, ERR_INVALID, "flow.llm.routes: “%s” is not of the form PREFIX=URL", given->items[i]);
		routes[i].prefix = arena_dupn(arena, given->items[i], (size_t)(equals - given->items[i]));
		routes[i].base_url = base_of(arena, equals + 1);
	}
	options->routes = routes;
	options->routes_count = given->count;
	return true;
}

bool flow_llm_open(struct flow_llm *to, const struct config *config, const struct outgoing *maps,
				   const struct packs *packs, struct store *store, struct arena *arena, struct err *err)
{
	*to = (struct flow_llm){.outgoing = *maps};
	to->outgoing.allowed[0] = "*";
	to->outgoing.allowed_count = 1;
	if (config->flow.llm.base_url == NULL)
		return true;
	struct llm_options options = {.outgoing = &to->outgoing,
								  .env = env_real(),
								  .base_url = base_of(arena, config->flow.llm.base_url),
								  .prices = prices_of(packs)};
	if (!app_secret_read(config->flow.llm.key_file, arena, &options.key, err) ||
		!read_routes(config, arena, &options, err))
		return false;
	if (config->flow.embedding.base_url != NULL) {
		options.embedding_url = base_of(arena, config->flow.embedding.base_url);
		options.embedding_model = config->flow.embedding.model;
	}
	to->cache = options.cache = llm_cache_open(store, env_real());
	to->llm = llm_open(&options);
	return true;
}

void flow_llm_close(struct flow_llm *to)
{
	llm_close(to->llm);
	llm_cache_close(to->cache);
	to->llm = NULL;
	to->cache = NULL;
}
