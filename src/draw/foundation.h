/*
 * A drawing of a foundation for CAD: plan, section, bar table, notes and title on one sheet of 17 × 11 in, at the
 * largest standard scale that fits [sign.md 6].  What is not known is not drawn.  Lists and texts are the caller's;
 * texts may be NULL.  Thread: any.
 */
#ifndef CS_DRAW_FOUNDATION_H
#define CS_DRAW_FOUNDATION_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

enum foundation_kind {
	FOUNDATION_PIER,   /* drilled, round or square, one under each pole */
	FOUNDATION_SPREAD, /* one rectangle on the ground */
};

/* A row of the bar table. */
struct foundation_bar {
	const char *mark, *size, *location;
	int quantity;
	double length_ft;
};

struct foundation {
	enum foundation_kind kind;
	bool square;         /* a pier */
	double width_ft;     /* diameter or side; of a spread footing across the moment */
	double length_ft;    /* of a spread footing, in the moment's direction */
	double thickness_ft; /* of a spread footing */
	double depth_ft;     /* underside below grade */
	double cover_in;     /* of concrete over bars */
	/* a pier's cage */
	int verticals, ties;
	double vertical_in, tie_in, tie_spacing_in; /* diameters of bars */
	/* a spread footing's mats at the bottom: bars that run along the length, and across */
	int bars_along, bars_across;
	double bar_in;
	/* a square plate under the pole, its bolts in two lines at right angles to the moment; 0: the pole is set in */
	double plate_in, plate_t_in, bolt_dia_in, bolt_edge_in, bolt_embed_in;
	int bolts;
	/* the pole */
	bool pole_round;
	double pole_width_in, pole_depth_in; /* across the wind's direction, and along it */
	int pole_count;
	double pole_spacing_ft;
	const char *pole_label, *cage_label;
	const struct foundation_bar *bars;
	size_t bar_count;
	const char *const *notes;
	size_t note_count;
	/* title */
	const char *project_name, *project_id, *customer, *site_name, *street;
	const char *seal_sha256, *sealed_at, *code_version, *stamp;
};

/*
 * How far a pole without a plate stands in its pier, of the pier's depth: to 6 in above its underside, and in a short
 * one at least half of it.  The depth of IBC 1807.3.2 is that of the pole's embedment, so the pole goes down with the
 * pier; 6 in of concrete under it keep it off the earth (ACI 318-19 table 20.5.1.3.1 asks 3) and level while it is
 * poured. Every drawing takes it from here.
 */
double foundation_set_ft(double pier_depth_ft);

/* Append the drawing as DXF.  ERR_INTERNAL: a length that is none; ERR_LIMIT. */
bool foundation_dxf(const struct foundation *foundation, struct buf *out, struct err *err);

#endif
