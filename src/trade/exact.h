/*
 * Prices, lots and money between the store and the kernels: whole numbers of 1e-8 and 1e-6 there, doubles that stand
 * for exact decimals here (domain/decimal.h).  NaN is null both ways.  Private to src/trade.
 */
#ifndef CS_TRADE_EXACT_H
#define CS_TRADE_EXACT_H

#include <stdint.h>

#include "store/store.h"

/* Nearest whole number of 1e-8; |x| < 9e10 (must). */
int64_t exact_of(double x);
double exact_double(int64_t exact);

/* Parameters of statements. */
struct store_value exact_value(double x);
struct store_value money_value(double x);
#define V_EXACT(x) exact_value(x)
#define V_MONEY(x) money_value(x)
#define V_TIME(us) ((us) != 0 ? V_INT(us) : V_NULL) /* 0 is none */

/* Columns. */
double db_exact(const struct db_rows *rows, int column);
double db_money(const struct db_rows *rows, int column);

#endif
