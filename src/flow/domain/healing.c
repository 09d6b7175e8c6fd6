#include "flow/domain/healing.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "seal/pack.h"

enum { COOLDOWN_S = 300, MAX_PER_HOUR = 3, RULES_MAX = 200 };

const char *const heal_signal_names[] = {"cache", "expr", "calls", "agent", "workflow", NULL};
const char *const heal_action_names[] = {"end_lease",         "reassign",    "open_breaker",
										 "half_open_breaker", "clear_cache", "restart_helper",
										 "pause_workflow",    "notify",      NULL};
const char *const heal_level_names[] = {"l1", "l2", "l3", "all", NULL};

/* Which signal an action needs, to know what to act on; HEAL_SIGNALS: any. */
static const enum heal_signal needed[HEAL_ACTIONS] = {
	[HEAL_END_LEASE] = HEAL_AGENT,         [HEAL_REASSIGN] = HEAL_AGENT,      [HEAL_OPEN_BREAKER] = HEAL_CALLS,
	[HEAL_HALF_OPEN_BREAKER] = HEAL_CALLS, [HEAL_CLEAR_CACHE] = HEAL_SIGNALS, [HEAL_RESTART_HELPER] = HEAL_SIGNALS,
	[HEAL_PAUSE_WORKFLOW] = HEAL_WORKFLOW, [HEAL_NOTIFY] = HEAL_SIGNALS,
};

static const struct field rule_fields[] = {
	F_STR(heal_rule, name, REQUIRED, LENGTH(1, 100)),
	F_ENUM(heal_rule, signal, heal_signal_names, REQUIRED),
	F_STR(heal_rule, condition, REQUIRED, LENGTH(1, 2000)),
	F_ENUM(heal_rule, action, heal_action_names, REQUIRED),
	F_ENUM(heal_rule, level, heal_level_names, DEFAULT(HEAL_LEVEL_ALL)),
	F_STR(heal_rule, model, LENGTH(1, 200)),
	F_INT(heal_rule, cooldown_s, RANGE(1, 86400), DEFAULT(COOLDOWN_S), UNIT("s")),
	F_INT(heal_rule, max_per_hour, RANGE(1, 60), DEFAULT(MAX_PER_HOUR)),
};
static const struct field_table rule_table = FIELD_TABLE("healing.rule", heal_rule, rule_fields);

static bool decode_rule(const struct json *json, const char *pointer, struct arena *arena, struct heal_rule *rule,
						struct faults *faults)
{
	if (!field_decode(&rule_table, json, rule, arena, pointer, faults))
		return false;
	if (needed[rule->action] != HEAL_SIGNALS && (int)needed[rule->action] != rule->signal)
		faults_add(faults, field_pointer(arena, pointer, "signal"), "enum", "must be %s for the action %s",
				   heal_signal_names[needed[rule->action]], heal_action_names[rule->action]);
	return faults->count == 0;
}

static bool decode_rules(const struct json *list, struct arena *arena, struct heal_rules *rules, struct faults *faults)
{
	if (list == NULL || list->kind != JS_ARRAY || list->count > RULES_MAX) {
		faults_add(faults, "/rules", "type", "must be an array of at most %d rules", RULES_MAX);
		return false;
	}
	rules->items = arena_array(arena, list->count + 1, sizeof *rules->items);
	for (uint32_t i = 0; rules->items != NULL && i < list->count; i++) {
		const char *pointer = field_pointer_index(arena, "/rules", i);
		if (!decode_rule(&list->items[i], pointer, arena, &rules->items[i], faults))
			return false;
		for (size_t k = 0; k < rules->count; k++)
			if (strcmp(rules->items[k].name, rules->items[i].name) == 0)
				faults_add(faults, field_pointer(arena, pointer, "name"), "duplicate", "stands twice");
		rules->count++;
	}
	return rules->items != NULL && faults->count == 0;
}

static bool decode_pack(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct heal_rules *rules = arena_new(arena, struct heal_rules);
	struct faults faults;
	faults_init(&faults, arena);
	if (rules == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!decode_rules(json_get(tree, "rules"), arena, rules, &faults))
		return faults.first == NULL ? err_set(err, ERR_LIMIT, "no memory")
									: err_field(err, ERR_INVALID, faults.first->pointer, "%s %s", faults.first->pointer,
												faults.first->message);
	*data = rules;
	return true;
}

const struct pack_kind flow_healing_kind = {.name = "healing", .decode = decode_pack};

bool heal_may(const struct heal_rule *rule, int64_t acted, int64_t last_us, int64_t now_us)
{
	return acted < rule->max_per_hour && (last_us == 0 || now_us - last_us >= rule->cooldown_s * 1000000);
}
