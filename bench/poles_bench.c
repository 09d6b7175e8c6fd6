/* What sections and poles cost on this machine: microseconds a call, the catalog and all families. */
#include <stdio.h>
#include <time.h>

#include "core/arena.h"
#include "core/embedded.h"
#include "core/field.h"
#include "core/must.h"
#include "seal/pack.h"
#include "sign/domain/poles_search.h"
#include "sign/domain/section_catalog.h"
#include "sign/sign.h"

static double now_us(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void row(const char *what, double from_us, int rounds)
{
	printf("%-44s %9.1f us\n", what, (now_us() - from_us) / rounds);
}

static void build_catalog(const struct pack *pack)
{
	enum { ROUNDS = 100 };
	struct arena arena;
	arena_init(&arena, 64 << 20);
	double from_us = now_us();
	for (int i = 0; i < ROUNDS; i++) {
		const void *data;
		must(sign_sections_kind.decode(pack->tree, &arena, &data, NULL));
		arena_reset(&arena);
	}
	row("catalog build (825 sections, two standards)", from_us, ROUNDS);
	arena_fini(&arena);
}

static void search_all(const struct section_set *set)
{
	enum { ROUNDS = 1000 };
	static const struct section *list[1000], *best[10];
	struct poles_request request;
	field_defaults(&poles_request_table, &request);
	request.loads = (struct pole_loads){900, 4, 60, 2};
	struct poles_problem problem = {.request = &request};
	for (int family = 0; family < SECTION_FAMILIES; family++)
		problem.materials[family] = (struct pole_material){STEEL_E_KSI, STEEL_G_KSI, 50, 62};
	double from_us = now_us();
	for (int i = 0; i < ROUNDS; i++) {
		struct poles_found found = {.best = best};
		size_t count = section_list(set, SECTION_A500, SECTION_ALL, list);
		poles_search(&problem, list, count, &found);
		must(found.considered == (int64_t)count && found.feasible > 0);
	}
	row("poles, all families", from_us, ROUNDS);
}

int main(void)
{
	struct packs *packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		must(packs_add(packs, file->bytes, file->size, false, NULL));
	const struct pack *pack = packs_find(packs, "sections", NULL, NULL);
	build_catalog(pack);
	search_all(&(struct section_set){.shipped = pack->data});
	packs_free(packs);
	return 0;
}
