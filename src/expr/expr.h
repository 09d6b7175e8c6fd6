/*
 * Expressions of workflow definitions: jq 1.6, evaluated outside this process [flow 2.3].
 *
 * A *book* holds all expressions of one definition version and is compiled once.  A value of a definition is added to
 * it as a template: any JSON value in which strings may be expressions.  Paths, literals and the plain part of jq
 * (expr/tree.h) are evaluated right here; everything else goes, in one round trip for a template, to a *pool* of helper
 * processes.  A helper has no files, no network, no environment, no clock of its own and tight limits; one that passes
 * a limit or dies is replaced, and only its evaluation faults.
 *
 * Values are trees of core/json.h.  Integers of 64 bits stay whole wherever an expression only moves them; comparison
 * with one beyond 2^53 is exact, arithmetic on one faults.  NaN becomes null, an infinity the largest double.
 *
 * Limits of one evaluation: struct expr_config.  No clock and no randomness: equal arguments give equal values, for
 * ever (`now` is an argument).
 *
 * Threads: a pool any number; a book one until it is sealed, then any number.  Cost: a path or a sum 0.15 us; a round
 * trip 20 to 50 us and 30 ns a byte of arguments used; compiling a program of 64 expressions 20 to 100 ms, once a
 * helper.
 */
#ifndef CS_EXPR_EXPR_H
#define CS_EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct expr;
struct expr_book;
struct expr_pool;
struct faults;
struct json;

/* 0 or NULL anywhere: the default. */
struct expr_config {
	unsigned helpers;    /* processes, 1 to EXPR_HELPERS_MAX; 2 */
	unsigned cpu_ms;     /* processor time of one evaluation; 200 */
	unsigned wall_ms;    /* time from question to answer; 1000 */
	size_t memory_bytes; /* that one evaluation may take; 64 MiB */
	size_t output_bytes; /* of one value as JSON text; 4 MiB */
	const char *program; /* what is run as `PROGRAM expr-helper`: /proc/self/exe */
};

enum { EXPR_HELPERS_MAX = 64 };

/*
 * A pool.  Helpers are started at first use, and anew after each end.  False with ERR_IO when there are no sockets or
 * processes to be had.
 */
bool expr_open(const struct expr_config *config, struct expr_pool **pool, struct err *err);

/*
 * The same helpers as one tenant has them.  While several tenants want more than there are, these take turns, by the
 * time that they had: one whose expressions run into their limits delays another's by what one helper is about (4
 * evaluations at most, or one compilation).  What is asked of the pool itself is a tenant of its own.  It lives as long
 * as the pool; the same for the same name.  Cost: 100 ns.
 */
struct expr_pool *expr_share(struct expr_pool *pool, const char *tenant);

/* Ends all helpers; of the pool or any of its shares, once.  No evaluation may be under way (must).  NULL is fine. */
void expr_close(struct expr_pool *pool);

/* End all helpers that are idle; new ones take their place at need.  For self-healing. */
void expr_restart(struct expr_pool *pool);

/*
 * The main of a helper process: never returns but with its exit status.  Nothing may have been started before it, so a
 * program that has this folder's code in it takes that turn by itself, before its own main.
 */
int expr_helper(void);

/* Positions in the array of arguments; further variables follow from EXPR_ARGS on. */
enum expr_arg {
	EXPR_IN, /* `.` */
	EXPR_CONTEXT,
	EXPR_INPUT,
	EXPR_OUTPUT,
	EXPR_SECRETS,
	EXPR_AUTHORIZATION,
	EXPR_TASK,
	EXPR_WORKFLOW,
	EXPR_RUNTIME,
	EXPR_ARGS,
	EXPR_ARGS_MAX = 256 /* all of them; a book refuses further variables */
};

/* How a value is read. */
enum expr_mode {
	EXPR_STRICT, /* a string that is `${ … }` as a whole is an expression, everything else is itself */
	EXPR_LOOSE,  /* a bare string too, unless it fails, at compilation or evaluation: then it is itself */
	EXPR_BARE,   /* a field typed as expression: a string is one, with or without `${ }` */
};

/* An empty book; NULL when memory ran out. */
struct expr_book *expr_book_new(void);
void expr_book_free(struct expr_book *book);

/*
 * The position of the loop or catch variable `name` (without `$`; copied): the same for the same name, a place of
 * EXPR_IN … EXPR_RUNTIME for one of those.  Every expression of the book sees it, wherever it is added; where a place
 * does not have it, its argument is null.  EXPR_ARGS_MAX when there are too many.
 */
unsigned expr_book_variable(struct expr_book *book, const char *name);

/*
 * Add one value: a template in EXPR_STRICT and EXPR_LOOSE, at any depth; in EXPR_BARE what is no string is itself.
 * Names of members are never expressions.  `pointer` is where the value stands in its definition, for faults.  `value`
 * must live as long as the book.  NULL when memory ran out (then sealing fails too).
 */
const struct expr *expr_book_add(struct expr_book *book, const char *pointer, const struct json *value,
								 enum expr_mode mode);

/* The same for one expression as text, without `${ }`; it is copied. */
const struct expr *expr_book_add_text(struct expr_book *book, const char *pointer, const char *text, size_t size);

/*
 * Compile all that was added, in a helper where it has to be, without evaluating anything.  Every expression that does
 * not compile is a fault expression_syntax, every use of a forbidden builtin expression_forbidden, at its own pointer.
 * True: sealed, nothing was wrong.  False: `faults` has grown, or else *err says that no helper could be had
 * (ERR_UNAVAILABLE) or that memory ran out (ERR_LIMIT).  Cost: 1 us each for what is evaluated here; for the others 20
 * ms, and 1 ms each.
 */
bool expr_book_seal(struct expr_book *book, struct expr_pool *pool, struct faults *faults, struct err *err);

/* The value when no evaluation can change it: there is no expression inside, or it is one literal; else NULL. */
const struct json *expr_constant(const struct expr *expr);

/* May the value depend on this argument?  (EXPR_IN: whatever jq may be asked says yes) */
bool expr_uses(const struct expr *expr, unsigned arg);

/* What an evaluation gets. */
struct expr_input {
	const struct json *const *args; /* by position; NULL is null */
	unsigned count;                 /* of args; what lies beyond is null */
	int64_t now_us;                 /* what `now` tells: the recorded time of the turn, microseconds since 1970 UTC */
};

/*
 * Evaluate.  *value lives in `arena`, or is part of the arguments or of the book: it lives while all three do.  False
 * with ERR_EXPRESSION (the message is jq's), ERR_EXPRESSION_LIMIT (the message names the limit), or ERR_OVERLOADED when
 * no helper came free in time; the fault of a template is its first in the order of the text that is known.  Blocks;
 * never call it on an event loop unless expr_local().
 */
bool expr_eval(struct expr_pool *pool, const struct expr *expr, const struct expr_input *input, struct arena *arena,
			   const struct json **value, struct err *err);

/* Does it need no helper? */
bool expr_local(const struct expr *expr);

/* One of several evaluations that share a round trip. */
struct expr_job {
	const struct expr *expr;
	struct expr_input input;
	const struct json *value; /* answered when ok */
	bool ok;
	struct err *err; /* says why not; may be NULL */
};

/* Evaluate all; each has the limits of one.  False when any is not ok.  They should be of one book. */
bool expr_eval_many(struct expr_pool *pool, struct expr_job *jobs, size_t count, struct arena *arena);

/*
 * Is this string an expression as a whole: white space apart `${`, and its last `}` closes its first `${`?  Then *inner
 * is the text between.  For readers that only want to know.
 */
bool expr_enclosed(const char *text, size_t size, const char **inner, size_t *inner_size);

/* For the health check: how helpers fare. */
struct expr_health {
	unsigned helpers;           /* running now */
	unsigned busy, waiting;     /* helpers that evaluate now; evaluations that wait for one */
	uint64_t started, replaced; /* since the pool was opened; replaced: after a limit or an end of its own */
	int64_t replaced_at_us;     /* when one last was, by the monotonic clock; INT64_MIN: never */
	uint64_t evaluations, round_trips;
};
void expr_health(struct expr_pool *pool, struct expr_health *health);

/* Does a helper evaluate `1+1` to 2? */
bool expr_ping(struct expr_pool *pool, struct err *err);

#endif
