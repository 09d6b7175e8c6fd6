#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/dxf.h"
#include "draw/dxf_check.h"
#include "draw/foundation.h"

static const struct foundation_bar pier_bars[] = {{"V1", "#5", "VERTICAL", 12, 10.25}, {"T1", "#3", "TIES", 14, 6.78}};
static const struct foundation_bar mat_bars[] = {{"B1", "#5", "LENGTHWISE", 9, 7.5}, {"B2", "#5", "CROSSWISE", 9, 5.5}};
static const char *const notes[] = {"Concrete f'c 3000 psi.", "A long note that has to be broken into several lines, "
															  "since no column of a sheet is as wide as that."};
#define SEAL "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct foundation pier(void)
{
	return (struct foundation){.kind = FOUNDATION_PIER,
							   .width_ft = 2.5,
							   .depth_ft = 10.75,
							   .cover_in = 3,
							   .verticals = 12,
							   .ties = 14,
							   .vertical_in = .625,
							   .tie_in = .375,
							   .tie_spacing_in = 10,
							   .pole_width_in = 4,
							   .pole_depth_in = 14,
							   .pole_count = 1,
							   .pole_label = "HSS14X4X3/16",
							   .cage_label = "12 #5 VERTICAL",
							   .bars = pier_bars,
							   .bar_count = 2,
							   .notes = notes,
							   .note_count = 2,
							   .project_name = "Corner diner",
							   .seal_sha256 = SEAL,
							   .stamp = "NOT STAMPED"};
}

static struct foundation spread(void)
{
	struct foundation f = pier();
	f.kind = FOUNDATION_SPREAD;
	f.width_ft = 6;
	f.length_ft = 8;
	f.thickness_ft = 1.5;
	f.depth_ft = 3.5;
	f.verticals = f.ties = 0;
	f.bars_along = f.bars_across = 9;
	f.bar_in = .625;
	f.bars = mat_bars;
	return f;
}

static struct dxf_seen draw(const struct foundation *f, struct buf *out)
{
	struct dxf_seen seen;
	struct err err = {0};
	buf_init(out, 0);
	if (!foundation_dxf(f, out, &err))
		fail_msg("%s", err.message);
	if (!dxf_check(buf_text(out), &seen))
		fail_msg("line %zu: %s", seen.line, seen.fault);
	return seen;
}

/* [sign.md 6] all layers, plan and section, hatch, bar table, title */
static void test_pier(void **state)
{
	(void)state;
	struct foundation f = pier();
	struct buf out;
	struct dxf_seen seen = draw(&f, &out);
	for (int i = 1; i <= DXF_LAYERS; i++)
		assert_true(seen.on_layer[i] > 0);
	assert_int_equal(seen.circles, 12 + 2); /* bars, concrete, tie */
	assert_int_equal(seen.hatches, 1);
	for (int i = 0; dxf_layer_names[i] != NULL; i++)
		assert_non_null(strstr(buf_text(&out), dxf_layer_names[i]));
	static const char *const words[] = {
		"PLAN",   "SECTION", "BAR TABLE", "MARK",         "LOCATION",
		"ANSI31", "10'-9\"", "2'-6\"",    "10'-3\"",      "0123456789abcdef0123456789abcdef",
		"GRADE",  "V1",      "T1",        "Corner diner", "SCALE: 1/2 in = 1'-0\""};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(buf_text(&out), words[i]) == NULL)
			fail_msg("there is no %s", words[i]);
	buf_fini(&out);
}

/* REF: IBC 1807.3.2: the depth is that of the pole's embedment; both drawings show it to 6 in above the underside. */
static void test_pole_is_set(void **state)
{
	(void)state;
	struct foundation f = pier();
	struct buf out;
	f.depth_ft = 9;
	draw(&f, &out);
	assert_non_null(strstr(buf_text(&out), "8'-6\""));
	buf_fini(&out);
	f.plate_in = 18;
	draw(&f, &out);
	assert_null(strstr(buf_text(&out), "8'-6\""));
	buf_fini(&out);
	assert_float_equal(foundation_set_ft(9), 8.5, 0);
	assert_float_equal(foundation_set_ft(1), .5, 0);
	assert_float_equal(foundation_set_ft(.8), .4, 1e-12);
	assert_float_equal(foundation_set_ft(0), 0, 0);
}

static void test_spread(void **state)
{
	(void)state;
	struct foundation f = spread();
	struct buf out;
	struct dxf_seen seen = draw(&f, &out);
	assert_int_equal(seen.circles, 9); /* the bars that the section cuts */
	assert_int_equal(seen.hatches, 1);
	assert_non_null(strstr(buf_text(&out), "8'-0\""));
	assert_non_null(strstr(buf_text(&out), "B2"));
	buf_fini(&out);
}

/* The same question, the same bytes; another seal, others. */
static void test_bytes(void **state)
{
	(void)state;
	struct foundation f = pier();
	struct buf first, second, third;
	draw(&f, &first);
	draw(&f, &second);
	assert_string_equal(buf_text(&first), buf_text(&second));
	f.seal_sha256 = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";
	draw(&f, &third);
	assert_string_not_equal(buf_text(&first), buf_text(&third));
	buf_fini(&first);
	buf_fini(&second);
	buf_fini(&third);
}

static double any(double from, double to)
{
	return from + (to - from) * (double)rand() / RAND_MAX;
}

/* Whatever is built and however it is called, the drawing is sound. */
static void test_any(void **state)
{
	(void)state;
	srand(20);
	for (int i = 0; i < 400; i++) {
		struct foundation f = rand() % 2 ? pier() : spread();
		struct buf out;
		f.square = rand() % 2;
		f.pole_round = rand() % 2;
		f.width_ft = any(1.5, 20);
		f.length_ft = any(1.5, 40);
		f.thickness_ft = any(.5, 10);
		f.depth_ft = f.thickness_ft + any(0, 40);
		f.verticals = rand() % 60;
		f.ties = rand() % 60;
		f.bars_along = rand() % 60;
		f.tie_spacing_in = any(3, 18);
		f.pole_width_in = f.pole_depth_in = any(3, 30);
		f.project_name = "A \"name\" with \n a break, %% codes, ^J and \xe2\x80\xb2 marks \xff";
		struct dxf_seen seen = draw(&f, &out);
		assert_true(seen.entities > 40);
		assert_null(strstr(buf_text(&out), "%%"));
		buf_fini(&out);
	}
}

static void test_refused(void **state)
{
	(void)state;
	const double bad[] = {0, -1, NAN, INFINITY, 1e12};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct foundation f = pier();
		struct buf out;
		struct err err = {0};
		buf_init(&out, 0);
		f.depth_ft = bad[i];
		assert_false(foundation_dxf(&f, &out, &err));
		assert_int_equal(err.kind, ERR_INTERNAL);
		buf_fini(&out);
	}
}

/* The checker finds what is broken: a line taken away, a value changed, anywhere. */
static void test_checker(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
	} damages[] = {{"AC1032", "AC1015"},
				   {"\nS-DETL-RBAR\n", "\nNOWHERE\n"},
				   {"  0\nEOF\n", ""},
				   {"AcDbCircle", "AcDbLine"},
				   {"HANDSEED\n  5\n", "HANDSEED\n  5\n0\n"},
				   {"\nHIDDEN\n", "\nDOTTED\n"},
				   {" 93\n4\n", " 93\n5\n"},
				   {"\nENDSEC\n", "\nENDTAB\n"},
				   {" 40\n", " 40\nx"},
				   {"\n330\n", "\n330\nFFF"}};
	struct foundation f = pier();
	struct buf out;
	draw(&f, &out);
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		struct buf broken;
		struct dxf_seen seen;
		const char *text = buf_text(&out), *at = text;
		for (const char *next = at; next != NULL;
			 next = strstr(next + 1, damages[i].from)) /* the last is in an entity */
			at = next;
		size_t size = strlen(damages[i].from);
		assert_true(at > text);
		buf_init(&broken, 0);
		buf_add(&broken, text, (size_t)(at - text));
		buf_adds(&broken, damages[i].to);
		buf_adds(&broken, at + size);
		if (dxf_check(buf_text(&broken), &seen))
			fail_msg("%zu was not found", i);
		assert_non_null(seen.fault);
		buf_fini(&broken);
	}
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pier),    cmocka_unit_test(test_pole_is_set), cmocka_unit_test(test_spread),
		cmocka_unit_test(test_bytes),   cmocka_unit_test(test_any),         cmocka_unit_test(test_refused),
		cmocka_unit_test(test_checker),
	};
	return cmocka_run_group_tests_name("foundation", tests, NULL, NULL);
}
