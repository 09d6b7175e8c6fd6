#include "sign/domain/concrete.h"

#include <math.h>

#include "sign/domain/soil.h"

double concrete_beta1(double fc_psi)
{
	return fmin(fmax(.85 - .05 * (fc_psi - 4000) / 1000, .65), .85);
}

double concrete_phi(double fy_psi, double tension_strain)
{
	return fmin(fmax(.65 + .25 * (tension_strain - fy_psi / REBAR_E_PSI) / .003, .65), .90);
}

double concrete_root(double fc_psi)
{
	return fmin(sqrt(fc_psi), CONCRETE_ROOT_MAX_PSI);
}

const struct rebar_size *rebar_of(const struct concrete_constants *concrete, int64_t size)
{
	for (size_t i = 0; i < concrete->bars.count; i++)
		if (concrete->bars.items[i].size == size)
			return &concrete->bars.items[i];
	return &concrete->bars.items[0];
}

double rebar_development_in(const struct rebar_size *bar, double fy_psi, double fc_psi)
{
	/* ψs is in the 25 and the 20: it must not be counted again */
	double divisor = bar->size <= 6 ? 25 : 20;
	double grade = fy_psi > 80000 ? 1.3 : fy_psi > 60000 ? 1.15 : 1; /* ψg */
	return fmax(12, fy_psi * grade / (divisor * concrete_root(fc_psi)) * bar->diameter_in);
}
