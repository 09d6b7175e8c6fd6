#include "sign/domain/seismic.h"

#include <math.h>

static const double RIGID_BELOW_S = .06; /* REF: ASCE 7-16 section 15.4.2 */
static const double NEAR_FAULT_S1 = .6;
static const double G_IN_S2 = 386.089;

/* REF: ASCE 7-16 table 1.5-2 */
double seismic_importance(int risk_category)
{
	static const double ie[] = {1, 1, 1.25, 1.5};
	return ie[risk_category];
}

/* REF: ASCE 7-16 eq. 15.4-6 */
double seismic_period(double weight_lb, double height_ft, double e_ksi, double ix_in4)
{
	double h_in = 12 * height_ft, flexibility = h_in * h_in * h_in / (3 * 1000 * e_ksi * ix_in4);
	return 2 * M_PI * sqrt(weight_lb * flexibility / G_IN_S2);
}

static void raise_to(double minimum, enum seismic_rule because, double *cs, enum seismic_rule *rule)
{
	if (minimum > *cs) {
		*cs = minimum;
		*rule = because;
	}
}

double seismic_cs(const struct seismic_site *site, double period_s, enum seismic_rule *rule)
{
	if (period_s < RIGID_BELOW_S) {
		*rule = SEISMIC_RIGID;
		return .30 * site->sds * site->ie; /* REF: ASCE 7-16 eq. 15.4-5 */
	}
	double cs = site->sds * site->ie / SEISMIC_R; /* REF: ASCE 7-16 eq. 12.8-2 */
	*rule = SEISMIC_PLATEAU;
	double falling = site->sd1 * site->ie / (SEISMIC_R * period_s); /* REF: ASCE 7-16 eq. 12.8-3 */
	if (falling < cs) {
		cs = falling;
		*rule = SEISMIC_PERIOD;
	}
	raise_to(fmax(.044 * site->sds * site->ie, .03), SEISMIC_MINIMUM, &cs, rule); /* REF: ASCE 7-16 eq. 15.4-1 */
	if (site->s1 >= NEAR_FAULT_S1)
		raise_to(.8 * site->s1 * site->ie / SEISMIC_R, SEISMIC_MINIMUM_S1, &cs, rule); /* REF: ASCE 7-16 eq. 15.4-2 */
	return cs;
}
