/*
 * The search behind sign.poles: which sections, of what material, under which case; kept apart from the operation so
 * that a structure's search can ask the same way.  Thread: any.
 */
#ifndef CS_SIGN_DOMAIN_POLES_SEARCH_H
#define CS_SIGN_DOMAIN_POLES_SEARCH_H

#include "sign/domain/poles_request.h"
#include "sign/domain/section.h"

/* One stretch of a stepped pole. */
struct pole_stretch {
	const struct section *section;
	double from_in, to_in;
};

/* A question, decided: materials, lengths, loads. */
struct poles_problem {
	const struct poles_request *request;
	struct pole_material materials[SECTION_FAMILIES];
	const struct aluminum *aluminum; /* NULL: steel */
	struct pole_stretch stretches[POLE_SEGMENTS_MAX];
	size_t stretch_count; /* 0: uniform */
};

/* A variation of it: another number of poles, or a lower structure whose moment falls with its height. */
struct poles_variation {
	int num_poles;
	double height_share; /* 1: as asked */
};

struct poles_found {
	const struct section **best; /* room for request->prefs.limit, in order */
	size_t best_count;
	const struct section *nearest[POLE_NEAREST];
	double nearest_utilization[POLE_NEAREST];
	size_t nearest_count;
	int64_t feasible, considered;
};

/* The lengths and the limit of a variation; steps (room for POLE_SEGMENTS_MAX) are the frame's when it is stepped. */
struct pole_frame poles_frame(const struct poles_problem *problem, struct poles_variation variation,
							  struct pole_step *steps);

/* The case of one pole of a variation. */
struct pole_case poles_case(const struct poles_problem *problem, struct poles_variation variation);

/* Check one section, or the stepped pole. */
void poles_check(const struct poles_problem *problem, const struct section *section, struct poles_variation variation,
				 struct pole_checks *checks);

/* Check all sections of the list and keep the best and the nearest.  Cost: about 150 ns a section. */
void poles_search(const struct poles_problem *problem, const struct section *const *list, size_t count,
				  struct poles_found *found);

/* What would make a failing section pass, one thing at a time. */
struct pole_needs poles_needs(const struct poles_problem *problem, const struct section *section);

#endif
