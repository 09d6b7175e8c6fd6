#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "sign/domain/aluminum.h"
#include "sign/domain/common.h"
#include "sign/domain/section_catalog.h"
#include "sign/domain/section_rows.h"

static const char *const POLE_ALLOY = "6061-T6";

struct alloy {
	const char *alloy;
	double ftu_ksi, fty_ksi, ftuw_ksi, ftyw_ksi, ftyw_thick_ksi;
};

struct aluminum_pack {
	const char *name, *version, *effective_from, *source;
	double e_ksi, g_ksi, weight_lb_ft_in2, phi, omega, phi_rupture, omega_rupture, welded_wall_in;
	struct {
		size_t count;
		struct alloy *items;
	} alloys;
	struct texts pipe, square;
};

static const struct field alloy_fields[] = {
	F_STR(alloy, alloy, REQUIRED, LENGTH(1, 20)),    F_NUM(alloy, ftu_ksi, REQUIRED, RANGE(5, 100)),
	F_NUM(alloy, fty_ksi, REQUIRED, RANGE(5, 100)),  F_NUM(alloy, ftuw_ksi, REQUIRED, RANGE(5, 100)),
	F_NUM(alloy, ftyw_ksi, REQUIRED, RANGE(2, 100)), F_NUM(alloy, ftyw_thick_ksi, REQUIRED, RANGE(2, 100)),
};
static const struct field_table alloy_table = FIELD_TABLE("aluminum.alloy", alloy, alloy_fields);

static const struct field pack_fields[] = {
	F_STR(aluminum_pack, name, REQUIRED),
	F_STR(aluminum_pack, version, REQUIRED),
	F_STR(aluminum_pack, effective_from, REQUIRED),
	F_STR(aluminum_pack, source, REQUIRED),
	F_NUM(aluminum_pack, e_ksi, REQUIRED, RANGE(9000, 11000)),
	F_NUM(aluminum_pack, g_ksi, REQUIRED, RANGE(3000, 4500)),
	F_NUM(aluminum_pack, weight_lb_ft_in2, REQUIRED, RANGE(1, 1.5)),
	F_NUM(aluminum_pack, phi, REQUIRED, RANGE(.5, 1)),
	F_NUM(aluminum_pack, omega, REQUIRED, RANGE(1, 3)),
	F_NUM(aluminum_pack, phi_rupture, REQUIRED, RANGE(.5, 1)),
	F_NUM(aluminum_pack, omega_rupture, REQUIRED, RANGE(1, 3)),
	F_NUM(aluminum_pack, welded_wall_in, REQUIRED, RANGE(0, 2)),
	F_OBJECTS(aluminum_pack, alloys, &alloy_table, REQUIRED, COUNT(1, 50)),
	F_STRS(aluminum_pack, pipe, REQUIRED),
	F_STRS(aluminum_pack, square, REQUIRED),
};
static const struct field_table pack_table = FIELD_TABLE("aluminum", aluminum_pack, pack_fields);

static bool make_sizes(const struct aluminum_pack *pack, struct section_catalog *sizes, struct arena *arena,
					   struct err *err)
{
	struct section_making making = {
		.catalog = sizes, .wall_factor = 1, .weight_factor = pack->weight_lb_ft_in2, .err = err};
	size_t room = section_rows_most(&pack->pipe) + section_rows_most(&pack->square);
	return section_catalog_room(sizes, room, arena, err) != NULL &&
		   section_read_rows(&making, &pack->pipe, section_read_pipe) &&
		   section_read_rows(&making, &pack->square, section_read_sharp) && section_catalog_finish(sizes, arena, err);
}

static const struct alloy *find_alloy(const struct aluminum_pack *pack, const char *name)
{
	for (size_t i = 0; i < pack->alloys.count; i++)
		if (strcmp(pack->alloys.items[i].alloy, name) == 0)
			return &pack->alloys.items[i];
	return NULL;
}

static bool decode(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct aluminum_pack pack;
	if (!sign_pack_decode(&pack_table, tree, &pack, arena, err))
		return false;
	const struct alloy *alloy = find_alloy(&pack, POLE_ALLOY);
	if (alloy == NULL)
		return err_field(err, ERR_INVALID, "/alloys", "%s is missing", POLE_ALLOY);
	struct section_catalog *sizes = arena_new(arena, struct section_catalog);
	struct aluminum *aluminum = arena_new(arena, struct aluminum);
	if (sizes == NULL || aluminum == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the aluminium sizes");
	if (!make_sizes(&pack, sizes, arena, err))
		return false;
	*aluminum = (struct aluminum){
		.e_ksi = pack.e_ksi,
		.g_ksi = pack.g_ksi,
		.ftu_ksi = alloy->ftu_ksi,
		.fty_ksi = alloy->fty_ksi,
		.ftuw_ksi = alloy->ftuw_ksi,
		.ftyw_ksi = alloy->ftyw_ksi,
		.ftyw_thick_ksi = alloy->ftyw_thick_ksi,
		.welded_wall_in = pack.welded_wall_in,
		.phi = pack.phi,
		.omega = pack.omega,
		.phi_rupture = pack.phi_rupture,
		.omega_rupture = pack.omega_rupture,
		.sizes = sizes,
	};
	*data = aluminum;
	return true;
}

const struct pack_kind sign_aluminum_kind = {.name = "aluminum", .decode = decode};
