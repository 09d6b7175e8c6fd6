/*
 * The operator of simulated runs: when a run has faulted, the step at fault is retried, given another input, given an
 * output, or skipped.  Which of these follows from the step and from how often it was seen to already, so that it is
 * the same in every order of events and after every crash.
 */
#ifndef CS_SIM_FLOW_OPERATOR_H
#define CS_SIM_FLOW_OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/domain/control.h"

struct arena;
struct sim_record;
struct story;

/* What is ordered now.  False: there is nothing to be done for this run.  Texts are the arena's and the story's. */
bool operator_decides(const struct story *story, const struct sim_record *record, uint64_t seed, struct arena *arena,
					  struct control *control);

#endif
