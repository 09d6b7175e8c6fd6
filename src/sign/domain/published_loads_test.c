/*
 * Wind.  REF: ASCE 7-16 eq. 29.3-1; ASCE 7-16 figure 29.3-1 Case B; ASCE 7-16 figure 29.3-1 Case C
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/published_bed.h"

#include "sign/domain/wind_op.h"

/* clang-format off: one figure a line */
static const struct published_case cases[] = {
	{
		"SignWind sheet, ASCE 7-05 (I 1, as 7-10)",
		&sign_wind_op,
		"{\"code\":\"ASCE7-10\",\"kz_method\":\"table\",\"wind_speed_mph\":90,\"exposure\":\"C\","
		"\"height_ft\":35,\"sign_height_ft\":8,\"sign_width_ft\":100,\"return_corner_ft\":2}",
		{
			{"qh_psf", 17.8, CLOSED},
			{"force_lb", 22370, ROUNDED},
			{"moment_base_lbft", 693570, ROUNDED},
			{"case_b/torsion_lbft", 447460, ROUNDED},
			{"case_c/regions/0/pressure_psf", 55, ROUNDED},
		},
	},
	{
		"SkyCiv, ASCE 7-16, L-shaped building: Kz and Ke at 6.5 m, 110 m above the sea",
		&sign_wind_op,
		"{\"wind_speed_mph\":116.3,\"height_ft\":21.3254593,\"sign_height_ft\":5,\"sign_width_ft\":5,\"g"
		"round_elevation_ft\":360.8924}",
		{
			{"/trace/intermediates/kz", 0.91415186, CLOSED},
			{"/trace/intermediates/ke", 0.9869953, CLOSED},
		},
	},
	{
		"Rexburg permit 23-00556, 18 ft pylon, ASCE 7-16 at 4870 ft",
		&sign_wind_op,
		"{\"wind_speed_mph\":105,\"height_ft\":18,\"sign_height_ft\":3,\"sign_width_ft\":8,\"ground_elev"
		"ation_ft\":4870}",
		{
			{"b_over_s", 2.67, ROUNDED},
			{"ke", 0.84, ROUNDED},
			{"cf", 1.8, ROUNDED},
		},
	},
	{
		"Miami Shores permit SGN-19-402: monument sign, ASCE 7-16",
		&sign_wind_op,
		"{\"kz_method\":\"table\",\"wind_speed_mph\":175,\"height_ft\":26,\"sign_height_ft\":16,\"sign_width_ft\":8,"
		"\"return_corner_ft\":2}",
		{
			{"qh_psf", 63.17, CLOSED},
			{"cf", 1.72, CLOSED},
			{"force_lb", 11830, CLOSED},
			{"moment_base_lbft", 212940, CLOSED},
			{"case_b/torsion_lbft", 18930, CLOSED},
		},
	},
};
/* clang-format on */

int main(void)
{
	return published_run("published loads", cases, sizeof cases / sizeof *cases);
}
