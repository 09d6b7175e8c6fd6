/*
 * What the workflow runner needs of the house: its operations, its expression helpers, its way out.
 * Thread: any, once open.
 */
#ifndef CS_APP_FLOW_HOST_H
#define CS_APP_FLOW_HOST_H

#include <stdbool.h>

#include "app/ops.h"
#include "flow/domain/ir.h"
#include "flow/flow.h"
#include "link/outgoing.h"

struct arena;
struct cli;
struct config;
struct datum;
struct err;
struct expr_pool;
struct packs;
struct trouble;

enum { FLOW_HOST_PARTS = 4 };

struct flow_host {
	const struct app_ops *ops;
	const struct packs *packs;
	struct flow_part parts[FLOW_HOST_PARTS]; /* products with effect operations: for system flows alone */
	struct flow_parts products;
	struct ir_profile profiles[2]; /* retry policies of ours */
	struct ir_policy policy;
	struct outgoing outgoing;
	struct expr_pool *expr;
};

/* All that is given must outlive it. */
void flow_host_init(struct flow_host *host, const struct app_ops *ops, const struct packs *packs,
					struct expr_pool *expr);

/* One more product whose effect operations are known; before runs are driven. */
void flow_host_add(struct flow_host *host, struct flow_part part);

/* What the configuration lets workflows do, and reach.  Texts are the arena's, and the configuration's. */
bool flow_host_allow(struct flow_host *host, const struct config *config, struct arena *arena, struct err *err);

/* Does the environment, or an option, say anything of workflows?  Commands that need no server read no more than that.
 */
bool flow_host_configured(const struct cli *cli);

/* A pure operation by its name: the whole envelope, or NULL with *trouble.  `self` is the host. */
struct datum *flow_host_op(void *self, const char *name, struct datum *body, struct trouble *trouble);

#endif
