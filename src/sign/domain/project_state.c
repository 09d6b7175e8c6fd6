#include "sign/domain/project_state.h"

#include <stddef.h>
#include <string.h>

const char *const project_status_names[PROJECT_STATUSES + 1] = {
	[PROJECT_DRAFT] = "draft",       [PROJECT_ESTIMATING] = "estimating", [PROJECT_SUBMITTED] = "submitted",
	[PROJECT_ACCEPTED] = "accepted", [PROJECT_REJECTED] = "rejected",
};

static const struct {
	enum project_door door;
	enum project_status from, to;
	enum project_move move;
} edges[] = {
	{PROJECT_BY_EDIT, PROJECT_DRAFT, PROJECT_DRAFT, PROJECT_STAYS},
	{PROJECT_BY_EDIT, PROJECT_DRAFT, PROJECT_ESTIMATING, PROJECT_MOVES},
	{PROJECT_BY_EDIT, PROJECT_ESTIMATING, PROJECT_ESTIMATING, PROJECT_STAYS},
	/* Only a number from the PM system makes a project submitted, or an edit would go round stamp and dispatch. */
	{PROJECT_BY_DISPATCH, PROJECT_ESTIMATING, PROJECT_SUBMITTED, PROJECT_MOVES},
	{PROJECT_BY_VERDICT, PROJECT_SUBMITTED, PROJECT_ACCEPTED, PROJECT_MOVES},
	{PROJECT_BY_VERDICT, PROJECT_SUBMITTED, PROJECT_REJECTED, PROJECT_MOVES},
};

int project_status_named(const char *name)
{
	for (int i = 0; i < PROJECT_STATUSES; i++)
		if (strcmp(project_status_names[i], name) == 0)
			return i;
	return -1;
}

enum project_move project_move(enum project_door door, enum project_status from, enum project_status to)
{
	for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
		if (edges[i].door == door && edges[i].from == from && edges[i].to == to)
			return edges[i].move;
	return PROJECT_MOVE_REFUSED;
}

bool project_read_only(enum project_status status)
{
	return status >= PROJECT_SUBMITTED;
}
