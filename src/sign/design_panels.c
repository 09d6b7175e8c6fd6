#include "sign/design_panels.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "seal/pack.h"
#include "sign/domain/grade.h"
#include "sign/domain/soil.h"

double member_number(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : NAN;
}

const char *member_text(const struct json *json, const char *name, const char *absent)
{
	const char *text = json_text(json, name);
	return text != NULL ? text : absent;
}

static void add_number(struct lines *lines, const char *label, double value, int decimals, const char *unit)
{
	if (lines->count < ITEMS_MAX)
		lines->items[lines->count++] =
			(struct report_item){.label = label, .number = value, .decimals = decimals, .unit = unit};
}

static void add_text(struct lines *lines, const char *label, const char *text)
{
	if (lines->count < ITEMS_MAX)
		lines->items[lines->count++] = (struct report_item){.label = label, .text = text, .number = NAN};
}

const struct pack *pack_of_hash(const struct packs *packs, const char *sha256)
{
	const struct pack *pack;
	for (size_t i = 0; packs != NULL && sha256 != NULL && (pack = packs_at(packs, i)) != NULL; i++)
		if (strcmp(pack->sha256, sha256) == 0)
			return pack;
	return NULL;
}

/* --- where the words of a standard differ by edition --- */

static const struct edition {
	const char *code, *name, *sign, *figure, *member, *minimum;
} editions[] = {
	{"ASCE7-10", "ASCE 7-10", "eq. 29.4-1", "fig. 29.4-1", "eq. 29.5-1", "29.8"},
	{"ASCE7-16", "ASCE 7-16", "eq. 29.3-1", "fig. 29.3-1", "eq. 29.4-1", "29.7"},
	{"ASCE7-22", "ASCE 7-22", "eq. 29.3-1", "fig. 29.3-1", "eq. 29.4-1", "29.7"},
};

static const struct edition *edition_of(const struct sealed *s)
{
	const char *code = member_text(s->inputs, "code", "ASCE7-16");
	for (size_t i = 0; i < sizeof editions / sizeof *editions; i++)
		if (strcmp(code, editions[i].code) == 0)
			return &editions[i];
	return &editions[1];
}

const char *load_standard(const struct sealed *s)
{
	return edition_of(s)->name;
}

/* 30 % of openings and more: a lattice, whose pressure is that at its middle's height. */
static bool is_open(const struct sealed *s)
{
	return member_number(json_get(s->inputs, "sign"), "solid_ratio") <= .7;
}

/* --- soil --- */

static const struct {
	const char *member, *label, *word, *unit;
	int decimals;
} soil_values[] = {{"lateral_psf_ft", "Lateral, given", "lateral bearing", "psf/ft", 0},
				   {"vertical_psf", "Bearing, given", "bearing", "psf", 0},
				   {"friction", "Friction, given", "friction", "", 2},
				   {"cohesion_psf", "Cohesion, given", "cohesion", "psf", 0}};

const char *soil_words(const struct json *soil, struct arena *arena)
{
	double class = member_number(soil, "class");
	const char *words = arena_printf(arena, "class %.0f (IBC table 1806.2)", isnan(class) ? 4 : class);
	for (size_t i = 0; i < sizeof soil_values / sizeof *soil_values; i++) {
		double value = member_number(soil, soil_values[i].member);
		if (!isnan(value))
			words = arena_printf(arena, "%s, %s %.*f%s%s", words, soil_values[i].word, soil_values[i].decimals, value,
								 *soil_values[i].unit != '\0' ? " " : "", soil_values[i].unit);
	}
	return words;
}

static void soil_lines(const struct json *soil, struct lines *lines)
{
	add_number(lines, "Soil class (IBC)", member_number(soil, "class"), 0, "");
	for (size_t i = 0; i < sizeof soil_values / sizeof *soil_values; i++) {
		double value = member_number(soil, soil_values[i].member);
		if (!isnan(value))
			add_number(lines, soil_values[i].label, value, soil_values[i].decimals, soil_values[i].unit);
	}
}

/* --- the panels --- */

void site_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *site = json_get(s->inputs, "site"), *hill = json_get(site, "hill");
	add_text(lines, "Loads by", load_standard(s));
	add_text(lines, "Strengths at", strcmp(member_text(s->inputs, "level", "asd"), "lrfd") == 0 ? "LRFD" : "ASD");
	add_number(lines, "Wind speed", member_number(site, "wind_speed_mph"), 0, "mph");
	add_text(lines, "Exposure", json_text(site, "exposure"));
	add_text(lines, "Risk category", json_text(site, "risk_category"));
	add_number(lines, "Ground elevation", member_number(site, "ground_elevation_ft"), 0, "ft");
	if (hill != NULL && hill->kind == JS_OBJECT)
		add_text(
			lines, "Topography",
			arena_printf(s->arena, "%s of %.0f ft", member_text(hill, "shape", ""), member_number(hill, "height_ft")));
	add_number(lines, "Frost depth", member_number(site, "frost_depth_ft"), 2, "ft");
	soil_lines(json_get(json_get(s->inputs, "foundation"), "soil"), lines);
}

void wind_lines(const struct sealed *s, struct lines *lines)
{
	static const struct {
		const char *label, *name, *unit;
		int decimals;
	} rows[] = {{"Kz", "kz", "", 3},
				{"Kzt", "kzt", "", 3},
				{"Ke", "ke", "", 3},
				{"Kd", "kd", "", 2},
				{"G", "g", "", 3},
				{"qh", "qh_psf", "psf", 2},
				{"s/h", "s_over_h", "", 3},
				{"B/s", "b_over_s", "", 3},
				{"Cf", "cf", "", 3},
				{"Openings, factor", "opening_factor", "", 3},
				{"Pressure, Case A", "pressure_psf", "psf", 2},
				{"Area", "area_ft2", "ft\xc2\xb2", 1}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double value = member_number(s->loads, rows[i].name);
		bool opening = strcmp(rows[i].name, "opening_factor") == 0, pressure = strcmp(rows[i].label, "qh") == 0;
		if (!opening || value < 1)
			add_number(lines, pressure && is_open(s) ? "qz, at the middle" : rows[i].label, value, rows[i].decimals,
					   rows[i].unit);
	}
}

const char *pole_material(const struct json *inputs, const struct json *pole)
{
	const struct json *support = json_get(inputs, "support");
	const char *family = member_text(pole, "family", "");
	if (strcmp(member_text(support, "material", "steel"), "aluminum") == 0)
		return "6061-T6, welded";
	for (int form = GRADE_HSS_ROUND; form <= GRADE_W; form++)
		if (strcmp(family, grade_form_names[form]) == 0)
			return member_text(support, "steel_grade", grade_default((enum grade_form)form));
	return "";
}

void pole_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *pole = json_get(s->selected, "pole");
	add_text(lines, "Section", json_text(pole, "designation"));
	add_number(lines, "Poles", member_number(s->result, "num_poles"), 0, "");
	if (member_number(s->result, "num_poles") > 1)
		add_number(lines, "Spacing", member_number(s->result, "spacing_ft"), 2, "ft");
	add_text(lines, "Material", pole_material(s->inputs, pole));
	add_number(lines, "Fy", member_number(pole, "fy_ksi"), 0, "ksi");
	add_number(lines, "Weight", member_number(pole, "weight_lb_ft"), 2, "lb/ft");
	add_number(lines, "Length", member_number(s->result, "pole_length_ft"), 2, "ft");
	add_number(lines, "Weight of all", member_number(pole, "weight_lb"), 0, "lb");
	add_number(lines, "Deflection", member_number(pole, "deflection_in"), 2, "in");
}

const char *bars(const struct sealed *s, const struct json *rebar, const char *count, const char *size)
{
	return arena_printf(s->arena, "%.0f\302\240#%.0f", member_number(rebar, count), member_number(rebar, size));
}

bool is_spread(const struct sealed *s)
{
	return strcmp(member_text(json_get(s->selected, "foundation"), "type", ""), "spread") == 0;
}

static void concrete_lines(const struct sealed *s, const struct json *base, struct lines *lines)
{
	double fc_psi = member_number(json_get(s->inputs, "foundation"), "fc_psi");
	const struct pack *pack = pack_of_hash(s->packs, json_text(s->used, "concrete"));
	add_text(lines, "Concrete",
			 arena_printf(s->arena, "%.2f yd\xc2\xb3, f'c %.0f psi", member_number(base, "concrete_yards"),
						  isnan(fc_psi) ? 3000 : fc_psi));
	if (pack != NULL && pack->data != NULL)
		add_number(lines, "Bars, fy", ((const struct concrete_constants *)pack->data)->fy_psi / 1000, 0, "ksi");
}

/* The page holds twelve lines: with a plate's four, eight for the concrete. */
static void pier_lines(const struct sealed *s, const struct json *base, struct lines *lines)
{
	const struct json *rebar = json_get(base, "rebar");
	add_text(lines, "Type", "Drilled pier");
	add_number(lines, "Diameter", member_number(base, "diameter_ft"), 2, "ft");
	add_text(lines, "Depth (required)",
			 arena_printf(s->arena, "%.2f (%.3f) ft", member_number(base, "depth_ft"),
						  member_number(base, "required_depth_ft")));
	concrete_lines(s, base, lines);
	add_text(lines, "Verticals", bars(s, rebar, "verticals", "vertical_size"));
	add_text(lines, "Ties",
			 arena_printf(s->arena, "#%.0f at %.0f in", member_number(rebar, "tie_size"),
						  member_number(rebar, "tie_spacing_in")));
	add_number(lines, "Lap", member_number(rebar, "lap_in"), 1, "in");
}

static void spread_lines(const struct sealed *s, const struct json *base, struct lines *lines)
{
	const struct json *rebar = json_get(base, "rebar");
	add_text(lines, "Type", "Spread footing");
	add_number(lines, "Length, across the face", member_number(base, "length_ft"), 2, "ft");
	add_text(lines, "Width, thickness",
			 arena_printf(s->arena, "%.2f \xc3\x97 %.2f ft", member_number(base, "width_ft"),
						  member_number(base, "thickness_ft")));
	concrete_lines(s, base, lines);
	add_text(lines, "Bars along the length", bars(s, rebar, "count", "size"));
	add_text(lines, "Bars along the width", bars(s, rebar, "count_width", "size"));
}

static void plate_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *plate = json_get(s->selected, "baseplate"), *anchors = json_get(s->selected, "anchors");
	if (plate == NULL || plate->kind != JS_OBJECT)
		return;
	add_text(lines, "Base plate",
			 arena_printf(s->arena, "%.4g \xc3\x97 %.4g \xc3\x97 %.4g in, A36", member_number(plate, "w_in"),
						  member_number(plate, "l_in"), member_number(plate, "t_in")));
	add_text(lines, "Weld", arena_printf(s->arena, "%.4g in fillet all around, E70", member_number(plate, "weld_in")));
	add_text(lines, "Anchors",
			 arena_printf(s->arena, "%.0f \xc3\x97 %.4g in %s", member_number(anchors, "count"),
						  member_number(anchors, "dia_in"), member_text(anchors, "grade", "")));
	add_text(lines, "hef, tension",
			 arena_printf(s->arena, "%.4g in, %.2f kip LRFD", member_number(anchors, "embed_in"),
						  member_number(anchors, "tension_per_anchor_kip")));
}

void foundation_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *base = json_get(s->selected, "foundation");
	if (is_spread(s))
		spread_lines(s, base, lines);
	else
		pier_lines(s, base, lines);
	plate_lines(s, lines);
}

const char *foundation_words(const struct sealed *s)
{
	const struct json *base = json_get(s->selected, "foundation");
	if (is_spread(s))
		return arena_printf(s->arena, "Spread footing %.2f \xc3\x97 %.2f \xc3\x97 %.2f ft",
							member_number(base, "length_ft"), member_number(base, "width_ft"),
							member_number(base, "thickness_ft"));
	return arena_printf(s->arena, "Drilled pier %.2f \xc3\x97 %.2f ft", member_number(base, "diameter_ft"),
						member_number(base, "depth_ft"));
}

void summary_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *face = json_get(s->result, "face"), *pole = json_get(s->selected, "pole");
	const struct json *base = json_get(s->selected, "foundation"), *total = json_get(s->loads, "total");
	double highest = 0;
	const struct json *checks = json_get(s->selected, "checks");
	for (uint32_t i = 0; i < checks->count; i++)
		highest = fmax(highest, member_number(&checks->items[i], "utilization"));
	add_text(lines, "Sign",
			 arena_printf(s->arena, "%.2f \xc3\x97 %.2f ft, %.0f ft\xc2\xb2", member_number(face, "sign_width_ft"),
						  member_number(face, "sign_height_ft"), member_number(face, "area_ft2")));
	add_number(lines, "Overall height", member_number(face, "height_ft"), 2, "ft");
	add_number(lines, "Wind speed", member_number(json_get(s->inputs, "site"), "wind_speed_mph"), 0, "mph");
	add_text(lines, "Exposure", json_text(json_get(s->inputs, "site"), "exposure"));
	add_number(lines, arena_printf(s->arena, "Governing force, Case %s", member_text(total, "governing_case", "A")),
			   member_number(total, "force_lb"), 0, "lb");
	add_text(lines, "Pole",
			 arena_printf(s->arena, "%.0f \xc3\x97 %s", member_number(s->result, "num_poles"),
						  member_text(pole, "designation", "")));
	add_text(lines, "Foundation", foundation_words(s));
	add_number(lines, "Concrete", member_number(base, "concrete_yards"), 2, "yd\xc2\xb3");
	add_number(lines, "Estimated cost", member_number(json_get(s->selected, "cost_usd"), "total"), 0, "USD");
	add_number(lines, "Highest utilization", highest, 3, "");
}

/* --- loads --- */

/* Where the force of Case A acts, and by what it is. */
static const char *case_a_note(const struct sealed *s)
{
	const struct edition *edition = edition_of(s);
	const struct json *least = json_get(s->loads, "min_governs");
	const char *by = is_open(s) ? edition->member : edition->sign;
	if (least != NULL && least->kind == JS_BOOL && least->boolean)
		by = arena_printf(s->arena, "16 psf (%s)", edition->minimum);
	/* at s/h of 1 the figure's note raises it */
	return arena_printf(s->arena, "%s, %s", by,
						member_number(s->loads, "s_over_h") > 1 - 1e-9 ? ".05 h above the middle" : "at the middle");
}

static const char *case_c_note(const struct sealed *s)
{
	const struct json *c = json_get(s->loads, "case_c");
	double reduction = member_number(c, "reduction_factor"), corner = member_number(c, "return_corner_factor");
	if (!(reduction < 1) && !(corner < 1))
		return arena_printf(s->arena, "%s, by regions", edition_of(s)->figure);
	const char *words = edition_of(s)->figure;
	if (reduction < 1)
		words = arena_printf(s->arena, "%s, \xc3\x97 %.3f", words, reduction);
	if (corner < 1)
		words = arena_printf(s->arena, "%s, corner \xc3\x97 %.3f", words, corner);
	return words;
}

size_t load_rows(const struct sealed *s, struct report_load rows[LOADS_MAX])
{
	const struct json *l = s->loads, *b = json_get(l, "case_b"), *c = json_get(l, "case_c"),
					  *poles = json_get(l, "poles");
	const struct json *total = json_get(l, "total"), *lrfd = json_get(l, "lrfd"), *asd = json_get(l, "asd");
	const char *governing = member_text(total, "governing_case", "A");
	double arm = member_number(l, "arm_ft"), moment = member_number(l, "moment_base_lbft");
	bool has_c = c != NULL && c->kind == JS_OBJECT, has_poles = poles != NULL && poles->kind == JS_OBJECT;
	const struct edition *edition = edition_of(s);
	size_t n = 0;
	rows[n++] =
		(struct report_load){"Case A", member_number(l, "force_lb"), arm, moment, 0, case_a_note(s), *governing == 'A'};
	rows[n++] = (struct report_load){"Case B",
									 member_number(b, "force_lb"),
									 arm,
									 moment,
									 member_number(b, "torsion_lbft"),
									 arena_printf(s->arena, "%s, at 0.2 B aside", edition->figure),
									 *governing == 'B'};
	if (has_c)
		rows[n++] = (struct report_load){"Case C",
										 member_number(c, "force_lb"),
										 arm,
										 member_number(c, "moment_base_lbft"),
										 member_number(c, "torsion_lbft"),
										 case_c_note(s),
										 *governing == 'C'};
	else
		rows[n++] = (struct report_load){"Case C", NAN, NAN, NAN, NAN, "does not apply", false};
	if (has_poles)
		rows[n++] =
			(struct report_load){"Poles",
								 member_number(poles, "force_lb"),
								 member_number(poles, "arm_ft"),
								 member_number(poles, "moment_base_lbft"),
								 NAN,
								 arena_printf(s->arena, "%s, Cf %.2f", edition->member, member_number(poles, "cf")),
								 false};
	rows[n++] = (struct report_load){"Total, LRFD 1.0 W",
									 member_number(lrfd, "force_lb"),
									 NAN,
									 member_number(lrfd, "moment_base_lbft"),
									 member_number(lrfd, "torsion_lbft"),
									 "largest moment; checks take each case",
									 false};
	rows[n++] = (struct report_load){"Total, ASD 0.6 W",
									 member_number(asd, "force_lb"),
									 NAN,
									 member_number(asd, "moment_base_lbft"),
									 member_number(asd, "torsion_lbft"),
									 "",
									 false};
	return n;
}
