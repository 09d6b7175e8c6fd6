/*
 * Workflow definitions that follow from a seed: every task of the language that needs no clock but the engine's own.
 * What a run of one gives does not depend on how often it is disturbed: calls stand in retries that outlast the
 * network's moods, time-outs are either far shorter or far longer than what they bound.
 */
#ifndef CS_SIM_FLOW_PLOT_H
#define CS_SIM_FLOW_PLOT_H

#include <stdbool.h>

struct rng;

enum plot_kind {
	PLOT_PLAIN,
	PLOT_TENDED, /* in some places it faults until somebody does something */
	PLOT_PARENT, /* in some places it runs workflows of flow_kids.h */
};

/* A definition as JSON text; the caller frees it. */
char *plot_make(struct rng *rng, enum plot_kind kind);

#endif
