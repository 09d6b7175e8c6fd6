/*
 * What the pages of a sealed sign.design say in lines and rows: site, wind, pole, foundation, cover, load cases.
 *
 * Read from the seal's own text, and of the packs only what its hashes name.  Texts and lists live in the arena.
 */
#ifndef CS_SIGN_DESIGN_PANELS_H
#define CS_SIGN_DESIGN_PANELS_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/report.h"

struct arena;
struct json;
struct pack;
struct packs;
struct seal;

enum { ITEMS_MAX = 16, LOADS_MAX = 8 };

/* A sealed design, opened. */
struct sealed {
	struct arena *arena;
	const struct seal *seal;
	const struct packs *packs; /* those that are loaded */
	const struct json *inputs, *result, *used /* packs: name to SHA-256 */, *selected, *loads;
};

/* A list of lines under construction; more than ITEMS_MAX are dropped. */
struct lines {
	struct report_item items[ITEMS_MAX];
	size_t count;
};

void site_lines(const struct sealed *s, struct lines *lines);
void wind_lines(const struct sealed *s, struct lines *lines);
void pole_lines(const struct sealed *s, struct lines *lines);
void foundation_lines(const struct sealed *s, struct lines *lines);
void summary_lines(const struct sealed *s, struct lines *lines);

/* Cases A, B and C, poles and totals; returns how many. */
size_t load_rows(const struct sealed *s, struct report_load rows[LOADS_MAX]);

bool is_spread(const struct sealed *s);
const char *foundation_words(const struct sealed *s);

/* "ASCE 7-16" */
const char *load_standard(const struct sealed *s);

/* What the soil is taken for: its class, and what was given in place of the class's values. */
const char *soil_words(const struct json *soil, struct arena *arena);

/* What the pole is made of: as asked for, or what its form is usually made of; "" for a form that is unknown. */
const char *pole_material(const struct json *inputs, const struct json *pole);

/* "12 #5" of two members of `rebar`. */
const char *bars(const struct sealed *s, const struct json *rebar, const char *count, const char *size);

/* The loaded pack of this hash; NULL: none. */
const struct pack *pack_of_hash(const struct packs *packs, const char *sha256);

/* A number member, else NaN; a text member, else `absent`. */
double member_number(const struct json *json, const char *name);
const char *member_text(const struct json *json, const char *name, const char *absent);

#endif
