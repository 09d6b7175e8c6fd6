/*
 * The table of checks on the report's third page, as many rows as the frame holds.
 *
 * Up to some fifty rows stand in one column with bars and references, more in two columns with less; what is beyond
 * that is cut by utilization: the rows that are left out are those furthest from governing, and the table says how many
 * and what the highest of them is.
 */
#ifndef CS_DRAW_CHECKS_TABLE_H
#define CS_DRAW_CHECKS_TABLE_H

#include "draw/canvas.h"
#include "draw/report.h"

void checks_table_draw(struct canvas *canvas, struct box frame, const struct report_check *checks, size_t count);

#endif
