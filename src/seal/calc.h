/*
 * One calculation under way: what a pure operation gets beside its input, and where it leaves what it noticed.
 *
 * An operation decides from its input and its packs alone: no clock, no randomness, no disk, no log.  It says what it
 * assumed, what it warns of, each named factor of its formulas, and, when it cannot honestly answer, that it abstains.
 * Everything is the arena's.  Thread: one at a time.
 */
#ifndef CS_SEAL_CALC_H
#define CS_SEAL_CALC_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "seal/check.h"

struct arena;
struct expr_pool;
struct json;
struct pack;
struct packs;

/* What lowers confidence [P-6.3], each with its weight in calc.c. */
enum confidence_rule { RULE_ABSTAIN, RULE_NO_FEASIBLE, RULE_CHECK_FAILED, RULE_REVIEW_REQUESTED, CONFIDENCE_RULES };

struct note {
	const char *code, *message, *pointer; /* pointer: NULL when the note is about no one field */
	struct note *next;
};

struct note_list {
	struct note *first, *last;
	size_t count;
};

struct factor {
	const char *name;
	double number;    /* NaN: see text */
	const char *text; /* NULL: a number */
	struct factor *next;
};

enum { CALC_PACKS_MAX = 16 };

struct calc {
	struct arena *arena;
	const struct packs *packs;
	struct expr_pool *exprs; /* what evaluates the expressions of those that have any; NULL: none is to be had */
	const struct json *pins; /* the body's member `packs`, or NULL */
	bool preview;
	struct faults faults; /* what is wrong with the input beyond its field table */
	struct err err;       /* another failure, kind ERR_NONE when there is none */
	struct note_list assumptions, warnings;
	struct factor *factors, **factors_end;
	struct check_list checks;
	const struct pack *used[CALC_PACKS_MAX];
	size_t used_count;
	bool rules[CONFIDENCE_RULES];
	const char *attached_type; /* bytes beside the result, such as the picture it describes: the arena's, or NULL */
	const void *attached;
	size_t attached_size;
};

void calc_init(struct calc *calc, struct arena *arena, const struct packs *packs);

/*
 * The pack of that name: the version the body pins, else the newest.  Notes it as used and returns its C form.  NULL
 * when it is not there: the calculation has failed with ERR_PACK_VERSION (return false from the operation).  In a
 * preview a version that is not there gives way to the newest, with a warning.
 */
const void *calc_pack(struct calc *calc, const char *name);

/* The same with a version or day of the caller's choice; either may be NULL. */
const struct pack *calc_pack_version(struct calc *calc, const char *name, const char *version, const char *on_date);

/* Something taken for granted, of no consequence to confidence. */
void calc_assume(struct calc *calc, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Something a user should look at; lowers confidence.  pointer may be NULL. */
void calc_warn(struct calc *calc, const char *code, const char *pointer, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * No honest answer can be given: the envelope's result will be null.  code begins "abstain."; the message says why and
 * what would help; it becomes the first assumption.  The operation then returns true.
 */
void calc_abstain(struct calc *calc, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Apply a rule other than abstaining (once, however often it is called). */
void calc_rule(struct calc *calc, enum confidence_rule rule);

/* A fault of the input: pointer, code, what is allowed.  The operation then returns false. */
#define calc_fault(calc, pointer, code, ...) faults_add(&(calc)->faults, (pointer), (code), __VA_ARGS__)

/* A named factor of the formulas, for trace.intermediates; the name is kept by reference, the last of equal names wins.
 */
void calc_factor(struct calc *calc, const char *name, double number);
void calc_factor_text(struct calc *calc, const char *name, const char *text);

/* The rows of the result's `checks`, for trace.checks; a failed one applies RULE_CHECK_FAILED. */
void calc_checks(struct calc *calc, const struct check_list *checks);

bool calc_abstained(const struct calc *calc);

/* max(0, 1 − Σ weights) of the rules and warnings so far. */
double calc_confidence(const struct calc *calc);

#endif
