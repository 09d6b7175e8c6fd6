#include "core/must.h"

#include <stdio.h>
#include <stdlib.h>

void must_fail(const char *expression, const char *file, int line)
{
	fprintf(stderr, "level=error msg=\"assertion failed\" expression=\"%s\" at=%s:%d\n", expression, file, line);
	abort();
}
