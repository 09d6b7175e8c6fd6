/*
 * Aluminium poles: pack `aluminum` and available strengths by the Aluminum Design Manual 2020, Part I.
 *
 * The pole is welded all around at its base and free at the top, so the whole cross-section there is weld-affected and
 * members' buckling takes the welded constants too (E.2 b, F.4 b).  What the manual gives no rule for is not covered:
 * shapes other than pipe and square tube, and rounds with Rb/t of 20 and more (B.5.4.5).  Thread: any.
 */
#ifndef CS_SIGN_DOMAIN_ALUMINUM_H
#define CS_SIGN_DOMAIN_ALUMINUM_H

#include <stdbool.h>

#include "seal/pack.h"
#include "sign/domain/strength.h"

struct section;
struct section_catalog;

/* The C form of the pack: one alloy, 6061-T6, and its sizes. */
struct aluminum {
	double e_ksi, g_ksi, ftu_ksi, fty_ksi;
	double ftuw_ksi, ftyw_ksi, ftyw_thick_ksi; /* within an inch of a weld; thick: above welded_wall_in */
	double welded_wall_in;
	double phi, omega, phi_rupture, omega_rupture;
	const struct section_catalog *sizes;
};

extern const struct pack_kind sign_aluminum_kind; /* "aluminum" */

/* Does the manual have a rule for every limit state of this section? */
bool aluminum_covers(const struct section *section);

/* Welded tensile and compressive yield strength of a wall. */
double aluminum_welded_yield(const struct aluminum *aluminum, const struct section *section);

/*
 * REF: ADM 2020 E.2; ADM 2020 E.3.1; ADM 2020 E.4; ADM 2020 F.2; ADM 2020 F.3.1; ADM 2020 F.3.3; ADM 2020 F.4;
 * ADM 2020 G.2; ADM 2020 G.4; ADM 2020 H.2.1; ADM 2020 H.2.2: available strengths of a covered section.
 */
void aluminum_strength(const struct section *section, const struct aluminum *aluminum,
					   const struct pole_lengths *lengths, bool lrfd, struct strength *strength);

/* REF: ADM 2020 B.4: straight-line buckling constants of weld-affected metal (table B.4.1); stresses in ksi. */
struct buckling_line {
	double b, d, c; /* stress at no slenderness, its fall, the slenderness where the elastic curve begins */
};
struct buckling_line aluminum_column_line(double fcy_ksi, double e_ksi);
struct buckling_line aluminum_plate_line(double fcy_ksi, double e_ksi);
struct buckling_line aluminum_plate_bending_line(double fcy_ksi, double e_ksi);
struct buckling_line aluminum_tube_line(double fcy_ksi, double e_ksi);         /* c: 0, see the tube's own rule */
struct buckling_line aluminum_tube_bending_line(double fcy_ksi, double e_ksi); /* c: √(Rb/t) where it meets the other */
struct buckling_line aluminum_shear_line(double fsy_ksi, double e_ksi);

#endif
