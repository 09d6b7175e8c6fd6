#include "sim/faults.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 3 };

/* One kind of line; `offset` is where its flag or number is. */
struct kind {
	const char *name;
	enum { FLAG, NUMBER, WHOLE, OTHER } takes;
	size_t offset;
};
#define AT(member) offsetof(struct faults_script, member)
static const struct kind kinds[] = {
	{"partial_fill", FLAG, AT(partial_fill)},
	{"manual_close", FLAG, AT(manual_close)},
	{"stop_out", FLAG, AT(stop_out)},
	{"duplicate_ack", FLAG, AT(duplicate_ack)},
	{"replay", FLAG, AT(replay)},
	{"crash_before_ack", FLAG, AT(crash_before_ack)},
	{"slippage", NUMBER, AT(slippage)},
	{"gap", NUMBER, AT(gap)},
	{"clock_ahead", WHOLE, AT(clock_ahead)},
	{"disconnect", OTHER, 0},
	{"symbol_suffix", OTHER, 0},
};

static bool read_number(const char *word, double *number)
{
	char *end;
	*number = strtod(word, &end);
	return *word != '\0' && *end == '\0';
}

static bool read_other(struct faults_script *script, const char *name, const char *const *words)
{
	double at, steps;
	if (strcmp(name, "symbol_suffix") == 0)
		return snprintf(script->suffix, sizeof script->suffix, "%s", words[1]) < (int)sizeof script->suffix;
	if (strcmp(words[1], "fill") == 0)
		return script->disconnect_fill = true;
	if (!read_number(words[1], &at) || !read_number(words[2], &steps) || at < 0 || steps < 1 || at + steps > 1e6)
		return false;
	script->disconnect_at = (int64_t)at;
	script->disconnect_steps = (int64_t)steps;
	return true;
}

static bool read_line(struct faults_script *script, const char *const *words)
{
	double number = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char *to = (char *)script + kinds[i].offset;
		if (strcmp(kinds[i].name, words[0]) != 0)
			continue;
		if (kinds[i].takes == OTHER)
			return read_other(script, words[0], words);
		if (kinds[i].takes == FLAG)
			return words[1][0] == '\0' && (*(bool *)to = true);
		if (!read_number(words[1], &number) || number < -1e6 || number > 1e6)
			return false;
		if (kinds[i].takes == WHOLE)
			*(int64_t *)(void *)to = (int64_t)number;
		else
			*(double *)(void *)to = number;
		script->has_gap |= kinds[i].offset == AT(gap);
		return true;
	}
	return false;
}

bool faults_script_read(char *text, struct faults_script *script, struct err *err)
{
	struct faults_script read = {0};
	int number = 0;
	char *rest;
	for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		const char *words[WORDS] = {"", "", ""};
		char *inner;
		size_t count = 0;
		number++;
		line[strcspn(line, "#")] = '\0';
		for (char *word = strtok_r(line, " \t\r", &inner); word != NULL && count < WORDS;
			 word = strtok_r(NULL, " \t\r", &inner))
			words[count++] = word;
		if (count > 0 && !read_line(&read, words))
			return err_set(err, ERR_INVALID, "fault %d of the script is not understood: %s", number, words[0]);
	}
	*script = read;
	return true;
}
