/*
 * Footings.  REF: IBC 1807.3
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sign/domain/published_bed.h"

#include "sign/domain/footing_direct_op.h"

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
};
/* clang-format on */

int main(void)
{
	return published_run("published ground", cases, sizeof cases / sizeof *cases);
}
