#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign/domain/design_bed.h"
#include "sign/domain/footing_direct_op.h"
#include "sign/domain/poles_op.h"
#include "sign/domain/section_op.h"
#include "sign/domain/wind_op.h"

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

/*
 * 600 lb at 4 ft from a tube of 12 x 3 in bend it about its weak axis, of 111 kip-in: it carried .97 by the resultant,
 * and carries 1.3.  REF: AISC 360-22 H1.1
 */
static void a_sign_off_its_pole_bends_both_ways(void **state)
{
	(void)state;
	const char *sign = "\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":10,\"height_ft\":6,"
					   "\"z_offset_ft\":12,\"x_offset_ft\":4}]";
	assert_true(harness_call(harness, &sign_design_op, "{%s}", sign));
	assert_true(harness_noted(harness, "dead_both_ways"));
	assert_string_equal(harness_text(harness, "/result/selected/pole/designation"), "HSS10X6X3/16");
	/* the rows of one axis, and at least what a plastic moment of 12.7 in3 would leave of the other */
	double twist = number("/result/selected/checks/2/utilization") + number("/result/selected/checks/3/utilization");
	double one_way = number("/result/selected/checks/0/utilization") + number("/result/selected/checks/1/utilization");
	double other = 28.8 / (50 * 12.7 / 1.67);
	assert_true(number("/result/selected/checks/4/demand") >= one_way + twist * twist + other);
	/* of a round what bends is the resultant */
	assert_true(harness_call(harness, &sign_design_op, "{%s,\"support\":{\"families\":[\"HSS_round\"]}}", sign));
	double wind = .012 * number("/result/loads/asd/moment_base_lbft");
	assert_float_equal(number("/result/selected/checks/1/demand"), hypot(wind, 28.8), .01);
}

/* More poles at the spacing asked for would stand beside the sign: they share its width instead. */
static void the_nearest_option_stands_behind_the_sign(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_design_op,
							 "{\"site\":{\"wind_speed_mph\":130,\"exposure\":\"D\"},\"sign\":{\"height_ft\":40,"
							 "\"sign_height_ft\":10,\"sign_width_ft\":30},\"support\":{\"families\":[\"W\",\"tube\"],"
							 "\"num_poles\":2,\"spacing_ft\":18}}"));
	assert_int_equal(harness_count(harness, "/result/selected"), -2);
	const char *said = strstr(harness_text(harness, "/result/nearest/0/because"), "The nearest that passes: ");
	assert_non_null(said);
	int poles;
	char designation[40];
	double apart;
	assert_int_equal(
		sscanf(said, "The nearest that passes: %d poles %39[^,], %lf ft apart", &poles, designation, &apart), 3);
	assert_true((poles - 1) * apart <= 30);
	assert_non_null(strstr(said, "At 13.3 ft of depth a pier's own weight takes all of the soil's 2000 psf"));
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

/* Moment at grade of the wind on one cabinet alone, its own top and shape. */
static double alone_lbft(double width, double height, double bottom)
{
	assert_true(harness_call(harness, &sign_wind_op,
							 "{\"wind_speed_mph\":115,\"height_ft\":%g,\"sign_height_ft\":%g,\"sign_width_ft\":%g}",
							 bottom + height, height, width));
	return number("/result/moment_base_lbft");
}

/* REF: ASCE 7-16 figure 29.3-1 note 3: cabinets with gaps between them are no face with its middle halfway up. */
static void cabinets_apart(void **state)
{
	(void)state;
	double parts = alone_lbft(20, 8, 22) + alone_lbft(6, 3, 10);
	assert_true(harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":20,\"height_ft\":8,\"z_offset_ft\":22},"
		"{\"width_ft\":6,\"height_ft\":3,\"z_offset_ft\":10}]}"));
	assert_true(harness_noted(harness, "cabinets_apart"));
	double arm = (160 * 26 + 18 * 11.5) / 178;
	assert_float_equal(number("/result/loads/arm_ft"), arm, .001);
	near_share(number("/result/loads/moment_base_lbft"), number("/result/loads/force_lb") * arm, 1e-5);
	assert_true(number("/result/loads/moment_base_lbft") >= parts);
	near_share(number("/result/loads/moment_base_lbft"), parts, .02);
	assert_float_equal(number("/result/loads/poles/arm_ft"), 11, 0); /* in the gap too */
	/* beside the pole they leave it in the wind; where one weighs more it bends */
	assert_true(harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":6,\"height_ft\":4,\"z_offset_ft\":14,"
		"\"x_offset_ft\":4},{\"width_ft\":6,\"height_ft\":4,\"z_offset_ft\":14,\"x_offset_ft\":-4,\"weight_psf\":4}]"
		"}"));
	assert_float_equal(number("/result/face/x_ft"), 0, 0);
	assert_float_equal(number("/result/loads/poles/arm_ft"), 9, 0);
	assert_true(harness_noted(harness, "dead_both_ways"));
	/* two poles, each behind one of them */
	assert_true(
		harness_call(harness, &sign_design_op,
					 "{\"site\":{\"wind_speed_mph\":115},\"support\":{\"num_poles\":2,\"spacing_ft\":8},"
					 "\"cabinets\":[{\"width_ft\":6,\"height_ft\":4,\"z_offset_ft\":14,"
					 "\"x_offset_ft\":4},{\"width_ft\":6,\"height_ft\":5,\"z_offset_ft\":13,\"x_offset_ft\":-4}]}"));
	assert_float_equal(number("/result/loads/poles/arm_ft"), 7, 0);
	assert_true(harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":115},\"cabinets\":[{\"width_ft\":6,\"height_ft\":4,\"z_offset_ft\":14},"
		"{\"width_ft\":6,\"height_ft\":4,\"z_offset_ft\":12}]}"));
	assert_true(harness_find(harness, "/warnings", "code", "overlap") >= 0);
}

static double factor(const char *name)
{
	char pointer[80];
	snprintf(pointer, sizeof pointer, "/trace/intermediates/%s", name);
	return number(pointer);
}

/* EI of the selected pole, lb-in2. */
static double stiffness_of_selected(void)
{
	char designation[40];
	snprintf(designation, sizeof designation, "%s", harness_text(harness, "/result/selected/pole/designation"));
	assert_true(harness_call(harness, &sign_sections_op, "{\"designation\":\"%s\"}", designation));
	return 29e6 * number("/result/sections/0/Ix");
}

/*
 * REF: ASCE 7-16 section 26.2; ASCE 7-16 section 26.11.2; ASCE 7-16 section 26.11.5: a mass on a light pole, a bare
 * pole, and what is said where the structure is not rigid
 */
static void a_flexible_one_says_so(void **state)
{
	(void)state;
	const char *high = "{\"site\":{\"wind_speed_mph\":%g},\"sign\":{\"height_ft\":%g,\"sign_height_ft\":%g,"
					   "\"sign_width_ft\":%g,\"weight_psf\":%g}}";
	assert_true(harness_call(harness, &sign_design_op, high, 115., 20., 2., 20., 40.));
	double hz = factor("natural_frequency_hz"), pole_lb = number("/result/selected/pole/weight_lb");
	assert_true(harness_noted(harness, "natural_frequency"));
	double arm = 12 * 19, mass = (20 * 2 * 40 + .2357 * pole_lb) / 386.089;
	near_share(hz, sqrt(3 * stiffness_of_selected() / (arm * arm * arm) / mass) / (2 * M_PI), .03);
	assert_true(harness_call(harness, &sign_design_op, high, 115., 20., 2., 20., 0.));
	hz = factor("natural_frequency_hz");
	double per_in = number("/result/selected/pole/weight_lb") / 240 / 386.089;
	double exact = 1.8751 * 1.8751 / (2 * M_PI) * sqrt(stiffness_of_selected() / per_in) / (240. * 240);
	assert_true(hz >= exact);
	near_share(hz, exact, .03);
	assert_true(harness_call(harness, &sign_design_op, high, 100., 80., 8., 10., 20.));
	hz = factor("natural_frequency_hz");
	assert_true(hz < 1);
	int at = harness_find(harness, "/warnings", "code", "flexible_structure");
	assert_true(at >= 0);
	assert_float_equal(number("/confidence"), .9, 1e-9);
	char pointer[40], said[300];
	snprintf(pointer, sizeof pointer, "/warnings/%d/message", at);
	snprintf(said, sizeof said, "%s", harness_text(harness, pointer));
	double told;
	assert_int_equal(sscanf(strstr(said, "and G is"), "and G is %lf", &told), 1);
	assert_true(harness_call(harness, &sign_wind_op,
							 "{\"wind_speed_mph\":100,\"height_ft\":80,\"sign_height_ft\":8,\"sign_width_ft\":10,"
							 "\"gust\":\"flexible\",\"natural_frequency_hz\":%.9g}",
							 hz));
	assert_float_equal(number("/result/g"), told, .006);
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
	/* poles beside the sign are in the wind to their tops, and their owner is warned */
	assert_true(design(115, ",\"support\":{\"num_poles\":2,\"spacing_ft\":12}"));
	assert_int_equal(harness_find(harness, "/warnings", "code", "poles_beside_sign"), -1);
	assert_float_equal(number("/result/loads/poles/arm_ft"), 6, 0);
	assert_true(design(115, ",\"support\":{\"num_poles\":2,\"spacing_ft\":16}"));
	assert_true(harness_find(harness, "/warnings", "code", "poles_beside_sign") >= 0);
	assert_float_equal(number("/result/loads/poles/arm_ft"), 10, 0);
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
		cmocka_unit_test(the_nearest_option_stands_behind_the_sign),
		cmocka_unit_test(a_sign_off_its_pole_bends_both_ways),
		cmocka_unit_test(cabinets_make_the_face),
		cmocka_unit_test(cabinets_apart),
		cmocka_unit_test(a_flexible_one_says_so),
		cmocka_unit_test(several_poles_share),
		cmocka_unit_test(levels),
		cmocka_unit_test(bad_input),
		cmocka_unit_test(aluminum_poles),
		cmocka_unit_test(aluminum_is_refused),
		cmocka_unit_test(ten_runs_are_equal),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
