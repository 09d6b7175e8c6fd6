/*
 * Whatever the file: it is imported or refused with a line; what was imported loads as a pack and every W shape in it
 * is found as an imported one.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "seal/pack.h"
#include "sign/domain/aisc_shapes.h"
#include "sign/domain/section_catalog.h"
#include "sign/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pack(const struct buf *yaml, const struct aisc_counts *counts)
{
	struct packs *packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	struct err err = {.kind = ERR_NONE};
	must(packs_add(packs, buf_text(yaml), yaml->size, true, &err));
	const struct section_catalog *catalog = packs_at(packs, 0)->data;
	size_t w = 0;
	for (size_t i = 0; i < counts->count; i++)
		w += strcmp(counts->items[i].type, "W") == 0 ? counts->items[i].rows : 0;
	must(section_count(catalog) == w);
	for (size_t i = 0; i < w; i++)
		must(section_at(catalog, SECTION_A500, i)->source == SECTION_IMPORTED);
	packs_free(packs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf yaml;
	struct err err = {.kind = ERR_NONE};
	struct aisc_counts counts = {.count = 0};
	buf_init(&yaml, 0);
	if (aisc_import((const char *)data, size, "v1", &yaml, &counts, &err))
		check_pack(&yaml, &counts);
	else
		must(err.kind == ERR_INVALID && err.message[0] != '\0' && yaml.size == 0 && counts.count == 0);
	buf_fini(&yaml);
	return 0;
}
