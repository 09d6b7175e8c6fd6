/* L1 of the answers of models: those used last, in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/llm_cache_internal.h"

static char *dup(const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);
	must(text == NULL || copy != NULL);
	return copy;
}

static void unlink_entry(struct llm_cache *cache, struct entry *entry)
{
	if (entry->prev != NULL)
		entry->prev->next = entry->next;
	else
		cache->first = entry->next;
	if (entry->next != NULL)
		entry->next->prev = entry->prev;
	else
		cache->last = entry->prev;
	entry->prev = entry->next = NULL;
}

static void link_first(struct llm_cache *cache, struct entry *entry)
{
	entry->next = cache->first;
	if (cache->first != NULL)
		cache->first->prev = entry;
	else
		cache->last = entry;
	cache->first = entry;
}

void l1_drop(struct llm_cache *cache, struct entry *entry)
{
	unlink_entry(cache, entry);
	map_remove(&cache->entries, entry->name);
	cache->bytes -= entry->bytes;
	datum_unref(entry->answer);
	free(entry->name);
	free(entry->account_id);
	free(entry->model);
	free(entry->tags);
	free(entry);
}

static void name_of(const struct llm_lookup *lookup, char name[128])
{
	snprintf(name, 128, "%s %.60s", lookup->key, lookup->account_id);
}

void l1_put(struct llm_cache *cache, const struct llm_lookup *lookup, struct datum *answer, int64_t cost_micros)
{
	char name[128];
	size_t size;
	name_of(lookup, name);
	struct entry *entry = map_get(&cache->entries, name);
	if (entry != NULL)
		l1_drop(cache, entry);
	entry = calloc(1, sizeof *entry);
	must(entry != NULL);
	datum_bytes(answer, &size);
	*entry = (struct entry){.name = dup(name),
							.account_id = dup(lookup->account_id),
							.model = dup(lookup->model),
							.tags = dup(lookup->tags == NULL ? "[]" : lookup->tags),
							.answer = datum_ref(answer),
							.cost_micros = cost_micros,
							.expires_us = env_mono_us(cache->env) + (int64_t)(cache->tuning[LLM_L1].ttl_s * 1e6),
							.bytes = size};
	must(map_set(&cache->entries, name, entry, NULL));
	link_first(cache, entry);
	cache->bytes += size;
	if (cache->entries.count > LLM_L1_ENTRIES) {
		cache->counters[LLM_L1].evictions++;
		l1_drop(cache, cache->last);
	}
}

bool l1_find(struct llm_cache *cache, const struct llm_lookup *lookup, struct llm_hit *hit)
{
	char name[128];
	name_of(lookup, name);
	struct entry *entry = map_get(&cache->entries, name);
	if (entry != NULL && entry->expires_us <= env_mono_us(cache->env)) {
		l1_drop(cache, entry);
		entry = NULL;
	}
	if (entry == NULL)
		return false;
	unlink_entry(cache, entry);
	link_first(cache, entry);
	*hit = (struct llm_hit){.answer = datum_ref(entry->answer), .cost_micros = entry->cost_micros, .level = LLM_L1};
	return true;
}
