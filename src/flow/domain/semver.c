#include "flow/domain/semver.h"

#include <stddef.h>
#include <string.h>

static const char digits[] = "0123456789";
static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-";

/* REF: Semantic Versioning 2.0.0, 9 and 10: identifiers apart by dots, none of them empty */
static bool identifiers(const char **at, bool numbers_plain)
{
	for (;; (*at)++) {
		size_t size = strspn(*at, letters), number = strspn(*at, digits);
		if (size == 0 || (numbers_plain && number == size && size > 1 && **at == '0'))
			return false;
		*at += size;
		if (**at != '.')
			return true;
	}
}

bool semver_valid(const char *text)
{
	enum { DIGITS_MAX = 9 };
	for (int part = 0; part < 3; part++) {
		size_t size = strspn(text, digits);
		if (size == 0 || size > DIGITS_MAX || (size > 1 && *text == '0'))
			return false;
		text += size;
		if (part < 2 && *text++ != '.')
			return false;
	}
	if (*text == '-' && (text++, !identifiers(&text, true)))
		return false;
	if (*text == '+' && (text++, !identifiers(&text, false)))
		return false;
	return *text == '\0';
}

bool semver_prerelease(const char *text)
{
	return text[strcspn(text, "-+")] == '-';
}

/* Numbers without leading zeros: the longer one is greater. */
static int compare_numbers(const char *a, size_t a_size, const char *b, size_t b_size)
{
	if (a_size != b_size)
		return a_size < b_size ? -1 : 1;
	return memcmp(a, b, a_size);
}

/* REF: Semantic Versioning 2.0.0, 11.4: numbers by value and before words, words by their bytes */
static int compare_identifiers(const char *a, size_t a_size, const char *b, size_t b_size)
{
	bool a_number = strspn(a, digits) >= a_size, b_number = strspn(b, digits) >= b_size;
	if (a_number && b_number)
		return compare_numbers(a, a_size, b, b_size);
	if (a_number != b_number)
		return a_number ? -1 : 1;
	int order = memcmp(a, b, a_size < b_size ? a_size : b_size);
	return order != 0 ? order : (a_size > b_size) - (a_size < b_size);
}

static int compare_prereleases(const char *a, const char *b)
{
	for (;;) {
		size_t a_size = strcspn(a, ".+"), b_size = strcspn(b, ".+");
		int order = compare_identifiers(a, a_size, b, b_size);
		if (order != 0)
			return order;
		bool a_more = a[a_size] == '.', b_more = b[b_size] == '.';
		if (!a_more || !b_more)
			return a_more - b_more; /* of equal beginnings the longer one is greater */
		a += a_size + 1;
		b += b_size + 1;
	}
}

int semver_compare(const char *a, const char *b)
{
	for (int part = 0; part < 3; part++) {
		size_t a_size = strspn(a, digits), b_size = strspn(b, digits);
		int order = compare_numbers(a, a_size, b, b_size);
		if (order != 0)
			return order;
		a += a_size + (part < 2);
		b += b_size + (part < 2);
	}
	bool a_pre = *a == '-', b_pre = *b == '-';
	if (!a_pre || !b_pre)
		return b_pre - a_pre; /* REF: Semantic Versioning 2.0.0, 11.3: what is released comes after */
	return compare_prereleases(a + 1, b + 1);
}
