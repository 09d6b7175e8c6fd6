#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/design.h"
#include "sign/domain/footing_spread_op.h"
#include "sign/domain/poles_op.h"
#include "sign/sign.h"

static struct harness *harness;

static void near_share(double value, double expected, double share)
{
	if (!(fabs(value - expected) <= share * fabs(expected)))
		fail_msg("%.9g is not %.9g", value, expected);
}

static double number(const char *pointer)
{
	return harness_number(harness, pointer);
}

static bool design(double mph, const char *more)
{
	return harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":%.10g},\"sign\":{\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12}%s}",
		mph, more);
}

/* REF: IBC 1807.3.2.1; IBC 1806.2; ASCE 7-16 section 2.4.1; ACI 318-19 section 22.4: the parts, asked one by one, say
 * the same as the whole. */
static void the_whole_is_the_sum_of_its_parts(void **state)
{
	(void)state;
	assert_true(design(115, ""));
	char designation[40];
	snprintf(designation, sizeof designation, "%s", harness_text(harness, "/result/selected/pole/designation"));
	double diameter = number("/result/selected/foundation/diameter_ft"),
		   depth = number("/result/selected/foundation/required_depth_ft");
	double force = .6 * number("/result/loads/total/force_lb"),
		   moment = .6 * number("/result/loads/total/moment_base_lbft");
	double torsion = .6 * number("/result/loads/total/torsion_lbft"),
		   utilization = number("/result/selected/pole/utilization");
	double weight = number("/result/selected/pole/weight_lb") + number("/result/face/weight_lb");
	assert_true(harness_call(harness, &sign_footing_direct_op,
							 "{\"footing\":{\"diameter_ft\":%.17g},\"loads\":{\"force_lb\":%.17g,\"height_ft\":%.17g}}",
							 diameter, force, moment / force));
	near_share(number("/result/required_depth_ft"), depth, 2e-4);
	assert_true(harness_call(
		harness, &sign_poles_op,
		"{\"loads\":{\"M_kipin\":%.17g,\"V_kip\":%.17g,\"T_kipin\":%.17g,\"P_kip\":%.17g},\"height_ft\":20,"
		"\"prefs\":{\"designation\":\"%s\",\"family\":[\"pipe\",\"tube\"]}}",
		moment * 12 / 1000, force / 1000, torsion * 12 / 1000, weight / 1000, designation));
	near_share(number("/result/options/0/utilization"), utilization, 2e-3);
	assert_true(harness_bool(harness, "/result/options/0/all_pass"));
}

static void every_row_of_the_selected_passes(void **state)
{
	(void)state;
	assert_true(design(140, ",\"alternates\":20"));
	int rows = harness_count(harness, "/result/selected/checks"), governing = 0;
	assert_int_equal(rows, 10);
	for (int i = 0; i < rows; i++) {
		char pointer[80];
		snprintf(pointer, sizeof pointer, "/result/selected/checks/%d/pass", i);
		assert_true(harness_bool(harness, pointer));
		snprintf(pointer, sizeof pointer, "/result/selected/checks/%d/governing", i);
		governing += harness_bool(harness, pointer);
	}
	assert_int_equal(governing, 1);
	double last = number("/result/selected/cost_usd/total");
	for (int i = 0; i < 20; i++) {
		char pointer[80];
		snprintf(pointer, sizeof pointer, "/result/alternates/%d/cost_usd/total", i);
		assert_true(number(pointer) >= last);
		last = number(pointer);
	}
	assert_float_equal(harness_number(harness, "/confidence"), 1, 0);
}

/*
 * REF: ACI 318-19 table 20.5.1.3.1; IBC 1807.3.3: an embedded pole stands inside the bars of its pier: 3 in of
 * concrete, a #3 tie and a bar on either side of it.
 */
static void embedded_poles_stand_inside_their_cage(void **state)
{
	(void)state;
	static const char *const families[] = {"pipe", "HSS_round", "HSS_square", "HSS_rect"};
	int met = 0;
	for (int f = 0; f < 4; f++)
		for (double mph = 100; mph <= 160; mph += 15) {
			char more[80];
			snprintf(more, sizeof more, ",\"support\":{\"families\":[\"%s\"]},\"alternates\":0", families[f]);
			assert_true(design(mph, more));
			if (harness_count(harness, "/result/selected") < 0)
				continue;
			double depth = number("/result/selected/pole/depth_in"), width = number("/result/selected/pole/width_in");
			double bar = number("/result/selected/foundation/rebar/vertical_size") / 8;
			double inside = 12 * number("/result/selected/foundation/diameter_ft") - 2 * (3 + .375 + bar);
			double outline = f < 2 ? depth : sqrt(depth * depth + width * width);
			assert_string_equal(harness_text(harness, "/result/selected/checks/9/name"), "pole_in_cage");
			near_share(number("/result/selected/checks/9/demand"), outline, 1e-3);
			near_share(number("/result/selected/checks/9/capacity"), inside, 1e-3);
			assert_true(outline <= inside * 1.0005);
			met++;
		}
	assert_true(met >= 15);
	/* W16X57 is 17.9 in across: the pole passes, a pier of 18 in cannot hold it with its cage, one of 30 in can */
	const char *format = "{\"site\":{\"wind_speed_mph\":90},\"sign\":{\"height_ft\":20,\"sign_height_ft\":8,"
						 "\"sign_width_ft\":12},\"support\":{\"families\":[\"W\"]},"
						 "\"foundation\":{\"diameters_ft\":[%g]}}";
	assert_true(harness_call(harness, &sign_design_op, format, 1.5));
	assert_int_equal(harness_count(harness, "/result/selected"), -2);
	assert_true(number("/result/nearest/0/utilization") <= 1);
	assert_string_equal(harness_text(harness, "/result/nearest/0/governing"), "foundation");
	assert_true(harness_call(harness, &sign_design_op, format, 2.5));
	assert_true(harness_count(harness, "/result/selected") > 0);
}

/* Asked for one objective, no other answer is better at it. */
static void objectives(void **state)
{
	(void)state;
	static const char *const names[] = {"cost", "weight", "depth"};
	static const char *const members[] = {"/result/selected/cost_usd/total", "/result/selected/pole/weight_lb",
										  "/result/selected/foundation/depth_ft"};
	double values[3][3];
	for (int i = 0; i < 3; i++) {
		char more[60];
		snprintf(more, sizeof more, ",\"objective\":\"%s\"", names[i]);
		assert_true(design(120, more));
		for (int j = 0; j < 3; j++)
			values[i][j] = number(members[j]);
	}
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			assert_true(values[j][j] <= values[i][j]);
}

/* The optimum again: each family and each diameter alone; the cheapest of all is the answer. */
static void the_optimum_is_exact(void **state)
{
	(void)state;
	static const char *const families[] = {"pipe", "HSS_round", "HSS_square", "HSS_rect"};
	double best = INFINITY;
	for (int f = 0; f < 4; f++)
		for (double diameter = 1.5; diameter <= 8; diameter += .5) {
			char more[120];
			snprintf(more, sizeof more,
					 ",\"support\":{\"families\":[\"%s\"]},\"foundation\":{\"diameters_ft\":[%g]},\"alternates\":0",
					 families[f], diameter);
			assert_true(design(125, more));
			if (harness_count(harness, "/result/selected") > 0)
				best = fmin(best, number("/result/selected/cost_usd/total"));
		}
	assert_true(design(125, ""));
	assert_float_equal(number("/result/selected/cost_usd/total"), best, 0);
}

static void cost_never_falls_with_the_wind(void **state)
{
	(void)state;
	for (double height = 12; height <= 40; height += 7) {
		double last = 0;
		for (double mph = 80; mph <= 200; mph *= 1.1) {
			assert_true(harness_call(harness, &sign_design_op,
									 "{\"site\":{\"wind_speed_mph\":%g},\"sign\":{\"height_ft\":%g,\"sign_height_ft\":"
									 "6,\"sign_width_ft\":9}}",
									 mph, height));
			if (harness_count(harness, "/result/selected") < 0)
				break;
			double cost = number("/result/selected/cost_usd/total");
			assert_true(cost >= last);
			last = cost;
		}
	}
}

static void nothing_feasible_explains_itself(void **state)
{
	(void)state;
	assert_true(harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":180},\"sign\":{\"height_ft\":60,\"sign_height_ft\":20,\"sign_width_ft\":40},"
		"\"support\":{\"families\":[\"pipe\"]}}"));
	assert_int_equal(harness_count(harness, "/result/selected"), -2);
	assert_int_equal(harness_count(harness, "/result/nearest"), 3);
	assert_true(harness_noted(harness, "no_feasible"));
	assert_float_equal(number("/confidence"), .5, 0); /* .4 for no feasible option, .1 for the warning */
	assert_true(number("/result/nearest/0/utilization") <= number("/result/nearest/1/utilization"));
}

/* What is said to pass does. */
static void the_nearest_option_passes(void **state)
{
	(void)state;
	const char *sign = "\"site\":{\"wind_speed_mph\":120},\"sign\":{\"height_ft\":45,\"sign_height_ft\":12,"
					   "\"sign_width_ft\":24}";
	assert_true(harness_call(harness, &sign_design_op, "{%s,\"support\":{\"families\":[\"pipe\"]}}", sign));
	assert_int_equal(harness_count(harness, "/result/selected"), -2);
	const char *because = harness_text(harness, "/result/nearest/0/because");
	const char *said = strstr(because, "The nearest that passes: ");
	assert_non_null(said);
	int poles;
	char designation[40];
	double apart, usd;
	assert_int_equal(sscanf(said, "The nearest that passes: %d poles %39[^,], %lf ft apart, for %lf USD", &poles,
							designation, &apart, &usd),
					 4);
	assert_true(harness_call(harness, &sign_design_op,
							 "{%s,\"support\":{\"families\":[\"pipe\"],\"num_poles\":%d,\"spacing_ft\":%.17g}}", sign,
							 poles, 24. / poles));
	assert_string_equal(harness_text(harness, "/result/selected/pole/designation"), designation);
	assert_true(fabs(number("/result/selected/cost_usd/total") - usd) < 1);
}

static void cabinets_make_the_face(void **state)
{
	(void)state;
	assert_true(harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":12,\"height_ft\":5,\"z_offset_ft\":15},"
		"{\"width_ft\":12,\"height_ft\":3,\"z_offset_ft\":12}]}"));
	double cost = number("/result/selected/cost_usd/total");
	assert_float_equal(number("/result/face/height_ft"), 20, 0);
	assert_true(design(115, ""));
	assert_float_equal(number("/result/selected/cost_usd/total"), cost, 0);
	assert_true(harness_call(harness, &sign_design_op,
							 "{\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":12,\"height_ft\":8,\"z_"
							 "offset_ft\":12,\"x_offset_ft\":4}]}"));
	assert_true(number("/result/selected/cost_usd/total") >= cost); /* off the pole line it twists and bends more */
}

static void several_poles_share(void **state)
{
	(void)state;
	assert_true(design(150, ",\"support\":{\"num_poles\":2,\"spacing_ft\":8}"));
	assert_float_equal(number("/result/num_poles"), 2, 0);
	int torsion = harness_find(harness, "/result/selected/checks", "name", "torsion");
	char pointer[60];
	snprintf(pointer, sizeof pointer, "/result/selected/checks/%d/demand", torsion);
	assert_true(torsion < 0 || number(pointer) == 0); /* torsion has become a couple */
	assert_false(design(150, ",\"support\":{\"num_poles\":2}"));
	assert_true(harness_refused(harness, "/support/spacing_ft", "required"));
	/* piers do not run into each other, with plates or without; nor are there others to choose from then */
	static const char *const types[] = {"direct", "baseplate"};
	for (size_t i = 0; i < 2; i++)
		for (double apart = 2; apart <= 6; apart++) {
			char rest[160];
			snprintf(rest, sizeof rest,
					 ",\"support\":{\"num_poles\":2,\"spacing_ft\":%g},\"foundation\":{\"types\":[\"%s\"]}", apart,
					 types[i]);
			assert_true(design(130, rest));
			assert_true(harness_noted(harness, "piers_clear"));
			if (harness_count(harness, "/result/selected") >= 0)
				assert_true(number("/result/selected/foundation/diameter_ft") <= apart);
		}
	assert_true(design(130, ",\"support\":{\"num_poles\":2,\"spacing_ft\":1}"));
	assert_int_equal(harness_count(harness, "/result/selected"), -2);
}

/* REF: ASCE 7-16 section 2.3.1; AISC 360-22 table C-A-7.1: both levels find a design; deflection is at service in
 * both */
static void levels(void **state)
{
	(void)state;
	assert_true(design(115, ""));
	double asd = number("/result/selected/cost_usd/total");
	assert_true(design(115, ",\"level\":\"lrfd\""));
	near_share(number("/result/selected/cost_usd/total"), asd, .2);
}

static void bad_input(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &sign_design_op, "{\"site\":{\"wind_speed_mph\":1}}"));
	assert_true(harness_refused(harness, "/site/wind_speed_mph", "range"));
	assert_false(harness_call(harness, &sign_design_op, "{\"site\":{\"wind_speed_mph\":115}}"));
	assert_true(harness_refused(harness, "/sign", "required"));
	assert_false(design(115, ",\"cabinets\":[{\"width_ft\":1,\"height_ft\":1}]"));
	assert_true(harness_refused(harness, "/cabinets", "conflict"));
	assert_false(harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":115},\"sign\":{\"height_ft\":8,\"sign_height_ft\":9,\"sign_width_ft\":9}}"));
	assert_true(harness_refused(harness, "/sign/sign_height_ft", "greater_than_height"));
	/* all of a body's faults at once, those that no table knows too */
	assert_false(
		harness_call(harness, &sign_design_op,
					 "{\"site\":{\"wind_speed_mph\":400,\"kzt\":1.1,\"hill\":{\"shape\":\"hill\",\"height_ft\":30,"
					 "\"half_length_ft\":90}},\"sign\":{\"height_ft\":16,\"sign_height_ft\":4,\"sign_width_ft\":"
					 "9},\"support\":{\"num_poles\":2,\"material\":\"aluminum\",\"steel_grade\":\"A36\"}}"));
	assert_true(harness_refused(harness, "/site/wind_speed_mph", "range"));
	assert_true(harness_refused(harness, "/site/hill", "conflict"));
	assert_true(harness_refused(harness, "/support/spacing_ft", "required"));
	assert_true(harness_refused(harness, "/support/steel_grade", "conflict"));
	assert_true(harness_refused(harness, "/sign/height_ft", "aluminum_too_tall"));
	assert_int_equal(harness_count(harness, "/errors"), 5);
	assert_false(design(115, ",\"support\":{\"steel_grade\":\"A9\"}"));
	assert_true(harness_refused(harness, "/support/steel_grade", "enum"));
}

/* Row of that name among the selected's checks. */
static double selected_row(const char *name, const char *member)
{
	char pointer[80];
	int at = harness_find(harness, "/result/selected/checks", "name", name);
	snprintf(pointer, sizeof pointer, "/result/selected/checks/%d/%s", at, member);
	return at < 0 ? (double)NAN : number(pointer);
}

static void all_rows_pass(int expected)
{
	int rows = harness_count(harness, "/result/selected/checks");
	assert_int_equal(rows, expected);
	for (int i = 0; i < rows; i++) {
		char pointer[80];
		snprintf(pointer, sizeof pointer, "/result/selected/checks/%d/pass", i);
		assert_true(harness_bool(harness, pointer));
	}
	const char *const parts[] = {"steel", "concrete", "excavation", "rebar", "anchors"};
	double sum = 0;
	for (int i = 0; i < 5; i++) {
		char pointer[80];
		snprintf(pointer, sizeof pointer, "/result/selected/cost_usd/%s", parts[i]);
		sum += number(pointer);
	}
	near_share(number("/result/selected/cost_usd/total"), sum, 1e-5);
}

/* REF: AISC 360-22 J2.4; AISC Design Guide 1 section 3.4.3: the plate of the whole, asked alone at 0.9 D + W, needs no
 * more thickness and pulls its anchors as much. */
static void plate_agrees(void)
{
	double force = number("/result/loads/total/force_lb"), moment = number("/result/loads/total/moment_base_lbft"),
		   torsion = number("/result/loads/total/torsion_lbft"),
		   dead = number("/result/selected/pole/weight_lb") + number("/result/face/weight_lb"),
		   pull = number("/result/selected/anchors/tension_per_anchor_kip"),
		   t = number("/result/selected/baseplate/t_in"), d = number("/result/selected/pole/depth_in"),
		   b = number("/result/selected/pole/width_in");
	bool round = strcmp(harness_text(harness, "/result/selected/pole/family"), "pipe") == 0 ||
				 strcmp(harness_text(harness, "/result/selected/pole/family"), "HSS_round") == 0;
	assert_true(harness_call(
		harness, &sign_baseplate_op,
		"{\"plate\":{\"w_in\":%g,\"l_in\":%g,\"t_in\":%g},\"column\":{\"shape\":\"%s\",\"d_in\":%g,\"b_in\":%g},"
		"\"anchors\":{\"num_anchors\":%g,\"dia_in\":%g,\"edge_in\":%g},\"weld\":{\"size_in\":%g},"
		"\"loads\":{\"P_kip\":%.9g,\"V_kip\":%.9g,\"M_kipin\":%.9g,\"T_kipin\":%.9g}}",
		number("/result/selected/baseplate/w_in"), number("/result/selected/baseplate/l_in"), t,
		round ? "round" : "rect", d, b, number("/result/selected/anchors/count"),
		number("/result/selected/anchors/dia_in"), number("/result/selected/anchors/edge_in"),
		number("/result/selected/baseplate/weld_in"), .9 * dead / 1000, force / 1000, moment * 12 / 1000,
		torsion * 12 / 1000));
	assert_true(harness_bool(harness, "/result/approved"));
	near_share(number("/result/tension_per_anchor_kip"), pull, 1e-3);
	assert_true(t - number("/result/t_required_in") < .125 + 1e-3);
}

/* REF: IBC 1806.2; ACI 318-19 section 13.2.7: the footing of the whole, asked alone, presses and slides as much. */
static void spread_footings(void **state)
{
	(void)state;
	assert_true(design(115, ",\"foundation\":{\"types\":[\"spread\"]}"));
	all_rows_pass(6 + 10 + 5 + 8);
	double force = .6 * number("/result/loads/total/force_lb"),
		   moment = .6 * number("/result/loads/total/moment_base_lbft");
	double dead = number("/result/selected/pole/weight_lb") + number("/result/face/weight_lb"),
		   d = number("/result/selected/pole/depth_in"), b = number("/result/selected/pole/width_in");
	double bearing = selected_row("bearing", "demand"), sliding = selected_row("sliding", "utilization"),
		   shear = selected_row("two_way_shear", "demand");
	double length = number("/result/selected/foundation/length_ft"),
		   width = number("/result/selected/foundation/width_ft");
	assert_true(length <= 2 * width);
	char body[400];
	snprintf(body, sizeof body,
			 "{\"length_ft\":%g,\"width_ft\":%g,\"thickness_ft\":%g,\"vertical_lb\":%.9g,\"force_lb\":%.9g,"
			 "\"height_ft\":%.9g,\"column\":{\"depth_in\":%g,\"width_in\":%g}}",
			 length, width, number("/result/selected/foundation/thickness_ft"), dead, force, moment / force, d, b);
	plate_agrees();
	assert_true(harness_call(harness, &sign_footing_spread_op, "%s", body));
	assert_true(harness_bool(harness, "/result/all_pass"));
	near_share(number("/result/q_max_psf"), bearing, 1e-3);
	char pointer[60];
	snprintf(pointer, sizeof pointer, "/result/checks/%d/utilization",
			 harness_find(harness, "/result/checks", "name", "sliding"));
	near_share(number(pointer), sliding, 2e-3);
	snprintf(pointer, sizeof pointer, "/result/checks/%d/demand",
			 harness_find(harness, "/result/checks", "name", "two_way_shear"));
	near_share(number(pointer), shear, 2e-3);
}

/*
 * A sign off its pole's line on one spread footing: its dead load bends the footing across the wind.  Mirrored it is
 * the same footing; in the middle of the pole the footing costs no more; the pressure is both directions' factors.
 */
static void spread_footing_off_centre(void **state)
{
	(void)state;
	static const char *const body =
		"{\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":6,\"height_ft\":5,\"z_offset_ft\":10,"
		"\"x_offset_ft\":%g,\"weight_psf\":25}],\"alternates\":0,\"foundation\":{\"types\":[\"spread\"]}}";
	double usd[4];
	static const double offsets_ft[4] = {0, 1.5, 3, -3};
	for (int i = 0; i < 4; i++) {
		assert_true(harness_call(harness, &sign_design_op, body, offsets_ft[i]));
		assert_true(harness_noted(harness, "spread_both_ways") == (i > 0));
		usd[i] = number("/result/selected/cost_usd/total");
	}
	assert_true(usd[0] <= usd[1] && usd[1] <= usd[2]);
	near_share(usd[3], usd[2], 1e-9);
	double l = number("/result/selected/foundation/length_ft"), b = number("/result/selected/foundation/width_ft");
	double t = number("/result/selected/foundation/thickness_ft"), sign = number("/result/face/weight_lb");
	double p = sign + number("/result/selected/pole/weight_lb") + 150 * l * b * t;
	double force = .6 * number("/result/loads/total/force_lb"), h = number("/result/loads/total/moment_base_lbft");
	double m = .6 * h + force * t, along = m / p / l, across = sign * 3 / p / b;
	double fl = along <= 1 / 6. ? 1 + 6 * along : 2 / (3 * (.5 - along));
	double fb = across <= 1 / 6. ? 1 + 6 * across : 2 / (3 * (.5 - across));
	near_share(selected_row("bearing", "demand"), p / (l * b) * fl * fb, 2e-3);
	all_rows_pass(6 + 10 + 5 + 8);
}

/* REF: AISC 360-22 table J2.4: no fillet is below the table's 3/16 in.  The optimum of poles on plates again: each
 * diameter alone; the cheapest of all is the answer. */
static void plates_on_piers(void **state)
{
	(void)state;
	double best = INFINITY;
	for (double diameter = 4; diameter <= 8; diameter += 1) {
		char more[160];
		snprintf(more, sizeof more,
				 ",\"support\":{\"families\":[\"pipe\"]},\"alternates\":0,\"foundation\":{\"types\":[\"baseplate\"],"
				 "\"diameters_ft\":[%g]}",
				 diameter);
		assert_true(design(115, more));
		if (harness_count(harness, "/result/selected") > 0)
			best = fmin(best, number("/result/selected/cost_usd/total"));
	}
	assert_true(design(115, ",\"support\":{\"families\":[\"pipe\"]},\"foundation\":{\"types\":[\"baseplate\"],"
							"\"diameters_ft\":[4,5,6,7,8]}"));
	all_rows_pass(6 + 3 + 5 + 8);
	assert_true(number("/result/selected/baseplate/weld_in") >= .1875 - 1e-3);
	near_share(number("/result/selected/cost_usd/total"), best, 1e-9);
	plate_agrees();
}

/* Of each pole the cheapest it was found with. */
struct pole_costs {
	size_t count;
	struct {
		char designation[40];
		double usd;
	} poles[64];
};

static void note_pole(struct pole_costs *costs, const char *designation, double usd)
{
	size_t at = 0;
	while (at < costs->count && strcmp(costs->poles[at].designation, designation) != 0)
		at++;
	if (at == costs->count) {
		assert_true(costs->count < 64);
		snprintf(costs->poles[costs->count++].designation, 40, "%s", designation);
		costs->poles[at].usd = INFINITY;
	}
	costs->poles[at].usd = fmin(costs->poles[at].usd, usd);
}

/* Selected and alternates of the last answer. */
static size_t note_options(struct pole_costs *costs)
{
	int alternates = harness_count(harness, "/result/alternates");
	if (harness_count(harness, "/result/selected") <= 0)
		return 0;
	for (int i = -1; i < alternates; i++) {
		char at[60] = "/result/selected", pointer[100], name[40];
		if (i >= 0)
			snprintf(at, sizeof at, "/result/alternates/%d", i);
		snprintf(pointer, sizeof pointer, "%s/foundation/type", at);
		size_t size = (size_t)snprintf(name, sizeof name, "%.9s ", harness_text(harness, pointer));
		snprintf(pointer, sizeof pointer, "%s/pole/designation", at);
		snprintf(name + size, sizeof name - size, "%.29s", harness_text(harness, pointer));
		snprintf(pointer, sizeof pointer, "%s/cost_usd/total", at);
		note_pole(costs, name, number(pointer));
	}
	return (size_t)alternates + 1;
}

static int by_usd(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/*
 * Searches that prune against those that hardly can: one diameter at a time, and with more places than there are poles,
 * every pole is tried on every pier.  The best of all that are the answer of the search that prunes most.
 */
static void pruning_changes_nothing(void **state)
{
	(void)state;
	static const double diameters[] = {3, 4.5, 6, 7.5};
	for (int i = 0; i < 6; i++) {
		struct pole_costs all = {.count = 0}, pruned = {.count = 0};
		double mph = 90 + 12 * i, totals[64];
		char more[240];
		for (size_t d = 0; d < sizeof diameters / sizeof *diameters; d++) {
			snprintf(more, sizeof more,
					 ",\"support\":{\"families\":[\"%s\"]},\"alternates\":20,\"foundation\":{\"types\":["
					 "\"baseplate\"],\"diameters_ft\":[%g],\"soil\":{\"class\":%d}}",
					 i % 2 ? "pipe" : "HSS_round", diameters[d], 2 + i % 4);
			assert_true(design(mph, more));
			note_options(&all);
		}
		for (size_t k = 0; k < all.count; k++)
			totals[k] = all.poles[k].usd;
		qsort(totals, all.count, sizeof *totals, by_usd);
		snprintf(more, sizeof more,
				 ",\"support\":{\"families\":[\"%s\"]},\"alternates\":%d,\"foundation\":{\"types\":["
				 "\"baseplate\"],\"diameters_ft\":[3,4.5,6,7.5],\"soil\":{\"class\":%d}}",
				 i % 2 ? "pipe" : "HSS_round", i, 2 + i % 4);
		assert_true(design(mph, more));
		size_t found = note_options(&pruned);
		assert_true(all.count > 0);
		assert_int_equal(found, (size_t)i + 1 < all.count ? (size_t)i + 1 : all.count);
		for (size_t k = 0; k < found; k++)
			near_share(pruned.poles[k].usd, totals[k], 1e-9);
	}
}

/* REF: ACI 318-19 section 17.6.2.1; ACI 318-19 section 17.6.2.2: no line of anchors in a square of concrete breaks out
 * at more than what the bound lets it hold: 4,000 lines. */
static void no_line_holds_more_than_its_bound(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 23);
	struct design_request request = {.foundation.fc_psi = 3000};
	const struct design_problem p = {.request = &request};
	bool near = false;
	for (int i = 0; i < 4000; i++) {
		double block = 12 + 80 * rng_unit(&rng), side = 6 + (block - 6) * rng_unit(&rng),
			   dia = .5 + 1.5 * rng_unit(&rng);
		int count = 2 + (int)(3 * rng_unit(&rng));
		struct anchor_answer a;
		request.foundation.fc_psi = 2500 + 3000 * rng_unit(&rng);
		double to_edge = (block - side) / 2 + 1.5;
		struct anchor_problem line = {.bolt = {.kind = ANCHOR_CAST_IN,
											   .dia_in = dia,
											   .ase_in2 = dia,
											   .futa_psi = 58000,
											   .hef_in = 4 + 26 * rng_unit(&rng),
											   .abrg_in2 = anchor_head_in2(dia, true),
											   .kc = 24,
											   .np_lb = NAN,
											   .cac_in = NAN,
											   .ductile = true},
									  .fc_psi = request.foundation.fc_psi,
									  .lambda = 1,
									  .cracked = true,
									  .count = (size_t)count,
									  .edges = {block - to_edge, to_edge, to_edge, to_edge, 60},
									  .n_lb = 1000};
		for (int k = 0; k < count; k++)
			line.points[k].y_in = (side - 3) * k / (count - 1);
		anchors_check(&line, &a);
		double kip = a.breakout_n.design_lb / 1000;
		assert_true(design_block_may_hold(&p, kip * (block - 1.5), 0, block));
		near = near || !design_block_may_hold(&p, 1.25 * kip * (block - 1.5), 0, block);
	}
	assert_true(near); /* and the bound is not far above some of them */
}

/* Room for more alternates never changes those before them: of any kind of foundation, by any objective. */
static void alternates_only_add(void **state)
{
	(void)state;
	static const char *const types[] = {"\"spread\"", "\"baseplate\"", "\"direct\",\"spread\",\"baseplate\""};
	static const char *const objectives[] = {"cost", "weight", "depth"};
	for (int i = 0; i < 9; i++) {
		struct pole_costs many = {.count = 0}, few = {.count = 0};
		for (int places = 20; places > 0; places -= 18) {
			char more[200];
			snprintf(more, sizeof more,
					 ",\"objective\":\"%s\",\"alternates\":%d,\"foundation\":{\"types\":[%s]},"
					 "\"support\":{\"families\":[\"HSS_square\",\"pipe\"]}",
					 objectives[i / 3], places, types[i % 3]);
			assert_true(design(95 + 5 * i, more));
			note_options(places == 20 ? &many : &few);
		}
		assert_int_equal(few.count, 3);
		for (size_t k = 0; k < few.count; k++) {
			assert_string_equal(few.poles[k].designation, many.poles[k].designation);
			near_share(few.poles[k].usd, many.poles[k].usd, 1e-12);
		}
	}
}

/* All types together are no dearer than the cheapest of them alone. */
static void types_together(void **state)
{
	(void)state;
	static const char *const types[] = {"direct", "spread", "baseplate"};
	double best = INFINITY;
	for (int i = 0; i < 3; i++) {
		char more[120];
		snprintf(more, sizeof more, ",\"support\":{\"families\":[\"pipe\"]},\"foundation\":{\"types\":[\"%s\"]}",
				 types[i]);
		assert_true(design(100, more));
		best = fmin(best, number("/result/selected/cost_usd/total"));
	}
	assert_true(design(100, ",\"support\":{\"families\":[\"pipe\"]},\"foundation\":{\"types\":[\"direct\",\"spread\","
							"\"baseplate\"]}"));
	near_share(number("/result/selected/cost_usd/total"), best, 1e-9);
}

static bool aluminum(double height_ft, const char *more)
{
	return harness_call(harness, &sign_design_op,
						"{\"site\":{\"wind_speed_mph\":115},\"sign\":{\"height_ft\":%g,\"sign_height_ft\":3,"
						"\"sign_width_ft\":5},\"support\":{\"material\":\"aluminum\"%s}}",
						height_ft, more);
}

/* REF: ADM 2020 F.2; ADM 2020 H.2.1: the pole of the whole passes, and is used as much, where it is asked alone; those
 * of sign.poles that are lighter fail there. */
static void aluminum_poles(void **state)
{
	(void)state;
	assert_true(aluminum(14, ""));
	char designation[40];
	snprintf(designation, sizeof designation, "%s", harness_text(harness, "/result/selected/pole/designation"));
	double force = .6 * number("/result/loads/total/force_lb"), usd = number("/result/selected/cost_usd/steel"),
		   moment = .6 * number("/result/loads/total/moment_base_lbft"),
		   torsion = .6 * number("/result/loads/total/torsion_lbft"), pole = number("/result/selected/pole/weight_lb"),
		   weight = pole + number("/result/face/weight_lb"), used = number("/result/selected/pole/utilization");
	near_share(usd, 5.5 * pole, 1e-4);
	assert_true(harness_noted(harness, "aluminum_welded_base"));
	assert_true(harness_call(
		harness, &sign_poles_op,
		"{\"loads\":{\"M_kipin\":%.17g,\"V_kip\":%.17g,\"T_kipin\":%.17g,\"P_kip\":%.17g},\"height_ft\":14,"
		"\"material\":\"aluminum\",\"prefs\":{\"designation\":\"%s\"}}",
		moment * 12 / 1000, force / 1000, torsion * 12 / 1000, weight / 1000, designation));
	near_share(number("/result/options/0/utilization"), used, 2e-3);
	assert_true(harness_bool(harness, "/result/options/0/all_pass"));
}

static void aluminum_is_refused(void **state)
{
	(void)state;
	assert_false(aluminum(15.1, ""));
	assert_true(harness_refused(harness, "/sign/height_ft", "aluminum_too_tall"));
	assert_true(aluminum(15, ""));
	assert_false(aluminum(12, ",\"steel_grade\":\"A53-B\""));
	assert_true(harness_refused(harness, "/support/steel_grade", "conflict"));
	assert_true(aluminum(12, ",\"families\":[\"W\"]"));
	assert_int_equal(harness_count(harness, "/result"), -2);
	assert_true(harness_noted(harness, "abstain.aluminum"));
}

static void ten_runs_are_equal(void **state)
{
	(void)state;
	char first[65];
	assert_true(design(115, ""));
	snprintf(first, sizeof first, "%s", harness_content_sha256(harness));
	for (int i = 0; i < 9; i++) {
		assert_true(design(115, ""));
		assert_string_equal(harness_content_sha256(harness), first);
	}
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_whole_is_the_sum_of_its_parts),
		cmocka_unit_test(every_row_of_the_selected_passes),
		cmocka_unit_test(embedded_poles_stand_inside_their_cage),
		cmocka_unit_test(objectives),
		cmocka_unit_test(the_optimum_is_exact),
		cmocka_unit_test(cost_never_falls_with_the_wind),
		cmocka_unit_test(nothing_feasible_explains_itself),
		cmocka_unit_test(the_nearest_option_passes),
		cmocka_unit_test(cabinets_make_the_face),
		cmocka_unit_test(several_poles_share),
		cmocka_unit_test(levels),
		cmocka_unit_test(bad_input),
		cmocka_unit_test(spread_footings),
		cmocka_unit_test(spread_footing_off_centre),
		cmocka_unit_test(plates_on_piers),
		cmocka_unit_test(types_together),
		cmocka_unit_test(pruning_changes_nothing),
		cmocka_unit_test(no_line_holds_more_than_its_bound),
		cmocka_unit_test(alternates_only_add),
		cmocka_unit_test(aluminum_poles),
		cmocka_unit_test(aluminum_is_refused),
		cmocka_unit_test(ten_runs_are_equal),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
