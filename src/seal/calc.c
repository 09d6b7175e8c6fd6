#include "seal/calc.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "core/must.h"
#include "seal/pack.h"

/* [P-6.3] The one table of what a rule costs. */
static const double weights[CONFIDENCE_RULES] = {
	[RULE_ABSTAIN] = .5,
	[RULE_NO_FEASIBLE] = .4,
	[RULE_CHECK_FAILED] = .3,
	[RULE_REVIEW_REQUESTED] = .3,
};
static const double WARNING_WEIGHT = .1; /* each */

void calc_init(struct calc *calc, struct arena *arena, const struct packs *packs)
{
	*calc = (struct calc){.arena = arena, .packs = packs};
	calc->factors_end = &calc->factors;
	faults_init(&calc->faults, arena);
}

static void note_use(struct calc *calc, const struct pack *pack)
{
	for (size_t i = 0; i < calc->used_count; i++)
		if (calc->used[i] == pack)
			return;
	must(calc->used_count < CALC_PACKS_MAX);
	calc->used[calc->used_count++] = pack;
}

const struct pack *calc_pack_version(struct calc *calc, const char *name, const char *version, const char *on_date)
{
	const struct pack *pack = packs_find(calc->packs, name, version, on_date);
	if (pack == NULL && version != NULL && calc->preview) {
		pack = packs_find(calc->packs, name, NULL, on_date);
		if (pack != NULL)
			calc_warn(calc, "pack_unknown", field_pointer(calc->arena, "/packs", name),
					  "There is no version %s of pack %s: %s is used.", version, name, pack->version);
	}
	if (pack != NULL) {
		note_use(calc, pack);
		return pack;
	}
	const char *known = packs_versions(calc->packs, name, calc->arena);
	if (version != NULL)
		err_field(&calc->err, ERR_PACK_VERSION, field_pointer(calc->arena, "/packs", name),
				  "pack %s has no version %s; available: %s", name, version, known);
	else
		err_field(&calc->err, ERR_PACK_VERSION, field_pointer(calc->arena, "/packs", name),
				  "pack %s is not installed or not in force; available: %s", name, known);
	snprintf(calc->err.available, sizeof calc->err.available, "%s", known);
	return NULL;
}

const void *calc_pack(struct calc *calc, const char *name)
{
	const struct pack *pack = calc_pack_version(calc, name, json_text(calc->pins, name), NULL);
	return pack != NULL ? pack->data : NULL;
}

static void add_note(struct calc *calc, struct note_list *list, const char *code, const char *pointer,
					 const char *format, va_list args) __attribute__((format(printf, 5, 0)));

static void add_note(struct calc *calc, struct note_list *list, const char *code, const char *pointer,
					 const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *message = length < 0 ? NULL : arena_alloc(calc->arena, (size_t)length + 1);
	if (message == NULL)
		return;
	vsnprintf(message, (size_t)length + 1, format, args);
	for (struct note *note = list->first; note != NULL; note = note->next)
		if (strcmp(note->code, code) == 0 && strcmp(note->message, message) == 0)
			return; /* the same thing noticed twice is one note */
	struct note *note = arena_new(calc->arena, struct note);
	if (note == NULL)
		return;
	*note = (struct note){
		.code = arena_dup(calc->arena, code),
		.message = message,
		.pointer = arena_dup(calc->arena, pointer),
	};
	if (list->last != NULL)
		list->last->next = note;
	else
		list->first = note;
	list->last = note;
	list->count++;
}

void calc_assume(struct calc *calc, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_note(calc, &calc->assumptions, code, NULL, format, args);
	va_end(args);
}

void calc_warn(struct calc *calc, const char *code, const char *pointer, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_note(calc, &calc->warnings, code, pointer, format, args);
	va_end(args);
}

void calc_abstain(struct calc *calc, const char *code, const char *format, ...)
{
	must(strncmp(code, "abstain.", 8) == 0);
	struct note_list others = calc->assumptions;
	calc->assumptions = (struct note_list){0};
	va_list args;
	va_start(args, format);
	add_note(calc, &calc->assumptions, code, NULL, format, args);
	va_end(args);
	if (calc->assumptions.last != NULL && others.first != NULL) { /* the reason comes first */
		calc->assumptions.last->next = others.first;
		calc->assumptions.last = others.last;
		calc->assumptions.count += others.count;
	}
	calc_rule(calc, RULE_ABSTAIN);
}

void calc_rule(struct calc *calc, enum confidence_rule rule)
{
	calc->rules[rule] = true;
}

static struct factor *factor_named(struct calc *calc, const char *name)
{
	for (struct factor *factor = calc->factors; factor != NULL; factor = factor->next)
		if (strcmp(factor->name, name) == 0)
			return factor;
	struct factor *factor = arena_new(calc->arena, struct factor);
	if (factor == NULL)
		return NULL;
	factor->name = name;
	*calc->factors_end = factor;
	calc->factors_end = &factor->next;
	return factor;
}

void calc_factor(struct calc *calc, const char *name, double number)
{
	struct factor *factor = factor_named(calc, name);
	if (factor != NULL) {
		factor->number = number;
		factor->text = NULL;
	}
}

void calc_factor_text(struct calc *calc, const char *name, const char *text)
{
	struct factor *factor = factor_named(calc, name);
	if (factor != NULL)
		factor->text = text;
}

void calc_checks(struct calc *calc, const struct check_list *checks)
{
	calc->checks = *checks;
	for (size_t i = 0; i < checks->count; i++)
		if (!checks->items[i].pass)
			calc_rule(calc, RULE_CHECK_FAILED);
}

bool calc_abstained(const struct calc *calc)
{
	return calc->rules[RULE_ABSTAIN];
}

double calc_confidence(const struct calc *calc)
{
	double confidence = 1 - WARNING_WEIGHT * (double)calc->warnings.count;
	for (int rule = 0; rule < CONFIDENCE_RULES; rule++)
		confidence -= calc->rules[rule] ? weights[rule] : 0;
	return fmax(0, confidence);
}
