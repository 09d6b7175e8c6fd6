/*
 * Rules of self-healing [flow.md 9]: when counters say so, something is done, and not too often.
 *
 * Rules are data, the pack `healing`: a signal gives things with their counters (a target of calls, an agent, a
 * workflow, or the server itself), a condition (jq over the counters, plain enough to need no helper) says whether to
 * act on one.  Thread: any; pure.
 */
#ifndef CS_FLOW_DOMAIN_HEALING_H
#define CS_FLOW_DOMAIN_HEALING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Where counters come from.
 * CACHE, the server's: lookups, hit_rate (null: none), entries, memory_percent (null: not known), of level L1 since the
 *   window began.
 * EXPR, the server's: unanswered (looks in a row), helpers, replaced.
 * CALLS, each target of an account: target, state, calls (the last 100 since it closed), failed, error_rate (null:
 *   none), slow, held (runs).
 * AGENT, each that is not healthy: agent_id, status, score, silent_s, leases, recovery_attempts.
 * WORKFLOW, each of an account: workflow, active, and of the last hour finished, faulted, fault_rate (null: none).
 */
enum heal_signal { HEAL_CACHE, HEAL_EXPR, HEAL_CALLS, HEAL_AGENT, HEAL_WORKFLOW, HEAL_SIGNALS };
extern const char *const heal_signal_names[]; /* ends with NULL */

/*
 * What is done.  END_LEASE, REASSIGN (of agent): its leases end and its tasks are open to others; REASSIGN has it fail
 * too, if it has not, so that it counts as dead until it is heard.  OPEN_BREAKER, HALF_OPEN_BREAKER (of calls).
 * CLEAR_CACHE: answers of models, by level and model.  RESTART_HELPER: all helpers of expressions that are idle end.
 * PAUSE_WORKFLOW (of workflow): its runs are suspended.  NOTIFY: an event, no more.
 */
enum heal_action {
	HEAL_END_LEASE,
	HEAL_REASSIGN,
	HEAL_OPEN_BREAKER,
	HEAL_HALF_OPEN_BREAKER,
	HEAL_CLEAR_CACHE,
	HEAL_RESTART_HELPER,
	HEAL_PAUSE_WORKFLOW,
	HEAL_NOTIFY,
	HEAL_ACTIONS
};
extern const char *const heal_action_names[]; /* ends with NULL */

enum { HEAL_LEVEL_ALL = 3, HEAL_WINDOW = 500 /* lookups */ };
extern const char *const heal_level_names[]; /* l1, l2, l3, all; ends with NULL */

struct heal_rule {
	const char *name, *condition;
	const char *model; /* of CLEAR_CACHE; NULL: any */
	int signal, action, level;
	int64_t cooldown_s, max_per_hour;
};

/* What a pack of kind `healing` decodes to. */
struct heal_rules {
	size_t count;
	struct heal_rule *items;
};
extern const struct pack_kind flow_healing_kind;

/* May the rule act now?  `acted` times within the last hour, the last at last_us (0: never, or longer ago). */
bool heal_may(const struct heal_rule *rule, int64_t acted, int64_t last_us, int64_t now_us);

#endif
