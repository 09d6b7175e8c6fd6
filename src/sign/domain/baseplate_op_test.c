#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/footing_bed.h"
#include "sign/domain/steel_bed.h"

static struct harness *harness;

#define CALL(...) harness_call(harness, &sign_baseplate_op, __VA_ARGS__)

static double result(const char *member)
{
	return bed_result(harness, member);
}

static const char body[] = "{\"plate\":{\"w_in\":16,\"l_in\":16,\"t_in\":%s},\"column\":{\"d_in\":8.625},"
						   "\"concrete\":{\"fc_psi\":%s},\"anchors\":{\"dia_in\":%s,\"embed_in\":%s},"
						   "\"weld\":{\"size_in\":%s},\"loads\":{\"P_kip\":2,\"V_kip\":1.5,\"M_kipin\":%s}}";

/* [sign 10.6] Approved only if all pass; one failing row flips it, and says which plate would do. */
static void one_failing_row_flips_approval(void **state)
{
	(void)state;
	static const struct {
		const char *row, *t, *fc, *dia, *embed, *weld, *m;
	} cases[] = {
		{NULL, "1.25", "4000", "1", "20", "0.3125", "240"},
		{"plate_bearing_side", "0.625", "4000", "1", "20", "0.3125", "240"},
		{"plate_tension_side", "0.5", "4000", "1", "20", "0.3125", "240"},
		{"weld", "1.25", "4000", "1", "20", "0.125", "240"},
		{"anchor_steel", "1.25", "4000", "0.5", "20", "0.3125", "240"},
		{"breakout", "1.25", "4000", "1", "3", "0.3125", "240"},
		{"bearing", "4", "2500", "4", "30", "2", "4000"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(CALL(body, cases[i].t, cases[i].fc, cases[i].dia, cases[i].embed, cases[i].weld, cases[i].m));
		bool fails = cases[i].row != NULL;
		assert_int_equal(harness_bool(harness, "/result/approved"), !fails);
		assert_int_equal(harness_bool(harness, "/result/all_pass"), !fails);
		if (!fails)
			continue;
		assert_true(!bed_passes(harness, cases[i].row));
		assert_non_null(strstr(harness_text(harness, "/result/recommendation"), "engineering review"));
		assert_true(harness_number(harness, "/confidence") <= .4 + 1e-9);
	}
}

/* The next passing plate does pass, and is not smaller in anything. */
static void next_plate_passes(void **state)
{
	(void)state;
	assert_true(CALL(body, "0.5", "3000", "0.75", "16", "0.3125", "300"));
	assert_true(!harness_bool(harness, "/result/approved"));
	assert_true(harness_bool(harness, "/result/nearest/all_pass"));
	double w = result("nearest/w_in"), l = result("nearest/l_in"), t = result("nearest/t_in");
	assert_true(w >= 16 && l >= 16 && t >= .5 && result("nearest/num_anchors") >= 4);
	assert_true(CALL("{\"plate\":{\"w_in\":%f,\"l_in\":%f,\"t_in\":%f},\"column\":{\"d_in\":8.625},"
					 "\"anchors\":{\"dia_in\":0.75,\"embed_in\":16,\"num_anchors\":%.0f},\"weld\":{\"size_in\":0.3125},"
					 "\"loads\":{\"P_kip\":2,\"V_kip\":1.5,\"M_kipin\":300}}",
					 w, l, t, result("nearest/num_anchors")));
	assert_true(harness_bool(harness, "/result/approved"));
	assert_int_equal(harness_count(harness, "/result/nearest"), -2);
}

/* Where nothing holds the moment the figures are null, bearing says why, and a plate is named. */
static void no_equilibrium_is_said(void **state)
{
	(void)state;
	assert_true(CALL("{\"plate\":{\"w_in\":12,\"l_in\":12,\"t_in\":1},\"column\":{\"d_in\":6},"
					 "\"loads\":{\"M_kipin\":2500}}"));
	assert_int_equal(harness_count(harness, "/result/y_in"), -2);
	assert_int_equal(harness_count(harness, "/result/tension_kip"), -2);
	assert_int_equal(harness_count(harness, "/result/eccentricity_in"), -2);
	assert_true(!bed_passes(harness, "bearing"));
	assert_string_equal(harness_text(harness, "/result/moment_case"), "large");
	assert_true(harness_bool(harness, "/result/nearest/all_pass"));
}

static void search_and_its_address(void **state)
{
	(void)state;
	const char *rest = "\"column\":{\"d_in\":8.625},\"anchors\":{\"dia_in\":1},\"weld\":{\"size_in\":0.3125},"
					   "\"loads\":{\"P_kip\":2,\"V_kip\":1.5,\"M_kipin\":240}";
	assert_true(CALL("{\"plate\":{\"search\":true},%s}", rest));
	assert_true(harness_bool(harness, "/result/approved"));
	double weight = result("plate/weight_lb");
	assert_true(weight < .2836 * 16 * 16 * 1.25);
	near_share(weight, .2836 * result("plate/w_in") * result("plate/l_in") * result("plate/t_in"), 1e-4);
	/* sizes beside search are not read */
	assert_true(CALL("{\"plate\":{\"search\":true,\"w_in\":40,\"l_in\":40,\"t_in\":3},%s}", rest));
	near(result("plate/weight_lb"), weight, 1e-9);
	/* a weld that no plate helps */
	assert_true(CALL("{\"plate\":{\"search\":true},\"column\":{\"d_in\":4},\"weld\":{\"size_in\":0.125},"
					 "\"loads\":{\"M_kipin\":900}}"));
	assert_true(harness_noted(harness, "no_feasible"));
	assert_true(harness_number(harness, "/confidence") <= .6);
	assert_true(!harness_bool(harness, "/result/nearest/all_pass"));
}

static const struct json *parse(struct arena *arena, const char *text)
{
	const struct json *json;
	assert_true(json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL));
	return json;
}

/* /signage/baseplate/design is plate.search true, under /api/v1 and with a slash too; other addresses are not. */
static void design_address_presets_search(void **state)
{
	(void)state;
	static const struct {
		const char *path, *body, *becomes;
	} cases[] = {
		{"/signage/baseplate/design", "{\"plate\":{\"fy_ksi\":50},\"x\":1}",
		 "{\"plate\":{\"fy_ksi\":50,\"search\":true},\"x\":1}"},
		{"/api/v1/signage/baseplate/design", "{\"plate\":{\"search\":false}}", "{\"plate\":{\"search\":true}}"},
		{"/signage/baseplate/design/", "{}", "{\"plate\":{\"search\":true}}"},
		{"/signage/baseplate/design", "{\"plate\":7}", "{\"plate\":7}"},
		{"/signage/baseplate/design", "[1]", "[1]"},
		{"/signage/baseplate/designs", "{}", "{}"},
		{"/signage/baseplate/checks", "{}", "{}"},
		{"/api/v1/sign/baseplate", "{}", "{}"},
	};
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct json *got = op_preset(&sign_baseplate_op, cases[i].path, parse(&arena, cases[i].body), &arena);
		assert_true(json_same(got, parse(&arena, cases[i].becomes)));
	}
	arena_fini(&arena);
}

static void mistakes_are_named(void **state)
{
	(void)state;
	assert_false(CALL("{}"));
	assert_true(harness_refused(harness, "/plate", "required"));
	assert_true(harness_refused(harness, "/column", "required"));
	assert_true(harness_refused(harness, "/loads", "required"));
	assert_false(CALL("{\"plate\":{\"t_in\":5,\"size\":1},\"column\":{\"shape\":\"oval\"},\"loads\":{\"M_kipin\":-1},"
					  "\"concrete\":{\"fc_psi\":2000}}"));
	assert_true(harness_refused(harness, "/plate/t_in", "range"));
	assert_true(harness_refused(harness, "/plate/size", "unknown_field"));
	assert_true(harness_refused(harness, "/column/shape", "enum"));
	assert_true(harness_refused(harness, "/column/d_in", "required"));
	assert_true(harness_refused(harness, "/loads/M_kipin", "range"));
	assert_true(harness_refused(harness, "/concrete/fc_psi", "range"));
	assert_false(CALL("{\"plate\":{},\"column\":{\"d_in\":8},\"loads\":{},\"anchors\":{\"num_anchors\":5,"
					  "\"embed_in\":8,\"grade\":\"A325\"}}"));
	assert_true(harness_refused(harness, "/plate/w_in", "required"));
	assert_true(harness_refused(harness, "/plate/l_in", "required"));
	assert_true(harness_refused(harness, "/plate/t_in", "required"));
	assert_true(harness_refused(harness, "/anchors/num_anchors", "range"));
	assert_true(harness_refused(harness, "/anchors/dia_in", "required"));
	assert_true(harness_refused(harness, "/anchors/grade", "enum"));
	assert_false(CALL("{\"plate\":{\"w_in\":7,\"l_in\":6,\"t_in\":1},\"column\":{\"d_in\":8},\"loads\":{},"
					  "\"anchors\":{\"edge_in\":3}}"));
	assert_true(harness_refused(harness, "/plate/w_in", "smaller_than_column"));
	assert_true(harness_refused(harness, "/plate/l_in", "smaller_than_column"));
	assert_true(harness_refused(harness, "/anchors/edge_in", "range"));
}

/* REF: AISC 360-22 J3.7; ACI 318-19 section 17.6.1.2: at allowable-stress level the anchors in concrete see the loads
 * divided by 0.6. */
static void anchors_are_at_strength_level(void **state)
{
	(void)state;
	assert_true(CALL("{\"plate\":{\"w_in\":16,\"l_in\":16,\"t_in\":2},\"column\":{\"d_in\":8},\"level\":\"asd\","
					 "\"anchors\":{\"dia_in\":1,\"embed_in\":15},\"loads\":{\"V_kip\":3,\"M_kipin\":200}}"));
	near_share(bed_row(harness, "breakout", "demand"), 1000 * result("tension_kip") / .6, 1e-3);
	near_share(bed_row(harness, "pryout", "demand"), 1500 / .6, 1e-6);
	near_share(bed_row(harness, "anchor_steel", "capacity"), .75 * 58 * M_PI / 4 / 2, 1e-4);
	/* pulled off with a moment: all anchors, the worse line first */
	assert_true(CALL("{\"plate\":{\"w_in\":16,\"l_in\":16,\"t_in\":2},\"column\":{\"d_in\":8},"
					 "\"anchors\":{\"dia_in\":1,\"embed_in\":15},\"loads\":{\"P_kip\":-20,\"M_kipin\":65}}"));
	near(result("tension_kip"), 10 + 65 / 13., .001);
	near(bed_row(harness, "breakout", "demand"), 20000, 1e-6);
	near(bed_row(harness, "pullout", "demand"), 7500, .01);
	near(result("y_in"), 0, 0);
}

/* REF: AISC 360-22 table J3.4; AISC Design Guide 1 section 3.4.3: where bolts stand that no row can see */
static void bolts_in_odd_places_are_told(void **state)
{
	(void)state;
	const char *rest = "\"plate\":{\"w_in\":14,\"l_in\":14,\"t_in\":1},\"loads\":{\"P_kip\":10,\"M_kipin\":100}";
	assert_true(harness_call(
		harness, &sign_baseplate_op,
		"{%s,\"column\":{\"shape\":\"round\",\"d_in\":8},\"anchors\":{\"dia_in\":1,\"edge_in\":1.25}}", rest));
	assert_false(harness_noted(harness, "edge_distance"));
	assert_false(harness_noted(harness, "bolts_within_column"));
	assert_true(harness_call(
		harness, &sign_baseplate_op,
		"{%s,\"column\":{\"shape\":\"rect\",\"d_in\":13},\"anchors\":{\"dia_in\":1,\"edge_in\":1.2}}", rest));
	assert_true(harness_noted(harness, "edge_distance"));
	assert_true(harness_noted(harness, "bolts_within_column"));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bolts_in_odd_places_are_told),
		cmocka_unit_test(one_failing_row_flips_approval),
		cmocka_unit_test(next_plate_passes),
		cmocka_unit_test(no_equilibrium_is_said),
		cmocka_unit_test(search_and_its_address),
		cmocka_unit_test(design_address_presets_search),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(anchors_are_at_strength_level),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
