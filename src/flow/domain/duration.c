#include "flow/domain/duration.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"

static const struct {
	const char *name;
	double ms;
} members[] = {{"days", 86400e3}, {"hours", 3600e3}, {"minutes", 60e3}, {"seconds", 1e3}, {"milliseconds", 1}};

static double member_ms(const char *name)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (strcmp(name, members[i].name) == 0)
			return members[i].ms;
	return 0;
}

static const char *read_members(const struct json *json, double *ms, const char **member, const char **message)
{
	*ms = 0;
	for (uint32_t i = 0; i < json->count; i++) {
		const struct json *value = &json->members[i].value;
		double unit = member_ms(json->members[i].name);
		*member = json->members[i].name;
		if (unit == 0) {
			*message = "is none of days, hours, minutes, seconds, milliseconds";
			return "unknown_property";
		}
		if (!json_numeric(value)) {
			*message = "must be a number";
			return "type";
		}
		if (json_number(value) < 0) {
			*message = "must not be negative";
			return "range";
		}
		*ms += json_number(value) * unit;
	}
	*member = NULL;
	return NULL;
}

/* Digits, maybe a fraction; the end of it, or NULL. */
static const char *read_number(const char *text, double *number)
{
	static const char digits[] = "0123456789";
	size_t size = strspn(text, digits);
	if (size == 0)
		return NULL;
	if (text[size] == '.') {
		size_t fraction = strspn(text + size + 1, digits);
		if (fraction == 0)
			return NULL;
		size += 1 + fraction;
	}
	char *end;
	*number = strtod(text, &end);
	return end == text + size ? end : NULL;
}

/* One unit after the other, each at most once and in this order. */
static bool read_text(const char *text, double *ms)
{
	static const struct {
		char letter;
		bool time;
		double ms;
	} units[] = {
		{'W', false, 7 * 86400e3}, {'D', false, 86400e3}, {'H', true, 3600e3}, {'M', true, 60e3}, {'S', true, 1e3}};
	enum { UNITS = sizeof units / sizeof *units };
	bool time = false, any = false;
	*ms = 0;
	if (*text++ != 'P')
		return false;
	for (size_t next = 0; *text != '\0';) {
		if (*text == 'T' && !time) {
			time = true;
			any = false;
			text++;
			continue;
		}
		double number;
		text = read_number(text, &number);
		while (text != NULL && next < UNITS && (units[next].letter != *text || units[next].time != time))
			next++;
		if (text == NULL || next == UNITS)
			return false;
		*ms += number * units[next++].ms;
		any = true;
		text++;
	}
	return any;
}

bool duration_ms(const struct json *json, double *ms)
{
	const char *member, *message;
	if (json->kind == JS_STRING)
		return read_text(json->text, ms);
	return json->kind == JS_OBJECT && read_members(json, ms, &member, &message) == NULL;
}

const char *duration_read(const struct json *json, int64_t *ms, const char **member, const char **message)
{
	double length;
	const char *code = NULL;
	*member = NULL;
	if (json->kind == JS_STRING) {
		*message = "must be an ISO 8601 duration of weeks, days, hours, minutes and seconds, like PT1H30M";
		code = read_text(json->text, &length) ? NULL : "format";
	} else if (json->kind != JS_OBJECT) {
		*message = "must be a duration: ISO 8601 text or an object like {seconds: 3}";
		code = "type";
	} else if (json->count == 0) {
		*message = "must name days, hours, minutes, seconds or milliseconds";
		code = "required";
	} else {
		code = read_members(json, &length, member, message);
	}
	if (code != NULL)
		return code;
	if (!(length <= (double)DURATION_MAX_MS)) {
		*message = "must not be longer than a hundred years";
		return "range";
	}
	*ms = (int64_t)floor(length);
	return NULL;
}
