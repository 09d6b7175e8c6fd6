/*
 * A time in a pure operation of trade: RFC 3339 with an offset, or a date, which is midnight UTC [trade.md intro].
 */
#ifndef CS_TRADE_DOMAIN_MOMENT_H
#define CS_TRADE_DOMAIN_MOMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct calc;

/* Read one.  False: *us is FIELD_NO_INT and the fault at `pointer` is the calculation's; NULL has one already. */
bool moment_read(struct calc *calc, const char *text, const char *pointer, int64_t *us);

/* Read `count` texts that may be equal but must not go back, as the array at `pointer`.  NULL: arena full. */
int64_t *moment_read_list(struct calc *calc, const char *const *texts, size_t count, const char *pointer);

#endif
