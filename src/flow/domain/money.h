/*
 * Money as whole micro-units: decimal text in, decimal text out, nothing lost between [flow.md].
 *
 * Amounts are of one currency each; which one is the caller's to know.  Values in, values out.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_MONEY_H
#define CS_FLOW_DOMAIN_MONEY_H

#include <stdbool.h>
#include <stdint.h>

struct json;

#define MONEY_UNIT INT64_C(1000000) /* micro-units of one */
#define MONEY_MAX (INT64_C(9000000000000) * MONEY_UNIT)

enum { MONEY_TEXT = 40 /* bytes of any amount as text, NUL included; exact ones too */ };

/*
 * "12.5" as 12500000.  Digits with a point among them or not, no sign, no exponent; what is finer than a micro-unit is
 * rounded to the nearest, halves up.  False: another form, or above MONEY_MAX.
 */
bool money_parse(const char *text, int64_t *micros);

/* The same from a JSON text or number; a number stands for its shortest decimal. */
bool money_of_json(const struct json *json, int64_t *micros);

/* 12500000 as "12.5": the fewest digits that say it.  `micros` may be negative. */
const char *money_format(char text[MONEY_TEXT], int64_t micros);

/*
 * tokens · price / 1e6, where the price is micro-units per million tokens: `pico` is the exact amount in 1e-12 of the
 * unit, which fits for tokens up to 1e15 and prices up to MONEY_MAX.
 */
__extension__ typedef __int128 money_pico;
money_pico money_of_tokens(int64_t tokens, int64_t price_micros);
const char *money_format_pico(char text[MONEY_TEXT], money_pico pico);

/* Whole micro-units, rounded up; MONEY_MAX where it is more. */
int64_t money_round_up(money_pico pico);

/* a + b for amounts from 0, at most INT64_MAX. */
int64_t money_add(int64_t a, int64_t b);

#endif
