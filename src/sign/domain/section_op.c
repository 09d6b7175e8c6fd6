#include "sign/domain/section_op.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "seal/calc.h"
#include "sign/domain/common.h"
#include "sign/domain/section_catalog.h"

enum { DESIGNATIONS_MAX = 2000, UNKNOWN_NAMED = 20 };

struct sections_request {
	struct sign_common common;
	const char *designation;
	struct {
		size_t count;
		const char **items;
	} designations;
	struct {
		size_t count;
		int *items;
	} families;
	double min_zx_in3, max_weight_lb_ft, max_depth_in;
	int64_t limit;
	int standard;
};

/* One row of the answer: the section as it is, with its name as a text. */
struct section_row {
	const char *designation;
	struct section section;
};

struct sections_result {
	struct {
		size_t count;
		struct section_row *items;
	} sections;
	struct {
		size_t count;
		const char **items;
	} unknown;
};

static const struct field request_fields[] = {
	F_STR(sections_request, designation, LENGTH(1, 40), DOC("One section, such as HSS6X4X1/4, Pipe8XS, W8X18")),
	F_STRS(sections_request, designations, COUNT(1, DESIGNATIONS_MAX), LENGTH(1, 40),
		   DOC("Several sections, answered in this order")),
	F_ENUMS(sections_request, families, section_family_names, COUNT(1, 100),
			DOC("All sections of these families, in catalog order; without a designation: of all")),
	F_NUM(sections_request, min_zx_in3, NAMED("min_Zx_in3"), RANGE(0, 1e6), UNIT("in3"),
		  DOC("Families: least plastic modulus about the strong axis")),
	F_NUM(sections_request, max_weight_lb_ft, RANGE(0, 1e4), UNIT("lb/ft"), DOC("Families: greatest weight")),
	F_NUM(sections_request, max_depth_in, RANGE(0, 1e3), UNIT("in"), DOC("Families: greatest depth")),
	F_INT(sections_request, limit, DEFAULT(100), RANGE(1, 2000), DOC("Families: the most sections to answer")),
	F_ENUM(sections_request, standard, section_standard_names, DEFAULT(SECTION_A500),
		   DOC("Standard of HSS: A500, design wall .93 of the nominal one; A1085, the nominal wall")),
	SIGN_COMMON_FIELDS(sections_request, SIGN_ASD),
};
static const struct field_table request_table = FIELD_TABLE("sign.sections.request", sections_request, request_fields);

#define FIGURE(member, json, unit_, doc_) \
	F_NUM(section_row, section.member, NAMED(json), NULLABLE, SIGNIFICANT(6), UNIT(unit_), DOC(doc_))

static const struct field row_fields[] = {
	F_STR(section_row, designation, DOC("Designation as listed")),
	F_ENUM(section_row, section.family, section_family_names, NAMED("type"), DOC("Family")),
	FIGURE(weight_lb_ft, "W", "lb/ft", "Weight"),
	FIGURE(area_in2, "A", "in2", "Area"),
	FIGURE(depth_in, "d", "in", "Depth or outside diameter"),
	FIGURE(width_in, "b", "in", "Width; null for rounds"),
	FIGURE(t_nom_in, "t_nom", "in", "Nominal wall of hollow sections"),
	FIGURE(t_des_in, "t_des", "in", "Design wall of hollow sections"),
	FIGURE(tw_in, "tw", "in", "Web of W shapes"),
	FIGURE(tf_in, "tf", "in", "Flange of W shapes"),
	FIGURE(ix_in4, "Ix", "in4", "Moment of inertia, strong axis"),
	FIGURE(sx_in3, "Sx", "in3", "Elastic modulus, strong axis"),
	FIGURE(zx_in3, "Zx", "in3", "Plastic modulus, strong axis"),
	FIGURE(rx_in, "rx", "in", "Radius of gyration, strong axis"),
	FIGURE(iy_in4, "Iy", "in4", "Moment of inertia, weak axis"),
	FIGURE(sy_in3, "Sy", "in3", "Elastic modulus, weak axis"),
	FIGURE(zy_in3, "Zy", "in3", "Plastic modulus, weak axis"),
	FIGURE(ry_in, "ry", "in", "Radius of gyration, weak axis"),
	FIGURE(j_in4, "J", "in4", "Torsion constant"),
	FIGURE(c_in3, "C", "in3", "Torsional section constant of hollow sections"),
	FIGURE(cw_in6, "Cw", "in6", "Warping constant of W shapes"),
	FIGURE(d_t, "D_t", "1", "Diameter over design wall of rounds"),
	FIGURE(b_t, "b_t", "1", "Flange slenderness: (B - 3t)/t, bf/2tf"),
	FIGURE(h_t, "h_t", "1", "Web slenderness: (H - 3t)/t, h/tw"),
	F_ENUM(section_row, section.source, section_source_names, NAMED("source"),
		   DOC("computed from nominal dimensions, or imported from the published table")),
};
static const struct field_table row_table = FIELD_TABLE("sign.sections.section", section_row, row_fields);

static const struct field result_fields[] = {
	F_OBJECTS(sections_result, sections, &row_table, DOC("In the order asked, or in catalog order")),
	F_STRS(sections_result, unknown, DOC("Designations that the catalog does not have")),
};
static const struct field_table result_table = FIELD_TABLE("sign.sections.result", sections_result, result_fields);

/* One answer under way. */
struct answering {
	struct calc *calc;
	const struct sections_request *request;
	struct sections_result *result;
	struct section_set set;
};

static void add_row(struct answering *a, const struct section *section)
{
	struct section_row *row = &a->result->sections.items[a->result->sections.count++];
	row->designation = section->designation;
	row->section = *section;
	section_note_published(a->calc, section);
}

static void add_unknown(struct answering *a, size_t index, const char *designation)
{
	const char *pointer =
		a->request->designation != NULL ? "/designation" : field_pointer_index(a->calc->arena, "/designations", index);
	if (a->result->unknown.count < UNKNOWN_NAMED)
		calc_warn(a->calc, "unknown_section", pointer, "%s is not in the catalog.", designation);
	else if (a->result->unknown.count == UNKNOWN_NAMED)
		calc_warn(a->calc, "unknown_sections", "/designations", "More than %d are not in the catalog; see unknown.",
				  UNKNOWN_NAMED);
	a->result->unknown.items[a->result->unknown.count++] = designation;
}

static bool answer_designations(struct answering *a, const char *const *designations, size_t count)
{
	struct arena *arena = a->calc->arena;
	a->result->sections.items = arena_array(arena, count, sizeof(struct section_row));
	a->result->unknown.items = arena_array(arena, count, sizeof(const char *));
	if (a->result->sections.items == NULL || a->result->unknown.items == NULL)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct section *section =
			section_find(&a->set, (enum section_standard)a->request->standard, section_key(designations[i]));
		if (section != NULL)
			add_row(a, section);
		else
			add_unknown(a, i, designations[i]);
	}
	if (a->result->sections.count == 0)
		calc_abstain(a->calc, "abstain.no_section_data",
					 "No section data for %s%s; give listed designations, or import the published shapes.",
					 designations[0], count > 1 ? " and the others" : "");
	return true;
}

static bool wanted(const struct sections_request *request, const struct section *section)
{
	return !(section->zx_in3 < request->min_zx_in3) && !(section->weight_lb_ft > request->max_weight_lb_ft) &&
		   !(section->depth_in > request->max_depth_in);
}

static bool answer_families(struct answering *a, unsigned families)
{
	struct arena *arena = a->calc->arena;
	size_t limit = (size_t)a->request->limit, matching = 0;
	const struct section **list = arena_array(arena, section_room(&a->set), sizeof *list);
	if (list == NULL)
		return false;
	size_t count = section_list(&a->set, (enum section_standard)a->request->standard, families, list);
	a->result->sections.items = arena_array(arena, count < limit ? count : limit, sizeof(struct section_row));
	if (a->result->sections.items == NULL)
		return count == 0;
	for (size_t i = 0; i < count; i++)
		if (wanted(a->request, list[i]) && matching++ < limit)
			add_row(a, list[i]);
	calc_factor(a->calc, "matching", (double)matching);
	if (matching > limit)
		calc_assume(a->calc, "limited", "The first %zu of %zu matching sections are shown; raise limit for more.",
					limit, matching);
	return true;
}

/* What is asked for is one of three things. */
static void check(struct calc *calc, const void *input)
{
	const struct sections_request *r = input;
	bool named = r->designation != NULL || r->designations.count > 0;
	if (r->designation != NULL && r->designations.count > 0)
		calc_fault(calc, "/designations", "conflict", "give designation or designations");
	if (named && r->families.count > 0)
		calc_fault(calc, "/families", "conflict", "give designations or families");
	static const char *const pointers[] = {"/min_Zx_in3", "/max_weight_lb_ft", "/max_depth_in"};
	const double filters[] = {r->min_zx_in3, r->max_weight_lb_ft, r->max_depth_in};
	for (int i = 0; i < 3; i++)
		if (named && given(filters[i]))
			calc_fault(calc, pointers[i], "conflict", "narrows families, not designations");
}

static unsigned families_of(const struct sections_request *request)
{
	unsigned families = 0;
	for (size_t i = 0; i < request->families.count; i++)
		families |= 1u << request->families.items[i];
	return families != 0 ? families : SECTION_ALL;
}

/* Published W shapes count only where a W is named, so that no other answer depends on them. */
static unsigned families_needed(const struct sections_request *request)
{
	if (request->designation == NULL && request->designations.count == 0)
		return families_of(request);
	bool w = request->designation != NULL && section_key_is_w(section_key(request->designation));
	for (size_t i = 0; i < request->designations.count; i++)
		w |= section_key_is_w(section_key(request->designations.items[i]));
	return w ? 1u << SECTION_W : 0;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	struct answering a = {.calc = calc, .request = input, .result = output};
	if (!section_open(calc, families_needed(a.request), &a.set))
		return false;
	if (a.request->designation != NULL)
		return answer_designations(&a, &a.request->designation, 1);
	if (a.request->designations.count > 0)
		return answer_designations(&a, a.request->designations.items, a.request->designations.count);
	return answer_families(&a, families_of(a.request));
}

/* The console's selects ask by GET, the query's members being the body. */
static const struct op_alias aliases[] = {
	{"GET", "/signage/cantilever/sections"},
	{"GET", "/signage/monument/sections"},
	{NULL, NULL},
};

/* Two thousand designations are more values than a common body has. */
static const struct json_limits limits = {.depth = 8, .values = 3 * DESIGNATIONS_MAX};

const struct op sign_sections_op = {
	.name = "sign.sections",
	.path = "/api/v1/sign/sections",
	.summary = "Steel sections and their properties",
	.doc = "HSS, pipe and W shapes by designation or family. Properties are computed from nominal dimensions (pack "
		   "`sections`), or published ones where `aisc_shapes` was imported; 6 significant digits.",
	.aliases = aliases,
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"designations\":[\"Pipe8STD\",\"HSS8X8X1/4\",\"W8X18\"]}",
	.limits = &limits,
};
