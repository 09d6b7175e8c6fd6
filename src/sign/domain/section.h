/*
 * Steel sections: what one section is, and its properties from nominal dimensions [sign.md 2.3].
 *
 * A section is a plain struct of numbers; nothing here reads a pack or allocates.  Axis x is the strong one (bending
 * in the plane of the depth), y the weak one.  What a form does not have is NaN (the width of a pipe, the warping
 * constant of a tube).  Thread: any.  Cost: under 1 us a section.
 */
#ifndef CS_SIGN_DOMAIN_SECTION_H
#define CS_SIGN_DOMAIN_SECTION_H

#include <stdbool.h>
#include <stdint.h>

enum section_family {
	SECTION_HSS_ROUND,
	SECTION_HSS_SQUARE,
	SECTION_HSS_RECT,
	SECTION_PIPE,
	SECTION_W,
	SECTION_FAMILIES
};

/* How a hollow section's design wall follows from its nominal wall; pipe is A53 under both. */
enum section_standard { SECTION_A500, SECTION_A1085, SECTION_STANDARDS };

enum section_source { SECTION_COMPUTED, SECTION_IMPORTED };

extern const char *const section_family_names[];   /* "HSS_round", "HSS_square", "HSS_rect", "pipe", "W" */
extern const char *const section_standard_names[]; /* "A500", "A1085" */
extern const char *const section_source_names[];   /* "computed", "imported" */

enum { SECTION_NAME_MAX = 24 }; /* bytes of a designation, NUL included */

struct section {
	char designation[SECTION_NAME_MAX];
	uint64_t key;           /* what the designation means: see section_key */
	int family;             /* enum section_family */
	int source;             /* enum section_source */
	bool published_differs; /* the published figures are of another wall than the printed one */
	double weight_lb_ft, area_in2;
	double depth_in, width_in;      /* outside diameter and NaN; H and B; d and bf */
	double t_nom_in, t_des_in;      /* hollow sections */
	double tw_in, tf_in, fillet_in; /* W */
	double ix_in4, sx_in3, zx_in3, rx_in;
	double iy_in4, sy_in3, zy_in3, ry_in;
	double j_in4;         /* St. Venant torsion constant */
	double c_in3;         /* torsional section constant of hollow sections */
	double cw_in6;        /* warping constant of W */
	double d_t, b_t, h_t; /* round; flange and web slenderness: bf/2tf and h/tw for W */
};

/*
 * The number that a designation means, the same for every way to write it: case does not count, "×" is "x", blanks are
 * skipped, "1/4" is "0.250", a wall within .0008 in of a sixteenth is that sixteenth (".312", ".313").  0 when it is
 * no designation of an HSS, a pipe or a W shape; a key says nothing of whether the section exists.
 */
uint64_t section_key(const char *designation);

/* Is this the key of a W shape's designation? */
bool section_key_is_w(uint64_t key);

/* A number as designations write it: "4", "0.313", ".25", "3/16", "3-1/2".  Advances *text past it. */
bool section_number(const char **text, double *number);

/* A wall thickness: the sixteenth it stands for, else itself. */
double section_wall(double printed_in);

/*
 * Fill in the properties from the dimensions given beside; *section keeps its designation, key and source.
 * Dimensions in inches, positive, and such that the section can exist (section_possible_*).
 */
void section_round(struct section *section, double diameter_in, double wall_in, double printed_wall_in,
				   double wall_factor, double weight_factor);
void section_rect(struct section *section, double height_in, double width_in, double wall_in, double wall_factor,
				  double weight_factor);
void section_sharp(struct section *section, double side_in, double wall_in, double weight_factor); /* square corners */
void section_wide_flange(struct section *section, double weight_lb_ft, double d_in, double bf_in, double tw_in,
						 double tf_in, double area_in2);

/* Can a section have these dimensions?  (walls that leave a hollow, corners that fit, fillets that are not negative) */
bool section_possible_round(double diameter_in, double wall_in);
bool section_possible_rect(double height_in, double width_in, double wall_in);
bool section_possible_wide_flange(double d_in, double bf_in, double tw_in, double tf_in, double area_in2);

#endif
