/*
 * Earthquake on a sign as a nonbuilding structure: the equivalent lateral force of ASCE 7 chapter 15 [sign.md 2.9].
 *
 * One mass on a vertical cantilever; signs and billboards of table 15.4-2.  Strength level.  Vertical shaking (Ev),
 * overstrength and drift are the caller's.  Thread: any.  Cost: about 20 ns.
 */
#ifndef CS_SIGN_DOMAIN_SEISMIC_H
#define CS_SIGN_DOMAIN_SEISMIC_H

/* REF: ASCE 7-16 table 15.4-2: signs and billboards */
#define SEISMIC_R 3.0
#define SEISMIC_OMEGA0 1.75
#define SEISMIC_CD 3.0

/* Which equation gives Cs. */
enum seismic_rule {
	SEISMIC_RIGID,      /* 15.4-5: a period below .06 s */
	SEISMIC_PLATEAU,    /* 12.8-2 */
	SEISMIC_PERIOD,     /* 12.8-3 */
	SEISMIC_MINIMUM,    /* 15.4-1, and .03 */
	SEISMIC_MINIMUM_S1, /* 15.4-2: near a fault */
};

struct seismic_site {
	double sds, sd1, s1; /* s1 NaN: not given, so that 15.4-2 is not asked */
	double ie;
};

/* REF: ASCE 7-16 table 1.5-2: Ie of risk categories I to IV (0 to 3) */
double seismic_importance(int risk_category);

/* REF: ASCE 7-16 eq. 15.4-6: T = 2π√(W δ/(g F)) of a mass at the top of a cantilever: δ/F = h³/(3EI). */
double seismic_period(double weight_lb, double height_ft, double e_ksi, double ix_in4);

/* Cs, the base shear over the weight; period_s NaN: the plateau, which no longer period exceeds. */
double seismic_cs(const struct seismic_site *site, double period_s, enum seismic_rule *rule);

#endif
