/*
 * Reinforced concrete: the few rules of ACI 318-19 that piers and footings share, on plain numbers.
 *
 * Bars are those of pack `concrete` (struct concrete_constants), grade by its fy_psi.  Normal-weight concrete, bars
 * without coating, at the bottom of a member or upright.  Thread: any.  Cost: some ns each.
 */
#ifndef CS_SIGN_DOMAIN_CONCRETE_H
#define CS_SIGN_DOMAIN_CONCRETE_H

#include <stdbool.h>
#include <stdint.h>

struct concrete_constants;
struct rebar_size;

#define REBAR_E_PSI 29e6          /* REF: ACI 318-19 section 20.2.2.2 */
#define CONCRETE_CRUSH .003       /* strain; REF: ACI 318-19 section 22.2.2.1 */
#define CONCRETE_ROOT_MAX_PSI 100 /* of √f'c; REF: ACI 318-19 section 22.5.3.1 */

/* REF: ACI 318-19 table 22.2.2.4.3: depth of the stress block over that of the neutral axis. */
double concrete_beta1(double fc_psi);

/* REF: ACI 318-19 table 21.2.2: φ of a section with ties, by the strain of its outermost tension bar. */
double concrete_phi(double fy_psi, double tension_strain);

/* √f'c of the shear and development rules, at most 100 psi. */
double concrete_root(double fc_psi);

/* The bar of that number; the first of the pack where it has none. */
const struct rebar_size *rebar_of(const struct concrete_constants *concrete, int64_t size);

/* REF: ACI 318-19 table 25.4.2.3; ACI 318-19 section 25.4.2.1: clear spacing and cover of the first rows, at least 12
 * in. */
double rebar_development_in(const struct rebar_size *bar, double fy_psi, double fc_psi);

#endif
