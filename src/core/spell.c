#include "core/spell.h"

#include <stddef.h>
#include <string.h>

static int least(int a, int b)
{
	return a < b ? a : b;
}

int spell_distance(const char *a, const char *b)
{
	int rows[3][SPELL_MAX + 1]; /* this row and the two before it, in turn */
	int height = (int)strnlen(a, SPELL_MAX + 1), width = (int)strnlen(b, SPELL_MAX + 1);
	if (height > SPELL_MAX || width > SPELL_MAX)
		return SPELL_MAX + 1;
	for (int j = 0; j <= width; j++)
		rows[0][j] = j;
	for (int i = 1; i <= height; i++) {
		int *row = rows[i % 3];
		const int *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		row[0] = i;
		for (int j = 1; j <= width; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[height % 3][width];
}

void spell_init(struct spell *spell, const char *given)
{
	*spell = (struct spell){.given = given, .far = SPELL_MAX + 1};
}

void spell_offer(struct spell *spell, const char *name)
{
	int far = spell_distance(spell->given, name);
	if (far < spell->far) {
		spell->far = far;
		spell->nearest = name;
	}
}

const char *spell_meant(const struct spell *spell)
{
	return spell->nearest != NULL && spell->far <= 1 + (int)strlen(spell->nearest) / 4 ? spell->nearest : NULL;
}
