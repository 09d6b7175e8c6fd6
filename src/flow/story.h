/*
 * A run read from its journal, to be looked at: its state, and its steps in the order in which they began.
 * Thread: any, one each.  Cost: linear in the journal; no expression is evaluated.
 */
#ifndef CS_FLOW_STORY_H
#define CS_FLOW_STORY_H

#include <stdbool.h>

#include "flow/domain/run.h"
#include "flow/domain/steps.h"

struct arena;
struct db;
struct definition;
struct err;
struct run_record;
struct runner;

struct story {
	struct definition *definition;
	struct run run;
	struct steps steps;
};

/* The definition that a run goes by: a reference.  NULL: it cannot be read. */
struct definition *story_definition(struct runner *runner, struct db *db, const struct run_record *record,
									struct arena *arena, struct err *err);

/* `record` must live as long.  False: the journal or its definition cannot be read. */
bool story_open(struct story *story, struct runner *runner, struct db *db, const struct run_record *record,
				struct arena *arena, struct err *err);

/* The same as it was after row `to`: what came later counts only for the attempts that were made. */
bool story_open_at(struct story *story, struct runner *runner, struct db *db, const struct run_record *record,
				   int64_t to, struct arena *arena, struct err *err);
void story_close(struct story *story);

#endif
