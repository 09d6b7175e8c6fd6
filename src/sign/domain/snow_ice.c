#include "sign/domain/snow_ice.h"

#include <math.h>

#include "sign/domain/common.h"
#include "sign/domain/wind.h"
#include "sign/domain/wind_pack.h"

/* REF: ASCE 7-16 table 1.5-2; ASCE 7-10 table 1.5-2 */
double ice_importance(int code, int risk_category)
{
	static const double ii[3][4] = {
		[SIGN_ASCE7_10] = {.80, 1, 1.25, 1.25}, [SIGN_ASCE7_16] = {.80, 1, 1.15, 1.25}, [SIGN_ASCE7_22] = {1, 1, 1, 1}};
	return ii[code][risk_category];
}

double ice_height_factor(double z_ft)
{
	return fmin(pow(z_ft / 33, .10), 1.4); /* REF: ASCE 7-16 section 10.4.3 */
}

double ice_thickness(int code, int risk_category, double ice_in, double z_ft, double kzt)
{
	/* REF: ASCE 7-16 eq. 10.4-5; ASCE 7-10 eq. 10.4-5 */
	double map = code == SIGN_ASCE7_10 ? 2 : 1;
	return map * ice_in * ice_importance(code, risk_category) * ice_height_factor(z_ft) * pow(kzt, .35);
}

/* What the glaze makes of a plate: thicker all around, but not into the ground. */
static struct ice_body iced_plate(const struct ice_body *body, double td_ft)
{
	struct ice_body iced = *body;
	iced.top_ft = body->top_ft + td_ft;
	iced.sign_height_ft = iced.top_ft - fmax(body->top_ft - body->sign_height_ft - td_ft, 0);
	iced.sign_width_ft = body->sign_width_ft + 2 * td_ft;
	return iced;
}

struct iced_body ice_on_body(const struct ice_body *body, double td_in)
{
	double td_ft = td_in / 12;
	if (body->shape == ICE_PLATE) {
		/* REF: ASCE 7-16 eq. 10.4-2: Vi = π td As, times .8 for a vertical plate */
		double one_side_ft2 = body->sign_height_ft * body->sign_width_ft;
		struct ice_body iced = iced_plate(body, td_ft);
		return (struct iced_body){.8 * M_PI * td_ft * one_side_ft2 * ICE_PCF, iced.sign_height_ft * iced.sign_width_ft};
	}
	/* REF: ASCE 7-16 eq. 10.4-1: Ai = π td (Dc + td), Dc of the cylinder around the section */
	double dc_in = body->shape == ICE_ROUND ? body->width_in : hypot(body->width_in, body->depth_in);
	double ice_in2 = M_PI * td_in * (dc_in + td_in);
	return (struct iced_body){ice_in2 / 144 * body->length_ft * ICE_PCF,
							  (body->width_in / 12 + 2 * td_ft) * body->length_ft};
}

double ice_cf(const struct wind_site *site, const struct ice_body *body, double td_in)
{
	double td_ft = td_in / 12;
	if (body->shape == ICE_PLATE) {
		struct ice_body iced = iced_plate(body, td_ft); /* REF: ASCE 7-16 section 10.5.2 */
		return wind_cf(site->figure, iced.sign_height_ft / iced.top_ft, iced.sign_width_ft / iced.sign_height_ft);
	}
	const struct pole_figure *poles = &site->figure->poles; /* REF: ASCE 7-16 section 10.5.1 */
	return wind_interpolate(&poles->h_over_d, body->shape == ICE_ROUND ? &poles->round_small : &poles->square,
							body->top_ft / (body->width_in / 12 + 2 * td_ft));
}

/* REF: ASCE 7-16 table 1.5-2; ASCE 7-10 table 1.5-2 */
double snow_importance(int code, int risk_category)
{
	static const double is[] = {.80, 1, 1.10, 1.20};
	return code == SIGN_ASCE7_22 ? 1 : is[risk_category];
}

double snow_flat_psf(int code, int risk_category, double ce, double ct, double pg_psf)
{
	return .7 * ce * ct * snow_importance(code, risk_category) * pg_psf; /* REF: ASCE 7-16 eq. 7.3-1 */
}

double snow_area_ft2(const struct ice_body *body)
{
	if (body->shape == ICE_PLATE)
		return body->sign_width_ft * body->sign_depth_ft;
	double depth_in = body->shape == ICE_ROUND ? body->width_in : body->depth_in;
	if (body->horizontal)
		return depth_in / 12 * body->length_ft;
	return (body->shape == ICE_ROUND ? M_PI / 4 : 1) * body->width_in * depth_in / 144;
}
