#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "sign/domain/common.h"
#include "sign/domain/section_catalog.h"
#include "sign/domain/section_internal.h"

struct texts {
	size_t count;
	const char **items;
};

struct wall_factors {
	double a500, a53, a1085;
};

struct published_walls {
	struct texts designations;
	double lower_by;
};

/* Pack `sections`: one line of text a size, so that the list reads as the mills print theirs. */
struct sections_pack {
	const char *name, *version, *effective_from, *source;
	double weight_lb_ft_in2;
	struct wall_factors wall_factors;
	struct texts conventions;
	struct published_walls published_walls;
	struct texts hss_rect, hss_round, pipe, w;
};

static const struct field factor_fields[] = {
	F_NUM(wall_factors, a500, NAMED("A500"), REQUIRED, RANGE(.5, 1)),
	F_NUM(wall_factors, a53, NAMED("A53"), REQUIRED, RANGE(.5, 1)),
	F_NUM(wall_factors, a1085, NAMED("A1085"), REQUIRED, RANGE(.5, 1)),
};
static const struct field_table factor_table = FIELD_TABLE("sections.wall_factors", wall_factors, factor_fields);

static const struct field published_fields[] = {
	F_STRS(published_walls, designations, REQUIRED),
	F_NUM(published_walls, lower_by, REQUIRED, RANGE(0, .2)),
};
static const struct field_table published_table =
	FIELD_TABLE("sections.published_walls", published_walls, published_fields);

static const struct field pack_fields[] = {
	F_STR(sections_pack, name, REQUIRED),
	F_STR(sections_pack, version, REQUIRED),
	F_STR(sections_pack, effective_from, REQUIRED),
	F_STR(sections_pack, source, REQUIRED),
	F_NUM(sections_pack, weight_lb_ft_in2, REQUIRED, RANGE(3, 4)),
	F_OBJECT(sections_pack, wall_factors, &factor_table, REQUIRED),
	F_STRS(sections_pack, conventions),
	F_OBJECT(sections_pack, published_walls, &published_table),
	F_STRS(sections_pack, hss_rect, REQUIRED),
	F_STRS(sections_pack, hss_round, REQUIRED),
	F_STRS(sections_pack, pipe, REQUIRED),
	F_STRS(sections_pack, w, REQUIRED),
};
static const struct field_table pack_table = FIELD_TABLE("sections", sections_pack, pack_fields);

/* What the rows become as they are read. */
struct making {
	const struct sections_pack *pack;
	struct section_catalog *catalog;
	struct err *err;
	const char *row; /* for messages */
};

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

static bool refuse(struct making *making, const char *why)
{
	return err_set(making->err, ERR_INVALID, "row \"%.60s\": %s", making->row, why);
}

/* A section under the name that `format` and its texts give; NULL when that is no designation. */
static struct section *add(struct making *making, enum section_family family, const char *prefix, const char *size,
						   const char *mark, const char *rest)
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

static bool read_rect_row(struct making *making)
{
	const char *at = making->row;
	char size[WORD_MAX], wall[WORD_MAX];
	double h, b, t;
	const char *sides = size;
	if (!next_word(&at, size) || !section_number(&sides, &h) || *sides++ != 'X' || !section_number(&sides, &b) ||
		*sides != '\0')
		return refuse(making, "must begin with HEIGHTxWIDTH");
	while (next_word(&at, wall)) {
		const char *text = wall;
		if (!section_number(&text, &t) || *text != '\0' || !section_possible_rect(h, b, t))
			return refuse(making, "has a wall that cannot be");
		struct section *section = add(making, h == b ? SECTION_HSS_SQUARE : SECTION_HSS_RECT, "HSS", size, "X", wall);
		if (section == NULL)
			return false;
		section_rect(section, h, b, section_wall(t), making->pack->wall_factors.a500, making->pack->weight_lb_ft_in2);
	}
	return at_end(at) || refuse(making, "has a word too long");
}

static bool read_round_row(struct making *making)
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
		section_round(section, d, section_wall(t), t, making->pack->wall_factors.a500, making->pack->weight_lb_ft_in2);
	}
	return at_end(at) || refuse(making, "has a word too long");
}

static bool add_pipe(struct making *making, const char *size, const char *weight_class, double d, double t)
{
	if (!section_possible_round(d, t))
		return refuse(making, "has a wall that cannot be");
	struct section *section = add(making, SECTION_PIPE, "Pipe", size, "", weight_class);
	if (section == NULL)
		return false;
	section_round(section, d, t, t, making->pack->wall_factors.a53, making->pack->weight_lb_ft_in2);
	const struct texts *differ = &making->pack->published_walls.designations;
	for (size_t i = 0; i < differ->count; i++)
		section->published_differs |= strcmp(differ->items[i], section->designation) == 0;
	return true;
}

static bool read_pipe_row(struct making *making)
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

static bool read_w_row(struct making *making)
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

static bool read_rows(struct making *making, const struct texts *rows, bool (*read)(struct making *))
{
	for (size_t i = 0; i < rows->count; i++) {
		making->row = rows->items[i];
		if (!read(making))
			return false;
	}
	return true;
}

/* A section takes a word of its row at least. */
static size_t most(const struct texts *rows)
{
	size_t words = 0;
	for (size_t i = 0; i < rows->count; i++) {
		words++;
		for (const char *at = rows->items[i]; (at = strchr(at, ' ')) != NULL; at++)
			words++;
	}
	return words;
}

/* The same sections with walls of A1085; pipe and W shapes know one standard only. */
static bool make_a1085(struct making *making, struct arena *arena)
{
	struct section_catalog *catalog = making->catalog;
	struct section *items = arena_array(arena, catalog->count, sizeof *items);
	if (items == NULL)
		return err_set(making->err, ERR_LIMIT, "no memory for the catalog");
	memcpy(items, catalog->items[SECTION_A500], catalog->count * sizeof *items);
	double wall = making->pack->wall_factors.a1085, weight = making->pack->weight_lb_ft_in2;
	for (size_t i = 0; i < catalog->count; i++) {
		struct section *s = &items[i];
		if (s->family == SECTION_HSS_ROUND)
			section_round(s, s->depth_in, section_wall(s->t_nom_in), s->t_nom_in, wall, weight);
		else if (s->family == SECTION_HSS_SQUARE || s->family == SECTION_HSS_RECT)
			section_rect(s, s->depth_in, s->width_in, s->t_nom_in, wall, weight);
	}
	catalog->items[SECTION_A1085] = items;
	return true;
}

static bool make(struct making *making, struct arena *arena)
{
	const struct sections_pack *pack = making->pack;
	size_t room = most(&pack->hss_rect) + most(&pack->hss_round) + most(&pack->pipe) + most(&pack->w);
	struct section_catalog *catalog = making->catalog;
	return section_catalog_room(catalog, room, arena, making->err) != NULL &&
		   read_rows(making, &pack->hss_rect, read_rect_row) && read_rows(making, &pack->hss_round, read_round_row) &&
		   read_rows(making, &pack->pipe, read_pipe_row) && read_rows(making, &pack->w, read_w_row) &&
		   section_catalog_finish(catalog, arena, making->err) && make_a1085(making, arena);
}

static bool decode(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct sections_pack pack;
	if (!sign_pack_decode(&pack_table, tree, &pack, arena, err))
		return false;
	struct section_catalog *catalog = arena_new(arena, struct section_catalog);
	if (catalog == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the catalog");
	struct making making = {.pack = &pack, .catalog = catalog, .err = err};
	if (!make(&making, arena))
		return false;
	*data = catalog;
	return true;
}

const struct pack_kind sign_sections_kind = {.name = "sections", .decode = decode};
