/*
 * sign.design: the structs behind its field tables, and the problem that its search solves [sign.md 2.11].  For
 * design_*.c only.
 */
#ifndef CS_SIGN_DOMAIN_DESIGN_H
#define CS_SIGN_DOMAIN_DESIGN_H

#include "seal/check.h"
#include "sign/domain/aluminum.h"
#include "sign/domain/baseplate.h"
#include "sign/domain/cabinets.h"
#include "sign/domain/costs.h"
#include "sign/domain/footing_direct_op.h"
#include "sign/domain/footing_spread.h"
#include "sign/domain/poles.h"
#include "sign/domain/price.h"
#include "sign/domain/section.h"
#include "sign/domain/soil.h"
#include "sign/domain/wind_op.h"

enum design_objective { BY_COST, BY_WEIGHT, BY_DEPTH };
enum design_foundation { FOUNDATION_DIRECT, FOUNDATION_SPREAD, FOUNDATION_BASEPLATE };

/* --- request --- */

struct design_site {
	double wind_speed_mph;
	int exposure, risk_category;
	double ground_elevation_ft, kzt;
	struct wind_hill *hill;
	double frost_depth_ft;
};

struct design_sign {
	double height_ft, sign_height_ft, sign_width_ft, weight_psf, solid_ratio, return_corner_ft, depth_ft;
};

struct design_support {
	int64_t num_poles;
	double spacing_ft;
	struct {
		size_t count;
		int *items; /* enum pole_family */
	} families;
	const char *steel_grade;
	int material;
	double drift_limit_ratio;
};

struct design_foundation_request {
	struct {
		size_t count;
		int *items; /* enum design_foundation */
	} types;
	struct soil_request soil;
	bool half_inch_motion;
	double fc_psi;
	struct {
		size_t count;
		double *items;
	} diameters_ft;
};

struct design_request {
	struct sign_common common;
	struct design_site site;
	struct design_sign *sign;
	struct {
		size_t count;
		struct cabinet *items;
	} cabinets;
	struct design_support support;
	struct design_foundation_request foundation;
	int objective;
	int64_t alternates;
	struct {
		size_t count;
		const char **items;
	} addons;
};

/* --- result --- */

struct design_pole {
	int family;
	const char *designation;
	double weight_lb, utilization, deflection_in;
	double weight_lb_ft, width_in, depth_in, fy_ksi;
};

/* The cage of a pier, or the mat of a spread footing. */
struct design_bars {
	struct rebar_result cage; /* but for a mat's weight absent there */
	struct {
		int64_t size, count, count_width;
		double spacing_in;
	} mat;
};

struct design_base {
	int type;
	double diameter_ft, depth_ft, length_ft, width_ft, thickness_ft, required_depth_ft, concrete_yards;
	struct design_bars rebar;
};

/* A plate under every pole, and its anchors. */
struct design_plate_shown {
	double w_in, l_in, t_in, fy_ksi, weld_in, weight_lb;
};

struct design_anchors_shown {
	int64_t count;
	double dia_in;
	const char *grade;
	double embed_in, edge_in, tension_per_anchor_kip;
};

struct design_cost {
	double steel, concrete, excavation, rebar, anchors, total;
};

struct design_option {
	struct design_pole pole;
	struct design_base foundation;
	struct design_plate_shown *baseplate; /* of foundations that have them */
	struct design_anchors_shown *anchors;
	struct design_cost cost_usd;
	struct check_list checks;
};

struct design_near {
	int family;
	const char *designation;
	double weight_lb_ft, utilization;
	const char *governing, *because;
};

struct design_face {
	double height_ft, sign_height_ft, sign_width_ft, area_ft2, weight_lb, x_ft, depth_ft;
	double dead_x_ft, dead_z_ft; /* of the weight's centre; this and the next are not shown */
	double poles_to_ft;          /* how far up poles stand in the wind */
};

struct design_result {
	struct wind_result loads;
	struct design_face face;
	int64_t num_poles;
	double pole_length_ft, spacing_ft;
	struct design_option *selected;
	struct {
		size_t count;
		struct design_option *items;
	} alternates;
	int64_t considered_count, feasible_count;
	struct price_result price;
	struct {
		size_t count;
		struct design_near *items;
	} nearest;
};

extern const struct field_table design_request_table, design_result_table;
extern const struct op sign_design_op;

/* --- the search --- */

enum { DESIGN_CASES = 3, DESIGN_DIAMETERS_MAX = 64, DESIGN_NEAREST = 3, DESIGN_KEPT_MAX = 21 };

/* A pole that passes, and what it costs at least, its plates and foundation with it. */
struct design_ranked {
	const struct section *section;
	double measure, usd, weight_lb, depth_ft; /* measure: by the objective */
	double plate_usd;                         /* of one plate and its anchors, at least */
};

/* A question, decided: everything that does not depend on the candidate. */
struct design_problem {
	const struct design_request *request;
	const struct wind_setup *wind;
	double height_ft, bottom_ft; /* top of the sign; poles stand in the wind up to its bottom */
	double weight_lb;            /* of the sign */
	double x_ft, dead_x_ft;      /* offset of its area, and of its weight, from the pole line */
	int poles;
	double spacing_in;
	bool lrfd;
	struct pole_material materials[SECTION_FAMILIES];
	const struct footing_calibration *calibration;
	const struct concrete_constants *concrete;
	const struct costs *costs;
	struct soil_class soil;
	struct footing_soil lateral;
	double diameters_ft[DESIGN_DIAMETERS_MAX];
	size_t diameters;
	double frost_ft;
	const struct aluminum *aluminum; /* NULL: steel */
	const struct section **list;     /* to consider; the search sorts it anew */
	size_t count;
	struct design_ranked *ranked; /* room for as many */
	unsigned types;               /* bits of enum design_foundation */
	const struct grade *anchor_grade;
};

/* What the wind meets: the sign, or the rectangle around all cabinets, whose gross area is theirs. */
void design_choose_face(const struct design_request *request, struct design_face *face);

/* From the first pole to the last; 0 without a spacing. */
double design_pole_line_ft(const struct design_support *support);

/* The defaults that hang on other members, or are lists: topography, elevation, families, foundations. */
void design_complete(struct design_request *request, struct arena *arena);

/* Faults of the grade of steel: unknown, or of none of the families. */
void design_check_grade(struct calc *calc, const struct design_request *request);

/*
 * From a request to its problem: metal, grades, sections, soil, foundations.  False: refused (faults or err of calc),
 * or abstained.
 */
bool design_state(struct calc *calc, const struct design_request *request, const struct wind_setup *wind,
				  const struct design_face *face, struct design_problem *problem);

#define DESIGN_PLATE_FY_KSI 36. /* plates of A36 */
#define DESIGN_K_CANTILEVER 2.1 /* REF: AISC 360-22 table C-A-7.1: recommended for a flagpole */

/* A plate and its anchors, of one pole. */
struct design_plate {
	struct plate_size size;
	double dia_in, embed_in, edge_in, weld_in;
	double weight_lb, plate_usd, anchors_usd;
};

/* One pole with the best foundation for it. */
struct design_candidate {
	const struct section *section;
	struct pole_checks checks;
	int base;                   /* enum design_foundation */
	struct design_plate plate;  /* unless direct */
	struct spread_size footing; /* of spread */
	double diameter_ft, required_ft, depth_ft, bearing_psf, mu_lbft;
	double inside_in; /* clear inside the pier's bars, where an embedded pole stands */
	struct pier_rebar rebar;
	struct design_cost cost;
	double weight_lb; /* of all poles */
};

struct design_found {
	struct design_candidate kept[DESIGN_KEPT_MAX]; /* the best first */
	size_t count, room;
	struct design_candidate near[DESIGN_NEAREST]; /* of poles that fail, or whose foundations all do */
	bool near_base[DESIGN_NEAREST];               /* the pole passes, no foundation does */
	size_t near_count;
	int64_t considered, feasible;
};

/* What foundations depend on: one width of a shape, met again by many sections. */
struct design_group {
	int shape;
	double width_in;
	struct wind_pole_loads wind;
	struct pole_loads asd[DESIGN_CASES]; /* of one pole, without the dead load that presses */
	struct design_pier {
		double required_ft, depth_ft, mu_lbft;
		double area_ft2, weight_lb; /* of one */
		struct pier_rebar rebar;
		struct design_cost cost; /* of all, without steel */
		bool feasible;           /* but for bearing, which the pole's weight takes part in */
	} piers[DESIGN_DIAMETERS_MAX];
};

enum { DESIGN_KNOWN_MAX = 6 };

/*
 * Bars chosen once serve every moment between the one they were chosen for and the one they carry: what did not carry
 * the smaller does not carry the larger.  Where none were enough, none are for more.
 */
struct design_known_bars {
	double from_lbft, to_lbft;
	struct pier_rebar rebar;
	bool enough;
};

enum { DESIGN_PLATE_SIDES = 5, DESIGN_PLATE_BOLTS = 5, DESIGN_PLATE_COUNTS = 2, DESIGN_ANCHOR_MEMOS = 1024 };

/* A plate that holds as steel: what its price and its anchors' loads are does not depend on the concrete. */
struct design_plate_option {
	struct design_plate plate; /* but for the embedment */
	double usd;
	bool one_line;                      /* of the anchors pulls */
	double tension_kip, bolt_shear_kip; /* bolt_shear_kip: NaN until it is asked */
	int dia, order;                     /* which diameter; place among equals */
};

/* All plates a pole may stand on, the cheapest first. */
struct design_plates {
	struct plate_problem problems[DESIGN_PLATE_BOLTS]; /* of each diameter, without the concrete's size */
	struct design_plate_bolt {
		double from_in; /* the shortest side */
		bool holds;     /* the longest plate does, as steel */
	} bolts[DESIGN_PLATE_COUNTS][DESIGN_PLATE_BOLTS];
	struct design_plate_option options[DESIGN_PLATE_COUNTS * DESIGN_PLATE_BOLTS * DESIGN_PLATE_SIDES];
	size_t count;
};

/* What anchors must carry, of every plate that a pole may stand on, by statics alone. */
struct design_pulls {
	double from_in[DESIGN_PLATE_COUNTS][DESIGN_PLATE_BOLTS]; /* the shortest side */
	struct design_pull {
		double line_kip, shear_kip; /* of the line that pulls, 0: none does; of all */
	} of[DESIGN_PLATE_COUNTS][DESIGN_PLATE_BOLTS][DESIGN_PLATE_SIDES];
};

/* What a kip on one such line of anchors, on such a pier, uses of them. */
struct design_anchor_memo {
	double side_in, block_in, thickness_in;
	int dia, bolts;
	struct plate_breakouts most; /* that the concrete gives */
	bool known;                  /* the rest, by calculation of one such plate */
	double tension, shear, spacing;
};

struct design_searching {
	const struct design_problem *p;
	struct design_found *found;
	struct design_group group; /* of the section under way: sections come in the order of their widths */
	struct design_known_bars known[DESIGN_DIAMETERS_MAX][DESIGN_KNOWN_MAX];
	size_t known_count[DESIGN_DIAMETERS_MAX];
	struct design_anchor_memo *memos; /* DESIGN_ANCHOR_MEMOS, while plates are searched */
};

/*
 * Every section of the list with every diameter, exactly: the wind on each pole's own width, Cases A, B and C, the
 * worst of them.  The list is sorted anew; the answer does not depend on its order.  Cost: about 0.4 us a section and
 * 0.3 us a distinct width and diameter.
 */
void design_search(const struct design_problem *problem, const struct section **list, size_t count,
				   struct design_found *found);

/* For design_plated.c: the group of a section, its checks, and what is kept of the candidates. */
const struct design_group *design_group_of(struct design_searching *s, const struct section *section);
void design_check_pole(struct design_searching *s, struct design_candidate *candidate);
bool design_better(const struct design_problem *p, const struct design_candidate *a, const struct design_candidate *b);
void design_keep(struct design_searching *s, const struct design_candidate *candidate);
void design_keep_near(struct design_searching *s, const struct design_candidate *candidate);
/* May a candidate still be among the best?  Its cost and depth may be lower bounds. */
bool design_may_enter(const struct design_searching *s, const struct design_candidate *candidate);
/* The candidate on this pier, priced; false: it does not bear. */
bool design_set_pier(const struct design_searching *s, const struct design_group *group, size_t i,
					 struct design_candidate *candidate);
/* Moment of the sign's dead load off the pole's line, at right angles to the wind's; several poles share it evenly. */
double design_dead_kipin(const struct design_problem *p);
double design_measure(const struct design_problem *p, const struct design_candidate *candidate);
/* Lowest natural frequency across the face with poles of this section, fixed at grade, Hz. */
double design_frequency_hz(const struct design_problem *p, const struct design_face *face,
						   const struct section *section);
/* Note it; below 1 Hz warn, with G by 26.11.5 for the 1 % of damping that sign.wind takes too. */
void design_tell_frequency(struct calc *calc, const struct design_problem *p, const struct design_face *face,
						   const struct section *section);
/* Diameter of the circle around a section: what a pole takes up of a pier that it stands in. */
double design_outline_in(const struct section *section);
double design_usd_lb(const struct design_problem *p, const struct section *section);
int design_cases(const struct design_problem *p);
/* One pole's share of a wind case at a load factor. */
struct pole_loads design_share(const struct design_problem *p, int wind_case, const struct wind_pole_loads *pole,
							   double factor);

/* Of a pole that passes: bounds from below for plates, anchors and foundations of the problem's types. */
void design_rank(struct design_searching *s, const struct section *section, struct design_ranked *ranked);

/*
 * Poles on plates with anchors, on piers or spread footings: of `count` ranked poles, which are sorted anew.  A pole is
 * tried while its bound could still be among the best, so `feasible` counts what was found, not all there is.
 */
void design_search_plated(struct design_searching *s, struct design_ranked *ranked, size_t count);

/* The weld around the pole in sixteenths, into the plate.  False: a fillet of 3/4 in is not enough. */
bool design_choose_weld(const struct design_problem *p, struct design_candidate *candidate,
						const struct wind_pole_loads *wind);

/* What any plate under this pole costs at least: by bearing, on whatever concrete. */
double design_plate_floor_usd(const struct design_problem *p, const struct design_candidate *candidate,
							  const struct wind_pole_loads *wind);

/*
 * May a square of concrete hold the anchors of a pole, whatever plate stands on it?  False: none of them.  The moment
 * is at strength level, with the least that presses.
 */
bool design_block_may_hold(const struct design_problem *p, double m_kipin, double p_kip, double block_in);

void design_pulls_of(const struct design_problem *p, const struct design_candidate *candidate,
					 const struct wind_pole_loads *wind, struct design_pulls *pulls);

/* May any of these anchors hold in the candidate's concrete?  False: design_choose_plate finds none. */
bool design_pulls_may_hold(const struct design_problem *p, const struct design_pulls *pulls,
						   struct design_anchor_memo *memos, const struct design_candidate *candidate);

/* The plates of a pole whose weld is chosen. */
void design_plates_of(const struct design_problem *p, const struct design_candidate *candidate,
					  const struct wind_pole_loads *wind, struct design_plates *plates);

/*
 * The cheapest of them that holds its anchors in the candidate's concrete, into its plate: 4 or 8 of the smallest
 * anchors whose steel holds, or of the next size; of equals the fewer, then the smaller, then the smaller plate.  The
 * price; infinite: none.  `memos` NULL: nothing is remembered.
 */
double design_choose_plate(const struct design_problem *problem, struct design_plates *plates,
						   struct design_anchor_memo *memos, struct design_candidate *candidate);

/* The worst of the cases, of one pole, at a factor of the wind and one of the dead load off the pole's line. */
struct pole_loads design_worst_share(const struct design_problem *p, const struct wind_pole_loads *wind, double factor,
									 double dead_factor);

/* Dead load on one pole. */
double design_pole_dead_kip(const struct design_problem *p, const struct design_candidate *candidate);

/* The plate of a candidate: all rows at strength level, the worse of 0.9 D + W and 1.2 D + W each. */
void design_plate_answer(const struct design_problem *p, const struct design_candidate *candidate,
						 const struct wind_pole_loads *wind, struct plate_answer *answer);

/* The spread footing of a candidate. */
void design_spread_answer(const struct design_problem *p, const struct design_candidate *candidate,
						  const struct wind_pole_loads *wind, struct spread_problem *problem,
						  struct spread_answer *answer);

/* The wind on the poles of a section, both together. */
struct wind_pole_loads design_pole_wind(const struct design_problem *problem, const struct section *section);

#endif
