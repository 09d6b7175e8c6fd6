#include "sign/design_report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "draw/elevation.h"
#include "draw/report.h"
#include "seal/op.h"
#include "seal/pack.h"
#include "seal/seals.h"
#include "sign/domain/design.h"

enum { ITEMS_MAX = 16, LOADS_MAX = 8 };

static const struct json_limits stored_limits = {.depth = 100, .values = 10000000};

/* A sealed design, opened. */
struct sealed {
	struct arena *arena;
	const struct seal *seal;
	const struct json *inputs, *result, *packs, *selected, *loads;
};

static bool open_seal(const struct seal *seal, struct arena *arena, struct sealed *s, struct err *err)
{
	*s = (struct sealed){.arena = arena, .seal = seal};
	if (seal->operation == NULL || strcmp(seal->operation, "sign.design") != 0)
		return err_set(err, ERR_NOT_FOUND, "This seal is not of a sign design.");
	if (!json_parse(arena, seal->inputs, strlen(seal->inputs), &stored_limits, &s->inputs, err) ||
		!json_parse(arena, seal->result, strlen(seal->result), &stored_limits, &s->result, err) ||
		!json_parse(arena, seal->packs, strlen(seal->packs), &stored_limits, &s->packs, err))
		return false;
	s->selected = json_get(s->result, "selected");
	s->loads = json_get(s->result, "loads");
	if (s->selected == NULL || s->selected->kind != JS_OBJECT)
		return err_set(err, ERR_NOT_FOUND, "Nothing was feasible in this design: there is no structure to draw.");
	return true;
}

static double number(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : NAN;
}

static const char *text_or(const struct json *json, const char *name, const char *absent)
{
	const char *text = json_text(json, name);
	return text != NULL ? text : absent;
}

/* A list of lines under construction. */
struct lines {
	struct report_item items[ITEMS_MAX];
	size_t count;
};

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

static void site_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *site = json_get(s->inputs, "site"), *soil = json_get(json_get(s->inputs, "foundation"), "soil");
	add_number(lines, "Wind speed", number(site, "wind_speed_mph"), 0, "mph");
	add_text(lines, "Exposure", json_text(site, "exposure"));
	add_text(lines, "Risk category", json_text(site, "risk_category"));
	add_number(lines, "Ground elevation", number(site, "ground_elevation_ft"), 0, "ft");
	add_number(lines, "Frost depth", number(site, "frost_depth_ft"), 2, "ft");
	add_number(lines, "Soil class (IBC)", number(soil, "class"), 0, "");
}

static void wind_lines(const struct sealed *s, struct lines *lines)
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
				{"Pressure, Case A", "pressure_psf", "psf", 2},
				{"Area", "area_ft2", "ft\xc2\xb2", 1}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		add_number(lines, rows[i].label, number(s->loads, rows[i].name), rows[i].decimals, rows[i].unit);
}

static void pole_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *pole = json_get(s->selected, "pole");
	add_text(lines, "Section", json_text(pole, "designation"));
	add_number(lines, "Poles", number(s->result, "num_poles"), 0, "");
	add_number(lines, "Fy", number(pole, "fy_ksi"), 0, "ksi");
	add_number(lines, "Weight", number(pole, "weight_lb_ft"), 2, "lb/ft");
	add_number(lines, "Length", number(s->result, "pole_length_ft"), 2, "ft");
	add_number(lines, "Weight of all", number(pole, "weight_lb"), 0, "lb");
	add_number(lines, "Deflection", number(pole, "deflection_in"), 2, "in");
}

static const char *bars(const struct sealed *s, const struct json *rebar, const char *count, const char *size)
{
	return arena_printf(s->arena, "%.0f #%.0f", number(rebar, count), number(rebar, size));
}

static bool is_spread(const struct sealed *s)
{
	return strcmp(text_or(json_get(s->selected, "foundation"), "type", ""), "spread") == 0;
}

/* The page holds eleven lines: with a plate's four, seven for the concrete. */
static void pier_lines(const struct sealed *s, const struct json *base, struct lines *lines)
{
	const struct json *rebar = json_get(base, "rebar");
	add_text(lines, "Type", "Drilled pier");
	add_number(lines, "Diameter", number(base, "diameter_ft"), 2, "ft");
	add_text(lines, "Depth (required)",
			 arena_printf(s->arena, "%.2f (%.3f) ft", number(base, "depth_ft"), number(base, "required_depth_ft")));
	add_number(lines, "Concrete", number(base, "concrete_yards"), 2, "yd\xc2\xb3");
	add_text(lines, "Verticals", bars(s, rebar, "verticals", "vertical_size"));
	add_text(lines, "Ties",
			 arena_printf(s->arena, "#%.0f at %.0f in", number(rebar, "tie_size"), number(rebar, "tie_spacing_in")));
	add_number(lines, "Lap", number(rebar, "lap_in"), 1, "in");
}

static void spread_lines(const struct sealed *s, const struct json *base, struct lines *lines)
{
	const struct json *rebar = json_get(base, "rebar");
	add_text(lines, "Type", "Spread footing");
	add_number(lines, "Length, across the face", number(base, "length_ft"), 2, "ft");
	add_text(lines, "Width, thickness",
			 arena_printf(s->arena, "%.2f \xc3\x97 %.2f ft", number(base, "width_ft"), number(base, "thickness_ft")));
	add_number(lines, "Concrete", number(base, "concrete_yards"), 2, "yd\xc2\xb3");
	add_text(lines, "Bars along the length", bars(s, rebar, "count", "size"));
	add_text(lines, "Bars along the width", bars(s, rebar, "count_width", "size"));
}

static void plate_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *plate = json_get(s->selected, "baseplate"), *anchors = json_get(s->selected, "anchors");
	if (plate == NULL || plate->kind != JS_OBJECT)
		return;
	add_text(lines, "Base plate",
			 arena_printf(s->arena, "%.4g \xc3\x97 %.4g \xc3\x97 %.4g in, A36", number(plate, "w_in"),
						  number(plate, "l_in"), number(plate, "t_in")));
	add_text(lines, "Weld", arena_printf(s->arena, "%.4g in fillet all around, E70", number(plate, "weld_in")));
	add_text(lines, "Anchors",
			 arena_printf(s->arena, "%.0f \xc3\x97 %.4g in %s", number(anchors, "count"), number(anchors, "dia_in"),
						  text_or(anchors, "grade", "")));
	add_text(lines, "hef, tension",
			 arena_printf(s->arena, "%.4g in, %.2f kip LRFD", number(anchors, "embed_in"),
						  number(anchors, "tension_per_anchor_kip")));
}

static void foundation_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *base = json_get(s->selected, "foundation");
	if (is_spread(s))
		spread_lines(s, base, lines);
	else
		pier_lines(s, base, lines);
	plate_lines(s, lines);
}

static const char *foundation_words(const struct sealed *s)
{
	const struct json *base = json_get(s->selected, "foundation");
	if (is_spread(s))
		return arena_printf(s->arena, "Spread footing %.2f \xc3\x97 %.2f \xc3\x97 %.2f ft", number(base, "length_ft"),
							number(base, "width_ft"), number(base, "thickness_ft"));
	return arena_printf(s->arena, "Drilled pier %.2f \xc3\x97 %.2f ft", number(base, "diameter_ft"),
						number(base, "depth_ft"));
}

static void summary_lines(const struct sealed *s, struct lines *lines)
{
	const struct json *face = json_get(s->result, "face"), *pole = json_get(s->selected, "pole");
	const struct json *base = json_get(s->selected, "foundation"), *total = json_get(s->loads, "total");
	double highest = 0;
	const struct json *checks = json_get(s->selected, "checks");
	for (uint32_t i = 0; i < checks->count; i++)
		highest = fmax(highest, number(&checks->items[i], "utilization"));
	add_text(lines, "Sign",
			 arena_printf(s->arena, "%.2f \xc3\x97 %.2f ft, %.0f ft\xc2\xb2", number(face, "sign_width_ft"),
						  number(face, "sign_height_ft"), number(face, "area_ft2")));
	add_number(lines, "Overall height", number(face, "height_ft"), 2, "ft");
	add_number(lines, "Wind speed", number(json_get(s->inputs, "site"), "wind_speed_mph"), 0, "mph");
	add_text(lines, "Exposure", json_text(json_get(s->inputs, "site"), "exposure"));
	add_number(lines, arena_printf(s->arena, "Governing force, Case %s", text_or(total, "governing_case", "A")),
			   number(total, "force_lb"), 0, "lb");
	add_text(
		lines, "Pole",
		arena_printf(s->arena, "%.0f \xc3\x97 %s", number(s->result, "num_poles"), text_or(pole, "designation", "")));
	add_text(lines, "Foundation", foundation_words(s));
	add_number(lines, "Concrete", number(base, "concrete_yards"), 2, "yd\xc2\xb3");
	add_number(lines, "Estimated cost", number(json_get(s->selected, "cost_usd"), "total"), 0, "USD");
	add_number(lines, "Highest utilization", highest, 3, "");
}

/* --- loads, checks --- */

static size_t load_rows(const struct sealed *s, struct report_load rows[LOADS_MAX])
{
	const struct json *l = s->loads, *b = json_get(l, "case_b"), *c = json_get(l, "case_c"),
					  *poles = json_get(l, "poles");
	const struct json *total = json_get(l, "total"), *lrfd = json_get(l, "lrfd"), *asd = json_get(l, "asd");
	const char *governing = text_or(total, "governing_case", "A");
	double arm = number(l, "arm_ft"), moment = number(l, "moment_base_lbft");
	bool has_c = c != NULL && c->kind == JS_OBJECT, has_poles = poles != NULL && poles->kind == JS_OBJECT;
	size_t n = 0;
	rows[n++] = (struct report_load){"Case A",         number(l, "force_lb"), arm, moment, 0, "at the geometric centre",
									 *governing == 'A'};
	rows[n++] = (struct report_load){"Case B",         number(b, "force_lb"),     arm,
									 moment,           number(b, "torsion_lbft"), "at 0.2 B from the centre",
									 *governing == 'B'};
	if (has_c)
		rows[n++] = (struct report_load){"Case C",
										 number(c, "force_lb"),
										 arm,
										 number(c, "moment_base_lbft"),
										 number(c, "torsion_lbft"),
										 "by regions from the windward edge",
										 *governing == 'C'};
	else
		rows[n++] = (struct report_load){"Case C", NAN, NAN, NAN, NAN, "does not apply", false};
	if (has_poles)
		rows[n++] = (struct report_load){"Poles",
										 number(poles, "force_lb"),
										 number(poles, "arm_ft"),
										 number(poles, "moment_base_lbft"),
										 NAN,
										 arena_printf(s->arena, "Cf %.2f", number(poles, "cf")),
										 false};
	rows[n++] = (struct report_load){
		"Total, LRFD 1.0 W",          number(lrfd, "force_lb"),   NAN,  number(lrfd, "moment_base_lbft"),
		number(lrfd, "torsion_lbft"), "governing case and poles", false};
	rows[n++] = (struct report_load){"Total, ASD 0.6 W",
									 number(asd, "force_lb"),
									 NAN,
									 number(asd, "moment_base_lbft"),
									 number(asd, "torsion_lbft"),
									 "",
									 false};
	return n;
}

static bool flag(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && member->kind == JS_BOOL && member->boolean;
}

/* Rows stand in groups, each begun by a row of its own. */
static const char *group_after(const char *group, const char *name)
{
	static const struct {
		const char *first, *group;
	} groups[] = {{"lateral", "Foundation"},
				  {"bearing", "Foundation"},
				  {"plate_bearing_side", "Base plate"},
				  {"steel_tension", "Anchors"}};
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		if (strcmp(name, groups[i].first) == 0)
			return groups[i].group;
	return group;
}

static const struct report_check *check_rows(const struct sealed *s, size_t *count)
{
	const struct json *checks = json_get(s->selected, "checks");
	struct report_check *rows = arena_array(s->arena, checks->count, sizeof *rows);
	const char *group = "Pole";
	*count = rows != NULL ? checks->count : 0;
	for (size_t i = 0; i < *count; i++) {
		const struct json *row = &checks->items[i];
		const char *name = text_or(row, "name", "");
		group = group_after(group, name);
		rows[i] = (struct report_check){
			.group = group,
			.name = name,
			.unit = text_or(row, "unit", ""),
			.reference = text_or(row, "reference", ""),
			.demand = number(row, "demand"),
			.capacity = number(row, "capacity"),
			.utilization = number(row, "utilization"),
			.pass = flag(row, "pass"),
			.governing = flag(row, "governing"),
		};
	}
	return rows;
}

/* --- the structure --- */

static void cabinets_of(const struct sealed *s, struct structure *structure)
{
	const struct json *cabinets = json_get(s->inputs, "cabinets"), *face = json_get(s->result, "face");
	size_t count = cabinets != NULL && cabinets->kind == JS_ARRAY ? cabinets->count : 0;
	struct structure_cabinet *list = arena_array(s->arena, count > 0 ? count : 1, sizeof *list);
	if (list == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct json *c = &cabinets->items[i];
		list[i] = (struct structure_cabinet){
			.x_ft = number(c, "x_offset_ft"),
			.bottom_ft = number(c, "z_offset_ft"),
			.width_ft = number(c, "width_ft"),
			.height_ft = number(c, "height_ft"),
			.label = arena_printf(s->arena, "Cabinet %zu", i + 1),
		};
	}
	if (count == 0)
		list[0] = (struct structure_cabinet){.bottom_ft = number(face, "height_ft") - number(face, "sign_height_ft"),
											 .width_ft = number(face, "sign_width_ft"),
											 .height_ft = number(face, "sign_height_ft"),
											 .label = "Sign"};
	structure->cabinets = list;
	structure->cabinet_count = count > 0 ? count : 1;
}

static void plate_of(const struct sealed *s, struct structure *structure)
{
	const struct json *plate = json_get(s->selected, "baseplate"), *anchors = json_get(s->selected, "anchors");
	if (plate == NULL || plate->kind != JS_OBJECT)
		return;
	structure->plate_width_ft = number(plate, "w_in") / 12;
	structure->plate_thickness_ft = number(plate, "t_in") / 12;
	structure->anchor_count = (int)number(anchors, "count");
	structure->anchor_embed_ft = number(anchors, "embed_in") / 12;
	structure->anchor_edge_ft = number(anchors, "edge_in") / 12;
}

static void base_of(const struct sealed *s, struct structure *structure)
{
	const struct json *base = json_get(s->selected, "foundation"), *rebar = json_get(base, "rebar");
	bool spread = is_spread(s);
	structure->base = spread ? BASE_SPREAD : BASE_PIER;
	structure->footing_each = spread;
	structure->base_width_ft = number(base, spread ? "width_ft" : "diameter_ft");
	structure->base_depth_ft = number(base, spread ? "thickness_ft" : "depth_ft");
	structure->base_thickness_ft = spread ? number(base, "thickness_ft") : 0;
	structure->base_label = spread
								? arena_printf(s->arena, "%s, #%.0f at %.1f in each way", foundation_words(s),
											   number(rebar, "size"), number(rebar, "spacing_in"))
								: arena_printf(s->arena, "%.2f ft diameter, %.2f ft deep, %s and #%.0f ties at %.0f in",
											   number(base, "diameter_ft"), number(base, "depth_ft"),
											   bars(s, rebar, "verticals", "vertical_size"), number(rebar, "tie_size"),
											   number(rebar, "tie_spacing_in"));
}

static void structure_of(const struct sealed *s, struct structure *structure)
{
	const struct json *pole = json_get(s->selected, "pole");
	double spacing = number(s->result, "spacing_ft");
	*structure = (struct structure){
		.height_ft = number(json_get(s->result, "face"), "height_ft"),
		.pole_count = (int)number(s->result, "num_poles"),
		.pole_spacing_ft = isnan(spacing) ? 0 : spacing,
		.pole_width_in = number(pole, "width_in"),
		.pole_top_ft = number(s->result, "pole_length_ft"),
		.pole_label =
			arena_printf(s->arena, "%s, %.2f lb/ft", text_or(pole, "designation", ""), number(pole, "weight_lb_ft")),
	};
	base_of(s, structure);
	plate_of(s, structure);
	cabinets_of(s, structure);
}

/* --- notes --- */

static struct report_texts references(const struct sealed *s)
{
	static const char *const by_code[][4] = {
		{"ASCE/SEI 7-10, Minimum Design Loads for Buildings and Other Structures"},
		{"ASCE/SEI 7-16, Minimum Design Loads and Associated Criteria, chapters 26 and 29"},
		{"ASCE/SEI 7-22, Minimum Design Loads and Associated Criteria, chapters 26 and 29"}};
	const char *code = text_or(s->inputs, "code", "ASCE7-16");
	const char **list = arena_array(s->arena, 5, sizeof *list);
	if (list == NULL)
		return (struct report_texts){NULL, 0};
	bool aluminum = strcmp(text_or(json_get(s->inputs, "support"), "material", "steel"), "aluminum") == 0;
	const struct json *plate = json_get(s->selected, "baseplate");
	list[0] = by_code[strcmp(code, "ASCE7-10") == 0 ? 0 : strcmp(code, "ASCE7-22") == 0 ? 2 : 1][0];
	list[1] = aluminum ? "Aluminum Design Manual 2020, Part I, Specification for Aluminum Structures"
					   : "ANSI/AISC 360-22, Specification for Structural Steel Buildings";
	list[2] = "ACI 318-19, Building Code Requirements for Structural Concrete";
	list[3] = "International Building Code, sections 1806, 1807 and 1809";
	list[4] = "AISC Design Guide 1, Base Plate and Anchor Rod Design";
	return (struct report_texts){list, plate != NULL && plate->kind == JS_OBJECT ? 5 : 4};
}

static struct report_texts texts_of(const struct sealed *s, const struct json *notes)
{
	size_t count = notes != NULL && notes->kind == JS_ARRAY ? notes->count : 0;
	const char **list = arena_array(s->arena, count, sizeof *list);
	for (size_t i = 0; list != NULL && i < count; i++)
		list[i] = text_or(&notes->items[i], "message", "");
	return (struct report_texts){list, list != NULL ? count : 0};
}

static void take_notes(const struct sealed *s, const struct packs *packs, struct report *report)
{
	static const char *const changed[] = {
		"This program computes another result from these inputs: replay the seal to see the differences."};
	const struct op_context context = {.packs = packs};
	struct op_answer answer;
	struct faults faults;
	const struct json *envelope;
	struct err err;
	report->warnings = (struct report_texts){changed, 1};
	if (!op_run(&sign_design_op, &context, s->inputs, s->arena, &answer, &faults, &err) ||
		strcmp(answer.content_sha256, s->seal->content_sha256) != 0 ||
		!json_parse(s->arena, answer.envelope, answer.envelope_size, &stored_limits, &envelope, &err))
		return;
	report->assumptions = texts_of(s, json_get(envelope, "assumptions"));
	report->warnings = texts_of(s, json_get(envelope, "warnings"));
}

static const char *version_of(const struct packs *packs, const char *sha256)
{
	const struct pack *pack;
	for (size_t i = 0; (pack = packs_at(packs, i)) != NULL; i++)
		if (strcmp(pack->sha256, sha256) == 0)
			return pack->version;
	return "";
}

static const struct report_pack *pack_rows(const struct sealed *s, const struct packs *packs, size_t *count)
{
	struct report_pack *rows = arena_array(s->arena, s->packs->count, sizeof *rows);
	*count = rows != NULL ? s->packs->count : 0;
	for (size_t i = 0; i < *count; i++)
		rows[i] = (struct report_pack){s->packs->members[i].name, version_of(packs, s->packs->members[i].value.text),
									   s->packs->members[i].value.text};
	return rows;
}

bool design_report(struct fonts *fonts, const struct seal *seal, const struct packs *packs, struct arena *arena,
				   struct buf *out, struct err *err)
{
	static const struct design_owner nobody = {.name = "Sign design", .stamp = {.state = STAMP_NONE}};
	return design_report_of(fonts, seal, packs, &nobody, arena, out, err);
}

bool design_report_of(struct fonts *fonts, const struct seal *seal, const struct packs *packs,
					  const struct design_owner *owner, struct arena *arena, struct buf *out, struct err *err)
{
	struct sealed s;
	if (!open_seal(seal, arena, &s, err))
		return false;
	struct lines summary = {.count = 0}, site = summary, wind = summary, pole = summary, foundation = summary;
	struct report_load loads[LOADS_MAX];
	char sealed_at[STAMP_TEXT];
	summary_lines(&s, &summary);
	site_lines(&s, &site);
	wind_lines(&s, &wind);
	pole_lines(&s, &pole);
	foundation_lines(&s, &foundation);
	stamp_format(sealed_at, seal->created_us);
	memcpy(sealed_at + 19, "Z", 2); /* whole seconds */
	struct report report = {
		.project_name = owner->name,
		.project_id = owner->project_id,
		.customer = owner->customer,
		.site_name = owner->site_name,
		.street = owner->street,
		.description = owner->description,
		.status = owner->stamp.state == STAMP_VALID ? "sealed and stamped" : "sealed, not stamped",
		.seal_sha256 = seal->seal_sha256,
		.content_sha256 = seal->content_sha256,
		.inputs_sha256 = seal->inputs_sha256,
		.sealed_at = sealed_at,
		.code_version = arena_printf(arena, "%s (%s)", seal->code_version, seal->git_sha),
		.design_code = text_or(s.inputs, "code", "ASCE7-16"),
		.confidence = seal->confidence,
		.stamp = owner->stamp,
		.summary = {summary.items, summary.count},
		.site = {site.items, site.count},
		.wind = {wind.items, wind.count},
		.pole = {pole.items, pole.count},
		.foundation = {foundation.items, foundation.count},
		.loads = loads,
		.load_count = load_rows(&s, loads),
		.references = references(&s),
	};
	report.checks = check_rows(&s, &report.check_count);
	report.packs = pack_rows(&s, packs, &report.pack_count);
	take_notes(&s, packs, &report);
	structure_of(&s, &report.structure);
	return report_pdf(fonts, &report, out, err);
}

bool design_elevation(struct fonts *fonts, const struct seal *seal, const struct packs *packs, struct arena *arena,
					  struct buf *out, struct err *err)
{
	(void)packs; /* the structure is all in the seal */
	struct sealed s;
	struct structure structure;
	if (!open_seal(seal, arena, &s, err))
		return false;
	structure_of(&s, &structure);
	return elevation_svg(fonts, &structure, "Sign design", out, err);
}
