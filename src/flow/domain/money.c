#include "flow/domain/money.h"

#include <string.h>

#include "core/json.h"
#include "core/num.h"

enum { DECIMALS = 6, PICO_DECIMALS = 12 };

static bool read_digits(const char *text, size_t size, money_pico *value, size_t *digits)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		if (*value > (money_pico)MONEY_MAX)
			return false;
		*value = *value * 10 + (text[i] - '0');
		(*digits)++;
	}
	return true;
}

bool money_parse(const char *text, int64_t *micros)
{
	money_pico value = 0;
	size_t digits = 0, whole = strcspn(text, "."), size = strlen(text);
	size_t fraction = whole < size ? size - whole - 1 : 0, kept = fraction > DECIMALS ? DECIMALS : fraction;
	if (!read_digits(text, whole, &value, &digits))
		return false;
	if (!read_digits(text + size - fraction, kept, &value, &digits))
		return false;
	const char *rest = text + size - fraction + kept;
	if (digits == 0 || strspn(rest, "0123456789") != fraction - kept)
		return false;
	for (size_t i = kept; i < DECIMALS; i++)
		value *= 10;
	value += *rest >= '5';
	if (value > MONEY_MAX)
		return false;
	*micros = (int64_t)value;
	return true;
}

/* A number's shortest text has an exponent only when it is under 1e-6 or beyond every amount. */
static bool parse_number(double x, int64_t *micros)
{
	char text[NUM_TEXT_MAX];
	if (x < 0)
		return false;
	if (x < 1e-6) {
		*micros = x >= .5e-6;
		return true;
	}
	num_format(text, x);
	return money_parse(text, micros);
}

bool money_of_json(const struct json *json, int64_t *micros)
{
	if (json == NULL)
		return false;
	if (json->kind == JS_STRING)
		return strlen(json->text) == json->size && money_parse(json->text, micros);
	return json_numeric(json) && parse_number(json_number(json), micros);
}

/* Digits from the end, at least one before the point, none after it that says nothing. */
static const char *format(char text[MONEY_TEXT], money_pico value, int decimals)
{
	char digits[MONEY_TEXT];
	bool negative = value < 0, told = false;
	size_t at = sizeof digits - 1;
	digits[at] = '\0';
	value = negative ? -value : value;
	for (int i = 0; i <= decimals || value > 0; i++, value /= 10) {
		if (i == decimals && told)
			digits[--at] = '.';
		int digit = (int)(value % 10);
		told = told || digit != 0 || i >= decimals;
		if (told)
			digits[--at] = (char)('0' + digit);
	}
	if (negative)
		digits[--at] = '-';
	memcpy(text, digits + at, sizeof digits - at);
	return text;
}

const char *money_format(char text[MONEY_TEXT], int64_t micros)
{
	return format(text, micros, DECIMALS);
}

money_pico money_of_tokens(int64_t tokens, int64_t price_micros)
{
	return (money_pico)tokens * price_micros;
}

const char *money_format_pico(char text[MONEY_TEXT], money_pico pico)
{
	return format(text, pico, PICO_DECIMALS);
}

int64_t money_round_up(money_pico pico)
{
	money_pico micros = (pico + MONEY_UNIT - 1) / MONEY_UNIT;
	return micros > MONEY_MAX ? MONEY_MAX : (int64_t)micros;
}

int64_t money_add(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}
