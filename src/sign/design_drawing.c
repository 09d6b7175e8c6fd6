#include "sign/design_drawing.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "draw/foundation.h"
#include "seal/pack.h"
#include "seal/seals.h"
#include "sign/design_panels.h"
#include "sign/design_report.h"
#include "sign/domain/concrete.h"
#include "sign/domain/soil.h"

enum { BARS_MAX = 2, NOTES_MAX = 8 };

/* A drawing under way. */
struct drawing {
	struct arena *arena;
	const struct seal *seal;
	const struct json *inputs, *result, *pole, *base, *rebar;
	const struct json *plate, *anchors; /* plate NULL: the pole is set in the concrete */
	const struct concrete_constants *concrete;
	struct foundation foundation;
	struct foundation_bar bars[BARS_MAX];
	const char *notes[NOTES_MAX];
};

static double number(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : NAN;
}

/* 0 where there is none. */
static int whole(const struct json *json, const char *name)
{
	double value = number(json, name);
	return value >= 0 && value < 1e6 ? (int)value : 0;
}

/* --- opening --- */

static bool open_design(struct drawing *d, const struct packs *packs, struct err *err)
{
	static const struct json_limits limits = {.depth = 100, .values = 10000000};
	const struct seal *seal = d->seal;
	const struct json *used;
	if (seal->operation == NULL || strcmp(seal->operation, "sign.design") != 0)
		return err_set(err, ERR_NOT_FOUND, "This seal is not of a sign design.");
	if (!json_parse(d->arena, seal->inputs, strlen(seal->inputs), &limits, &d->inputs, err) ||
		!json_parse(d->arena, seal->result, strlen(seal->result), &limits, &d->result, err) ||
		!json_parse(d->arena, seal->packs, strlen(seal->packs), &limits, &used, err))
		return false;
	const struct json *selected = json_get(d->result, "selected");
	d->pole = json_get(selected, "pole");
	d->base = json_get(selected, "foundation");
	d->rebar = json_get(d->base, "rebar");
	d->plate = json_get(selected, "baseplate");
	d->anchors = json_get(selected, "anchors");
	if (d->plate != NULL && d->plate->kind != JS_OBJECT)
		d->plate = NULL;
	const struct pack *pack = pack_of_hash(packs, json_text(used, "concrete"));
	if (d->base == NULL || d->base->kind != JS_OBJECT)
		return err_set(err, ERR_NOT_FOUND, "Nothing was feasible in this design: there is no foundation to draw.");
	if (pack == NULL || pack->data == NULL)
		return err_set(err, ERR_NOT_FOUND, "The pack of bars that this design was made with is not here.");
	d->concrete = pack->data;
	return true;
}

/* --- what is drawn --- */

static double diameter_in(const struct drawing *d, int size)
{
	return size > 0 ? rebar_of(d->concrete, size)->diameter_in : 0;
}

static void add_bar(struct drawing *d, const char *mark, int size, int quantity, double length_ft, const char *location)
{
	if (quantity <= 0)
		return;
	d->bars[d->foundation.bar_count++] = (struct foundation_bar){.mark = mark,
																 .size = arena_printf(d->arena, "#%d", size),
																 .quantity = quantity,
																 .length_ft = length_ft,
																 .location = location};
}

static void take_pier(struct drawing *d)
{
	struct foundation *f = &d->foundation;
	int vertical = whole(d->rebar, "vertical_size"), tie = whole(d->rebar, "tie_size");
	f->kind = FOUNDATION_PIER;
	f->width_ft = number(d->base, "diameter_ft");
	f->verticals = whole(d->rebar, "verticals");
	f->ties = whole(d->rebar, "ties");
	f->vertical_in = diameter_in(d, vertical);
	f->tie_in = diameter_in(d, tie);
	f->tie_spacing_in = number(d->rebar, "tie_spacing_in");
	f->cage_label =
		arena_printf(d->arena, "%d #%d VERTICAL, #%d TIES AT %.0f IN", f->verticals, vertical, tie, f->tie_spacing_in);
	/* as their weight is counted: a hoop around the core and two hooks */
	double core_in = f->width_ft * 12 - 2 * f->cover_in, hooks_in = 2 * fmax(6 * f->tie_in, 3);
	add_bar(d, "V1", vertical, f->verticals, f->depth_ft - f->cover_in / 6, "VERTICAL");
	add_bar(d, "T1", tie, f->ties, (M_PI * core_in + hooks_in) / 12, "TIES");
}

/* How many bars at most `apart` inches lie side by side over `extent`. */
static int bars_over(double extent_in, double apart_in)
{
	return apart_in > 0 && extent_in > 0 ? (int)ceil(extent_in / apart_in - 1e-9) + 1 : 0;
}

static void take_spread(struct drawing *d)
{
	struct foundation *f = &d->foundation;
	int size = whole(d->rebar, "size");
	double apart_in = number(d->rebar, "spacing_in"), covers_ft = f->cover_in / 6;
	f->kind = FOUNDATION_SPREAD;
	f->width_ft = number(d->base, "width_ft");
	f->length_ft = number(d->base, "length_ft");
	f->thickness_ft = number(d->base, "thickness_ft");
	f->bar_in = diameter_in(d, size);
	f->bars_along = bars_over((f->width_ft - covers_ft) * 12, apart_in);
	f->bars_across = bars_over((f->length_ft - covers_ft) * 12, apart_in);
	f->cage_label = arena_printf(d->arena, "#%d EACH WAY, BOTTOM", size);
	add_bar(d, "B1", size, f->bars_along, f->length_ft - covers_ft, "BOTTOM, LENGTHWISE");
	add_bar(d, "B2", size, f->bars_across, f->width_ft - covers_ft, "BOTTOM, CROSSWISE");
}

static void take_foundation(struct drawing *d)
{
	struct foundation *f = &d->foundation;
	const char *type = json_text(d->base, "type"), *family = json_text(d->pole, "family");
	f->depth_ft = number(d->base, "depth_ft");
	f->cover_in = d->concrete->cover_in;
	f->bars = d->bars;
	f->notes = d->notes;
	if (type != NULL && strcmp(type, "spread") == 0)
		take_spread(d);
	else
		take_pier(d);
	f->pole_round = family != NULL && (strcmp(family, "pipe") == 0 || strcmp(family, "HSS_round") == 0);
	f->pole_width_in = number(d->pole, "width_in");
	f->pole_depth_in = f->pole_round ? f->pole_width_in : number(d->pole, "depth_in");
	f->pole_label =
		arena_printf(d->arena, "%s, %s", json_text(d->pole, "designation"), pole_material(d->inputs, d->pole));
	f->pole_count = whole(d->result, "num_poles");
	f->pole_spacing_ft = number(d->result, "spacing_ft");
	if (d->plate == NULL)
		return;
	f->plate_in = number(d->plate, "w_in");
	f->plate_t_in = number(d->plate, "t_in");
	f->bolts = whole(d->anchors, "count");
	f->bolt_dia_in = number(d->anchors, "dia_in");
	f->bolt_edge_in = number(d->anchors, "edge_in");
	f->bolt_embed_in = number(d->anchors, "embed_in");
}

/* --- notes --- */

static void add_note(struct drawing *d, const char *text)
{
	if (d->foundation.note_count < NOTES_MAX && text != NULL)
		d->notes[d->foundation.note_count++] = text;
}

static void note_base(struct drawing *d)
{
	const char *grade = json_text(d->anchors, "grade");
	if (d->plate == NULL) {
		add_note(d,
				 "The pole is set as shown, with 6 in of concrete under it, and plumbed before the concrete is poured; "
				 "what holds it in the concrete is not calculated: by the engineer.");
		return;
	}
	add_note(d,
			 arena_printf(d->arena, "Base plate %.4g x %.4g x %.4g in, A36; %.4g in fillet all around the pole, E70.",
						  number(d->plate, "w_in"), number(d->plate, "l_in"), number(d->plate, "t_in"),
						  number(d->plate, "weld_in")));
	add_note(d, arena_printf(d->arena,
							 "%.0f headed anchor rods %.4g in, %s, %.4g in effective embedment, %.4g in from the "
							 "plate's edge.",
							 number(d->anchors, "count"), number(d->anchors, "dia_in"), grade != NULL ? grade : "",
							 number(d->anchors, "embed_in"), number(d->anchors, "edge_in")));
}

static void take_notes(struct drawing *d)
{
	const struct json *request = json_get(d->inputs, "foundation"), *soil = json_get(request, "soil");
	double fc_psi = number(request, "fc_psi"), lap_in = number(d->rebar, "lap_in");
	const struct foundation *f = &d->foundation;
	struct arena *arena = d->arena;
	add_note(d,
			 arena_printf(arena, "Concrete f'c %.0f psi, normal weight, %.2f yd3 in all; cover %.1f in against earth.",
						  isnan(fc_psi) ? 3000 : fc_psi, number(d->base, "concrete_yards"), f->cover_in));
	add_note(d, arena_printf(arena, "Reinforcement fy %.0f psi. Lengths are cut lengths; hooks as ACI 318-19 25.3.",
							 d->concrete->fy_psi));
	if (!isnan(lap_in))
		add_note(d, arena_printf(arena, "Verticals in one piece; where they must be spliced, class B laps of %.1f in.",
								 lap_in));
	add_note(d, arena_printf(arena, "Soil of %s is assumed and to be verified at the site.", soil_words(soil, arena)));
	if (f->pole_count > 1)
		add_note(d, arena_printf(arena, "Typical of %d poles, %.2f ft on centre.", f->pole_count, f->pole_spacing_ft));
	note_base(d);
	add_note(d, "The drawing is made from the seal named beside; another design has another seal.");
}

/* --- title --- */

static const char *stamp_text(const struct report_stamp *stamp, struct arena *arena)
{
	if (stamp->state != STAMP_VALID)
		return "NOT STAMPED";
	return arena_printf(arena, "%s, %s, %s", stamp->signer, stamp->licence != NULL ? stamp->licence : "", stamp->at);
}

static void take_title(struct drawing *d, const struct design_owner *owner)
{
	struct foundation *f = &d->foundation;
	char sealed_at[STAMP_TEXT];
	stamp_format(sealed_at, d->seal->created_us);
	f->seal_sha256 = d->seal->seal_sha256;
	f->sealed_at = arena_printf(d->arena, "%.19sZ", sealed_at); /* whole seconds */
	f->code_version = arena_printf(d->arena, "%s (%s)", d->seal->code_version, d->seal->git_sha);
	f->project_name = owner != NULL ? owner->name : "Sign design";
	if (owner == NULL)
		return;
	f->project_id = owner->project_id;
	f->customer = owner->customer;
	f->site_name = owner->site_name;
	f->street = owner->street;
	f->stamp = stamp_text(&owner->stamp, d->arena);
}

bool design_drawing(const struct seal *seal, const struct packs *packs, const struct design_owner *owner,
					struct arena *arena, struct buf *out, struct err *err)
{
	struct drawing d = {.arena = arena, .seal = seal};
	if (!open_design(&d, packs, err))
		return false;
	take_foundation(&d);
	take_notes(&d);
	take_title(&d, owner);
	if (arena->full)
		return err_set(err, ERR_LIMIT, "no memory for the drawing");
	return foundation_dxf(&d.foundation, out, err);
}
