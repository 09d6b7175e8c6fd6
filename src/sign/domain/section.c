#include "sign/domain/section.h"

#include <math.h>
#include <stddef.h>

const char *const section_family_names[] = {"HSS_round", "HSS_square", "HSS_rect", "pipe", "W", NULL};
const char *const section_standard_names[] = {"A500", "A1085", NULL};
const char *const section_source_names[] = {"computed", "imported", NULL};

/*
 * What a square of side 1 has beyond the quarter circle drawn in it from the opposite corner: the steel that a rounded
 * outside corner lacks, and that a fillet adds.  Area; distance of its centroid from the square's sides; second moment
 * about an axis through that centroid.
 */
static const double NOOK_AREA = 1 - M_PI / 4;
static const double NOOK_ARM = (10 - 3 * M_PI) / (12 - 3 * M_PI);
static const double NOOK_INERTIA =
	(1 - 5 * M_PI / 16) - (10 - 3 * M_PI) * (10 - 3 * M_PI) / ((12 - 3 * M_PI) * (12 - 3 * M_PI)) * (1 - M_PI / 4);

struct solid {
	double a, ix, iy, zx, zy;
};

/* A rectangle b wide and h high whose corners have radius r. */
static struct solid rounded(double b, double h, double r)
{
	double nook = NOOK_AREA * r * r, own = NOOK_INERTIA * r * r * r * r;
	double up = h / 2 - NOOK_ARM * r, out = b / 2 - NOOK_ARM * r;
	return (struct solid){
		.a = b * h - 4 * nook,
		.ix = b * h * h * h / 12 - 4 * (own + nook * up * up),
		.iy = h * b * b * b / 12 - 4 * (own + nook * out * out),
		.zx = b * h * h / 4 - 4 * nook * up,
		.zy = h * b * b / 4 - 4 * nook * out,
	};
}

static void put_moduli(struct section *s, struct solid p)
{
	double half_width_in = (isnan(s->width_in) ? s->depth_in : s->width_in) / 2;
	s->area_in2 = p.a;
	s->ix_in4 = p.ix;
	s->sx_in3 = p.ix / (s->depth_in / 2);
	s->zx_in3 = p.zx;
	s->rx_in = sqrt(p.ix / p.a);
	s->iy_in4 = p.iy;
	s->sy_in3 = p.iy / half_width_in;
	s->zy_in3 = p.zy;
	s->ry_in = sqrt(p.iy / p.a);
}

static void clear(struct section *s)
{
	s->t_nom_in = s->t_des_in = s->tw_in = s->tf_in = s->fillet_in = NAN;
	s->width_in = s->c_in3 = s->cw_in6 = s->d_t = s->b_t = s->h_t = NAN;
}

/* Weights to a billionth of a pound: tubes of one perimeter weigh the same, whatever the order of the additions. */
static double weight_of(double weight_factor, double nominal_area_in2)
{
	return round(weight_factor * nominal_area_in2 * 1e9) / 1e9;
}

static double ring_area(double d, double t)
{
	return M_PI * (d - t) * t;
}

/* Area, moments and moduli of a ring.  J = 2 I and C = 2 S by its symmetry. */
void section_round(struct section *s, double diameter_in, double wall_in, double printed_wall_in, double wall_factor,
				   double weight_factor)
{
	double t = wall_factor * wall_in, d = diameter_in, hollow = d - 2 * t;
	double i = M_PI / 64 * (d * d * d * d - hollow * hollow * hollow * hollow);
	double z = (d * d * d - hollow * hollow * hollow) / 6;
	clear(s);
	s->depth_in = d;
	put_moduli(s, (struct solid){.a = ring_area(d, t), .ix = i, .iy = i, .zx = z, .zy = z});
	s->weight_lb_ft = weight_of(weight_factor, ring_area(d, printed_wall_in));
	s->t_nom_in = printed_wall_in;
	s->t_des_in = t;
	s->j_in4 = 2 * s->ix_in4;
	s->c_in3 = 2 * s->sx_in3;
	s->d_t = d / t;
}

/* The corners of a tube are 2 t outside and t inside. */
static struct solid tube(double b, double h, double t)
{
	struct solid outer = rounded(b, h, 2 * t), inner = rounded(b - 2 * t, h - 2 * t, t);
	return (struct solid){
		.a = outer.a - inner.a,
		.ix = outer.ix - inner.ix,
		.iy = outer.iy - inner.iy,
		.zx = outer.zx - inner.zx,
		.zy = outer.zy - inner.zy,
	};
}

/* REF: AISC Manual Part 1: torsion constants of rectangular HSS on the mid-line, whose corners have radius 1.5 t. */
static void put_torsion(struct section *s, double h, double b, double t)
{
	double corner = 1.5 * t;
	double perimeter = 2 * ((h - t) + (b - t)) - 2 * (4 - M_PI) * corner;
	double enclosed = (h - t) * (b - t) - (4 - M_PI) * corner * corner;
	s->j_in4 = 4 * enclosed * enclosed * t / perimeter;
	/* REF: AISC 360-22 H3.1: C of a rectangular HSS. */
	s->c_in3 = 2 * t * (b - t) * (h - t) - 4.5 * (4 - M_PI) * t * t * t;
}

void section_rect(struct section *s, double height_in, double width_in, double wall_in, double wall_factor,
				  double weight_factor)
{
	double t = wall_factor * wall_in;
	clear(s);
	s->depth_in = height_in;
	s->width_in = width_in;
	put_moduli(s, tube(width_in, height_in, t));
	s->weight_lb_ft = weight_of(weight_factor, tube(width_in, height_in, wall_in).a);
	s->t_nom_in = wall_in;
	s->t_des_in = t;
	put_torsion(s, height_in, width_in, t);
	/* REF: AISC 360-22 B4.1b: the flat width is taken as the outside less three walls. */
	s->b_t = width_in / t - 3;
	s->h_t = height_in / t - 3;
}

/* An extruded square tube: corners are sharp, walls as ordered. */
void section_sharp(struct section *s, double side_in, double wall_in, double weight_factor)
{
	double hollow_in = side_in - 2 * wall_in, middle_in = side_in - wall_in;
	struct solid outer = rounded(side_in, side_in, 0), inner = rounded(hollow_in, hollow_in, 0);
	clear(s);
	s->depth_in = s->width_in = side_in;
	put_moduli(s, (struct solid){.a = outer.a - inner.a,
								 .ix = outer.ix - inner.ix,
								 .iy = outer.iy - inner.iy,
								 .zx = outer.zx - inner.zx,
								 .zy = outer.zy - inner.zy});
	s->weight_lb_ft = weight_of(weight_factor, s->area_in2);
	s->t_nom_in = s->t_des_in = wall_in;
	s->j_in4 = middle_in * middle_in * middle_in * wall_in; /* Bredt on the mid-line */
	s->c_in3 = 2 * wall_in * middle_in * middle_in;
	s->b_t = s->h_t = hollow_in / wall_in;
}

/* The area that the plates of a W shape leave to its four fillets. */
static double fillets_area(double d, double bf, double tw, double tf, double area)
{
	return area - 2 * bf * tf - (d - 2 * tf) * tw;
}

static void put_wide_flange_moduli(struct section *s, double area)
{
	double d = s->depth_in, bf = s->width_in, tw = s->tw_in, tf = s->tf_in, r = s->fillet_in;
	double web = d - 2 * tf, nook = 4 * NOOK_AREA * r * r, own = 4 * NOOK_INERTIA * r * r * r * r;
	double up = web / 2 - NOOK_ARM * r, out = tw / 2 + NOOK_ARM * r, to_flange = (d - tf) / 2;
	put_moduli(s, (struct solid){
					  .a = area,
					  .ix = 2 * (bf * tf * tf * tf / 12 + bf * tf * to_flange * to_flange) + tw * web * web * web / 12 +
							own + nook * up * up,
					  .iy = 2 * tf * bf * bf * bf / 12 + web * tw * tw * tw / 12 + own + nook * out * out,
					  .zx = 2 * bf * tf * to_flange + tw * web * web / 4 + nook * up,
					  .zy = tf * bf * bf / 2 + web * tw * tw / 4 + nook * out,
				  });
}

/* REF: El Darwish and Johnston 1965: J of a W shape with fillets. */
static double wide_flange_j(const struct section *s)
{
	double d = s->depth_in, bf = s->width_in, tw = s->tw_in, tf = s->tf_in, r = s->fillet_in;
	double circle = ((tf + r) * (tf + r) + tw * (r + tw / 4)) / (2 * r + tf);
	double web = tw / tf, fillet = r / tf;
	double alpha = -.042 + .2204 * web + .1355 * fillet - .0865 * fillet * web - .0725 * web * web;
	return 2. / 3 * bf * tf * tf * tf + (d - 2 * tf) * tw * tw * tw / 3 +
		   2 * alpha * circle * circle * circle * circle - .42 * tf * tf * tf * tf;
}

void section_wide_flange(struct section *s, double weight_lb_ft, double d_in, double bf_in, double tw_in, double tf_in,
						 double area_in2)
{
	clear(s);
	s->weight_lb_ft = weight_lb_ft;
	s->depth_in = d_in;
	s->width_in = bf_in;
	s->tw_in = tw_in;
	s->tf_in = tf_in;
	/* Rounded dimensions can leave a trifle less than nothing to the fillets. */
	s->fillet_in = sqrt(fmax(0, fillets_area(d_in, bf_in, tw_in, tf_in, area_in2)) / (4 - M_PI));
	put_wide_flange_moduli(s, area_in2);
	s->j_in4 = wide_flange_j(s);
	s->cw_in6 = s->iy_in4 * (d_in - tf_in) * (d_in - tf_in) / 4;
	s->b_t = bf_in / (2 * tf_in);
	s->h_t = (d_in - 2 * tf_in - 2 * s->fillet_in) / tw_in;
}

static bool is_length(double x)
{
	return x >= .01 && x <= 100; /* in: anything else is no rolled or formed section */
}

bool section_possible_round(double diameter_in, double wall_in)
{
	return is_length(diameter_in) && is_length(wall_in) && wall_in <= .45 * diameter_in;
}

bool section_possible_rect(double height_in, double width_in, double wall_in)
{
	return is_length(height_in) && is_length(width_in) && is_length(wall_in) && width_in <= height_in &&
		   4 * wall_in <= width_in * 1.0001;
}

bool section_possible_wide_flange(double d_in, double bf_in, double tw_in, double tf_in, double area_in2)
{
	if (!is_length(d_in) || !is_length(bf_in) || !is_length(tw_in) || !is_length(tf_in) || 2 * tf_in >= d_in ||
		tw_in >= bf_in)
		return false;
	double fillets = fillets_area(d_in, bf_in, tw_in, tf_in, area_in2);
	double r = sqrt(fmax(0, fillets) / (4 - M_PI));
	return fillets >= -.02 * area_in2 && fillets <= .2 * area_in2 && tw_in + 2 * r <= bf_in &&
		   2 * tf_in + 2 * r <= .95 * d_in;
}
