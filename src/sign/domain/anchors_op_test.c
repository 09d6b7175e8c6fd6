#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sign/domain/anchors_op.h"
#include "sign/domain/footing_bed.h"
#include "sign/domain/steel_bed.h"

static struct harness *harness;

#define CALL(...) harness_call(harness, &sign_anchors_op, __VA_ARGS__)

static double result(const char *member)
{
	return bed_result(harness, member);
}

/* [sign 9 A1] */
static void worked_example(void **state)
{
	(void)state;
	assert_true(CALL("{\"fc_psi\":4000,\"cracked\":false,\"anchor\":{\"dia_in\":0.75,\"hef_in\":6}}"));
	near_share(result("phi_ncb_lb"), 19520, .001);
	near(result("anc_in2"), 324, 1e-9);
	near(result("anco_in2"), 324, 1e-9);
	assert_true(isnan(result("vb_lb")) && isnan(result("nsb_lb")));
	assert_true(isnan(bed_row(harness, "shear_breakout", "demand")));
	assert_true(harness_bool(harness, "/result/all_pass"));
}

/* Positions are the same question as the layout they spell out. */
static void positions_are_a_layout(void **state)
{
	(void)state;
	const char *rest =
		"\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.75,\"hef_in\":8},\"edges\":{\"cx1_in\":6,\"cy2_in\":9},"
		"\"loads\":{\"N_kip\":10,\"V_kip\":2,\"ecc_n_in\":1}";
	assert_true(CALL("{%s,\"layout\":{\"nx\":2,\"ny\":2,\"sx_in\":7,\"sy_in\":8}}", rest));
	char hash[65];
	snprintf(hash, sizeof hash, "%s", harness_content_sha256(harness));
	assert_true(CALL("{%s,\"positions_in\":[[7,8],[0,0],[7,0],[0,8]]}", rest));
	assert_string_equal(harness_content_sha256(harness), hash);
	assert_true(CALL("{%s,\"positions_in\":[[107,58],[100,50.0],[107,50],[100,58]]}", rest));
	assert_string_equal(harness_content_sha256(harness), hash);
}

/* REF: ACI 318-19 section 17.6.1.2: futa at most 1.9 fya and 125 ksi */
static void grades_and_overrides(void **state)
{
	(void)state;
	static const struct {
		const char *anchor;
		double futa_ksi;
	} cases[] = {
		{"", 58},
		{",\"grade\":\"F1554-55\"", 75},
		{",\"grade\":\"F1554-105\"", 125},
		{",\"grade\":\"A307\"", 60},
		{",\"grade\":\"A193-B7\"", 125},
		{",\"futa_ksi\":150,\"fya_ksi\":130", 125},
		{",\"futa_ksi\":100,\"fya_ksi\":40", 76},
		{",\"grade\":\"XYZ\",\"futa_ksi\":70", 70},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(CALL("{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1,\"hef_in\":6%s}}", cases[i].anchor));
		near_share(result("nsa_lb"), cases[i].futa_ksi * 1000 * .6057, .001);
	}
	assert_true(CALL("{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1,\"hef_in\":6,\"head\":\"hex\"}}"));
	near(result("abrg_in2"), 1.163, .001);
	assert_true(CALL("{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1,\"hef_in\":6,\"abrg_in2\":2}}"));
	near(result("np_lb"), 64000, 1e-6);
}

/* One failing row flips all_pass: each in turn. */
static void one_failing_row_flips_all(void **state)
{
	(void)state;
	static const struct {
		const char *row, *anchor, *rest;
	} cases[] = {
		{"steel_tension", "\"dia_in\":0.5,\"hef_in\":20,\"abrg_in2\":9", "\"loads\":{\"N_kip\":7}"},
		{"breakout", "\"dia_in\":1.5,\"hef_in\":4", "\"loads\":{\"N_kip\":10}"},
		{"pullout", "\"dia_in\":1.5,\"hef_in\":20,\"abrg_in2\":0.5", "\"loads\":{\"N_kip\":12}"},
		{"side_face", "\"dia_in\":1.5,\"hef_in\":20", "\"edges\":{\"cx1_in\":3},\"loads\":{\"N_kip\":45}"},
		{"steel_shear", "\"dia_in\":0.5,\"hef_in\":20", "\"loads\":{\"V_kip\":4}"},
		{"shear_breakout", "\"dia_in\":1,\"hef_in\":8", "\"edges\":{\"cx1_in\":4},\"loads\":{\"V_kip\":5}"},
		{"pryout", "\"dia_in\":1,\"hef_in\":2", "\"loads\":{\"V_kip\":4}"},
		{"interaction", "\"dia_in\":1,\"hef_in\":20", "\"loads\":{\"N_kip\":20,\"V_kip\":9}"},
		{"spacing", "\"dia_in\":1,\"hef_in\":8", "\"layout\":{\"nx\":2,\"sx_in\":3}"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(CALL("{\"fc_psi\":4000,\"anchor\":{%s},%s}", cases[i].anchor, cases[i].rest));
		assert_true(!bed_passes(harness, cases[i].row));
		assert_true(!harness_bool(harness, "/result/all_pass"));
		near(harness_number(harness, "/confidence"), .7, 1e-9);
	}
}

static void mistakes_are_named(void **state)
{
	(void)state;
	assert_false(CALL("{}"));
	assert_true(harness_refused(harness, "/fc_psi", "required"));
	assert_true(harness_refused(harness, "/anchor", "required"));
	assert_false(
		CALL("{\"fc_psi\":2000,\"anchor\":{\"dia_in\":5,\"kind\":\"glued\"},\"layout\":{\"nx\":0},\"bolts\":4}"));
	assert_true(harness_refused(harness, "/fc_psi", "range"));
	assert_true(harness_refused(harness, "/anchor/dia_in", "range"));
	assert_true(harness_refused(harness, "/anchor/hef_in", "required"));
	assert_true(harness_refused(harness, "/anchor/kind", "enum"));
	assert_true(harness_refused(harness, "/layout/nx", "range"));
	assert_true(harness_refused(harness, "/bolts", "unknown_field"));
	const char *start = "{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.75,\"hef_in\":6%s}%s}";
	assert_false(CALL(start, ",\"grade\":\"A325\"", ",\"layout\":{\"nx\":2,\"ny\":2}"));
	assert_true(harness_refused(harness, "/anchor/grade", "enum"));
	assert_true(harness_refused(harness, "/layout/sx_in", "required"));
	assert_true(harness_refused(harness, "/layout/sy_in", "required"));
	assert_false(CALL(start, "", ",\"layout\":{\"nx\":2,\"sx_in\":4},\"positions_in\":[[0,0]]"));
	assert_true(harness_refused(harness, "/positions_in", "conflict"));
	assert_false(CALL(start, "", ",\"positions_in\":[[0,0],[1],[0,0],[2e4,0]],\"edges\":{\"thickness_in\":6}"));
	assert_true(harness_refused(harness, "/positions_in/1", "type"));
	assert_true(harness_refused(harness, "/positions_in/2", "duplicate"));
	assert_true(harness_refused(harness, "/positions_in/3", "range"));
	assert_true(harness_refused(harness, "/edges/thickness_in", "range"));
	assert_false(CALL(start, "", ",\"positions_in\":[]"));
	assert_true(harness_refused(harness, "/positions_in", "count"));
	assert_false(CALL(start, "", ",\"positions_in\":7"));
	assert_true(harness_refused(harness, "/positions_in", "type"));
	assert_false(CALL(start, "", ",\"layout\":{\"nx\":32,\"ny\":32,\"sx_in\":4,\"sy_in\":4}"));
	assert_true(harness_refused(harness, "/layout", "range"));
}

static void assumptions_are_said(void **state)
{
	(void)state;
	assert_true(CALL("{\"fc_psi\":9000,\"anchor\":{\"kind\":\"post_installed\",\"dia_in\":0.5,\"hef_in\":4},"
					 "\"seismic\":true,\"layout\":{\"nx\":2,\"sx_in\":30}}"));
	assert_true(harness_noted(harness, "pullout_by_test") && harness_noted(harness, "post_installed"));
	assert_true(harness_noted(harness, "fc_limit") && harness_noted(harness, "seismic"));
	assert_true(harness_noted(harness, "separate_groups"));
	assert_true(isnan(result("np_lb")));
	assert_true(CALL("{\"fc_psi\":4000,\"anchor\":{\"dia_in\":0.8,\"hef_in\":30},"
					 "\"layout\":{\"nx\":2,\"sx_in\":6},\"loads\":{\"N_kip\":1,\"ecc_n_in\":5}}"));
	assert_true(harness_noted(harness, "thread") && harness_noted(harness, "deep_anchor"));
	assert_true(harness_noted(harness, "anchors_in_compression"));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_example),       cmocka_unit_test(positions_are_a_layout),
		cmocka_unit_test(grades_and_overrides), cmocka_unit_test(one_failing_row_flips_all),
		cmocka_unit_test(mistakes_are_named),   cmocka_unit_test(assumptions_are_said),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
