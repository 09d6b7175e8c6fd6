/*
 * The workflow product over HTTP [flow.md 4]: its route tables, and what they hang from.
 *
 * Thread: open and close on the main thread; handlers as http/router.h has it.
 */
#ifndef CS_FLOW_FLOW_API_H
#define CS_FLOW_FLOW_API_H

#include <stdbool.h>
#include <stddef.h>

struct audit;
struct countersign;
struct dead_letters;
struct embedded;
struct env;
struct err;
struct flow_api;
struct id_maker;
struct llm_cache;
struct metrics;
struct outbox;
struct packs;
struct router;
struct runner_options;
struct store;

struct flow_api_options {
	const struct runner_options *runner; /* copied */
	struct audit *audit;
	struct countersign *countersign; /* of people who decide steps; with the next three, or NULL: nobody is asked */
	struct outbox *outbox;
	const struct packs *packs;
	const char *git_sha;
	const unsigned char *master_key; /* 32 bytes: cursors are bound to it */
	const struct embedded *system;   /* the house's own workflows, to a NULL name; NULL: none */
};

/* Starts to drive every run that is not over. */
bool flow_api_open(const struct flow_api_options *options, struct flow_api **api, struct err *err);

/* Documents that definitions are pinned to and that the store could not give back at the start: the log names each. */
size_t flow_api_damaged(const struct flow_api *api);

/* Stop driving: before the store is closed.  Close after it, since its writer tells of decisions.  NULL is fine. */
void flow_api_stop(struct flow_api *api);
void flow_api_close(struct flow_api *api);

/* What is due from time to time, once a second or so; not on the writer's thread. */
bool flow_chores(struct flow_api *api, struct err *err);

/*
 * Metrics of runs (flow/flow_metrics.h), before serving; not rendered any more once the engine was stopped.  `cache`:
 * of answers of models, NULL: none are asked.
 */
void flow_api_metrics(struct flow_api *api, struct metrics *metrics, struct llm_cache *cache);

/* Tasks and other runs of our own workflows that faulted, as parts of the dead letters (people/dead_letters.h). */
void flow_dead_letters(struct flow_api *api, struct dead_letters *letters);

/*
 * Suspend what is under way of a workflow NAMESPACE/NAME, at most 1,000 runs, and wait some seconds for it.  Each has
 * its row of the audit chain.  Not on the writer's thread nor a loop.
 */
bool flow_api_pause(struct flow_api *api, const char *account_id, const char *workflow, const char *reason,
					struct err *err);

void flow_add_routes(struct router *router, struct flow_api *api);

#endif
