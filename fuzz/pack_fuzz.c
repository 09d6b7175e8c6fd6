/*
 * Whatever the bytes: YAML reads as a tree or is refused with a line; as a pack it is added or refused, by every kind
 * of pack there is; what was added is found again.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "app/ops.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "seal/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A tree from YAML is as sound as one from JSON. */
static void check_tree(const struct json *tree)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_json(&jw, tree);
	must(jw_ok(&jw));
	buf_fini(&text);
}

static void check_yaml(const char *bytes, size_t size)
{
	struct arena arena;
	struct err err = {.kind = ERR_NONE};
	const struct json *tree = NULL;
	arena_init(&arena, 64 << 20);
	if (yaml_parse(&arena, bytes, size, &tree, &err))
		check_tree(tree);
	else
		must(err.kind == ERR_INVALID || err.kind == ERR_LIMIT);
	arena_fini(&arena);
}

static void check_pack(const char *bytes, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	struct app_ops all;
	app_ops_init(&all);
	struct packs *packs = packs_new(all.kinds, all.kinds_count);
	if (packs_add(packs, bytes, size, true, &err)) {
		const struct pack *pack = packs_at(packs, 0);
		must(pack != NULL && packs_find(packs, pack->name, pack->version, NULL) == pack);
		must(pack->size == size && memcmp(pack->bytes, bytes, size) == 0);
		must(packs_add(packs, bytes, size, true, &err) && packs_at(packs, 1) == NULL);
	} else {
		must(err.kind != ERR_NONE && err.message[0] != '\0');
	}
	packs_free(packs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_yaml((const char *)data, size);
	check_pack((const char *)data, size);
	return 0;
}
