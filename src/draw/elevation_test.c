#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/elevation.h"
#include "draw/feet.h"
#include "draw/sample.h"
#include "draw/xml_check.h"

static int open_fonts(void **state)
{
	*state = fonts_new(NULL);
	return *state == NULL;
}

static int close_fonts(void **state)
{
	fonts_free(*state);
	return 0;
}

/* [sign section 6: at most 60 kB, titled and described for screen readers] */
static void svg_is_well_formed_and_small(void **state)
{
	for (int variant = 0; variant < SAMPLE_COUNT; variant++) {
		struct report report = sample_report(variant);
		struct buf out;
		struct err err = {0};
		buf_init(&out, 0);
		if (!elevation_svg(*state, &report.structure, "Sign <A> & \"B\" \x01\xff", &out, &err))
			fail_msg("variant %d: %s", variant, err.message);
		long at = 0;
		if (!xml_check(buf_text(&out), &at))
			fail_msg("variant %d: not well-formed at byte %ld", variant, at);
		assert_true(out.size <= 60000);
		assert_non_null(strstr(out.bytes, "role=\"img\""));
		assert_non_null(strstr(out.bytes, "<title id=\"svg-title\">Sign &lt;A&gt; &amp; &quot;B&quot;"));
		assert_non_null(strstr(out.bytes, "<desc id=\"svg-desc\">Elevation of a sign structure"));
		assert_null(strstr(out.bytes, "<script"));
		assert_null(strstr(out.bytes, "<metadata"));
		assert_null(strstr(out.bytes, "href"));
		assert_null(strstr(out.bytes, "=\"nan"));
		buf_fini(&out);
	}
}

static void svg_has_the_same_bytes_again(void **state)
{
	struct report report = sample_report(1);
	struct buf a, b;
	buf_init(&a, 0);
	buf_init(&b, 0);
	assert_true(elevation_svg(*state, &report.structure, "x", &a, NULL));
	assert_true(elevation_svg(*state, &report.structure, "x", &b, NULL));
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.bytes, b.bytes, a.size);
	buf_fini(&a);
	buf_fini(&b);
}

static void description_tells_the_structure(void **state)
{
	struct report report = sample_report(0);
	struct buf out;
	buf_init(&out, 0);
	assert_true(elevation_svg(*state, &report.structure, "x", &out, NULL));
	assert_non_null(strstr(out.bytes, "top at 20\u2032-0\u2033 above grade, 1 cabinet, 12\u2032-0\u2033 wide in all"));
	assert_non_null(strstr(out.bytes, "drilled pier 3\u2032-0\u2033 wide, underside 8\u2032-3\u2033 below grade, "
									  "poles set 7\u2032-9\u2033 into it."));
	/* dimensions of the drawing itself */
	assert_non_null(strstr(out.bytes, ">12\u2032-0\u2033</text>"));
	assert_non_null(strstr(out.bytes, ">8\u2032-3\u2033</text>"));
	assert_non_null(strstr(out.bytes, ">20\u2032-0\u2033</text>"));
	buf_fini(&out);
}

/* What stands on a plate does not reach into the concrete: fewer dashed boxes, a plate, bolts, and words for it. */
static void poles_stand_on_plates(void **state)
{
	struct report report = sample_report(0);
	struct buf buried, plated;
	buf_init(&buried, 0);
	buf_init(&plated, 0);
	report.structure.anchor_count = 0;
	assert_true(elevation_svg(*state, &report.structure, "x", &buried, NULL));
	report.structure.plate_width_ft = 1.5;
	report.structure.plate_thickness_ft = .1;
	report.structure.anchor_count = 4;
	report.structure.anchor_embed_ft = 1.25;
	report.structure.anchor_edge_ft = .125;
	assert_true(elevation_svg(*state, &report.structure, "x", &plated, NULL));
	assert_null(strstr(buried.bytes, "base plate"));
	assert_non_null(strstr(plated.bytes, "below grade, base plate 1\u2032-6\u2033 wide."));
	assert_string_not_equal(strstr(buried.bytes, "</desc>"), strstr(plated.bytes, "</desc>"));
	buf_fini(&buried);
	buf_fini(&plated);
}

/* A limit that cannot be kept is an error, never a cut drawing. */
static void too_many_cabinets_are_refused(void **state)
{
	static struct structure_cabinet cabinets[2000];
	for (int i = 0; i < 2000; i++)
		cabinets[i] = (struct structure_cabinet){i % 50, 10 + i / 50, 0.9, 0.9, "A cabinet with a name"};
	struct structure structure = {.height_ft = 60, .cabinets = cabinets, .cabinet_count = 2000};
	struct buf out;
	struct err err = {0};
	buf_init(&out, 0);
	assert_false(elevation_svg(*state, &structure, "x", &out, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(out.size, 0);
	buf_fini(&out);
}

static struct elevation_view view_of(void **state, int variant)
{
	struct report report = sample_report(variant);
	struct buf out;
	buf_init(&out, 0);
	struct canvas *canvas = canvas_svg(*state, 612, 792, "x", "", &out, NULL);
	struct elevation_view view = elevation_draw(canvas, (struct box){45, 80, 522, 620}, 7.5, 72, &report.structure);
	assert_true(canvas_finish(canvas, NULL));
	canvas_free(canvas);
	buf_fini(&out);
	return view;
}

static void paper_has_a_standard_scale(void **state)
{
	struct elevation_view view = view_of(state, 0);
	assert_string_equal(view.scale->name, "1/4 in");
	assert_true(fabs(view.per_ft - 18) < 1e-12);
	assert_string_equal(view_of(state, 1).scale->name, "3/16 in");
	assert_null(view_of(state, 6).scale); /* 300 ft do not fit at 1/16 */
	assert_null(view_of(state, 7).scale);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(svg_is_well_formed_and_small),    cmocka_unit_test(svg_has_the_same_bytes_again),
		cmocka_unit_test(description_tells_the_structure), cmocka_unit_test(poles_stand_on_plates),
		cmocka_unit_test(too_many_cabinets_are_refused),   cmocka_unit_test(paper_has_a_standard_scale),
	};
	return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
