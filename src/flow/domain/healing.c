#include "flow/domain/healing.h"

enum { COOLDOWN_S = 300, MAX_PER_HOUR = 3 };

const char *const heal_action_names[] = {"clear_cache", "restart_helper", NULL};

const struct heal_rule heal_rules[] = {
	{"cache_useless", HEAL_CACHE, ".lookups >= 500 and .hit_rate < 0.5 and .memory_percent > 85", HEAL_CLEAR_CACHE,
	 COOLDOWN_S, MAX_PER_HOUR},
	{"expr_silent", HEAL_EXPR, ".unanswered >= 2", HEAL_RESTART_HELPER, COOLDOWN_S, MAX_PER_HOUR},
};
_Static_assert(sizeof heal_rules / sizeof *heal_rules == HEAL_RULES, "each rule has a place");

bool heal_may(const struct heal_rule *rule, int64_t acted, int64_t last_us, int64_t now_us)
{
	return acted < rule->max_per_hour && (last_us == 0 || now_us - last_us >= rule->cooldown_s * 1000000);
}
