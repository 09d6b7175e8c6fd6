#include "sign/domain/section_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"

enum { WORD_MAX = 16 };

/* The next word of a row.  False at its end, or when the word is too long to be one of ours. */
static bool next_word(const char **at, char word[WORD_MAX])
{
	*at += strspn(*at, " ");
	size_t size = strcspn(*at, " ");
	if (size == 0 || size >= WORD_MAX)
		return false;
	memcpy(word, *at, size);
	word[size] = '\0';
	*at += size;
	return true;
}

static bool next_number(const char **at, double *number)
{
	char word[WORD_MAX];
	const char *text = word;
	return next_word(at, word) && section_number(&text, number) && *text == '\0';
}

static bool at_end(const char *at)
{
	return at[strspn(at, " ")] == '\0';
}

static bool refuse(struct section_making *making, const char *why)
{
	return err_set(making->err, ERR_INVALID, "row \"%.60s\": %s", making->row, why);
}

/* A section under the name that `format` and its texts give; NULL when that is no designation. */
static struct section *add(struct section_making *making, enum section_family family, const char *prefix,
						   const char *size, const char *mark, const char *rest)
{
	struct section *section = &making->catalog->items[0][making->catalog->count];
	int length = snprintf(section->designation, sizeof section->designation, "%s%s%s%s", prefix, size, mark, rest);
	section->key = length < (int)sizeof section->designation ? section_key(section->designation) : 0;
	if (section->key == 0) {
		refuse(making, "is no designation");
		return NULL;
	}
	section->family = (int)family;
	section->source = SECTION_COMPUTED;
	making->catalog->count++;
	return section;
}

/* The sides of a tube at the head of its row; `size` keeps them as written. */
static bool next_sides(const char **at, char size[WORD_MAX], double *h, double *b)
{
	const char *sides = size;
	return next_word(at, size) && section_number(&sides, h) && *sides++ == 'X' && section_number(&sides, b) &&
		   *sides == '\0';
}

bool section_read_rect(struct section_making *making)
{
	const char *at = making->row;
	char size[WORD_MAX], wall[WORD_MAX];
	double h, b, t;
	if (!next_sides(&at, size, &h, &b))
		return refuse(making, "must begin with HEIGHTxWIDTH");
	while (next_word(&at, wall)) {
		const char *text = wall;
		if (!section_number(&text, &t) || *text != '\0' || !section_possible_rect(h, b, t))
			return refuse(making, "has a wall that cannot be");
		struct section *section = add(making, h == b ? SECTION_HSS_SQUARE : SECTION_HSS_RECT, "HSS", size, "X", wall);
		if (section == NULL)
			return false;
		section_rect(section, h, b, section_wall(t), making->wall_factor, making->weight_factor);
	}
	return at_end(at) || refuse(making, "has a word too long");
}

bool section_read_sharp(struct section_making *making)
{
	const char *at = making->row;
	char size[WORD_MAX], wall[WORD_MAX];
	double h, b, t;
	if (!next_sides(&at, size, &h, &b) || h != b)
		return refuse(making, "must begin with the sides of a square");
	while (next_word(&at, wall)) {
		const char *text = wall;
		if (!section_number(&text, &t) || *text != '\0' || !section_possible_rect(h, b, t))
			return refuse(making, "has a wall that cannot be");
		struct section *section = add(making, SECTION_HSS_SQUARE, "RT", size, "X", wall);
		if (section == NULL)
			return false;
		section_sharp(section, h, section_wall(t), making->weight_factor);
	}
	return at_end(at) || refuse(making, "has a word too long");
}

bool section_read_round(struct section_making *making)
{
	const char *at = making->row;
	char size[WORD_MAX], wall[WORD_MAX];
	double d, t;
	const char *text = size;
	if (!next_word(&at, size) || !section_number(&text, &d) || *text != '\0')
		return refuse(making, "must begin with a diameter");
	while (next_word(&at, wall)) {
		text = wall;
		if (!section_number(&text, &t) || *text != '\0' || !section_possible_round(d, t))
			return refuse(making, "has a wall that cannot be");
		struct section *section = add(making, SECTION_HSS_ROUND, "HSS", size, "X", wall);
		if (section == NULL)
			return false;
		section_round(section, d, section_wall(t), t, making->wall_factor, making->weight_factor);
	}
	return at_end(at) || refuse(making, "has a word too long");
}

static bool add_pipe(struct section_making *making, const char *size, const char *weight_class, double d, double t)
{
	if (!section_possible_round(d, t))
		return refuse(making, "has a wall that cannot be");
	struct section *section = add(making, SECTION_PIPE, "Pipe", size, "", weight_class);
	if (section == NULL)
		return false;
	section_round(section, d, t, t, making->wall_factor, making->weight_factor);
	const struct texts *differ = &making->differ;
	for (size_t i = 0; i < differ->count; i++)
		section->published_differs |= strcmp(differ->items[i], section->designation) == 0;
	return true;
}

bool section_read_pipe(struct section_making *making)
{
	static const char *const classes[] = {"STD", "XS", "XXS"};
	const char *at = making->row;
	char size[WORD_MAX], wall[WORD_MAX];
	double d, t;
	if (!next_word(&at, size) || !next_number(&at, &d))
		return refuse(making, "must begin with a nominal size and a diameter");
	for (int i = 0; i < 3; i++) {
		const char *text = wall;
		if (!next_word(&at, wall))
			return refuse(making, "needs three walls");
		if (strcmp(wall, "-") == 0)
			continue;
		if (!section_number(&text, &t) || *text != '\0')
			return refuse(making, "has a wall that is no number");
		if (!add_pipe(making, size, classes[i], d, t))
			return false;
	}
	return at_end(at) || refuse(making, "has more than three walls");
}

bool section_read_w(struct section_making *making)
{
	const char *at = making->row;
	char name[WORD_MAX];
	double d, bf, tw, tf, area, weight;
	if (!next_word(&at, name) || !next_number(&at, &d) || !next_number(&at, &bf) || !next_number(&at, &tw) ||
		!next_number(&at, &tf) || !next_number(&at, &area) || !at_end(at))
		return refuse(making, "must be a designation and d, bf, tw, tf, A");
	struct section *section = add(making, SECTION_W, name, "", "", "");
	if (section == NULL)
		return false;
	const char *x = strchr(section->designation, 'X');
	const char *text = x != NULL ? x + 1 : "";
	if (!section_number(&text, &weight) || !section_possible_wide_flange(d, bf, tw, tf, area))
		return refuse(making, "has dimensions that cannot be");
	section_wide_flange(section, weight, d, bf, tw, tf, area);
	return true;
}

/* A figure of a published row: true with NaN for "-". */
static bool next_figure(const char **at, double *figure)
{
	char word[WORD_MAX];
	const char *text = word;
	if (!next_word(at, word))
		return false;
	if (strcmp(word, "-") == 0) {
		*figure = NAN;
		return true;
	}
	return section_number(&text, figure) && *text == '\0' && *figure > 0;
}

bool section_read_published(struct section_making *making)
{
	enum { W, A, D, BF, TW, TF, NEEDED, FIGURES = 18 };
	const char *at = making->row;
	char name[WORD_MAX];
	double f[FIGURES];
	if (!next_word(&at, name))
		return refuse(making, "must begin with a designation");
	for (int i = 0; i < FIGURES; i++)
		if (!next_figure(&at, &f[i]) || (i < NEEDED && isnan(f[i])))
			return refuse(making, "has a figure that is no number");
	if (!at_end(at) || !section_possible_wide_flange(f[D], f[BF], f[TW], f[TF], f[A]))
		return refuse(making, "has dimensions that cannot be");
	struct section *s = add(making, SECTION_W, name, "", "", "");
	if (s == NULL || !section_key_is_w(s->key))
		return refuse(making, "is no W shape");
	section_wide_flange(s, f[W], f[D], f[BF], f[TW], f[TF], f[A]);
	s->source = SECTION_IMPORTED;
	double *const published[FIGURES - NEEDED] = {&s->ix_in4, &s->zx_in3, &s->sx_in3, &s->rx_in,  &s->iy_in4, &s->zy_in3,
												 &s->sy_in3, &s->ry_in,  &s->j_in4,  &s->cw_in6, &s->b_t,    &s->h_t};
	for (int i = NEEDED; i < FIGURES; i++)
		if (!isnan(f[i]))
			*published[i - NEEDED] = f[i];
	return true;
}

bool section_read_rows(struct section_making *making, const struct texts *rows, bool (*read)(struct section_making *))
{
	for (size_t i = 0; i < rows->count; i++) {
		making->row = rows->items[i];
		if (!read(making))
			return false;
	}
	return true;
}

/* A section takes a word of its row at least. */
size_t section_rows_most(const struct texts *rows)
{
	size_t words = 0;
	for (size_t i = 0; i < rows->count; i++) {
		words++;
		for (const char *at = rows->items[i]; (at = strchr(at, ' ')) != NULL; at++)
			words++;
	}
	return words;
}
