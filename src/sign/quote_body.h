/*
 * How a sign that somebody asks a price for may stand, and the body of sign.design that answers it [sign.md 5].
 *
 * The kinds are those of a project's payload (`single_pole`, `baseplate`, `direct_burial_2pole`, `monument`,
 * `cantilever`), and `two_pole`, by which the second one is also known.
 */
#ifndef CS_SIGN_QUOTE_BODY_H
#define CS_SIGN_QUOTE_BODY_H

struct arena;
struct json;

extern const char *const quote_kinds[];

struct quote_sign {
	int kind; /* of quote_kinds */
	double height_ft, sign_height_ft, sign_width_ft, wind_speed_mph;
};

/* How it stands, in words. */
const char *quote_stands(int kind);

/* The body for a class of soil of IBC table 1806.2, the arena's; NULL: no memory. */
const struct json *quote_body(const struct quote_sign *sign, int soil_class, struct arena *arena);

#endif
