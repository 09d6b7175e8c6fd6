/* What the files of healing* share; nobody else includes it. */
#ifndef CS_FLOW_HEALING_INTERNAL_H
#define CS_FLOW_HEALING_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/healing.h"
#include "flow/healing.h"
#include "flow/health.h"

struct arena;
struct expr;
struct expr_book;

struct healing {
	struct healing_options options;
	struct health_desk desk;
	const struct heal_rules *rules;
	struct expr_book *book;
	const struct expr **conditions;
	int64_t next_look_us; /* monotonic */
	int64_t hits, misses; /* of L1 when the window began */
	int64_t unanswered;   /* looks in a row */
};

/* One thing that a rule may act on; account_id and name NULL: the server itself. */
struct heal_subject {
	const char *account_id, *name;
	const char *counters; /* JSON */
};

struct heal_subjects {
	size_t count;
	struct heal_subject *items;
};

enum { HEAL_SUBJECTS_MAX = 200 /* of one signal in one look */ };

/* What a signal tells now; the arena's.  Of a signal that this server does not have: none. */
bool healing_subjects(struct healing *h, enum heal_signal signal, struct arena *arena, struct heal_subjects *subjects,
					  struct err *err);

/* The counters of one of them once more; "null": it is not there any more, or all is well with it. */
bool healing_recount(struct healing *h, enum heal_signal signal, const struct heal_subject *subject,
					 struct arena *arena, const char **counters, struct err *err);

/* Do what the rule says. */
bool healing_act(struct healing *h, const struct heal_rule *rule, const struct heal_subject *subject, struct err *err);

#endif
