/*
 * What design_plates.c (plates of a pole, as steel) and design_anchors.c (their anchors in concrete) share.  For these
 * two only.
 */
#ifndef CS_SIGN_DOMAIN_DESIGN_PLATES_H
#define CS_SIGN_DOMAIN_DESIGN_PLATES_H

#include "sign/domain/design.h"

enum { DESIGN_BOLTS_STEP = 4 };
#define DESIGN_BOLT_EDGE_IN 1.5
#define DESIGN_CAST_IN_KC 24. /* REF: ACI 318-19 section 17.6.2.2 */
#define DESIGN_DOUBT 1e-7     /* what rounding may do to a ratio: then it is computed */

/* Square plates beyond the shortest, and the anchors for them: the options, which the search takes all. */
extern const double design_beyond_in[DESIGN_PLATE_SIDES], design_bolts_in[DESIGN_PLATE_BOLTS];

/* From the plate's edge to such a bolt. */
double design_edge_in(int dia);

/*
 * The concrete that the plate stands on.  Of a round pier the square within it counts, so that no anchor is taken to
 * stand farther from the edge than it does.  A2 = A1: the plate's bearing is not raised by the concrete around it.
 */
void design_set_block(const struct design_candidate *candidate, struct plate_problem *problem);

typedef void plate_checker(const struct plate_problem *problem, const struct plate_size *size,
						   struct plate_answer *answer);

/* By plate_check or plate_check_steel, under the least dead load (which the problem has) and the most. */
void design_check_plate(plate_checker *check, const struct plate_problem *least, const struct plate_size *size,
						struct plate_answer *answer);

#endif
