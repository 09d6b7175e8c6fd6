/*
 * What an elevation shows of a sign structure: plain lengths, and what to call the parts.
 *
 * Heights are above grade, x is from the middle of the poles, positive to the right.  Lists and texts are the caller's
 * and stay so.  A length that is not known or does not apply is NaN or 0; texts may be NULL.
 */
#ifndef CS_DRAW_STRUCTURE_H
#define CS_DRAW_STRUCTURE_H

#include <stddef.h>

struct structure_cabinet {
	double x_ft; /* centre */
	double bottom_ft, width_ft, height_ft;
	const char *label;
};

/* A straight part other than a pole: an arm, a brace.  From end to end along its axis. */
struct structure_member {
	double x1_ft, y1_ft, x2_ft, y2_ft;
	double width_in; /* across the axis */
	const char *label;
};

enum structure_base {
	BASE_NONE,   /* not designed */
	BASE_PIER,   /* each pole in a drilled pier: width, depth */
	BASE_SPREAD, /* one footing under all poles: width, thickness, depth of its underside */
	BASE_PLATE,  /* each pole on a plate with anchors at grade, on an existing or given foundation */
};

struct structure {
	double height_ft; /* top of the sign */
	const struct structure_cabinet *cabinets;
	size_t cabinet_count;
	const struct structure_member *members;
	size_t member_count;
	int pole_count;
	double pole_spacing_ft, pole_width_in, pole_top_ft;
	const char *pole_label;
	enum structure_base base;
	double base_width_ft;     /* pier diameter, footing width, plate width */
	double base_depth_ft;     /* underside below grade */
	double base_thickness_ft; /* footing; plate */
	bool footing_each;        /* a spread footing under each pole; else one under all */
	double plate_width_ft;    /* of the plate on a pier or footing; 0: the pole reaches into the concrete */
	double plate_thickness_ft;
	int anchor_count; /* of one plate */
	double anchor_embed_ft, anchor_edge_ft;
	const char *base_label;
};

#endif
