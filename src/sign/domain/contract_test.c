/*
 * What holds for every operation of sign.md section 2, whatever it calculates: members by name and order, defaults told
 * in trace.inputs, rows of checks, all faults of a body at once, packs pinned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/field.h"
#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/anchors_op.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/cabinets.h"
#include "sign/domain/cantilever_op.h"
#include "sign/domain/concrete_op.h"
#include "sign/domain/design.h"
#include "sign/domain/footing_direct_op.h"
#include "sign/domain/footing_spread_op.h"
#include "sign/domain/monument_op.h"
#include "sign/domain/poles_op.h"
#include "sign/domain/price.h"
#include "sign/domain/section_op.h"
#include "sign/domain/seismic_op.h"
#include "sign/domain/snow_ice_op.h"
#include "sign/sign.h"

static struct harness *harness;

/* --- members --- */

/* [sign.md 2] the members of results in the specification's order; an operation may tell more between them. */
static const struct members {
	const struct op *op;
	const char *names; /* separated by spaces */
} members[] = {
	{&sign_wind_op,
	 "kz kzt ke kd g qh_psf s_over_h b_over_s cf cf_source opening_factor area_ft2 pressure_psf force_lb "
	 "min_governs arm_ft moment_base_lbft case_b case_c poles total lrfd asd"},
	{&sign_cabinets_op,
	 "A_ft2 weight_estimate_lb z_cg_ft z_area_ft x_area_ft bottom_ft top_ft width_ft cabinets view_token"},
	{&sign_sections_op, "sections unknown"},
	{&sign_poles_op, "options recommended feasible_count considered_count per_pole nearest"},
	{&sign_footing_direct_op,
	 "A_ft b_ft s1_psf s3_psf required_depth_ft min_depth_ft min_depth_in diameter_ft iterations cap_active "
	 "concrete_yards concrete_order_yards rebar checks"},
	{&sign_footing_spread_op, "dead_lb moment_lbft eccentricity_ft kern_ft in_kern q_max_psf q_min_psf "
							  "contact_length_ft resisting_lbft sf_overturning sf_sliding concrete_yards rebar checks"},
	{&sign_baseplate_op,
	 "eccentricity_in e_crit_in y_in fp_ksi fp_max_ksi tension_kip tension_per_anchor_kip m_in n_in "
	 "x_in t_bearing_in t_tension_in t_required_in moment_case approved all_pass checks"},
	{&sign_anchors_op,
	 "ase_in2 abrg_in2 nsa_lb phi_nsa_lb nb_lb anco_in2 anc_in2 psi_ec_n psi_ed_n psi_c_n psi_cp_n ncb_lb phi_ncb_lb "
	 "np_lb phi_np_lb nsb_lb vsa_lb phi_vsa_lb vb_lb vcb_lb phi_vcb_lb vcp_lb phi_vcp_lb tension_ratio shear_ratio "
	 "interaction all_pass checks"},
	{&sign_cantilever_op, "reactions tip_deflection_in poles arms fatigue checks"},
	{&sign_monument_op, "wind footing posts checks"},
	{&sign_snow_ice_op, "td_in ice_weight_lb iced_area_ft2 concurrent_force_lb snow_psf snow_lb"},
	{&sign_seismic_op, "cs v_lb moment_lbft asd_v_lb governs_over_wind"},
	{&sign_price_op, "line_items total_usd pricing_version effective_from"},
	{&sign_concrete_op, "concrete_yards volume_cf order_yards weight_lb"},
	{&sign_design_op, "loads selected alternates considered_count feasible_count price nearest"},
};

/* Is this name the next that the table holds, from *at on? */
static bool follows(const struct field_table *table, const char *name, size_t length, size_t *at)
{
	for (; *at < table->count; (*at)++) {
		const char *is = field_name(&table->fields[*at]);
		if (strlen(is) == length && memcmp(is, name, length) == 0)
			return true;
	}
	return false;
}

static void members_stand_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		size_t at = 0, length;
		for (const char *name = members[i].names; *name != '\0'; name += length + (name[length] == ' ')) {
			length = strcspn(name, " ");
			if (!follows(members[i].op->output, name, length, &at))
				fail_msg("%s: %.*s is missing, or stands too early", members[i].op->name, (int)length, name);
		}
	}
}

/* --- defaults --- */

static char *copied(const char *from, const char *to)
{
	assert_true(from != NULL && to != NULL && to > from);
	return strndup(from, (size_t)(to - from));
}

/* trace.inputs of the last answer, as a body.  The caller frees it. */
static char *told_inputs(void)
{
	static const char before[] = "\"trace\":{\"inputs\":";
	const char *from = strstr(harness_answer(harness), before);
	assert_non_null(from);
	from += sizeof before - 1;
	return copied(from, strstr(from, ",\"intermediates\":"));
}

/* [sign.md 2] trace.inputs is the body with its defaults: the same question, with the same hashes. */
static void inputs_ask_the_same_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sign_ops_count; i++) {
		const struct op *op = sign_ops[i];
		if (!harness_call(harness, op, "%s", op->example))
			fail_msg("%s refuses its example: %s", op->name, harness_answer(harness));
		char *body = told_inputs(), *content = strdup(harness_content_sha256(harness)),
			 *inputs = strdup(harness_text(harness, "/inputs_sha256"));
		if (!harness_call(harness, op, "%s", body))
			fail_msg("%s refuses its own inputs %s: %s", op->name, body, harness_answer(harness));
		assert_string_equal(harness_content_sha256(harness), content);
		assert_string_equal(harness_text(harness, "/inputs_sha256"), inputs);
		char *again = told_inputs();
		assert_string_equal(again, body);
		free(body), free(content), free(inputs), free(again);
	}
}

/* Defaults that hang on other members are told as well. */
static void defaults_are_told(void **state)
{
	(void)state;
	static const char wind[] = "\"wind_speed_mph\":115,\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12";
	assert_true(harness_call(harness, &sign_wind_op, "{%s,\"poles\":{\"width_in\":8}}", wind));
	assert_float_equal(harness_number(harness, "/trace/inputs/kzt"), 1, 0);
	assert_float_equal(harness_number(harness, "/trace/inputs/ground_elevation_ft"), 0, 0);
	assert_float_equal(harness_number(harness, "/trace/inputs/area_ft2"), 96, 0);
	assert_float_equal(harness_number(harness, "/trace/inputs/poles/to_ft"), 12, 0);
	assert_true(harness_call(harness, &sign_wind_op,
							 "{%s,\"ke\":1,\"hill\":{\"shape\":\"ridge\",\"height_ft\":30,\"half_length_ft\":60}}",
							 wind));
	assert_int_equal(harness_count(harness, "/trace/inputs/kzt"), -3);
	assert_int_equal(harness_count(harness, "/trace/inputs/ground_elevation_ft"), -3);
	assert_true(harness_call(harness, &sign_wind_op, "{%s,\"code\":\"ASCE7-10\"}", wind));
	assert_int_equal(harness_count(harness, "/trace/inputs/ground_elevation_ft"), -3);
	assert_false(harness_noted(harness, "ke_not_in_edition"));
	assert_true(harness_call(harness, &sign_poles_op, "{\"loads\":{\"M_kipin\":100},\"height_ft\":18}"));
	assert_float_equal(harness_number(harness, "/trace/inputs/unbraced_length_ft"), 18, 0);
	assert_float_equal(harness_number(harness, "/trace/inputs/shear_length_ft"), 18, 0);
	assert_string_equal(harness_text(harness, "/trace/inputs/prefs/family/1"), "tube");
	assert_true(harness_call(harness, &sign_design_op, "%s", sign_design_op.example));
	assert_float_equal(harness_number(harness, "/trace/inputs/site/kzt"), 1, 0);
	assert_string_equal(harness_text(harness, "/trace/inputs/foundation/types/0"), "direct");
	assert_int_equal(harness_count(harness, "/trace/inputs/foundation/diameters_ft"), 14);
	assert_float_equal(harness_number(harness, "/trace/inputs/foundation/diameters_ft/13"), 8, 0);
	assert_string_equal(harness_text(harness, "/trace/inputs/support/families/0"), "pipe");
}

/* --- packs --- */

/* [sign.md 2] packs {name: version}: unknown names are members too many, unknown versions 409; a preview goes on. */
static void packs_are_pinned(void **state)
{
	(void)state;
	static const char body[] = "\"diameter_ft\":3,\"depth_ft\":6";
	assert_true(harness_call(harness, &sign_concrete_op, "{%s,\"packs\":{\"wind_figure\":\"v1\"}}", body));
	assert_false(harness_call(harness, &sign_concrete_op, "{%s,\"packs\":{\"wind_figur\":\"v1\",\"costs\":2}}", body));
	assert_true(harness_refused(harness, "/packs/wind_figur", "unknown_field"));
	assert_true(harness_refused(harness, "/packs/costs", "type"));
	assert_false(harness_call(harness, &sign_concrete_op, "{%s,\"packs\":{\"wind_figure\":\"v9\"}}", body));
	assert_true(harness_refused(harness, NULL, "pack_version"));
	static const char wind[] = "\"wind_speed_mph\":115,\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12";
	assert_false(harness_call(harness, &sign_wind_op, "{%s,\"packs\":{\"wind_figure\":\"v9\"}}", wind));
	assert_true(harness_refused(harness, NULL, "pack_version"));
	assert_true(harness_call(harness, &sign_wind_op, "{%s,\"packs\":{\"wind_figure\":\"v9\"},\"preview\":true}", wind));
	assert_true(harness_noted(harness, "pack_unknown"));
	assert_string_equal(harness_text(harness, "/trace/pack_metadata/wind_figure/version"), "v1");
	assert_float_equal(harness_number(harness, "/confidence"), .9, 0);
}

/* --- faults --- */

/* [sign.md 2] all errors of a body come at once: the table's, those of members together, and those that packs know. */
static void faults_come_together(void **state)
{
	(void)state;
	assert_false(harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":115,\"exposure\":\"E\"},\"sign\":{\"height_ft\":10,\"sign_height_ft\":12,"
		"\"sign_width_ft\":1},\"support\":{\"steel_grade\":\"A9\",\"families\":[\"oak\"]},"
		"\"foundation\":{\"soil\":{\"class\":8}},\"addons\":[\"calc_packet\",\"tea\"]}"));
	assert_true(harness_refused(harness, "/site/exposure", "enum"));
	assert_true(harness_refused(harness, "/sign/sign_height_ft", "greater_than_height"));
	assert_true(harness_refused(harness, "/support/steel_grade", "enum"));
	assert_true(harness_refused(harness, "/support/families/0", "enum"));
	assert_true(harness_refused(harness, "/foundation/soil/class", "range"));
	assert_true(harness_refused(harness, "/addons/1", "unknown_addon"));
	assert_int_equal(harness_count(harness, "/errors"), 6);
	assert_false(harness_call(harness, &sign_design_op,
							  "{\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":4,\"height_ft\":4,"
							  "\"z_offset_ft\":499}],\"support\":{\"steel_grade\":\"A992\"}}"));
	assert_true(harness_refused(harness, "/cabinets", "range"));
	assert_true(harness_refused(harness, "/support/steel_grade", "grade_family"));
	assert_false(harness_call(harness, &sign_price_op, "{\"height_ft\":900,\"on_date\":\"2026-02-30\"}"));
	assert_true(harness_refused(harness, "/height_ft", "range"));
	assert_true(harness_refused(harness, "/on_date", "format"));
}

/* --- rows --- */

/* [sign.md 2] one row governs, the first of those that are used most; a row passes up to 1.0005. */
static void rows_are_alike(const char *checks)
{
	char pointer[96];
	int count = harness_count(harness, checks), governing = 0, most = -1;
	double highest = -1;
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		snprintf(pointer, sizeof pointer, "%s/%d/utilization", checks, i);
		double used = harness_number(harness, pointer);
		used = isnan(used) ? (double)INFINITY : used; /* null: nothing is available */
		snprintf(pointer, sizeof pointer, "%s/%d/pass", checks, i);
		if (fabs(used - 1.0005) > 1e-3) /* it was rounded since */
			assert_int_equal(harness_bool(harness, pointer), used <= 1.0005);
		snprintf(pointer, sizeof pointer, "%s/%d/reference", checks, i);
		assert_true(strlen(harness_text(harness, pointer)) > 4);
		snprintf(pointer, sizeof pointer, "%s/%d/governing", checks, i);
		if (harness_bool(harness, pointer)) {
			governing++;
			most = i;
			assert_true(used >= highest);
		}
		highest = fmax(highest, used);
	}
	assert_int_equal(governing, 1);
	snprintf(pointer, sizeof pointer, "%s/%d/utilization", checks, most);
	double used = harness_number(harness, pointer);
	assert_true(isnan(used) || used == highest);
}

static void one_row_governs(void **state)
{
	(void)state;
	static const char *const lists[] = {"/result/checks",
										"/trace/checks",
										"/result/options/0/checks",
										"/result/options/9/checks",
										"/result/selected/checks",
										"/result/alternates/2/checks",
										"/result/poles/options/0/checks",
										"/result/arms/checks",
										"/result/footing/checks"};
	int seen = 0;
	for (size_t i = 0; i < sign_ops_count; i++) {
		assert_true(harness_call(harness, sign_ops[i], "%s", sign_ops[i]->example));
		for (size_t j = 0; j < sizeof lists / sizeof *lists; j++) {
			if (harness_count(harness, lists[j]) <= 0)
				continue;
			rows_are_alike(lists[j]);
			seen++;
		}
	}
	assert_true(seen >= 18);
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_stand_in_order), cmocka_unit_test(inputs_ask_the_same_again),
		cmocka_unit_test(defaults_are_told),      cmocka_unit_test(packs_are_pinned),
		cmocka_unit_test(faults_come_together),   cmocka_unit_test(one_row_governs),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
