/*
 * Available strengths of one steel section as a cantilever pole: AISC 360-22 chapters E, F, G and H3.
 *
 * Kernel: plain structs of doubles, no allocation, no texts; a search calls it for every section.  Strengths are of the
 * whole member about the strong axis (bending) or the weaker one (compression).  Each comes with the equation that
 * gave it.  A form that the specification does not cover (a W with a web too thin for F2 and F3, a round with D/t of
 * .45 E/Fy and more, a tube whose walls are all slender) has no strength: capacity 0.  Thread: any.  Cost: about 60 ns.
 */
#ifndef CS_SIGN_DOMAIN_STRENGTH_H
#define CS_SIGN_DOMAIN_STRENGTH_H

#include <stdbool.h>

struct section;

/* The equation that governs, for the `reference` of check rows. */
enum strength_clause {
	CLAUSE_NONE,
	CLAUSE_E3_2,
	CLAUSE_E3_3,
	CLAUSE_E7_WALLS,
	CLAUSE_E7_ROUND,
	CLAUSE_F2_1,
	CLAUSE_F2_2,
	CLAUSE_F2_3,
	CLAUSE_F3_1,
	CLAUSE_F3_2,
	CLAUSE_F7_1,
	CLAUSE_F7_2,
	CLAUSE_F7_3,
	CLAUSE_F7_6,
	CLAUSE_F7_7,
	CLAUSE_F7_8,
	CLAUSE_F7_9,
	CLAUSE_F8_1,
	CLAUSE_F8_2,
	CLAUSE_F8_3,
	CLAUSE_G2_1,
	CLAUSE_G4_1,
	CLAUSE_G5_1,
	CLAUSE_H1_1A,
	CLAUSE_H1_1B,
	CLAUSE_H3_2,
	CLAUSE_H3_3,
	CLAUSE_H3_6,
	CLAUSE_H3_7,
	CLAUSE_H3_8,
	CLAUSE_DEFLECTION,
	CLAUSE_ADM_E2,
	CLAUSE_ADM_E3,
	CLAUSE_ADM_E4,
	CLAUSE_ADM_F2,
	CLAUSE_ADM_F3,
	CLAUSE_ADM_F4,
	CLAUSE_ADM_G2,
	CLAUSE_ADM_G4,
	CLAUSE_ADM_H1,
	CLAUSE_ADM_H2_1,
	CLAUSE_ADM_H2_2,
	CLAUSE_ADM_H3_1,
	CLAUSE_ADM_H3_2,
	CLAUSE_ADM_DEFLECTION,
	STRENGTH_CLAUSES
};

/* "AISC 360-22 F7-1" */
const char *strength_reference(enum strength_clause clause);

struct pole_material {
	double e_ksi, g_ksi, fy_ksi, fu_ksi;
};

extern const double STEEL_E_KSI, STEEL_G_KSI;

/* The lengths of a pole, in inches. */
struct pole_lengths {
	double height_in;   /* from base to top: torsion, warping, deflection, Pe with K = 2 */
	double column_in;   /* K times the unbraced length: axial */
	double unbraced_in; /* lateral-torsional buckling, Cb = 1 */
	double shear_in;    /* from greatest to zero shear: round sections */
};

/* Which rules of combined forces hold. */
enum strength_kind {
	STRENGTH_CLOSED, /* HSS and pipe: AISC 360-22 H1, H3.2 */
	STRENGTH_OPEN,   /* W: AISC 360-22 H1, H3.3; torsion is by normal stress of warping */
	STRENGTH_ALUMINUM_ROUND,
	STRENGTH_ALUMINUM_FLAT
};

struct strength {
	enum strength_kind kind;
	double axial_kip, flexure_kipin, shear_kip, torsion_kipin; /* φ Rn or Rn / Ω */
	enum strength_clause axial_clause, flexure_clause, shear_clause, torsion_clause;
	double normal_ksi;                                  /* W: available normal stress, H3-7 */
	double shear_ksi;                                   /* W: available shear stress, H3-8 */
	double warping_ksi_kipin;                           /* W: normal stress of a torque of 1 kip-in at the base */
	double flange_shear_ksi_kipin, web_shear_ksi_kipin; /* W: St. Venant shear stress of that torque at the top */
};

/* All strengths at one level (lrfd: φ Rn, else Rn / Ω).  Lengths and Fy positive. */
void strength_of(const struct section *section, const struct pole_material *material,
				 const struct pole_lengths *lengths, bool lrfd, struct strength *strength);

/* A nominal strength with the equation that gave it.  The parts of strength_of, for tests and traces. */
struct nominal {
	double value;
	enum strength_clause clause;
};

/* REF: AISC 360-22 E3; AISC 360-22 E7: nominal compressive strength, kip; kl_in = K L for both axes. */
struct nominal strength_axial(const struct section *section, const struct pole_material *material, double kl_in);

/* REF: AISC 360-22 F2; AISC 360-22 F3; AISC 360-22 F7; AISC 360-22 F8: nominal flexural strength, kip-in. */
struct nominal strength_flexure(const struct section *section, const struct pole_material *material,
								double unbraced_in);

/*
 * REF: AISC 360-22 F6; AISC 360-22 F7: nominal flexural strength about the weak axis, kip-in; of rounds F8, of squares
 * without lateral-torsional buckling, as of the strong one.
 */
double strength_flexure_weak(const struct section *section, const struct pole_material *material);

/* The same at a level: φ Mn or Mn / Ω, steel. */
double strength_weak_kipin(const struct section *section, const struct pole_material *material, bool lrfd);

/* REF: AISC 360-22 G2.1; AISC 360-22 G4; AISC 360-22 G5: nominal shear strength, kip. */
struct nominal strength_shear(const struct section *section, const struct pole_material *material, double shear_in);

/* REF: AISC 360-22 H3.1: nominal torsional strength of HSS and pipe, kip-in. */
struct nominal strength_torsion(const struct section *section, const struct pole_material *material, double length_in);

#endif
