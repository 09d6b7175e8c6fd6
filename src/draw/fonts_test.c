#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/err.h"
#include "draw/fonts.h"

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

static double width(void **state, enum typeface face, const char *text)
{
	return fonts_width(*state, face, 10, text);
}

/* Columns of figures line up only if all digits are of one width. */
static void digits_are_tabular(void **state)
{
	for (int face = 0; face < FACE_COUNT; face++)
		for (char c = '1'; c <= '9'; c++) {
			char text[2] = {c, '\0'};
			assert_true(fabs(width(state, (enum typeface)face, text) - width(state, (enum typeface)face, "0")) < 1e-9);
		}
}

static void width_grows_with_size_and_text(void **state)
{
	double at_10 = fonts_width(*state, FACE_SANS, 10, "Cedar Creek"),
		   at_20 = fonts_width(*state, FACE_SANS, 20, "Cedar Creek");
	assert_true(at_10 > 40 && at_10 < 80);
	assert_true(fabs(at_20 - 2 * at_10) < 1e-9);
	assert_true(width(state, FACE_SANS, "Cedar Creek Plaza") > at_10);
	assert_true(width(state, FACE_BOLD, "Cedar Creek") > at_10);
	assert_true(width(state, FACE_MONO, "iiii") == width(state, FACE_MONO, "MMMM"));
}

/* Pairs are kerned as the shaper would: "AV" is narrower than its letters. */
static void pairs_are_kerned(void **state)
{
	double apart = width(state, FACE_SANS, "A") + width(state, FACE_SANS, "V");
	assert_true(width(state, FACE_SANS, "AV") < apart - 0.05);
	assert_true(width(state, FACE_MONO, "AV") == width(state, FACE_MONO, "A") + width(state, FACE_MONO, "V"));
}

static void any_text_has_a_width(void **state)
{
	static const char *const texts[] = {
		"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",                     /* Hebrew */
		"\xd9\x85\xd8\xb1\xd8\xad\xd8\xa8\xd8\xa7",             /* Arabic */
		"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",                 /* no carried face has these */
		"e\xcc\x81",                                            /* a mark that combines */
		"\xff\xfe broken \xc3",                                 /* no UTF-8 */
		"\x01\x02\n\t",                                         /* controls */
		"\xce\xa9 \xd0\x96 \xe2\x89\xa4 \xe2\x80\xb2 \xc3\x97", /* in the face */
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		double w = width(state, FACE_SANS, texts[i]);
		assert_true(w > 1 && w < 500);
	}
	assert_true(fabs(width(state, FACE_SANS, "")) < 1e-12);
	assert_true(fabs(width(state, FACE_SANS, NULL)) < 1e-12);
}

static void endless_text_is_cut(void **state)
{
	static char text[100000];
	memset(text, 'm', sizeof text - 1);
	double w = width(state, FACE_SANS, text);
	assert_true(w < width(state, FACE_SANS, "m") * FONTS_TEXT_MAX);
	assert_true(w > width(state, FACE_SANS, "m") * (FONTS_TEXT_MAX - 10));
}

/* Several at once, and again after all are gone: the memory files stay. */
static void fonts_can_be_opened_again(void **state)
{
	double here = width(state, FACE_SANS, "Footing");
	for (int i = 0; i < 3; i++) {
		struct fonts *a = fonts_new(NULL), *b = fonts_new(NULL);
		assert_non_null(a);
		assert_non_null(b);
		assert_true(fonts_width(a, FACE_SANS, 10, "Footing") == here);
		fonts_free(a);
		assert_true(fonts_width(b, FACE_SANS, 10, "Footing") == here);
		fonts_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_tabular),  cmocka_unit_test(width_grows_with_size_and_text),
		cmocka_unit_test(pairs_are_kerned),    cmocka_unit_test(any_text_has_a_width),
		cmocka_unit_test(endless_text_is_cut), cmocka_unit_test(fonts_can_be_opened_again),
	};
	return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
