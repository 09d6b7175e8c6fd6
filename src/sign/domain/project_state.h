/*
 * The states of a project and the moves between them [sign.md 5]: draft, estimating, submitted, accepted or rejected,
 * never backward.  Pure; const tables; any thread.
 */
#ifndef CS_SIGN_DOMAIN_PROJECT_STATE_H
#define CS_SIGN_DOMAIN_PROJECT_STATE_H

#include <stdbool.h>

enum project_status {
	PROJECT_DRAFT,
	PROJECT_ESTIMATING,
	PROJECT_SUBMITTED,
	PROJECT_ACCEPTED,
	PROJECT_REJECTED,
	PROJECT_STATUSES
};

/* "draft" …; ends with NULL, so that it serves field tables. */
extern const char *const project_status_names[PROJECT_STATUSES + 1];

/* The status of that name, or -1. */
int project_status_named(const char *name);

/* Who asks for a move: a person who edits, an estimate, the answer of the PM system, or its verdict. */
enum project_door { PROJECT_BY_EDIT, PROJECT_BY_DISPATCH, PROJECT_BY_VERDICT };

enum project_move { PROJECT_MOVE_REFUSED, PROJECT_STAYS, PROJECT_MOVES };

enum project_move project_move(enum project_door door, enum project_status from, enum project_status to);

/* May nothing be changed any more? */
bool project_read_only(enum project_status status);

#endif
