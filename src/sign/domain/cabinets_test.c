#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/cabinets.h"
#include "sign/sign.h"

static struct harness *harness;

static double number(const char *pointer)
{
	return harness_number(harness, pointer);
}

static void two_cabinets_by_hand(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &sign_cabinets_op,
					 "{\"overall_height_ft\":20,\"cabinets\":[{\"width_ft\":12,\"height_ft\":5,\"weight_psf\":10,\"z_"
					 "offset_ft\":15},"
					 "{\"width_ft\":6,\"height_ft\":3,\"weight_psf\":20,\"z_offset_ft\":12,\"x_offset_ft\":3}]}"));
	assert_float_equal(number("/result/A_ft2"), 78, 0);
	assert_float_equal(number("/result/weight_estimate_lb"), 960, 0);
	assert_float_equal(number("/result/z_area_ft"), 16.577, 5e-4); /* (60·17.5 + 18·13.5)/78 */
	assert_float_equal(number("/result/z_cg_ft"), 16, 1e-9);       /* (600·17.5 + 360·13.5)/960 */
	assert_float_equal(number("/result/x_area_ft"), .692, 5e-4);
	assert_float_equal(number("/result/bottom_ft"), 12, 0);
	assert_float_equal(number("/result/width_ft"), 12, 0);
	assert_int_equal(strlen(harness_text(harness, "/result/view_token")), 16);
	assert_memory_equal(harness_text(harness, "/result/view_token"), harness_text(harness, "/inputs_sha256"), 16);
}

static void adding_is_deriving_with_one_more(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_cabinets_add_op, "%s", sign_cabinets_add_op.example));
	assert_float_equal(number("/result/cabinet_count"), 2, 0);
	assert_float_equal(number("/result/A_ft2"), 96, 0);
	double z = number("/result/z_area_ft");
	assert_true(
		harness_call(harness, &sign_cabinets_op,
					 "{\"overall_height_ft\":20,\"cabinets\":[{\"width_ft\":12,\"height_ft\":5,\"z_offset_ft\":15},"
					 "{\"width_ft\":12,\"height_ft\":3,\"z_offset_ft\":12}]}"));
	assert_float_equal(number("/result/z_area_ft"), z, 0);
}

static void order_does_not_matter_and_mirrors_mirror(void **state)
{
	(void)state;
	const struct cabinet a = {12, 5, 12, 10, 15, 2}, b = {6, 3, 8, 20, 12, -1};
	struct cabinet_sum ab = cabinet_sum((const struct cabinet[]){a, b}, 2),
					   ba = cabinet_sum((const struct cabinet[]){b, a}, 2);
	assert_float_equal(ab.z_cg_ft, ba.z_cg_ft, 1e-12);
	struct cabinet c = a, d = b;
	c.x_offset_ft = -a.x_offset_ft;
	d.x_offset_ft = -b.x_offset_ft;
	struct cabinet_sum mirrored = cabinet_sum((const struct cabinet[]){c, d}, 2);
	assert_float_equal(mirrored.x_area_ft, -ab.x_area_ft, 1e-12);
	assert_float_equal(mirrored.left_ft, -ab.right_ft, 1e-12);
}

static void expect(const char *pointer, double expected)
{
	if (!(fabs(number(pointer) - expected) <= 6e-4))
		fail_msg("%s is %.9g, expected %.9g", pointer, number(pointer), expected);
}

enum { TILES_WIDE = 80, TILES_HIGH = 80, MANY = 6 };

/* The same from tiles of half a foot: each is a little cabinet, and two on one place overlap. */
static void tiles_say_the_same(void **state)
{
	(void)state;
	srand(6);
	for (int round = 0; round < 300; round++) {
		static unsigned char tiles[TILES_HIGH][TILES_WIDE];
		char body[1200];
		size_t count = 1 + (size_t)rand() % MANY, size = 0;
		double area = 0, weight = 0, z_area = 0, z_weight = 0, x_area = 0;
		bool twice = false;
		memset(tiles, 0, sizeof tiles);
		size += (size_t)snprintf(body, sizeof body, "{\"overall_height_ft\":40,\"cabinets\":[");
		for (size_t i = 0; i < count; i++) {
			int wide = 1 + rand() % 20, high = 1 + rand() % 20, low = rand() % 60, left = rand() % 60,
				psf = rand() % 30;
			size +=
				(size_t)snprintf(body + size, sizeof body - size,
								 "%s{\"width_ft\":%g,\"height_ft\":%g,\"z_offset_ft\":%g,\"x_offset_ft\":%g,"
								 "\"weight_psf\":%d}",
								 i > 0 ? "," : "", wide / 2., high / 2., low / 2., (left + wide / 2.) / 2 - 20, psf);
			for (int z = low; z < low + high; z++)
				for (int x = left; x < left + wide; x++) {
					double tile_z = (z + .5) / 2, tile_x = (x + .5) / 2 - 20;
					area += .25, weight += .25 * psf;
					z_area += .25 * tile_z, z_weight += .25 * psf * tile_z, x_area += .25 * tile_x;
					twice = tiles[z][x]++ > 0 || twice;
				}
		}
		assert_true(harness_call(harness, &sign_cabinets_op, "%s]}", body));
		expect("/result/A_ft2", area);
		expect("/result/weight_estimate_lb", weight);
		expect("/result/z_area_ft", z_area / area);
		expect("/result/x_area_ft", x_area / area);
		expect("/result/z_cg_ft", weight > 0 ? z_weight / weight : z_area / area);
		assert_int_equal(harness_count(harness, "/warnings") > 0, twice);
	}
}

static void faults_and_warnings(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &sign_cabinets_op,
							  "{\"overall_height_ft\":10,\"cabinets\":[{\"width_ft\":2,\"height_ft\":2},"
							  "{\"width_ft\":2,\"height_ft\":2,\"z_offset_ft\":8.5}]}"));
	assert_true(harness_refused(harness, "/cabinets/1", "above_overall_height"));
	assert_false(harness_refused(harness, "/cabinets/0", "above_overall_height"));
	assert_false(harness_call(harness, &sign_cabinets_op, "{\"overall_height_ft\":10,\"cabinets\":[]}"));
	assert_true(harness_refused(harness, "/cabinets", "count"));
	assert_true(harness_call(harness, &sign_cabinets_op,
							 "{\"overall_height_ft\":10,\"cabinets\":[{\"width_ft\":2,\"height_ft\":2},"
							 "{\"width_ft\":2,\"height_ft\":2,\"z_offset_ft\":1}]}"));
	assert_true(harness_noted(harness, "overlap"));
	assert_float_equal(number("/confidence"), .9, 0);
	assert_true(harness_call(harness, &sign_cabinets_op,
							 "{\"overall_height_ft\":10,\"cabinets\":[{\"width_ft\":2,\"height_ft\":2},"
							 "{\"width_ft\":2,\"height_ft\":2,\"z_offset_ft\":2}]}"));
	assert_false(harness_noted(harness, "overlap")); /* they only touch */
}

static void what_they_cover(void **state)
{
	(void)state;
	const struct cabinet tiles[] = {{.width_ft = 12, .height_ft = 5, .z_offset_ft = 15},
									{.width_ft = 7, .height_ft = 3, .z_offset_ft = 12, .x_offset_ft = -2.5},
									{.width_ft = 5, .height_ft = 3, .z_offset_ft = 12, .x_offset_ft = 3.5}};
	assert_true(cabinets_tile(tiles, 1));
	assert_true(cabinets_tile(tiles, 3));
	assert_false(cabinets_tile(tiles, 2)); /* a step */
	assert_float_equal(cabinets_cover_ft(tiles, 3, 0, 20), 12, 0);
	assert_float_equal(cabinets_cover_ft(tiles, 2, 4, 20), 15, 0);
	assert_float_equal(cabinets_cover_ft(tiles, 3, 7, 20), 20, 0);
	struct cabinet gap[] = {tiles[0], tiles[1]};
	gap[1].z_offset_ft = 11;
	assert_float_equal(cabinets_cover_ft(gap, 2, 0, 20), 15, 0);
	const struct cabinet twice[] = {tiles[0], tiles[0]}; /* area enough, but not as one face */
	assert_false(cabinets_tile(twice, 2));
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_cabinets_by_hand),
		cmocka_unit_test(what_they_cover),
		cmocka_unit_test(adding_is_deriving_with_one_more),
		cmocka_unit_test(order_does_not_matter_and_mirrors_mirror),
		cmocka_unit_test(tiles_say_the_same),
		cmocka_unit_test(faults_and_warnings),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
