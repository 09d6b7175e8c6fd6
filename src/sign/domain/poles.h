/*
 * Checks of one section as a cantilever pole under several load cases [sign.md 2.4].
 *
 * Kernel: no allocation, no texts but constants.  Loads are those of one pole at the level of the strengths; axis: the
 * strong axis stands against the wind.  A check's row is the case that uses it most.  Rows fail by capacity 0 where
 * nothing is available (a pole past its own buckling load).  Thread: any.  Cost: pole_check about 150 ns with three
 * cases.
 */
#ifndef CS_SIGN_DOMAIN_POLES_H
#define CS_SIGN_DOMAIN_POLES_H

#include <stdbool.h>
#include <stddef.h>

#include "sign/domain/strength.h"

struct arena;
struct check_list;
struct section;

/* Forces at the base.  M of the wind is about the strong axis, MY at right angles to it (dead load off the pole). */
struct pole_loads {
	double m_kipin, v_kip, t_kipin, p_kip, my_kipin;
};

/* What bends the top: a force at an arm above the base, or a moment where there is no force; a moment across it. */
struct pole_drift {
	double force_kip, arm_in, moment_kipin, across_kipin;
};

struct pole_case {
	struct pole_loads loads;
	struct pole_drift drift;
};

/* One stretch of a pole from the base up: its moment of inertia up to a height. */
struct pole_step {
	double to_in, ix_in4;
};

struct pole_frame {
	struct pole_lengths lengths;
	bool lrfd;                     /* strengths φ Rn, and α = 1.0; else Rn / Ω and α = 1.6 */
	double limit_ratio;            /* deflection at most height / limit_ratio */
	const struct pole_step *steps; /* NULL: the section's own stiffness over the whole height */
	size_t step_count;
};

enum pole_row { POLE_AXIAL, POLE_FLEXURE, POLE_SHEAR, POLE_TORSION, POLE_INTERACTION, POLE_DEFLECTION, POLE_ROWS };

struct pole_check {
	double demand, capacity, utilization; /* utilization: INFINITY where nothing is available */
	enum strength_clause clause;
};

struct pole_checks {
	struct pole_check rows[POLE_ROWS];
	double amplification; /* of the case that is amplified most; INFINITY when the pole is not stable */
	double deflection_in; /* amplified, of the case that bends most */
	double utilization;   /* the highest of the rows */
	bool pass;            /* every row is at most CHECK_TOLERANCE */
};

/* REF: AISC 360-22 H1; AISC 360-22 H3.2; AISC 360-22 H3.3; AISC 360-22 App. 8: check one section. */
void pole_check(const struct section *section, const struct pole_material *material, const struct pole_frame *frame,
				const struct pole_case *cases, size_t count, struct pole_checks *checks);

/* The same with strengths at hand, so that they are computed once for many demands. */
void pole_check_strength(const struct section *section, const struct pole_material *material,
						 const struct strength *strength, const struct pole_frame *frame, const struct pole_case *cases,
						 size_t count, struct pole_checks *checks);

/* Take the rows of `other` where they use more, as for the upper stretches of a stepped pole. */
void pole_worsen(struct pole_checks *checks, const struct pole_checks *other);

/* First-order deflection of the top by the moment-area integral over the steps, in. */
double pole_deflection(const struct pole_step *steps, size_t count, double e_ksi, double height_in,
					   const struct pole_drift *drift);

/*
 * Elastic buckling load with K = 2, kip.  For a stepped pole: of the uniform one that a force at the top bends alike.
 */
double pole_euler(const struct pole_step *steps, size_t count, double e_ksi, double height_in);

/*
 * One pole's share of a structure's loads: M, V, P evenly.  Torsion of more than one pole becomes forces T x / Σ x²
 * across their line; the outermost pole takes its force with V, and at the arm M/V (height if V is 0) with M.
 */
struct pole_loads pole_share(const struct pole_loads *total, int poles, double spacing_in, double height_in);

/* The rows as check rows, units and references included; finished (one governs).  Returns whether all pass. */
bool pole_check_rows(const struct pole_checks *checks, struct arena *arena, struct check_list *list);

#endif
