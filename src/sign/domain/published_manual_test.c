/*
 * Tables of the AISC Steel Construction Manual, 15th edition, row by row: 3-2 (W shapes), 3-15 (pipe), 4-14 (available
 * critical stress).  REF: AISC 360-22 E3; AISC 360-22 F2; AISC 360-22 F3; AISC 360-22 F8; AISC 360-22 G2.1
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/published_bed.h"

#include "sign/domain/poles_op.h"
#include "sign/domain/section_op.h"

static void as_printed(const char *name, const char *what, double ours, double printed)
{
	if (!(fabs(ours - printed) <= ROUNDED * printed))
		fail_msg("%s, %s: %.6g, printed %.6g", name, what, ours, printed);
}

/* A short pole of one section: what is available. */
static void ask(const char *name, const char *family, const char *more)
{
	if (!harness_call(published_harness, &sign_poles_op,
					  "{\"loads\":{\"M_kipin\":1,\"V_kip\":0.1,\"P_kip\":0.1},\"prefs\":{\"designation\":\"%s\","
					  "\"family\":[\"%s\"]},\"height_ft\":3%s}",
					  name, family, more))
		fail_msg("%s: refused: %s", name, harness_answer(published_harness));
}

/* Table 3-2: Mpx/Ω, kip-ft, Vnx/Ω, kip; W8X10 and W10X12 have noncompact flanges. */
static void table_3_2(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		double mp_kipft, vn_kip;
	} rows[] = {
		{"W24X94", 634, 250},   {"W24X76", 499, 210},   {"W24X55", 334, 167},  {"W21X62", 359, 168},
		{"W21X44", 238, 145},   {"W18X71", 364, 183},   {"W18X50", 252, 128},  {"W18X35", 166, 106},
		{"W16X31", 135, 87.5},  {"W16X26", 110, 70.5},  {"W14X48", 196, 93.8}, {"W14X30", 118, 74.5},
		{"W14X22", 82.8, 63},   {"W12X50", 179, 90.3},  {"W12X35", 128, 75},   {"W12X26", 92.8, 56.1},
		{"W12X14", 43.4, 42.8}, {"W10X33", 96.8, 56.4}, {"W10X22", 64.9, 49},  {"W10X12", 31.2, 37.5},
		{"W8X31", 75.8, 45.6},  {"W8X24", 57.6, 38.9},  {"W8X18", 42.4, 37.4}, {"W8X10", 21.9, 26.8},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ask(rows[i].name, "W", ",\"unbraced_length_ft\":0.5");
		as_printed(rows[i].name, "Mp/Ω", published_figure_of(":flexure/capacity") / 12, rows[i].mp_kipft);
		as_printed(rows[i].name, "Vn/Ω", published_figure_of(":shear/capacity"), rows[i].vn_kip);
	}
}

/* Table 3-15: Mn/Ω and φMn of pipe, Fy 35, kip-ft. */
static void table_3_15(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		double asd_kipft, lrfd_kipft;
	} rows[] = {
		{"Pipe12XS", 123, 184},  {"Pipe12STD", 93.8, 141}, {"Pipe10XS", 85.8, 129}, {"Pipe10STD", 64.4, 96.9},
		{"Pipe8XS", 54.1, 81.4}, {"Pipe8STD", 36.3, 54.6}, {"Pipe6XS", 27.2, 41},   {"Pipe6STD", 18.5, 27.8},
		{"Pipe5XS", 16.7, 25.1}, {"Pipe5STD", 11.9, 17.9}, {"Pipe4XS", 9.65, 14.5}, {"Pipe4STD", 7.07, 10.6},
		{"Pipe3XS", 5.08, 7.64}, {"Pipe3STD", 3.83, 5.76},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ask(rows[i].name, "pipe", "");
		as_printed(rows[i].name, "Mn/Ω", published_figure_of(":flexure/capacity") / 12, rows[i].asd_kipft);
		ask(rows[i].name, "pipe", ",\"level\":\"lrfd\"");
		as_printed(rows[i].name, "φMn", published_figure_of(":flexure/capacity") / 12, rows[i].lrfd_kipft);
	}
}

/* Table 4-14: φFcr at KL/r, ksi, on a wall that does not buckle. */
static void table_4_14(void **state)
{
	(void)state;
	static const struct {
		const char *name, *family;
		double slenderness, fcr_ksi;
	} rows[] = {
		{"HSS8X8X1/2", "tube", 40, 40},   {"HSS8X8X1/2", "tube", 50, 37.5},  {"HSS8X8X1/2", "tube", 60, 34.6},
		{"HSS8X8X1/2", "tube", 80, 28.2}, {"HSS8X8X1/2", "tube", 100, 21.7}, {"HSS8X8X1/2", "tube", 120, 15.7},
		{"HSS8X8X1/2", "tube", 150, 10},  {"HSS8X8X1/2", "tube", 200, 5.65}, {"Pipe8STD", "pipe", 50, 27.7},
		{"Pipe8STD", "pipe", 100, 18.9},  {"Pipe8STD", "pipe", 150, 10},     {"Pipe8STD", "pipe", 200, 5.65},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(published_harness, &sign_sections_op, "{\"designation\":\"%s\"}", rows[i].name));
		double r_in = published_figure_of("sections/0/ry"), area_in2 = published_figure_of("sections/0/A");
		char more[96], what[32];
		snprintf(more, sizeof more, ",\"level\":\"lrfd\",\"k_factor\":1,\"unbraced_length_ft\":%.9g",
				 rows[i].slenderness * r_in / 12);
		snprintf(what, sizeof what, "φFcr at %g", rows[i].slenderness);
		ask(rows[i].name, rows[i].family, more);
		as_printed(rows[i].name, what, published_figure_of(":axial/capacity") / area_in2, rows[i].fcr_ksi);
	}
}

int main(void)
{
	published_harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_3_2),
		cmocka_unit_test(table_3_15),
		cmocka_unit_test(table_4_14),
	};
	int failed = cmocka_run_group_tests_name("published manual", tests, NULL, NULL);
	harness_free(published_harness);
	return failed;
}
