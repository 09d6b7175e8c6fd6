/*
 * Figures of the wind's kernel that others printed: gusts of flexible structures beyond the operation's ranges, and the
 * multipliers of figure 26.8-1.  docs/engineering/published_cases.md has the rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "sign/domain/common.h"
#include "sign/domain/wind.h"

static const double FT_M = .3048, MPH_M_S = .44704;

static void near_printed(double ours, double printed, double half_unit)
{
	if (!(fabs(ours - printed) <= half_unit))
		fail_msg("%.6g, printed %.6g", ours, printed);
}

/*
 * "Gust Effect Factor (Flexible Building), ASCE 7-16 Sample Calculation" (scribd 648664922): exposure B, h 183 m, B = L
 * = 30.5 m, V 40.5 m/s, n1 .2 Hz, 1 %.  It takes 10 m for 33 ft, which is .6 % less.  REF: ASCE 7-16 eq. 26.11-10; ASCE
 * 7-16 eq. 26.11-9; ASCE 7-16 eq. 26.11-11; ASCE 7-16 eq. 26.11-13; ASCE 7-16 eq. 26.11-16
 */
static void a_tower_of_183_m(void **state)
{
	(void)state;
	const struct wind_site site = {
		.code = SIGN_ASCE7_16, .exposure = EXPOSURE_B, .wind_speed_mph = 40.5 / MPH_M_S, .kzt = 1, .kd = .85, .ke = 1};
	const struct wind_flexible flexible = {.natural_frequency_hz = .2, .damping_ratio = .01, .depth_ft = 30.5 / FT_M};
	struct wind_gust g;
	near_printed(wind_gust_flexible(&site, 183 / FT_M, 30.5 / FT_M, &flexible, &g), 1.064, .002);
	near_printed(g.vz_ft_s * FT_M, 33.176, .06);
	near_printed(g.lz_ft * FT_M, 216.795, .5);
	near_printed(g.rn, .114, .0006);
	near_printed(g.rh, .178, .0006);
	near_printed(g.r, .908, .003);
	near_printed(g.gr, 3.787, .0006);
}

/*
 * "ASCE 7-16 Gust factor of Building Structure" (scribd 451047031): exposure D, h 11.45 m, B 64 m, L 94.299 m, V 57
 * m/s, n1 1/1.51 Hz, 2 %.
 */
static void a_hall_of_64_m(void **state)
{
	(void)state;
	const struct wind_site site = {
		.code = SIGN_ASCE7_16, .exposure = EXPOSURE_D, .wind_speed_mph = 57 / MPH_M_S, .kzt = 1, .kd = .85, .ke = 1};
	const struct wind_flexible flexible = {
		.natural_frequency_hz = 1 / 1.51, .damping_ratio = .02, .depth_ft = 94.299 / FT_M};
	struct wind_gust g;
	near_printed(wind_gust_flexible(&site, 11.45 / FT_M, 64 / FT_M, &flexible, &g), .946, .002);
	near_printed(g.z_bar_ft * FT_M, 6.87, .006);
	near_printed(g.vz_ft_s * FT_M, 43.737, .06);
	near_printed(g.lz_ft * FT_M, 189.037, .3);
	near_printed(g.iz, .16, .006);
	near_printed(g.q, .86, .006);
	near_printed(g.rh, .627, .002);
	near_printed(g.rb, .199, .002);
	near_printed(g.rl, .044, .002);
	near_printed(g.rn, .072, .002);
	near_printed(g.r, .497, .003);
	near_printed(g.gr, 4.09, .006);
}

/*
 * "Wind loading (ASCE7-05)" (scribd 467761981), a flexible free-standing sign: exposure C, h = s = 3.5 m, B 1.56 m, L
 * .3 m, V 38 m/s, n1 .8 Hz, 20 %.  The terms are those of 7-10 and 7-16.
 */
static void a_sign_of_3_5_m(void **state)
{
	(void)state;
	const struct wind_site site = {
		.code = SIGN_ASCE7_10, .exposure = EXPOSURE_C, .wind_speed_mph = 38 / MPH_M_S, .kzt = 1, .kd = .85, .ke = 1};
	const struct wind_flexible flexible = {.natural_frequency_hz = .8, .damping_ratio = .2, .depth_ft = .3 / FT_M};
	struct wind_gust g;
	wind_gust_flexible(&site, 3.5 / FT_M, 1.56 / FT_M, &flexible, &g);
	near_printed(g.z_bar_ft * FT_M, 4.57, .006);
	near_printed(g.iz, .23, .006);
	near_printed(g.lz_ft * FT_M, 130.32, .2);
	near_printed(g.vz_ft_s * FT_M, 21.90, .03);
	near_printed(.8 * g.lz_ft / g.vz_ft_s, 4.76, .006);
	near_printed(g.gr, 4.14, .006);
	near_printed(g.rh, .701, .001);
}

static struct wind_topography topography(int shape, int side, double height, double half_length, double distance,
										 double z)
{
	struct wind_hill hill = {shape, side, height, half_length, distance};
	struct wind_topography t;
	wind_kzt_hill(&hill, EXPOSURE_C, z, &t);
	return t;
}

/* REF: ASCE 7-16 figure 26.8-1: the printed multipliers, exposure C, to two decimals */
static void multipliers_of_the_topographic_figure(void **state)
{
	(void)state;
	static const double k1[][4] = {/* H/Lh; ridge, escarpment, hill */
								   {.20, .29, .17, .21}, {.25, .36, .21, .26}, {.30, .43, .26, .32},
								   {.35, .51, .30, .37}, {.40, .58, .34, .42}, {.45, .65, .38, .47},
								   {.50, .72, .43, .53}};
	static const double k2[][3] = {/* x/Lh; escarpment downwind, all others */
								   {0, 1, 1},     {.5, .88, .67}, {1, .75, .33}, {1.5, .63, 0}, {2, .5, 0},
								   {2.5, .38, 0}, {3, .25, 0},    {3.5, .13, 0}, {4, 0, 0}};
	static const double k3[][4] = {/* z/Lh; ridge, escarpment, hill */
								   {0, 1, 1, 1},        {.1, .74, .78, .67}, {.2, .55, .61, .45}, {.3, .41, .47, .30},
								   {.4, .30, .37, .20}, {.5, .22, .29, .14}, {1, .05, .08, .02},  {1.5, .01, .02, 0}};
	static const int shapes[] = {HILL_RIDGE, HILL_ESCARPMENT, HILL_HILL};
	const double hundredth = .0051, lh = 400;
	for (size_t i = 0; i < sizeof k1 / sizeof *k1; i++)
		for (int s = 0; s < 3; s++)
			near_printed(topography(shapes[s], HILL_UPWIND, k1[i][0] * lh, lh, 0, 0).k1, k1[i][s + 1], hundredth);
	for (size_t i = 0; i < sizeof k2 / sizeof *k2; i++) {
		double x = k2[i][0] * lh;
		near_printed(topography(HILL_ESCARPMENT, HILL_DOWNWIND, 120, lh, x, 0).k2, k2[i][1], hundredth);
		near_printed(topography(HILL_ESCARPMENT, HILL_UPWIND, 120, lh, x, 0).k2, k2[i][2], hundredth);
		near_printed(topography(HILL_RIDGE, HILL_DOWNWIND, 120, lh, x, 0).k2, k2[i][2], hundredth);
	}
	for (size_t i = 0; i < sizeof k3 / sizeof *k3; i++)
		for (int s = 0; s < 3; s++)
			near_printed(topography(shapes[s], HILL_UPWIND, 120, lh, 0, k3[i][0] * lh).k3, k3[i][s + 1], hundredth);
}

/* REF: ASCE 7-16 section 26.9: table 26.9-1; at 4000 ft it prints .86 where its own formula gives .8652 */
static void factors_of_the_elevation_table(void **state)
{
	(void)state;
	static const double printed[][2] = {{0, 1},      {1000, .96}, {2000, .93}, {3000, .90},
										{4000, .86}, {5000, .83}, {6000, .80}};
	for (size_t i = 0; i < sizeof printed / sizeof *printed; i++)
		near_printed(wind_ke(printed[i][0]), printed[i][1], .0053);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tower_of_183_m),
		cmocka_unit_test(a_hall_of_64_m),
		cmocka_unit_test(a_sign_of_3_5_m),
		cmocka_unit_test(multipliers_of_the_topographic_figure),
		cmocka_unit_test(factors_of_the_elevation_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
