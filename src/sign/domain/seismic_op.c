#include "sign/domain/seismic_op.h"

#include <math.h>

#include "core/field.h"
#include "core/json.h"
#include "seal/calc.h"
#include "sign/domain/common.h"
#include "sign/domain/seismic.h"
#include "sign/domain/wind_op.h"

static const double ASD_E = .7; /* REF: ASCE 7-16 section 2.4.5 */
static const double ASD_W = .6; /* REF: ASCE 7-16 section 2.4.1 */

static const char *const rule_names[] = {"rigid", "plateau", "period", "minimum", "minimum_near_fault", NULL};

struct seismic_request {
	struct sign_common common;
	double sds, sd1, s1, weight_lb, height_ft;
	int risk_category;
	double period_s, ix_in4, e_ksi, force_lb;
};

static const struct field request_fields[] = {
	F_NUM(seismic_request, sds, REQUIRED, RANGE(0, 5), UNIT("g"), DOC("Design spectral acceleration, short periods")),
	F_NUM(seismic_request, sd1, REQUIRED, RANGE(0, 5), UNIT("g"), DOC("Design spectral acceleration at 1 s")),
	F_NUM(seismic_request, s1, RANGE(0, 5), UNIT("g"), DOC("Mapped acceleration at 1 s; from .6 it sets a minimum")),
	F_NUM(seismic_request, weight_lb, REQUIRED, RANGE(0, 1e7), UNIT("lb"), DOC("W: of the sign and its support")),
	F_NUM(seismic_request, height_ft, ABOVE(0, 500), UNIT("ft"), DOC("Of the mass above grade; without it no moment")),
	F_ENUM(seismic_request, risk_category, wind_risk_names, DEFAULT(1)),
	F_NUM(seismic_request, period_s, ABOVE(0, 20), UNIT("s"), DOC("T; or Ix_in4, from which it follows")),
	F_NUM(seismic_request, ix_in4, NAMED("Ix_in4"), ABOVE(0, 1e8), UNIT("in4"), DOC("Of all poles together")),
	F_NUM(seismic_request, e_ksi, NAMED("E_ksi"), ALSO("E"), RANGE(100, 1e5), DEFAULT(29000), UNIT("ksi")),
	F_NUM(seismic_request, force_lb, RANGE(0, 1e7), UNIT("lb"),
		  DOC("Wind, strength level (total.force_lb of sign.wind), to compare with at `level`")),
	SIGN_COMMON_FIELDS(seismic_request, SIGN_ASD),
};
static const struct field_table request_table = FIELD_TABLE("sign.seismic.request", seismic_request, request_fields);

struct seismic_result {
	double cs, v_lb, moment_lbft, asd_v_lb;
	const struct json *governs_over_wind; /* true, false, or NULL: no wind to compare with */
	double asd_moment_lbft, period_s;
	int governing;
};

static const struct field result_fields[] = {
	F_NUM(seismic_result, cs, DOC("Base shear over weight")),
	F_NUM(seismic_result, v_lb, UNIT("lb"), DOC("Base shear, strength level")),
	F_NUM(seismic_result, moment_lbft, NULLABLE, UNIT("lb-ft"), DOC("At grade; null without height_ft")),
	F_NUM(seismic_result, asd_v_lb, UNIT("lb"), DOC(".7 E")),
	F_JSON(seismic_result, governs_over_wind, NULLABLE,
		   DOC("true or false: .7 E against .6 W at asd, E against W at lrfd; null without force_lb")),
	F_NUM(seismic_result, asd_moment_lbft, NULLABLE, UNIT("lb-ft")),
	F_NUM(seismic_result, period_s, NULLABLE, UNIT("s"), DOC("Given, or from Ix_in4")),
	F_ENUM(seismic_result, governing, rule_names, DOC("The equation that gives cs")),
};
static const struct field_table result_table = FIELD_TABLE("sign.seismic.result", seismic_result, result_fields);

static void check(struct calc *calc, const void *input)
{
	const struct seismic_request *r = input;
	if (given(r->period_s) && given(r->ix_in4))
		calc_fault(calc, "/Ix_in4", "conflict", "says the same as period_s: give one of them");
	else if (given(r->ix_in4) && !given(r->height_ft))
		calc_fault(calc, "/height_ft", "required", "is required with Ix_in4");
}

static double choose_period(struct calc *calc, const struct seismic_request *r)
{
	if (given(r->ix_in4)) {
		calc_assume(calc, "one_mass", "T is that of one mass at height_ft on a fixed cantilever (eq. 15.4-6).");
		return seismic_period(r->weight_lb, r->height_ft, r->e_ksi, r->ix_in4);
	}
	if (!given(r->period_s))
		calc_assume(calc, "period_unknown",
					"Neither period_s nor Ix_in4 was given: Cs is SDS Ie/R, which no period exceeds.");
	return r->period_s;
}

static const struct json *governs(const struct seismic_request *r, double v_lb)
{
	static const struct json yes = {.kind = JS_BOOL, .boolean = true}, no = {.kind = JS_BOOL};
	if (!given(r->force_lb))
		return NULL;
	bool lrfd = r->common.level == SIGN_LRFD;
	return (lrfd ? v_lb > r->force_lb : ASD_E * v_lb > ASD_W * r->force_lb) ? &yes : &no;
}

static void note(struct calc *calc, const struct seismic_site *site, const struct seismic_request *r)
{
	calc_factor(calc, "ie", site->ie);
	calc_factor(calc, "r", SEISMIC_R);
	calc_factor(calc, "omega0", SEISMIC_OMEGA0);
	calc_factor(calc, "cd", SEISMIC_CD);
	calc_factor(calc, "cs_plateau", site->sds * site->ie / SEISMIC_R);
	calc_factor(calc, "cs_minimum", fmax(.044 * site->sds * site->ie, .03));
	calc_assume(calc, "table_15_4_2", "Signs and billboards of table 15.4-2: R 3, overstrength 1.75, Cd 3.");
	if (!given(r->s1))
		calc_assume(calc, "s1_unknown", "S1 was not given and is taken to be below .6.");
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct seismic_request *r = input;
	struct seismic_result *out = output;
	const struct seismic_site site = {r->sds, r->sd1, r->s1, seismic_importance(r->risk_category)};
	enum seismic_rule rule;
	double period_s = choose_period(calc, r), cs = seismic_cs(&site, period_s, &rule), v_lb = cs * r->weight_lb;
	*out = (struct seismic_result){
		.cs = cs,
		.v_lb = v_lb,
		.moment_lbft = v_lb * r->height_ft,
		.asd_v_lb = ASD_E * v_lb,
		.governs_over_wind = governs(r, v_lb),
		.asd_moment_lbft = ASD_E * v_lb * r->height_ft,
		.period_s = period_s,
		.governing = (int)rule,
	};
	if (given(period_s))
		calc_factor(calc, "period_s", period_s);
	if (period_s > 0)
		calc_factor(calc, "cs_period", site.sd1 * site.ie / (SEISMIC_R * period_s));
	note(calc, &site, r);
	return true;
}

const struct op sign_seismic_op = {
	.name = "sign.seismic",
	.path = "/api/v1/sign/seismic",
	.summary = "Earthquake on a sign: base shear and moment (ASCE 7 chapter 15)",
	.doc = "Equivalent lateral force of a nonbuilding structure, signs and billboards of table 15.4-2, with the period "
		   "given, from the poles' stiffness, or on the plateau.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"sds\":1.0,\"sd1\":0.6,\"weight_lb\":2500,\"height_ft\":16,\"Ix_in4\":68.1,\"force_lb\":3733}",
	.quick = true,
};
