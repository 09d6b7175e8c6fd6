#include "draw/dxf_check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS_MAX = 200000, HANDLES = 65536, NAMES = 32, NAME = 64 };

struct group {
	int code;
	const char *value;
	size_t size, line;
};

struct check {
	struct dxf_seen *seen;
	struct group *groups;
	size_t count, at;
	unsigned char used[HANDLES]; /* handles that something has */
	struct {
		char names[NAMES][NAME];
		int count;
	} layers, ltypes, styles;
	unsigned seed;
};

static bool blame(struct check *c, const char *fault)
{
	if (c->seen->fault == NULL) {
		c->seen->fault = fault;
		c->seen->line = c->at < c->count ? c->groups[c->at].line : 0;
	}
	return false;
}

static bool is(const struct group *g, int code, const char *value)
{
	return g->code == code && g->size == strlen(value) && memcmp(g->value, value, g->size) == 0;
}

/* --- groups --- */

static bool is_real(int code)
{
	return (code >= 10 && code <= 59) || (code >= 110 && code <= 149) || (code >= 210 && code <= 239);
}

static bool is_whole(int code)
{
	return (code >= 60 && code <= 99) || (code >= 170 && code <= 179) || (code >= 270 && code <= 289) ||
		   (code >= 370 && code <= 389);
}

static bool is_handle(int code)
{
	return code == 5 || code == 105 || (code >= 320 && code <= 369) || (code >= 390 && code <= 399);
}

static bool value_fits(const struct group *g)
{
	char text[64], *end;
	if (!is_real(g->code) && !is_whole(g->code) && !is_handle(g->code))
		return memchr(g->value, '\r', g->size) == NULL;
	if (g->size == 0 || g->size >= sizeof text)
		return false;
	memcpy(text, g->value, g->size);
	text[g->size] = '\0';
	if (is_real(g->code))
		return isfinite(strtod(text, &end)) && *end == '\0' && strchr(text, '.') != NULL;
	strtol(text, &end, is_handle(g->code) ? 16 : 10);
	return *end == '\0';
}

static bool read_line(const char **text, const char **line, size_t *size)
{
	const char *end = strchr(*text, '\n');
	if (end == NULL)
		return false;
	*line = *text;
	*size = (size_t)(end - *text);
	*text = end + 1;
	return true;
}

static bool read_groups(struct check *c, const char *text)
{
	const char *line;
	size_t size, number = 1;
	while (*text != '\0') {
		struct group *g = &c->groups[c->count];
		char *end;
		if (c->count == GROUPS_MAX || !read_line(&text, &line, &size))
			return blame(c, "half a line, or too many");
		long code = strtol(line, &end, 10);
		if (end != line + size || size < 1 || code < 0 || code > 1071)
			return blame(c, "no group code");
		g->code = (int)code;
		g->line = number + 1;
		if (!read_line(&text, &g->value, &g->size))
			return blame(c, "a code without its value");
		c->at = c->count++;
		number += 2;
		if (!value_fits(g))
			return blame(c, "a value that does not fit its code");
	}
	return true;
}

static unsigned handle_of(const struct group *g)
{
	return (unsigned)strtoul(g->value, NULL, 16);
}

/* --- what there is --- */

static bool add_name(struct check *c, char (*names)[NAME], int *count, const struct group *g)
{
	if (*count == NAMES || g->size >= NAME)
		return blame(c, "too many names");
	memcpy(names[*count], g->value, g->size);
	names[(*count)++][g->size] = '\0';
	return true;
}

static int place_of(char (*names)[NAME], int count, const struct group *g)
{
	for (int i = 0; i < count; i++)
		if (is(g, g->code, names[i]))
			return i;
	return -1;
}

/* The first group of that code among those of the thing that begins at `from`. */
static const struct group *member(const struct check *c, size_t from, int code)
{
	for (size_t i = from + 1; i < c->count && c->groups[i].code != 0; i++)
		if (c->groups[i].code == code)
			return &c->groups[i];
	return NULL;
}

static bool has_class(const struct check *c, size_t from, const char *name)
{
	for (size_t i = from + 1; i < c->count && c->groups[i].code != 0; i++)
		if (is(&c->groups[i], 100, name))
			return true;
	return false;
}

static bool is_structure(const struct group *g)
{
	static const char *const names[] = {"SECTION", "ENDSEC", "ENDTAB", "EOF", "CLASS"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is(g, 0, names[i]))
			return true;
	return false;
}

static bool take_thing(struct check *c, size_t i)
{
	const struct group *g = &c->groups[i], *name = member(c, i, 2);
	bool style = is(g, 0, "DIMSTYLE");
	const struct group *handle = member(c, i, style ? 105 : 5);
	c->at = i;
	if (handle == NULL || handle_of(handle) == 0 || handle_of(handle) >= HANDLES || handle_of(handle) >= c->seed)
		return blame(c, "no handle, or one past the seed");
	if (c->used[handle_of(handle)]++ > 0)
		return blame(c, "a handle twice");
	if (is(g, 0, "LAYER"))
		return name != NULL && add_name(c, c->layers.names, &c->layers.count, name);
	if (is(g, 0, "LTYPE"))
		return name != NULL && add_name(c, c->ltypes.names, &c->ltypes.count, name);
	if (is(g, 0, "STYLE"))
		return name != NULL && add_name(c, c->styles.names, &c->styles.count, name);
	return true;
}

static bool take_things(struct check *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->groups[i].code == 0 && !is_structure(&c->groups[i]) && !take_thing(c, i))
			return false;
	return true;
}

/* --- what refers to it --- */

static bool refers_well(struct check *c, const struct group *g)
{
	unsigned handle;
	switch (g->code) {
	case 330:
		handle = handle_of(g);
		return handle == 0 || (handle < HANDLES && c->used[handle]) || blame(c, "an owner that is not there");
	case 340:
	case 350:
	case 390:
		handle = handle_of(g);
		return (handle < HANDLES && c->used[handle]) || blame(c, "a reference to nothing");
	case 8:
		return place_of(c->layers.names, c->layers.count, g) >= 0 || blame(c, "a layer that is not there");
	default:
		return true;
	}
}

static bool check_references(struct check *c)
{
	for (c->at = 0; c->at < c->count; c->at++)
		if (!refers_well(c, &c->groups[c->at]))
			return false;
	return true;
}

/* --- entities --- */

static int points_of(const struct check *c, size_t from)
{
	int count = 0;
	for (size_t i = from + 1; i < c->count && c->groups[i].code != 0; i++)
		count += c->groups[i].code == 10;
	return count;
}

static const struct {
	const char *type, *class;
	int says;  /* code of the number of points; 0: none */
	int extra; /* points besides those */
	size_t counter;
} kinds[] = {
	{"LINE", "AcDbLine", 0, 0, offsetof(struct dxf_seen, lines)},
	{"CIRCLE", "AcDbCircle", 0, 0, offsetof(struct dxf_seen, circles)},
	{"LWPOLYLINE", "AcDbPolyline", 90, 0, offsetof(struct dxf_seen, outlines)},
	{"HATCH", "AcDbHatch", 93, 1, offsetof(struct dxf_seen, hatches)},
	{"TEXT", "AcDbText", 0, 0, offsetof(struct dxf_seen, texts)},
};

static bool check_names(struct check *c, size_t i)
{
	const struct group *layer = member(c, i, 8), *ltype = member(c, i, 6), *style = member(c, i, 7);
	int place = layer != NULL ? place_of(c->layers.names, c->layers.count, layer) : -1;
	if (place < 0 || place >= DXF_CHECK_LAYERS || !has_class(c, i, "AcDbEntity"))
		return blame(c, "an entity without its layer");
	if ((ltype != NULL && place_of(c->ltypes.names, c->ltypes.count, ltype) < 0) ||
		(style != NULL && place_of(c->styles.names, c->styles.count, style) < 0))
		return blame(c, "a type of line or a style that is not there");
	c->seen->on_layer[place]++;
	return true;
}

static bool check_entity(struct check *c, size_t i)
{
	c->at = i;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		if (!is(&c->groups[i], 0, kinds[k].type))
			continue;
		const struct group *says = kinds[k].says != 0 ? member(c, i, kinds[k].says) : NULL;
		if (kinds[k].says != 0 && (says == NULL || atoi(says->value) != points_of(c, i) - kinds[k].extra))
			return blame(c, "another number of points than it says");
		++*(int *)(void *)((char *)c->seen + kinds[k].counter);
		c->seen->entities++;
		return has_class(c, i, kinds[k].class) ? check_names(c, i) : blame(c, "an entity without its class");
	}
	return blame(c, "an entity of no known kind");
}

/* --- sections --- */

static bool check_entities(struct check *c, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (c->groups[i].code == 0 && !check_entity(c, i))
			return false;
	return true;
}

static bool check_sections(struct check *c)
{
	static const char *const names[] = {"HEADER", "CLASSES", "TABLES", "BLOCKS", "ENTITIES", "OBJECTS"};
	size_t i = 0;
	for (size_t s = 0; s < sizeof names / sizeof *names; s++) {
		c->at = i;
		if (i + 1 >= c->count || !is(&c->groups[i], 0, "SECTION") || !is(&c->groups[i + 1], 2, names[s]))
			return blame(c, "a section is missing, or out of order");
		size_t from = i += 2;
		while (i < c->count && !is(&c->groups[i], 0, "ENDSEC"))
			i++;
		if (strcmp(names[s], "ENTITIES") == 0 && !check_entities(c, from, i))
			return false;
		i++;
	}
	c->at = i;
	return (i + 1 == c->count && is(&c->groups[i], 0, "EOF")) || blame(c, "no end, or something after it");
}

static bool take_header(struct check *c)
{
	for (size_t i = 0; i + 1 < c->count; i++) {
		if (is(&c->groups[i], 9, "$HANDSEED"))
			c->seed = handle_of(&c->groups[i + 1]);
		if (is(&c->groups[i], 9, "$ACADVER") && !is(&c->groups[i + 1], 1, "AC1032"))
			return blame(c, "another release");
	}
	return c->seed > 0 || blame(c, "no seed of handles");
}

bool dxf_check(const char *text, struct dxf_seen *seen)
{
	struct check *c = calloc(1, sizeof *c);
	*seen = (struct dxf_seen){.fault = NULL};
	if (c == NULL || (c->groups = calloc(GROUPS_MAX + 1, sizeof *c->groups)) == NULL) {
		free(c);
		seen->fault = "no memory";
		return false;
	}
	c->seen = seen;
	bool sound = read_groups(c, text) && take_header(c) && take_things(c) && check_references(c) && check_sections(c);
	free(c->groups);
	free(c);
	return sound;
}
