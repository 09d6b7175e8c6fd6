/*
 * Rules of self-healing [flow.md 9]: when counters say so, something is done, and not too often.
 *
 * Rules are data: a signal gives counters, a condition (jq over them, plain enough to need no helper) says whether to
 * act. Thread: any; pure.
 */
#ifndef CS_FLOW_DOMAIN_HEALING_H
#define CS_FLOW_DOMAIN_HEALING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where counters come from.  CACHE: lookups, hit_rate (null: none), entries, memory_percent (null: it is not known), of
 * level L1 since the window began.  EXPR: unanswered (looks in a row), helpers, replaced. */
enum heal_signal { HEAL_CACHE, HEAL_EXPR };

/* What is done.  CLEAR_CACHE: answers of models in L1.  RESTART_HELPER: all helpers that are idle end. */
enum heal_action { HEAL_CLEAR_CACHE, HEAL_RESTART_HELPER };
extern const char *const heal_action_names[]; /* ends with NULL */

struct heal_rule {
	const char *name;
	enum heal_signal signal;
	const char *condition;
	enum heal_action action;
	int64_t cooldown_s, max_per_hour;
};

extern const struct heal_rule heal_rules[];
enum { HEAL_RULES = 2, HEAL_WINDOW = 500 /* lookups */ };

/* May the rule act now?  `acted` times within the last hour, the last at last_us (0: never, or longer ago). */
bool heal_may(const struct heal_rule *rule, int64_t acted, int64_t last_us, int64_t now_us);

#endif
