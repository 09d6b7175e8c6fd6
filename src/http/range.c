#include "http/range.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { DIGITS_MAX = 18 };

/* 1*DIGIT; a number past what any file has is as good as the largest one.  False: no digit. */
static bool take_number(const char **at, int64_t *number)
{
	size_t digits = strspn(*at, "0123456789");
	*number = 0;
	for (size_t i = 0; i < digits; i++)
		*number = i < DIGITS_MAX && digits <= DIGITS_MAX ? *number * 10 + ((*at)[i] - '0') : INT64_MAX;
	*at += digits;
	return digits > 0;
}

static enum range part(int64_t first, int64_t last, int64_t size, int64_t *from, int64_t *count)
{
	if (first >= size)
		return RANGE_BEYOND;
	*from = first;
	*count = (last < size - 1 ? last : size - 1) - first + 1;
	return RANGE_PART;
}

/* The last `suffix` bytes; of a shorter file all. */
static enum range tail(int64_t suffix, int64_t size, int64_t *from, int64_t *count)
{
	if (suffix == 0 || size == 0)
		return RANGE_BEYOND;
	return part(suffix < size ? size - suffix : 0, size - 1, size, from, count);
}

enum range range_of(const char *header, int64_t size, int64_t *from, int64_t *count)
{
	int64_t first = 0, last = INT64_MAX;
	if (header == NULL || strncasecmp(header, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	const char *at = header + 6;
	bool begins = take_number(&at, &first);
	if (*at++ != '-')
		return RANGE_WHOLE;
	bool ends = take_number(&at, &last);
	if (*at != '\0' || (!begins && !ends) || (begins && ends && last < first))
		return RANGE_WHOLE;
	if (!begins)
		return tail(last, size, from, count);
	return part(first, ends ? last : INT64_MAX, size, from, count);
}
