#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "sign/domain/common.h"
#include "sign/domain/section_catalog.h"
#include "sign/domain/section_rows.h"

struct wall_factors {
	double a500, a53, a1085;
};

struct published_walls {
	struct texts designations;
	double lower_by;
};

/* Pack `sections`: one line of text a size, so that the list reads as the mills print theirs. */
struct sections_pack {
	const char *name, *version, *effective_from, *source;
	double weight_lb_ft_in2;
	struct wall_factors wall_factors;
	struct texts conventions;
	struct published_walls published_walls;
	struct texts hss_rect, hss_round, pipe, w;
};

static const struct field factor_fields[] = {
	F_NUM(wall_factors, a500, NAMED("A500"), REQUIRED, RANGE(.5, 1)),
	F_NUM(wall_factors, a53, NAMED("A53"), REQUIRED, RANGE(.5, 1)),
	F_NUM(wall_factors, a1085, NAMED("A1085"), REQUIRED, RANGE(.5, 1)),
};
static const struct field_table factor_table = FIELD_TABLE("sections.wall_factors", wall_factors, factor_fields);

static const struct field published_fields[] = {
	F_STRS(published_walls, designations, REQUIRED),
	F_NUM(published_walls, lower_by, REQUIRED, RANGE(0, .2)),
};
static const struct field_table published_table =
	FIELD_TABLE("sections.published_walls", published_walls, published_fields);

static const struct field pack_fields[] = {
	F_STR(sections_pack, name, REQUIRED),
	F_STR(sections_pack, version, REQUIRED),
	F_STR(sections_pack, effective_from, REQUIRED),
	F_STR(sections_pack, source, REQUIRED),
	F_NUM(sections_pack, weight_lb_ft_in2, REQUIRED, RANGE(3, 4)),
	F_OBJECT(sections_pack, wall_factors, &factor_table, REQUIRED),
	F_STRS(sections_pack, conventions),
	F_OBJECT(sections_pack, published_walls, &published_table),
	F_STRS(sections_pack, hss_rect, REQUIRED),
	F_STRS(sections_pack, hss_round, REQUIRED),
	F_STRS(sections_pack, pipe, REQUIRED),
	F_STRS(sections_pack, w, REQUIRED),
};
static const struct field_table pack_table = FIELD_TABLE("sections", sections_pack, pack_fields);

/* The same sections with walls of A1085; pipe and W shapes know one standard only. */
static bool make_a1085(const struct sections_pack *pack, struct section_catalog *catalog, struct arena *arena,
					   struct err *err)
{
	struct section *items = arena_array(arena, catalog->count, sizeof *items);
	if (items == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the catalog");
	memcpy(items, catalog->items[SECTION_A500], catalog->count * sizeof *items);
	double wall = pack->wall_factors.a1085, weight = pack->weight_lb_ft_in2;
	for (size_t i = 0; i < catalog->count; i++) {
		struct section *s = &items[i];
		if (s->family == SECTION_HSS_ROUND)
			section_round(s, s->depth_in, section_wall(s->t_nom_in), s->t_nom_in, wall, weight);
		else if (s->family == SECTION_HSS_SQUARE || s->family == SECTION_HSS_RECT)
			section_rect(s, s->depth_in, s->width_in, s->t_nom_in, wall, weight);
	}
	catalog->items[SECTION_A1085] = items;
	return true;
}

static bool make(const struct sections_pack *pack, struct section_catalog *catalog, struct arena *arena,
				 struct err *err)
{
	struct section_making hss = {
		.catalog = catalog,
		.wall_factor = pack->wall_factors.a500,
		.weight_factor = pack->weight_lb_ft_in2,
		.differ = pack->published_walls.designations,
		.err = err,
	};
	struct section_making pipe = hss;
	pipe.wall_factor = pack->wall_factors.a53;
	size_t room = section_rows_most(&pack->hss_rect) + section_rows_most(&pack->hss_round) +
				  section_rows_most(&pack->pipe) + section_rows_most(&pack->w);
	return section_catalog_room(catalog, room, arena, err) != NULL &&
		   section_read_rows(&hss, &pack->hss_rect, section_read_rect) &&
		   section_read_rows(&hss, &pack->hss_round, section_read_round) &&
		   section_read_rows(&pipe, &pack->pipe, section_read_pipe) &&
		   section_read_rows(&hss, &pack->w, section_read_w) && section_catalog_finish(catalog, arena, err) &&
		   make_a1085(pack, catalog, arena, err);
}

static bool decode(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct sections_pack pack;
	if (!sign_pack_decode(&pack_table, tree, &pack, arena, err))
		return false;
	struct section_catalog *catalog = arena_new(arena, struct section_catalog);
	if (catalog == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the catalog");
	if (!make(&pack, catalog, arena, err))
		return false;
	*data = catalog;
	return true;
}

const struct pack_kind sign_sections_kind = {.name = "sections", .decode = decode};

/* Pack `aisc_shapes`: what aisc_import makes. */
struct shapes_pack {
	const char *name, *version, *effective_from, *source;
	const struct json *rows; /* of each type in the file: for people */
	struct texts w;
};

static const struct field shapes_fields[] = {
	F_STR(shapes_pack, name, REQUIRED), F_STR(shapes_pack, version, REQUIRED),
	F_STR(shapes_pack, effective_from), F_STR(shapes_pack, source),
	F_JSON(shapes_pack, rows),          F_STRS(shapes_pack, w, REQUIRED),
};
static const struct field_table shapes_table = FIELD_TABLE("aisc_shapes", shapes_pack, shapes_fields);

static bool decode_shapes(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct shapes_pack pack;
	if (!sign_pack_decode(&shapes_table, tree, &pack, arena, err))
		return false;
	struct section_catalog *catalog = arena_new(arena, struct section_catalog);
	if (catalog == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the catalog");
	struct section_making making = {.catalog = catalog, .err = err};
	if (section_catalog_room(catalog, pack.w.count, arena, err) == NULL ||
		!section_read_rows(&making, &pack.w, section_read_published) || !section_catalog_finish(catalog, arena, err))
		return false;
	*data = catalog;
	return true;
}

const struct pack_kind sign_aisc_shapes_kind = {.name = "aisc_shapes", .decode = decode_shapes};
