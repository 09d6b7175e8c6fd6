/*
 * For tests of sign.design: the operation on a sign of 12 by 8 ft, 20 ft high, and its answer.  Not linked into the
 * product.
 */
#ifndef CS_SIGN_DOMAIN_DESIGN_BED_H
#define CS_SIGN_DOMAIN_DESIGN_BED_H

#include <math.h>
#include <stdio.h>

#include <cmocka.h>

#include "seal/harness.h"
#include "seal/op.h"
#include "sign/domain/design.h"
#include "sign/sign.h"

static struct harness *harness;

static inline void near_share(double value, double expected, double share)
{
	if (!(fabs(value - expected) <= share * fabs(expected)))
		fail_msg("%.9g is not %.9g", value, expected);
}

static inline double number(const char *pointer)
{
	return harness_number(harness, pointer);
}

static inline bool design(double mph, const char *more)
{
	return harness_call(
		harness, &sign_design_op,
		"{\"site\":{\"wind_speed_mph\":%.10g},\"sign\":{\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12}%s}",
		mph, more);
}

#endif
