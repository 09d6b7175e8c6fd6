/*
 * Footings.  REF: IBC 1807.3; ACI 318-19 section 13.2.7.2; ACI 318-19 table 22.6.5.2
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/published_bed.h"

#include "sign/domain/footing_direct_op.h"
#include "sign/domain/footing_spread_op.h"

/* clang-format off: one figure a line */
static const struct published_case cases[] = {
	{
		"Tedds IBC flagpole sheet 2024",
		&sign_footing_direct_op,
		"{\"footing\":{\"shape\":\"square\",\"diameter_ft\":10.5},\"loads\":{\"force_lb\":33700,"
		"\"height_ft\":39.4},\"soil\":{\"lateral_psf_ft\":150},\"method\":\"constrained\",\"increase\":1.33}",
		{
			{"b_ft", 14.849167, CLOSED},
			{"s3_psf", 2394, CLOSED},
			{"required_depth_ft", 12.6, CLOSED},
		},
	},
	{
		"Zephyrhills permit 178567 p40",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":890,\"height_ft\":3.4},"
		"\"soil\":{\"lateral_psf_ft\":150},\"half_inch_motion\":true,\"trial_depth_ft\":4}",
		{
			{"s1_psf", 400, CLOSED},
			{"A_ft", 1.7, 0.021},
			{"required_depth_ft", 3.54, ROUNDED},
		},
	},
	{
		"Zephyrhills permit 178567 p35",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":3,\"lateral_width_ft\":5.5},\"loads\":{\"force_lb\":1740,"
		"\"height_ft\":4.17},\"soil\":{\"lateral_psf_ft\":150},\"half_inch_motion\":true,\"trial_depth_ft\":4}",
		{
			{"A_ft", 1.85, ROUNDED},
			{"required_depth_ft", 3.97, ROUNDED},
		},
	},
	{
		"Flagpole sheet, IBC 2021 (scribd 612680534)",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":6},\"loads\":{\"force_lb\":100000,\"height_ft\":62.11},"
		"\"soil\":{\"lateral_psf_ft\":200},\"half_inch_motion\":true}",
		{
			{"required_depth_ft", 30.55, ROUNDED},
		},
	},
	{
		"FlagpoleFooting worksheet, IBC 2018 (scribd 560795266)",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":4.5},\"loads\":{\"force_lb\":30000,\"height_ft\":3},"
		"\"soil\":{\"lateral_psf_ft\":350},\"half_inch_motion\":true,\"method\":\"constrained\"}",
		{
			{"required_depth_ft", 4.950787, CLOSED},
			{"s3_psf", 3466.982009, CLOSED},
		},
	},
	{
		"Christy, Engineering with the Spreadsheet, 16: unconstrained",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":1},\"loads\":{\"force_lb\":510,\"height_ft\":4},"
		"\"soil\":{\"lateral_psf_ft\":266}}",
		{
			{"required_depth_ft", 5.02, CLOSED},
			{"s1_psf", 445, CLOSED},
		},
	},
	{
		"Christy, Engineering with the Spreadsheet, 16: constrained",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":1},\"loads\":{\"force_lb\":510,\"height_ft\":4},"
		"\"soil\":{\"lateral_psf_ft\":266},\"method\":\"constrained\"}",
		{
			{"required_depth_ft", 3.19, ROUNDED},
		},
	},
	{
		"Zephyrhills permit 178567 p30",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":1.5},\"loads\":{\"force_lb\":79.04,\"height_ft\":3.2},"
		"\"soil\":{\"lateral_psf_ft\":150},\"half_inch_motion\":true,\"trial_depth_ft\":2.67}",
		{
			{"s1_psf", 267, CLOSED},
			{"required_depth_ft", 1.53, ROUNDED},
		},
	},
	/* Its S1 is that of the whole hole of 5 ft, 400 psf a foot: the same 2000 psf. */
	{
		"Zephyrhills permit, job 02914CSI (96802 p11): 17 ft 7 in pylon on two posts",
		&sign_footing_direct_op,
		"{\"footing\":{\"diameter_ft\":3},\"loads\":{\"force_lb\":13960,\"height_ft\":8.5},"
		"\"soil\":{\"lateral_psf_ft\":1000},\"trial_depth_ft\":6,\"num_poles\":2}",
		{
			{"s1_psf", 2000, CLOSED},
			{"required_depth_ft", 6.6, ROUNDED},
		},
	},
	{
		"Zephyrhills permit 166215 p9",
		&sign_footing_spread_op,
		"{\"length_ft\":2.58,\"width_ft\":2.58,\"thickness_ft\":2.5,\"vertical_lb\":200,"
		"\"moment_lbft\":2142.725}",
		{
			{"dead_lb", 2696, CLOSED},
			{"eccentricity_ft", 0.79, ROUNDED},
			{"q_max_psf", 1405, ROUNDED},
			{"resisting_lbft", 3500, ROUNDED},
		},
	},
	{
		"PE practice 173 (pegenius): kern",
		&sign_footing_spread_op,
		"{\"length_ft\":6,\"width_ft\":14,\"thickness_ft\":2,\"include_self_weight\":false,"
		"\"vertical_lb\":120000,\"moment_lbft\":120000}",
		{
			{"q_max_psf", 2857.142857, CLOSED},
			{"kern_ft", 1, CLOSED},
		},
	},
	{
		"Tower crane foundation, a worked example in kN and m: partial contact",
		&sign_footing_spread_op,
		"{\"length_ft\":7,\"width_ft\":7,\"thickness_ft\":1.5,\"include_self_weight\":false,\"vertical_l"
		"b\":2687.5,\"moment_lbft\":4200}",
		{
			{"eccentricity_ft", 1.563, CLOSED},
			{"contact_length_ft", 5.811, CLOSED},
			{"q_max_psf", 132.2, CLOSED},
		},
	},
	{
		"Principles of reinforced concrete, footings, in kN and m: whole contact",
		&sign_footing_spread_op,
		"{\"length_ft\":2,\"width_ft\":2,\"thickness_ft\":1,\"include_self_weight\":false,\"vertical_lb\":1200,"
		"\"moment_lbft\":150}",
		{
			{"eccentricity_ft", 0.125, CLOSED},
			{"q_max_psf", 412.5, CLOSED},
			{"q_min_psf", 187.5, CLOSED},
		},
	},
	{
		"cr4.globalspec.com 96303: sign of 1600 lb at 41 ft on a base of 8.5 ft",
		&sign_footing_spread_op,
		"{\"length_ft\":8.5,\"width_ft\":8.5,\"thickness_ft\":2.5,\"vertical_lb\":5152,\"moment_lbft\":65600,"
		"\"soil\":{\"vertical_psf\":1500}}",
		{
			{"dead_lb", 32246, CLOSED},
		},
	},
	/* 860 kip on 13 x 13 ft, a column of 30 x 12 in; its d is 28 in, as is ours at these thicknesses. */
	{
		"PCA Notes 318-08, examples 22.1 to 22.3: one-way shear and flexure",
		&sign_footing_spread_op,
		"{\"length_ft\":13,\"width_ft\":13,\"thickness_ft\":2.62,\"include_self_weight\":false,"
		"\"vertical_lb\":716666.67,\"moment_lbft\":1,\"column\":{\"width_in\":30,\"depth_in\":12}}",
		{
			{":one_way_shear/demand", 243000. / (156 * 28), ROUNDED},
			{":flexure/demand", 1193000, CLOSED * 2},
		},
	},
	{
		"PCA Notes 318-08, example 22.2: two-way shear",
		&sign_footing_spread_op,
		"{\"length_ft\":13,\"width_ft\":13,\"thickness_ft\":2.645,\"include_self_weight\":false,"
		"\"vertical_lb\":716666.67,\"moment_lbft\":1,\"column\":{\"width_in\":30,\"depth_in\":12}}",
		{
			{":two_way_shear/demand", 780000. / (196 * 28), ROUNDED},
		},
	},
};
/* clang-format on */

int main(void)
{
	return published_run("published ground", cases, sizeof cases / sizeof *cases);
}
