#include "sign/quote_body.h"

#include <math.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"

/* Between the pole's axis and the edge of a sign that stands beside it. */
#define BESIDE_FT 1.0

/* Two poles stand at the quarters of the sign, further out under a narrow one, and never on one pier. */
#define SPACING_FT 4.0
#define SPACING_LEAST_FT 2.0

const char *const quote_kinds[] = {"single_pole", "two_pole",   "baseplate", "direct_burial_2pole",
								   "monument",    "cantilever", NULL};

/* A spread footing where no pier of the usual sizes holds the sign: a price, not silence. */
static const struct {
	int poles;
	const char *types[2], *words;
	bool beside;
} stands[] = {
	{1, {"direct", "spread"}, "one pole in a drilled pier, or on a spread footing where that is cheaper", false},
	{2, {"direct", "spread"}, "two poles in drilled piers, or on spread footings where that is cheaper", false},
	{1, {"baseplate"}, "one pole on a base plate over a drilled pier", false},
	{2, {"direct"}, "two poles in drilled piers", false},
	{2, {"spread"}, "two posts on spread footings", false},
	{1, {"direct", "baseplate"}, "one pole beside the sign, in or on a drilled pier", true},
};

const char *quote_stands(int kind)
{
	return stands[kind].words;
}

static void write_sign(struct jw *jw, const struct quote_sign *sign)
{
	jw_key(jw, "sign");
	jw_object(jw);
	jw_member_num(jw, "height_ft", sign->height_ft);
	jw_member_num(jw, "sign_height_ft", sign->sign_height_ft);
	jw_member_num(jw, "sign_width_ft", sign->sign_width_ft);
	jw_object_end(jw);
}

static void write_beside(struct jw *jw, const struct quote_sign *sign)
{
	jw_key(jw, "cabinets");
	jw_array(jw);
	jw_object(jw);
	jw_member_num(jw, "width_ft", sign->sign_width_ft);
	jw_member_num(jw, "height_ft", sign->sign_height_ft);
	jw_member_num(jw, "z_offset_ft", sign->height_ft - sign->sign_height_ft);
	jw_member_num(jw, "x_offset_ft", sign->sign_width_ft / 2 + BESIDE_FT);
	jw_object_end(jw);
	jw_array_end(jw);
}

static void write_support(struct jw *jw, const struct quote_sign *sign)
{
	jw_key(jw, "support");
	jw_object(jw);
	jw_member_int(jw, "num_poles", stands[sign->kind].poles);
	if (stands[sign->kind].poles > 1)
		jw_member_num(jw, "spacing_ft",
					  fmax(fmax(sign->sign_width_ft / 2, fmin(sign->sign_width_ft, SPACING_FT)), SPACING_LEAST_FT));
	jw_object_end(jw);
}

static void write_foundation(struct jw *jw, const struct quote_sign *sign, int soil_class)
{
	jw_key(jw, "foundation");
	jw_object(jw);
	jw_key(jw, "types");
	jw_array(jw);
	for (int i = 0; i < 2 && stands[sign->kind].types[i] != NULL; i++)
		jw_str(jw, stands[sign->kind].types[i]);
	jw_array_end(jw);
	jw_key(jw, "soil");
	jw_object(jw);
	jw_member_int(jw, "class", soil_class);
	jw_object_end(jw);
	jw_object_end(jw);
}

const struct json *quote_body(const struct quote_sign *sign, int soil_class, struct arena *arena)
{
	const struct json *body = NULL;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_key(&jw, "site");
	jw_object(&jw);
	jw_member_num(&jw, "wind_speed_mph", sign->wind_speed_mph);
	jw_object_end(&jw);
	(stands[sign->kind].beside ? write_beside : write_sign)(&jw, sign);
	write_support(&jw, sign);
	write_foundation(&jw, sign, soil_class);
	jw_member_int(&jw, "alternates", 0);
	jw_object_end(&jw);
	json_parse(arena, buf_text(&buf), buf.size, &json_body_limits, &body, NULL);
	buf_fini(&buf);
	return body;
}
