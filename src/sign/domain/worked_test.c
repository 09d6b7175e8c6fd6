/*
 * Worked examples of whole operations, each calculated by hand with its steps in the comment; beside those of the
 * specification, which stand in the tests of the operations themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/anchors_op.h"
#include "sign/domain/baseplate_op.h"
#include "sign/domain/cantilever_op.h"
#include "sign/domain/footing_bed.h"
#include "sign/domain/monument_op.h"
#include "sign/domain/poles_op.h"
#include "sign/domain/snow_ice_op.h"
#include "sign/domain/steel_bed.h"
#include "sign/sign.h"

static struct harness *harness;

static double result(const char *member)
{
	return bed_result(harness, member);
}

/* A member of the first option's row of that name. */
static double pole_row(const char *name, const char *member)
{
	char pointer[96];
	int at = harness_find(harness, "/result/options/0/checks", "name", name);
	snprintf(pointer, sizeof pointer, "/result/options/0/checks/%d/%s", at, member);
	return at < 0 ? (double)NAN : harness_number(harness, pointer);
}

/*
 * Two Pipe10STD 10 ft apart, 20 ft high, at asd: M 1200, V 6, T 300, P 4.  REF: AISC 360-22 E3; AISC 360-22 H1;
 * AISC 360-22 App. 8.
 * Section (wall .93·.365 = .33945): A 11.102, I 150.56, Z 36.802; D/t 31.7 is compact (.07E/Fy = 58).
 * Torsion as a couple: 300/120 = 2.5 kip on each pole: V = 3 + 2.5 = 5.5, M = 600 + 2.5·(600/3) = 1100, T 0, P 2.
 * KL/r = 2.1·240/3.6827 = 136.86; Fe = 15.281; Fn = .877 Fe = 13.402; Pc = 13.402·11.102/1.67 = 89.09.
 * Mc = 35·36.802/1.67 = 771.3; Vc = .6·35·11.102/2/1.67 = 69.80.
 * Pe = π²·29000·150.56/480² = 187.04; 1/(1 − 1.6·2/187.04) = 1.01741.
 * H1-1b: 2/(2·89.09) + 1.01741·1100/771.3 = 1.4622.
 * Deflection at the arm 1100/5.5 = 200 in: 1.01741·5.5·200²·(720 − 200)/(6·29000·150.56) = 4.443 in against 2.
 */
static void twin_poles_with_torsion(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_poles_op,
							 "{\"loads\":{\"M_kipin\":1200,\"V_kip\":6,\"T_kipin\":300,\"P_kip\":4},\"num_poles\":2,"
							 "\"spacing_ft\":10,\"height_ft\":20,\"prefs\":{\"designation\":\"Pipe10STD\"}}"));
	near_share(result("per_pole/M_kipin"), 1100, 1e-9);
	near_share(result("per_pole/V_kip"), 5.5, 1e-9);
	near(result("per_pole/T_kipin"), 0, 0);
	near_share(pole_row("axial", "capacity"), 89.09, 2e-4);
	near_share(pole_row("flexure", "capacity"), 771.3, 2e-4);
	near_share(pole_row("shear", "capacity"), 69.80, 2e-4);
	near_share(pole_row("interaction", "demand"), 1.4622, 5e-4);
	near_share(pole_row("deflection", "demand"), 4.443, 5e-4);
	near_share(pole_row("deflection", "capacity"), 2, 1e-9);
	near_share(result("options/0/amplification"), 1.01741, 5e-4);
	assert_int_equal(harness_count(harness, "/result/recommended"), -2); /* it fails: named, but not recommended */
}

/*
 * One HSS8X8X1/4, Fy 50, 15 ft, at lrfd: M 500, V 3, T 250, P 5.  REF: AISC 360-22 F7.2; AISC 360-22 G4; AISC 360-22
 * H3.1; AISC 360-22 H3.2.
 * b/t = 8/.2325 − 3 = 31.41, between 1.12 and 1.40 √(E/Fy) (26.97, 33.72): Mp 1024.9, Fy S 881.6:
 * Mn = 1024.9 − 143.3·(3.57·31.41/24.083 − 4) = 930.9; φMn 837.8.
 * C = 2·.2325·7.7675² − 4.5(4 − π)·.2325³ = 28.007; φTn = .9·30·28.007 = 756.2; T/Tc = .331 > .2.
 * φVn = .9·30·2·(8 − .6975)·.2325 = 91.68; KL/r 119.8, Fe 19.94, Fn 17.489, φPn = .9·17.489·7.0846 = 111.51.
 * Pe = π²·29000·70.527/360² = 155.76; 1/(1 − 5/155.76) = 1.03317.
 * H3-6: 5/111.51 + 1.03317·500/837.8 + (3/91.68 + .3306)² = .7934.
 */
static void a_tube_twisted(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_poles_op,
							 "{\"loads\":{\"M_kipin\":500,\"V_kip\":3,\"T_kipin\":250,\"P_kip\":5},\"level\":\"lrfd\","
							 "\"height_ft\":15,\"prefs\":{\"designation\":\"HSS8X8X1/4\"}}"));
	near_share(pole_row("axial", "capacity"), 111.51, 2e-4);
	near_share(pole_row("flexure", "capacity"), 837.8, 2e-4);
	near_share(pole_row("shear", "capacity"), 91.68, 2e-4);
	near_share(pole_row("torsion", "capacity"), 756.2, 2e-4);
	near_share(pole_row("interaction", "demand"), .7934, 7e-4);
}

/*
 * Triangular pressure.  REF: AISC Design Guide 1 appendix B: a plate of 16 by 16 under a pipe of 8 in, P 10, M 200,
 * bolts 2 in from the edge, f'c 4000, lrfd: fp,max = .65·.85·4 = 2.21 ksi.  N' = 14, A' = 6, f' = 2.21·16·14/2 =
 * 247.52; A = [247.52 − √(247.52² − 4·(35.36/6)·260)]/(35.36/3) = 1.0781 in; T = 2.21·1.0781·16/2 − 10 = 9.061 kip. m =
 * n = (16 − .8·8)/2 = 4.8: 2.21·1.0781/2·(4.8 − 1.0781/3) = 5.290 kip-in/in: t = √(4·5.290/32.4) = .808 in; x = 6 − 4 =
 * 2: 9.061·2/16 = 1.1326: t = √(4·1.1326/32.4) = .374 in.
 */
static void a_plate_by_triangles(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &sign_baseplate_op,
					 "{\"plate\":{\"w_in\":16,\"l_in\":16,\"t_in\":1},\"column\":{\"d_in\":8},\"concrete\":{"
					 "\"fc_psi\":4000},\"anchors\":{\"edge_in\":2},\"method\":\"triangular\",\"loads\":{\"P_kip\":"
					 "10,\"M_kipin\":200}}"));
	near_share(result("fp_max_ksi"), 2.21, 1e-9);
	near_share(result("y_in"), 1.0781, 5e-4);
	near_share(result("tension_kip"), 9.061, 1e-4);
	near_share(result("t_bearing_in"), .808, 1e-3);
	near_share(result("t_tension_in"), .374, 1e-3);
	assert_string_equal(harness_text(harness, "/result/moment_case"), "large");
}

/*
 * Four anchors of 1 in, hef 12, f'c 4000, cracked, 8 in apart both ways, 10 in from edge x1, F1554-36.  REF: ACI 318-19
 * section 17.6.1; ACI 318-19 section 17.6.2; ACI 318-19 section 17.6.3.
 * Ase = π/4·(1 − .9743/8)² = .6057; Nsa = 4·.6057·58000 = 140,500; φ .75: 105,400 lb.
 * ANco = 9·144 = 1296; ANc = (10 + 8 + 18)·(18 + 8 + 18) = 1584; ψed = .7 + .3·10/18 = .86667;
 * Nb = 16·√4000·12^(5/3) = 63,650 lb; Ncb = 1584/1296·.86667·63,650 = 67,420; φ .70: 47,190 lb.
 * Abrg = .86603·1.625² − .7854 = 1.5015; Np = 8·1.5015·4000 = 48,050 lb.
 */
static void a_group_near_one_edge(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_anchors_op,
							 "{\"fc_psi\":4000,\"anchor\":{\"dia_in\":1,\"hef_in\":12},\"layout\":{\"nx\":2,\"ny\":2,"
							 "\"sx_in\":8,\"sy_in\":8},\"edges\":{\"cx1_in\":10},\"loads\":{\"N_kip\":20}}"));
	near_share(result("ase_in2"), .6057, 5e-4);
	near_share(result("phi_nsa_lb"), 105400, 5e-4);
	near_share(result("anc_in2"), 1584, 1e-9);
	near_share(result("psi_ed_n"), .86667, 5e-4);
	near_share(result("nb_lb"), 63650, 5e-4);
	near_share(result("phi_ncb_lb"), 47190, 5e-4);
	near_share(result("np_lb"), 48050, 5e-4);
}

/*
 * A cantilever at lrfd: 115 mph, exposure C, a sign of 5 × 8 ft with its top at 24 ft, its middle 10 ft from the pole,
 * 12 psf; one Pipe8STD of 6 ft; Pipe12STD of 24 ft.  REF: ASCE 7-16 eq. 29.3-1; ASCE 7-16 figure 29.4-1; ASCE 7-16
 * section 2.3.1.
 * q(24) = 26.970; Cf(.208, 1.6) 1.80: F = 26.970·.85·1.80·40 = 1650.5 lb at 21.5 ft; Case B 1.6·1650.5 lb-ft.
 * Arm, at 21.5 ft: q 26.352, D√q 3.69, h/D 8.348: Cf .60749; 26.352·.85·.60749·.71875·6 = 58.68 lb.
 * Pole, at 12 ft: q 24.429, h/D 22.59: Cf .68660; 24.429·.85·.68660·1.0625·24 = 363.55 lb.
 * V = 2.0728 kip; Mw = (1650.5·21.5 + 58.68·21.5 + 363.55·12)·.012 = 493.33; Md = 1.2·(480·10 + 28.557·6·3)·.012 =
 * 76.52; M = 499.23; T = (1650.5·10 + 1.6·1650.5 + 58.68·3)·.012 = 231.87 kip-in; P = 1.2·(480 + 171.3 + 1189.6) lb.
 */
static void a_cantilever(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &sign_cantilever_op,
					 "{\"wind_speed_mph\":115,\"height_ft\":24,\"sign_height_ft\":5,\"sign_width_ft\":8,\"level\":"
					 "\"lrfd\",\"pole\":{\"height_ft\":24,\"designation\":\"Pipe12STD\"},\"arms\":{\"length_ft\":"
					 "6,\"designation\":\"Pipe8STD\"},\"sign_offset_ft\":10,\"weights\":{\"sign_psf\":12}}"));
	near_share(result("reactions/V_kip"), 2.0728, 2e-4);
	near_share(result("reactions/M_wind_kipin"), 493.33, 1e-4);
	near_share(result("reactions/M_dead_kipin"), 76.52, 1e-4);
	near_share(result("reactions/M_kipin"), 499.23, 1e-4);
	near_share(result("reactions/T_kipin"), 231.87, 1e-4);
	near_share(result("reactions/P_kip"), 2.2092, 2e-4);
}

/*
 * A wall 6 ft high and 10 ft long of 60 psf on a strip of 4 × 10 × 1.5 ft, class 4 soil, 115 mph, exposure C.  REF:
 * ASCE 7-16 figure 29.3-1 note 3; IBC 1806.2; ASCE 7-16 section 2.4.1.
 * q = 24.429; Cf(1, 1.667) = 1.45 − .05·.667 = 1.41667; F = 24.429·.85·1.41667·60 = 1765.0 lb at 3.3 ft; .6 F = 1059.0.
 * M = 1059.0·(3.3 + 1.5) = 5083 lb-ft; D = 3600 + 9000 = 12600 lb; e = .4034 < 4/6: q = 12600/40·(1 + 6·.4034/4) =
 * 505.6 psf; overturning 12600·2/5083 = 4.958; sliding .25·12600/1059.0 = 2.975.
 */
static void a_monument(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &sign_monument_op,
							 "{\"wind_speed_mph\":115,\"height_ft\":6,\"sign_height_ft\":6,\"sign_width_ft\":10,"
							 "\"weight_psf\":60,\"footing\":{\"length_ft\":4,\"width_ft\":10,\"thickness_ft\":1.5}}"));
	near_share(result("wind/force_lb"), 1765.0, 1e-4);
	near_share(result("wind/arm_ft"), 3.3, 1e-9);
	near_share(result("footing/moment_lbft"), 5083, 1e-4);
	near_share(result("footing/dead_lb"), 12600, 1e-9);
	near_share(result("footing/q_max_psf"), 505.6, 1e-4);
	near_share(result("footing/sf_overturning"), 4.958, 2e-4);
	near_share(result("footing/sf_sliding"), 2.975, 2e-4);
}

/*
 * Ice on a pole.  REF: ASCE 7-10 eq. 10.4-5; ASCE 7-16 eq. 10.4-1; ASCE 7-16 section 10.5; ASCE 7-16 eq. 7.3-1: 8.625
 * in and 15 ft high, risk category III, map ice .25 in, gust 30 mph, pg 20 psf, by 7-10. td = 2·.25·1.25·(15/33)^.1 =
 * .57761 in; Ai = π·.57761·(8.625 + .57761) = 16.699 in2: 97.41 lb at 56 pcf. Area (8.625 + 1.15523)/12·15 = 12.225
 * ft2; q = .00256·.84891·.85·900 = 1.6625; h/D 18.404: Cf (D√q ≤ 2.5) .8 + .4·11.404/18
 * = 1.05343: 1.6625·.85·1.05343·12.225 = 18.20 lb.  Snow .7·1.0·1.2·1.1·20 = 18.48 psf.
 */
static void an_iced_pole(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &sign_snow_ice_op,
					 "{\"code\":\"ASCE7-10\",\"shape\":\"round\",\"width_in\":8.625,\"length_ft\":15,\"height_ft\":15,"
					 "\"ice_in\":0.25,\"gust_mph\":30,\"risk_category\":\"III\",\"pg_psf\":20}"));
	near_share(result("td_in"), .57761, 1e-3);
	near_share(result("ice_weight_lb"), 97.41, 1e-4);
	near_share(result("iced_area_ft2"), 12.225, 1e-4);
	near_share(result("concurrent_force_lb"), 18.20, 5e-4);
	near_share(result("snow_psf"), 18.48, 1e-9);
}

int main(void)
{
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twin_poles_with_torsion),
		cmocka_unit_test(a_tube_twisted),
		cmocka_unit_test(a_plate_by_triangles),
		cmocka_unit_test(a_group_near_one_edge),
		cmocka_unit_test(a_cantilever),
		cmocka_unit_test(a_monument),
		cmocka_unit_test(an_iced_pole),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
