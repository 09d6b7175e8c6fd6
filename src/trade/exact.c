#include "trade/exact.h"

#include <math.h>

#include "core/must.h"

#define UNITS 1e8
#define MICRO 1e6
#define LARGEST 9e18 /* of an int64_t, with room */

static struct store_value scaled(double x, double units)
{
	if (isnan(x))
		return V_NULL;
	must(fabs(x * units) < LARGEST);
	return V_INT(llround(x * units));
}

int64_t exact_of(double x)
{
	must(fabs(x * UNITS) < LARGEST);
	return llround(x * UNITS);
}

double exact_double(int64_t exact)
{
	return (double)exact / UNITS;
}

struct store_value exact_value(double x)
{
	return scaled(x, UNITS);
}

struct store_value money_value(double x)
{
	return scaled(x, MICRO);
}

double db_exact(const struct db_rows *rows, int column)
{
	return db_is_null(rows, column) ? NAN : exact_double(db_int(rows, column));
}

double db_money(const struct db_rows *rows, int column)
{
	return db_is_null(rows, column) ? NAN : (double)db_int(rows, column) / MICRO;
}
