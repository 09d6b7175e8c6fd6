#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sign/domain/section.h"

enum form { FORM_NONE, FORM_RECT, FORM_ROUND, FORM_PIPE, FORM_W, FORM_SHARP };

static const double SIXTEENTH = 1. / 16;
static const double WALL_TOLERANCE_IN =
	.0008;                           /* .188, .312, .313, .438 are within it; .322, .337 and the like are not */
static const double KEY_UNIT = 1e-4; /* in, or lb/ft for the weight of a W */

double section_wall(double printed_in)
{
	double nearest = round(printed_in / SIXTEENTH) * SIXTEENTH;
	return nearest > 0 && fabs(printed_in - nearest) <= WALL_TOLERANCE_IN ? nearest : printed_in;
}

/* Digits with at most one point; no sign, no exponent. */
static bool plain_number(const char **text, double *number)
{
	size_t size = strspn(*text, "0123456789.");
	char digits[12];
	if (size == 0 || size >= sizeof digits)
		return false;
	memcpy(digits, *text, size);
	digits[size] = '\0';
	char *end;
	*number = strtod(digits, &end);
	*text += size;
	return *end == '\0' && end != digits;
}

static bool fraction_number(const char **text, double *number)
{
	double over, under;
	if (!plain_number(text, &over))
		return false;
	*number = over;
	if (**text != '/')
		return true;
	++*text;
	if (!plain_number(text, &under) || under == 0)
		return false;
	*number = over / under;
	return true;
}

bool section_number(const char **text, double *number)
{
	const char *at = *text;
	double whole, part = 0;
	if (!fraction_number(&at, &whole))
		return false;
	if (*at == '-') { /* 3-1/2 */
		at++;
		const char *slash = strchr(at, '/');
		if (slash == NULL || !fraction_number(&at, &part) || part >= 1)
			return false;
	}
	*text = at;
	*number = whole + part;
	return true;
}

/* Upper case, "×" as "X", no blanks.  False when it is too long to be a designation. */
static bool fold(const char *text, char folded[SECTION_NAME_MAX])
{
	size_t size = 0;
	while (*text != '\0') {
		char byte = *text++;
		if ((unsigned char)byte == 0xc3 && (unsigned char)*text == 0x97) {
			byte = 'X';
			text++;
		}
		if (byte == ' ')
			continue;
		if (size == SECTION_NAME_MAX - 1)
			return false;
		folded[size++] = byte >= 'a' && byte <= 'z' ? (char)(byte - 'a' + 'A') : byte;
	}
	folded[size] = '\0';
	return true;
}

/* 3 bits of form, then three numbers in 1e-4: 20, 24 and 17 bits. */
static uint64_t pack_key(enum form form, double a, double b, double c)
{
	double first = round(a / KEY_UNIT), second = round(b / KEY_UNIT), third = round(c / KEY_UNIT);
	if (form == FORM_NONE || first <= 0 || first >= 0x1p20 || second < 0 || second >= 0x1p24 || third < 0 ||
		third >= 0x1p17)
		return 0;
	return (uint64_t)form << 61 | (uint64_t)first << 41 | (uint64_t)second << 17 | (uint64_t)third;
}

/* "4X4X1/4" or "5.000X0.250" */
static uint64_t tube_key(const char *text, enum form sides, enum form ring)
{
	double numbers[3];
	int count = 0;
	for (;; text++) {
		if (count == 3 || !section_number(&text, &numbers[count++]))
			return 0;
		if (*text != 'X')
			break;
	}
	if (*text != '\0' || count < 2)
		return 0;
	if (count == 2)
		return pack_key(ring, numbers[0], section_wall(numbers[1]), 0);
	return pack_key(sides, numbers[0], numbers[1], section_wall(numbers[2]));
}

static uint64_t pipe_key(const char *text)
{
	static const char *const classes[] = {"STD", "XS", "XXS"};
	double size;
	if (!section_number(&text, &size))
		return 0;
	for (int i = 0; i < 3; i++)
		if (strcmp(text, classes[i]) == 0)
			return pack_key(FORM_PIPE, size, i + 1, 0);
	return 0;
}

static uint64_t w_key(const char *text)
{
	double depth, weight;
	if (!section_number(&text, &depth) || *text++ != 'X' || !section_number(&text, &weight) || *text != '\0')
		return 0;
	return pack_key(FORM_W, depth, weight, 0);
}

uint64_t section_key(const char *designation)
{
	char folded[SECTION_NAME_MAX];
	if (!fold(designation, folded))
		return 0;
	if (strncmp(folded, "HSS", 3) == 0)
		return tube_key(folded + 3, FORM_RECT, FORM_ROUND);
	if (strncmp(folded, "RT", 2) == 0)
		return tube_key(folded + 2, FORM_SHARP, FORM_NONE);
	if (strncmp(folded, "PIPE", 4) == 0)
		return pipe_key(folded + 4);
	return folded[0] == 'W' ? w_key(folded + 1) : 0;
}

bool section_key_is_w(uint64_t key)
{
	return key >> 61 == FORM_W;
}
