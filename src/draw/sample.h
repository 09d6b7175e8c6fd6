/*
 * A plausible report for tests, the bench and the pictures of the documentation.  Figures are for looking at.
 */
#ifndef CS_DRAW_SAMPLE_H
#define CS_DRAW_SAMPLE_H

#include "draw/report.h"

/* One pole with a drilled pier; `variant` 0 as stated, 1 two poles on a spread footing, 2 base plate with a failing
 * check, 3 nothing feasible,
 * 4 too much of everything, 5 nothing at all, 6 very tall, 7 very flat.  All memory is constant. */
enum { SAMPLE_COUNT = 8 };

struct report sample_report(int variant);

#endif
