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
#include "sign/design_panels.h"
#include "sign/domain/design.h"

static const struct json_limits stored_limits = {.depth = 100, .values = 10000000};

static bool open_seal(const struct seal *seal, const struct packs *packs, struct arena *arena, struct sealed *s,
					  struct err *err)
{
	*s = (struct sealed){.arena = arena, .seal = seal, .packs = packs};
	if (seal->operation == NULL || strcmp(seal->operation, "sign.design") != 0)
		return err_set(err, ERR_NOT_FOUND, "This seal is not of a sign design.");
	if (!json_parse(arena, seal->inputs, strlen(seal->inputs), &stored_limits, &s->inputs, err) ||
		!json_parse(arena, seal->result, strlen(seal->result), &stored_limits, &s->result, err) ||
		!json_parse(arena, seal->packs, strlen(seal->packs), &stored_limits, &s->used, err))
		return false;
	s->selected = json_get(s->result, "selected");
	s->loads = json_get(s->result, "loads");
	if (s->selected == NULL || s->selected->kind != JS_OBJECT)
		return err_set(err, ERR_NOT_FOUND, "Nothing was feasible in this design: there is no structure to draw.");
	return true;
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
		const char *name = member_text(row, "name", "");
		group = group_after(group, name);
		rows[i] = (struct report_check){
			.group = group,
			.name = name,
			.unit = member_text(row, "unit", ""),
			.reference = member_text(row, "reference", ""),
			.demand = member_number(row, "demand"),
			.capacity = member_number(row, "capacity"),
			.utilization = member_number(row, "utilization"),
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
			.x_ft = member_number(c, "x_offset_ft"),
			.bottom_ft = member_number(c, "z_offset_ft"),
			.width_ft = member_number(c, "width_ft"),
			.height_ft = member_number(c, "height_ft"),
			.label = arena_printf(s->arena, "Cabinet %zu", i + 1),
		};
	}
	if (count == 0)
		list[0] = (struct structure_cabinet){.bottom_ft = member_number(face, "height_ft") -
														  member_number(face, "sign_height_ft"),
											 .width_ft = member_number(face, "sign_width_ft"),
											 .height_ft = member_number(face, "sign_height_ft"),
											 .label = "Sign"};
	structure->cabinets = list;
	structure->cabinet_count = count > 0 ? count : 1;
}

static void plate_of(const struct sealed *s, struct structure *structure)
{
	const struct json *plate = json_get(s->selected, "baseplate"), *anchors = json_get(s->selected, "anchors");
	if (plate == NULL || plate->kind != JS_OBJECT)
		return;
	structure->plate_width_ft = member_number(plate, "w_in") / 12;
	structure->plate_thickness_ft = member_number(plate, "t_in") / 12;
	structure->anchor_count = (int)member_number(anchors, "count");
	structure->anchor_embed_ft = member_number(anchors, "embed_in") / 12;
	structure->anchor_edge_ft = member_number(anchors, "edge_in") / 12;
}

static void base_of(const struct sealed *s, struct structure *structure)
{
	const struct json *base = json_get(s->selected, "foundation"), *rebar = json_get(base, "rebar");
	bool spread = is_spread(s);
	structure->base = spread ? BASE_SPREAD : BASE_PIER;
	structure->footing_each = spread;
	structure->base_width_ft = member_number(base, spread ? "width_ft" : "diameter_ft");
	structure->base_depth_ft = member_number(base, spread ? "thickness_ft" : "depth_ft");
	structure->base_thickness_ft = spread ? member_number(base, "thickness_ft") : 0;
	/* no-break spaces keep numbers and units together */
	structure->base_label =
		spread ? arena_printf(s->arena, "%s, %s lengthwise, %s crosswise", foundation_words(s),
							  bars(s, rebar, "count", "size"), bars(s, rebar, "count_width", "size"))
			   : arena_printf(s->arena,
							  "%.2f\302\240ft diameter, %.2f\302\240ft deep, %s and "
							  "#%.0f\302\240ties\302\240at\302\240%.0f\302\240in",
							  member_number(base, "diameter_ft"), member_number(base, "depth_ft"),
							  bars(s, rebar, "verticals", "vertical_size"), member_number(rebar, "tie_size"),
							  member_number(rebar, "tie_spacing_in"));
}

static void structure_of(const struct sealed *s, struct structure *structure)
{
	const struct json *pole = json_get(s->selected, "pole");
	double spacing = member_number(s->result, "spacing_ft");
	*structure = (struct structure){
		.height_ft = member_number(json_get(s->result, "face"), "height_ft"),
		.pole_count = (int)member_number(s->result, "num_poles"),
		.pole_spacing_ft = isnan(spacing) ? 0 : spacing,
		.pole_width_in = member_number(pole, "width_in"),
		.pole_top_ft = member_number(s->result, "pole_length_ft"),
		.pole_label = arena_printf(s->arena, "%s, %s, %.2f\302\240lb/ft", member_text(pole, "designation", ""),
								   pole_material(s->inputs, pole), member_number(pole, "weight_lb_ft")),
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
	const char *code = member_text(s->inputs, "code", "ASCE7-16");
	const char **list = arena_array(s->arena, 5, sizeof *list);
	if (list == NULL)
		return (struct report_texts){NULL, 0};
	bool aluminum = strcmp(member_text(json_get(s->inputs, "support"), "material", "steel"), "aluminum") == 0;
	const struct json *plate = json_get(s->selected, "baseplate");
	list[0] = by_code[strcmp(code, "ASCE7-10") == 0 ? 0 : strcmp(code, "ASCE7-22") == 0 ? 2 : 1][0];
	list[1] = aluminum ? "Aluminum Design Manual 2020, Part I, Specification for Aluminum Structures"
					   : "ANSI/AISC 360-22, Specification for Structural Steel Buildings";
	list[2] = "ACI 318-19, Building Code Requirements for Structural Concrete";
	list[3] = "International Building Code 2021 (as 2018 and 2024), sections 1806, 1807 and 1809";
	list[4] = "AISC Design Guide 1, 2nd edition, Base Plate and Anchor Rod Design";
	return (struct report_texts){list, plate != NULL && plate->kind == JS_OBJECT ? 5 : 4};
}

static struct report_texts texts_of(const struct sealed *s, const struct json *notes)
{
	size_t count = notes != NULL && notes->kind == JS_ARRAY ? notes->count : 0;
	const char **list = arena_array(s->arena, count, sizeof *list);
	for (size_t i = 0; list != NULL && i < count; i++)
		list[i] = member_text(&notes->items[i], "message", "");
	return (struct report_texts){list, list != NULL ? count : 0};
}

static void take_notes(const struct sealed *s, struct report *report)
{
	static const char *const changed[] = {
		"This program computes another result from these inputs: replay the seal to see the differences."};
	const struct op_context context = {.packs = s->packs};
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

static const struct report_pack *pack_rows(const struct sealed *s, size_t *count)
{
	struct report_pack *rows = arena_array(s->arena, s->used->count, sizeof *rows);
	*count = rows != NULL ? s->used->count : 0;
	for (size_t i = 0; i < *count; i++) {
		const char *sha256 = s->used->members[i].value.text;
		const struct pack *pack = pack_of_hash(s->packs, sha256);
		rows[i] = (struct report_pack){s->used->members[i].name, pack != NULL ? pack->version : "", sha256};
	}
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
	if (!open_seal(seal, packs, arena, &s, err))
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
		.design_code = load_standard(&s),
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
	report.packs = pack_rows(&s, &report.pack_count);
	take_notes(&s, &report);
	structure_of(&s, &report.structure);
	return report_pdf(fonts, &report, out, err);
}

bool design_elevation(struct fonts *fonts, const struct seal *seal, const struct packs *packs, struct arena *arena,
					  struct buf *out, struct err *err)
{
	struct sealed s;
	struct structure structure;
	if (!open_seal(seal, packs, arena, &s, err))
		return false;
	structure_of(&s, &structure);
	return elevation_svg(fonts, &structure, "Sign design", out, err);
}
