#include "sign/domain/wind.h"

#include <math.h>

#include "sign/domain/common.h"
#include "sign/domain/wind_pack.h"

static const double FIRST_KZ_FT = 15; /* below it Kz is constant */

/* REF: ASCE 7-16 table 26.11-1; ASCE 7-22 table 26.11-1 */
double wind_alpha(int code, int exposure)
{
	static const double alpha[2][3] = {{7.0, 9.5, 11.5}, {7.5, 9.8, 11.5}};
	return alpha[code == SIGN_ASCE7_22][exposure];
}

double wind_zg_ft(int code, int exposure)
{
	static const double zg_ft[2][3] = {{1200, 900, 700}, {3280, 2460, 1935}};
	return zg_ft[code == SIGN_ASCE7_22][exposure];
}

double wind_kz_formula(int code, int exposure, double z_ft)
{
	double zg = wind_zg_ft(code, exposure), z = fmin(fmax(z_ft, FIRST_KZ_FT), zg);
	return (code == SIGN_ASCE7_22 ? 2.41 : 2.01) * pow(z / zg, 2 / wind_alpha(code, exposure));
}

/* REF: ASCE 7-16 table 26.10-1: linear between rows; that of 7-22 is its formula rounded to .01 at the same heights
 */
static double kz_table(const struct wind_site *site, double z_ft)
{
	const struct wind_numbers *heights = &site->table->height_ft;
	if (site->code != SIGN_ASCE7_22)
		return wind_interpolate(heights, &site->table->kz[site->exposure], z_ft);
	size_t i = 0;
	while (i + 2 < heights->count && z_ft > heights->items[i + 1])
		i++;
	double low = nearbyint(wind_kz_formula(site->code, site->exposure, heights->items[i]) * 100) / 100;
	double high = nearbyint(wind_kz_formula(site->code, site->exposure, heights->items[i + 1]) * 100) / 100;
	double part = (z_ft - heights->items[i]) / (heights->items[i + 1] - heights->items[i]);
	return low + fmin(fmax(part, 0), 1) * (high - low);
}

double wind_kzt_hill(const struct wind_hill *hill, int exposure, double z_ft, struct wind_topography *topography)
{
	/* REF: ASCE 7-16 figure 26.8-1: K1 = k·H/Lh, K2 = 1 − x/(μLh), K3 = exp(−γz/Lh) */
	static const double k[3][3] = {{1.30, 1.45, 1.55}, {.75, .85, .95}, {.95, 1.05, 1.15}};
	static const double gamma[3] = {3, 2.5, 4};
	double h = hill->height_ft, lh = hill->half_length_ft, steepness = h / lh;
	struct wind_topography t = {.flat = steepness < .2 || h < (exposure == EXPOSURE_B ? 60 : 15)};
	if (!t.flat) {
		double mu = hill->shape == HILL_ESCARPMENT && hill->side == HILL_DOWNWIND ? 4 : 1.5;
		if (steepness > .5) {
			steepness = .5;
			lh = 2 * h;
		}
		t.k1 = k[hill->shape][exposure] * steepness;
		t.k2 = fmax(0, 1 - hill->distance_ft / (mu * lh));
		t.k3 = exp(-gamma[hill->shape] * z_ft / lh);
	}
	if (topography != NULL)
		*topography = t;
	return (1 + t.k1 * t.k2 * t.k3) * (1 + t.k1 * t.k2 * t.k3);
}

double wind_ke(double ground_elevation_ft)
{
	return exp(-.0000362 * ground_elevation_ft);
}

struct wind_pressure wind_at(const struct wind_site *site, double z_ft)
{
	struct wind_pressure at;
	at.kz = site->kz_table ? kz_table(site, z_ft) : wind_kz_formula(site->code, site->exposure, z_ft);
	if (!isnan(site->kzt))
		at.kzt = site->kzt;
	else
		at.kzt = site->hill != NULL ? wind_kzt_hill(site->hill, site->exposure, z_ft, NULL) : 1;
	/* REF: ASCE 7-16 eq. 26.10-1; ASCE 7-10 eq. 29.3-1; ASCE 7-22 eq. 26.10-1: 7-22 has Kd in the force */
	double kd = site->code == SIGN_ASCE7_22 ? 1 : site->kd;
	at.qz_psf = .00256 * at.kz * at.kzt * kd * site->ke * site->wind_speed_mph * site->wind_speed_mph;
	return at;
}

/* REF: ASCE 7-16 eq. 26.11-15a */
static double r_of(double eta)
{
	return eta <= 0 ? 1 : 1 / eta - (1 - exp(-2 * eta)) / (2 * eta * eta);
}

double wind_gust_flexible(const struct wind_site *site, double height_ft, double width_ft,
						  const struct wind_flexible *flexible, struct wind_gust *gust)
{
	/* REF: ASCE 7-16 table 26.11-1: terrain exposure constants; those of 7-22 differ in ᾱ and b̄ */
	static const double alpha_bar[2][3] = {{1 / 4.0, 1 / 6.5, 1 / 9.0}, {1 / 4.5, 1 / 6.4, 1 / 8.0}};
	static const double b_bar[2][3] = {{.45, .65, .80}, {.47, .66, .78}};
	static const double c[3] = {.30, .20, .15}, l_ft[3] = {320, 500, 650}, z_min_ft[3] = {30, 15, 7};
	static const double epsilon_bar[3] = {1 / 3.0, 1 / 5.0, 1 / 8.0};
	int e = site->exposure, edition = site->code == SIGN_ASCE7_22;
	struct wind_gust g = {.n1 = flexible->natural_frequency_hz};
	g.z_bar_ft = fmax(.6 * height_ft, z_min_ft[e]);
	g.iz = c[e] * pow(33 / g.z_bar_ft, 1 / 6.0);                            /* REF: ASCE 7-16 eq. 26.11-7 */
	g.lz_ft = l_ft[e] * pow(g.z_bar_ft / 33, epsilon_bar[e]);               /* REF: ASCE 7-16 eq. 26.11-9 */
	g.q = sqrt(1 / (1 + .63 * pow((width_ft + height_ft) / g.lz_ft, .63))); /* REF: ASCE 7-16 eq. 26.11-8 */
	/* REF: ASCE 7-16 eq. 26.11-16 */
	g.vz_ft_s = b_bar[edition][e] * pow(g.z_bar_ft / 33, alpha_bar[edition][e]) * (88 / 60.0) * site->wind_speed_mph;
	double n1 = g.n1, reduced = n1 * g.lz_ft / g.vz_ft_s;     /* REF: ASCE 7-16 eq. 26.11-14 */
	g.rn = 7.47 * reduced / pow(1 + 10.3 * reduced, 5 / 3.0); /* REF: ASCE 7-16 eq. 26.11-13 */
	g.rh = r_of(4.6 * n1 * height_ft / g.vz_ft_s);
	g.rb = r_of(4.6 * n1 * width_ft / g.vz_ft_s);
	g.rl = r_of(15.4 * n1 * flexible->depth_ft / g.vz_ft_s);
	g.r = sqrt(g.rn * g.rh * g.rb * (.53 + .47 * g.rl) / flexible->damping_ratio); /* REF: ASCE 7-16 eq. 26.11-12 */
	double root = sqrt(2 * log(3600 * n1));
	g.gr = root + .577 / root; /* REF: ASCE 7-16 eq. 26.11-11 */
	double gq = WIND_PEAK_FACTOR, gv = WIND_PEAK_FACTOR;
	/* REF: ASCE 7-16 eq. 26.11-10 */
	g.gf = .925 * (1 + 1.7 * g.iz * sqrt(gq * gq * g.q * g.q + g.gr * g.gr * g.r * g.r)) / (1 + 1.7 * gv * g.iz);
	if (gust != NULL)
		*gust = g;
	return g.gf;
}

/* --- the face --- */

static const double MINIMUM_PSF = 16; /* REF: ASCE 7-16 section 29.7; ASCE 7-10 section 29.8 */

/* REF: ASCE 7-16 figure 29.4-2; ASCE 7-10 figure 29.5-2: open signs: by solidity, form of the members and D√qz */
static double open_cf(const struct wind_figure *figure, const struct wind_face *face, double qz_psf)
{
	int row = face->solid_ratio < .1 ? 0 : face->solid_ratio < .3 ? 1 : 2;
	if (face->open_shape == OPEN_FLAT)
		return figure->open_signs.flat.items[row];
	bool small = face->member_width_in / 12 * sqrt(qz_psf) <= 2.5;
	return small ? figure->open_signs.round_small.items[row] : figure->open_signs.round_large.items[row];
}

static double figure_row(const struct wind_numbers *x, const struct wind_numbers *y, double from, double at)
{
	return wind_interpolate(x, y, fmax(at, from));
}

/*
 * REF: ASCE 7-16 figure 29.3-1 Case C: Cf of the region `n` (0 for 0–s, …, 6 for beyond 10s) at B/s.  A region's
 * first columns hold from where the figure begins to give it; between 10 and 13 the first three interpolate.
 */
static double case_c_cf(const struct case_c_figure *c, int n, double b_over_s)
{
	double last = c->b_over_s.items[c->b_over_s.count - 1], first_long = c->long_b_over_s.items[0];
	if (b_over_s <= last) {
		static const double begins[] = {2, 2, 3, 4};
		int row = n < 3 ? n : 3;
		return figure_row(&c->b_over_s, &c->region[row], begins[row], b_over_s);
	}
	if (b_over_s >= first_long)
		return wind_interpolate(&c->long_b_over_s, &c->long_region[n], b_over_s);
	if (n < 3) {
		double low = c->region[n].items[c->b_over_s.count - 1], high = c->long_region[n].items[0];
		return low + (b_over_s - last) / (first_long - last) * (high - low);
	}
	return fmax(c->long_region[n].items[0], c->long_region[n].items[1]);
}

/* Where regions end, in s from the windward edge: up to 10 the figure has one from 3s to 10s. */
static size_t region_ends(double b_over_s, double ends[WIND_REGIONS_MAX], int rows[WIND_REGIONS_MAX])
{
	static const double short_ends[] = {1, 2, 3, 10}, long_ends[] = {1, 2, 3, 4, 5, 10, INFINITY};
	bool is_short = b_over_s <= 10;
	const double *all = is_short ? short_ends : long_ends;
	size_t count = 0, most = is_short ? 4 : 7;
	double from = 0;
	for (size_t i = 0; i < most && from < b_over_s; i++) {
		ends[count] = fmin(all[i], b_over_s);
		rows[count++] = (int)i;
		from = all[i];
	}
	return count;
}

static void case_c(const struct wind_site *site, const struct wind_face *face, double kd, struct wind_loads *loads)
{
	double s = face->sign_height_ft, half = face->sign_width_ft / 2,
		   solidity = face->area_ft2 / (face->sign_width_ft * s);
	double ends[WIND_REGIONS_MAX];
	int rows[WIND_REGIONS_MAX];
	loads->reduction_factor = loads->s_over_h > .8 ? 1.8 - loads->s_over_h : 1;
	loads->return_corner_factor =
		loads->b_over_s >= 5 && face->return_corner_ft > 0
			? wind_interpolate(&site->figure->return_corner.lr_over_s, &site->figure->return_corner.factor,
							   face->return_corner_ft / s)
			: 1;
	loads->region_count = region_ends(loads->b_over_s, ends, rows);
	double force = 0, torsion = 0, from = 0;
	for (size_t i = 0; i < loads->region_count; i++) {
		struct wind_region *region = &loads->regions[i];
		double corner = i == 0 ? loads->return_corner_factor : 1;
		region->from_ft = from * s;
		region->to_ft = ends[i] * s;
		region->cf = case_c_cf(&site->figure->case_c, rows[i], loads->b_over_s) * loads->reduction_factor * corner;
		region->pressure_psf = loads->at.qz_psf * kd * face->gust * region->cf * loads->opening_factor;
		region->force_lb = region->pressure_psf * (region->to_ft - region->from_ft) * s * solidity;
		force += region->force_lb;
		torsion += region->force_lb * (half - (region->from_ft + region->to_ft) / 2);
		from = ends[i];
	}
	loads->c.force_lb = fmax(force, MINIMUM_PSF * loads->area_ft2);
	loads->c.moment_lbft = loads->c.force_lb * loads->arm_ft;
	loads->c.torsion_lbft = fabs(torsion);
}

/* B/s, where a figure's whole number is meant although the quotient misses it by a rounding. */
static double shape_ratio(double width_ft, double height_ft)
{
	double ratio = width_ft / height_ft, whole = nearbyint(ratio);
	return fabs(ratio - whole) < 1e-9 * ratio ? whole : ratio;
}

void wind_on_face(const struct wind_site *site, const struct wind_face *face, struct wind_loads *loads)
{
	double h = face->height_ft, s = face->sign_height_ft, kd = site->code == SIGN_ASCE7_22 ? site->kd : 1;
	*loads = (struct wind_loads){.s_over_h = s / h, .b_over_s = shape_ratio(face->sign_width_ft, s)};
	/* REF: ASCE 7-16 figure 29.4-2 note 1: openings of 30 % and more make an open sign */
	loads->open = face->solid_ratio <= .7;
	loads->area_ft2 = face->area_ft2 * (loads->open ? face->solid_ratio : 1);
	loads->at = wind_at(site, loads->open ? h - s / 2 : h);
	loads->cf = loads->open ? open_cf(site->figure, face, loads->at.qz_psf)
							: fmax(wind_cf(site->figure, loads->s_over_h, loads->b_over_s), face->cf_least);
	/* REF: ASCE 7-16 figure 29.3-1 note 1: openings reduce the pressures of all cases */
	loads->opening_factor = loads->open ? 1 : 1 - pow(1 - face->solid_ratio, 1.5);
	/* REF: ASCE 7-16 figure 29.3-1 note 3: .05 h higher for a sign that stands on the ground */
	loads->arm_ft = (face->centroid_ft > 0 ? face->centroid_ft : h - s / 2) + (s == h ? .05 * h : 0);
	/* REF: ASCE 7-16 eq. 29.3-1; ASCE 7-16 eq. 29.4-1; ASCE 7-10 eq. 29.4-1 */
	double force = loads->at.qz_psf * kd * face->gust * loads->cf * loads->opening_factor * loads->area_ft2;
	double minimum = MINIMUM_PSF * loads->area_ft2;
	loads->min_governs = force < minimum;
	loads->a.force_lb = fmax(force, minimum);
	loads->a.moment_lbft = loads->a.force_lb * loads->arm_ft;
	loads->pressure_psf = loads->a.force_lb / loads->area_ft2;
	/* REF: ASCE 7-16 figure 29.3-1 Case B: the same force at .2 B from the centre */
	loads->eccentricity_ft = .2 * face->sign_width_ft;
	loads->b = loads->a;
	loads->b.torsion_lbft = loads->a.force_lb * loads->eccentricity_ft;
	loads->c_applies = !loads->open && loads->b_over_s >= 2;
	if (loads->c_applies)
		case_c(site, face, kd, loads);
}

/* REF: ASCE 7-16 figure 29.4-1; ASCE 7-10 figure 29.5-1: chimneys, tanks and similar structures */
static double pole_cf(const struct pole_figure *figure, const struct wind_pole *pole,
					  const struct wind_pole_loads *loads)
{
	const struct wind_numbers *row = &figure->hexagon;
	if (pole->shape == POLE_SQUARE)
		row = &figure->square;
	else if (pole->shape == POLE_SQUARE_DIAGONAL)
		row = &figure->square_diagonal;
	else if (pole->shape == POLE_ROUND)
		row = loads->d_root_q > 2.5 ? &figure->round[pole->surface] : &figure->round_small;
	return wind_interpolate(&figure->h_over_d, row, loads->h_over_d);
}

void wind_on_pole(const struct wind_site *site, const struct wind_pole *pole, double gust,
				  struct wind_pole_loads *loads)
{
	double kd = site->code == SIGN_ASCE7_22 ? site->kd : 1, d_ft = pole->width_in / 12;
	loads->arm_ft = (pole->from_ft + pole->to_ft) / 2;
	struct wind_pressure at = wind_at(site, loads->arm_ft);
	loads->kz = at.kz;
	loads->kzt = at.kzt;
	loads->qz_psf = at.qz_psf;
	loads->h_over_d = pole->structure_height_ft / d_ft;
	loads->d_root_q = d_ft * sqrt(at.qz_psf);
	loads->cf = pole_cf(&site->figure->poles, pole, loads);
	loads->area_ft2 = pole->count * d_ft * (pole->to_ft - pole->from_ft);
	/* REF: ASCE 7-16 eq. 29.4-1 */
	loads->force_lb = loads->qz_psf * kd * gust * loads->cf * loads->area_ft2;
	loads->moment_lbft = loads->force_lb * loads->arm_ft;
}
