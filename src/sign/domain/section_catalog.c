#include "sign/domain/section_catalog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "seal/calc.h"
#include "sign/domain/section_internal.h"

enum { SECTIONS_MAX = 8000, INDEX_LOAD = 4 };

static uint64_t mixed(uint64_t key)
{
	key *= 0x9e3779b97f4a7c15u;
	return key ^ key >> 29;
}

/* Open addressing; entries are index + 1. */
static bool build_index(struct section_catalog *catalog, struct arena *arena, struct err *err)
{
	size_t room = 16;
	while (room < INDEX_LOAD * catalog->count)
		room *= 2;
	catalog->index_mask = room - 1;
	catalog->index = arena_array(arena, room, sizeof *catalog->index);
	if (catalog->index == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the catalog");
	for (size_t i = 0; i < catalog->count; i++) {
		size_t at = mixed(catalog->items[0][i].key) & catalog->index_mask;
		for (; catalog->index[at] != 0; at = (at + 1) & catalog->index_mask)
			if (catalog->items[0][catalog->index[at] - 1].key == catalog->items[0][i].key)
				return err_set(err, ERR_INVALID, "%s stands twice", catalog->items[0][i].designation);
		catalog->index[at] = (uint16_t)(i + 1);
	}
	return true;
}

int section_compare(const void *left, const void *right)
{
	const struct section *a = left, *b = right;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->depth_in != b->depth_in)
		return a->depth_in < b->depth_in ? -1 : 1;
	if (a->weight_lb_ft != b->weight_lb_ft)
		return a->weight_lb_ft < b->weight_lb_ft ? -1 : 1;
	return strcmp(a->designation, b->designation);
}

struct section *section_catalog_room(struct section_catalog *catalog, size_t most, struct arena *arena, struct err *err)
{
	if (most > SECTIONS_MAX)
		err_set(err, ERR_INVALID, "more than %d sections", SECTIONS_MAX);
	else if ((catalog->items[0] = arena_array(arena, most, sizeof(struct section))) == NULL)
		err_set(err, ERR_LIMIT, "no memory for the catalog");
	return catalog->items[0];
}

bool section_catalog_finish(struct section_catalog *catalog, struct arena *arena, struct err *err)
{
	qsort(catalog->items[0], catalog->count, sizeof(struct section), section_compare);
	for (size_t i = catalog->count; i-- > 0;)
		catalog->first[catalog->items[0][i].family] = i;
	size_t next = catalog->count;
	for (int family = SECTION_FAMILIES - 1; family >= 0; family--) {
		bool any = next > 0 && catalog->items[0][next - 1].family == family;
		catalog->first[family] = any ? catalog->first[family] : next;
		catalog->counts[family] = next - catalog->first[family];
		next = catalog->first[family];
	}
	for (int standard = 1; standard < SECTION_STANDARDS; standard++)
		catalog->items[standard] = catalog->items[0];
	return build_index(catalog, arena, err);
}

size_t section_count(const struct section_catalog *catalog)
{
	return catalog->count;
}

const struct section *section_at(const struct section_catalog *catalog, enum section_standard standard, size_t index)
{
	must(index < catalog->count);
	return &catalog->items[standard][index];
}

static const struct section *find(const struct section_catalog *catalog, enum section_standard standard, uint64_t key)
{
	if (catalog == NULL || key == 0)
		return NULL;
	for (size_t at = mixed(key) & catalog->index_mask; catalog->index[at] != 0; at = (at + 1) & catalog->index_mask) {
		const struct section *section = &catalog->items[standard][catalog->index[at] - 1];
		if (section->key == key)
			return section;
	}
	return NULL;
}

const struct section *section_find(const struct section_set *set, enum section_standard standard, uint64_t key)
{
	const struct section *imported = find(set->imported, standard, key);
	return imported != NULL ? imported : find(set->shipped, standard, key);
}

size_t section_room(const struct section_set *set)
{
	return set->shipped->count + (set->imported != NULL ? set->imported->count : 0);
}

/* Two lists in catalog order become one; where both have a designation the imported one stays. */
static size_t merge(const struct section_set *set, enum section_standard standard, int family,
					const struct section **list)
{
	const struct section *own = set->shipped->items[standard] + set->shipped->first[family];
	const struct section *own_end = own + set->shipped->counts[family];
	const struct section *other = set->imported->items[standard] + set->imported->first[family];
	const struct section *other_end = other + set->imported->counts[family];
	size_t count = 0;
	while (own < own_end || other < other_end) {
		if (own < own_end && find(set->imported, standard, own->key) != NULL)
			own++;
		else if (own < own_end && (other == other_end || section_compare(own, other) < 0))
			list[count++] = own++;
		else if (other < other_end)
			list[count++] = other++;
	}
	return count;
}

size_t section_list(const struct section_set *set, enum section_standard standard, unsigned families,
					const struct section **list)
{
	size_t count = 0;
	for (int family = 0; family < SECTION_FAMILIES; family++) {
		if ((families & 1u << family) == 0)
			continue;
		if (set->imported != NULL) {
			count += merge(set, standard, family, list + count);
			continue;
		}
		const struct section *section = set->shipped->items[standard] + set->shipped->first[family];
		for (size_t i = 0; i < set->shipped->counts[family]; i++)
			list[count++] = section + i;
	}
	return count;
}

bool section_open(struct calc *calc, unsigned families, struct section_set *set)
{
	*set = (struct section_set){.shipped = calc_pack(calc, "sections")};
	if (set->shipped == NULL)
		return false;
	bool wants_imported = (families & 1u << SECTION_W) != 0;
	bool pinned = json_text(calc->pins, "aisc_shapes") != NULL;
	if (!wants_imported || (!pinned && packs_find(calc->packs, "aisc_shapes", NULL, NULL) == NULL))
		return true;
	set->imported = calc_pack(calc, "aisc_shapes");
	return set->imported != NULL;
}

void section_note_published(struct calc *calc, const struct section *section)
{
	if (section->published_differs)
		calc_assume(
			calc, "published_wall_differs",
			"Figures of Pipe12XS to Pipe26XS are computed from .93 of the nominal wall; the published ones are up "
			"to 3.2 %% lower.");
}
