#include "sign/domain/poles_trace.h"

#include "seal/calc.h"
#include "sign/domain/aluminum.h"

static void trace_steel(struct calc *calc, const struct pole_material *m, const struct pole_lengths *lengths,
						const struct section *s)
{
	calc_factor(calc, "fy_ksi", m->fy_ksi);
	calc_factor(calc, "plastic_moment_kipin", m->fy_ksi * s->zx_in3);
	calc_factor(calc, "pn_kip", strength_axial(s, m, lengths->column_in).value);
	calc_factor(calc, "mn_kipin", strength_flexure(s, m, lengths->unbraced_in).value);
	calc_factor(calc, "vn_kip", strength_shear(s, m, lengths->shear_in).value);
	if (s->family != SECTION_W)
		calc_factor(calc, "tn_kipin", strength_torsion(s, m, lengths->height_in).value);
}

static void trace_aluminum(struct calc *calc, const struct aluminum *aluminum, const struct section *s)
{
	double fcyw = aluminum_welded_yield(aluminum, s);
	struct buckling_line column = aluminum_column_line(fcyw, aluminum->e_ksi);
	calc_factor(calc, "ftyw_ksi", fcyw);
	calc_factor(calc, "ftuw_ksi", aluminum->ftuw_ksi);
	calc_factor(calc, "bc_ksi", column.b);
	calc_factor(calc, "dc_ksi", column.d);
	calc_factor(calc, "cc", column.c);
}

static const double SLENDERNESS_PREFERRED = 200;

void pole_note_slenderness(struct calc *calc, const struct section *s, double column_in)
{
	double slenderness = column_in / s->ry_in;
	if (slenderness > SLENDERNESS_PREFERRED)
		calc_assume(
			calc, "slender_column",
			"Lc/r of %s is %.0f about its weak axis: above the %.0f that the user note of AISC 360-22 E2 prefers for "
			"columns; the axial strength is that of E3.",
			s->designation, slenderness, SLENDERNESS_PREFERRED);
}

void poles_trace(struct calc *calc, const struct poles_problem *problem, const struct section *s)
{
	struct pole_step steps[POLE_SEGMENTS_MAX];
	struct pole_frame frame =
		poles_frame(problem, (struct poles_variation){(int)problem->request->num_poles, 1}, steps);
	const struct pole_material *m = &problem->materials[s->family];
	const struct pole_step uniform = {frame.lengths.height_in, s->ix_in4};
	const struct pole_step *stiffness = frame.steps != NULL ? frame.steps : &uniform;
	calc_factor_text(calc, "section", s->designation);
	calc_factor(calc, "e_ksi", m->e_ksi);
	calc_factor(calc, "alpha", frame.lrfd ? 1.0 : 1.6);
	calc_factor(calc, "pe_kip",
				pole_euler(stiffness, frame.steps != NULL ? frame.step_count : 1, m->e_ksi, frame.lengths.height_in));
	calc_factor(calc, "kl_r", frame.lengths.column_in / s->ry_in);
	if (s->family == SECTION_HSS_ROUND || s->family == SECTION_PIPE) {
		calc_factor(calc, "d_t", s->d_t);
	} else {
		calc_factor(calc, "b_t", s->b_t);
		calc_factor(calc, "h_t", s->h_t);
	}
	if (problem->aluminum != NULL)
		trace_aluminum(calc, problem->aluminum, s);
	else
		trace_steel(calc, m, &frame.lengths, s);
	if (problem->aluminum == NULL)
		pole_note_slenderness(calc, s, frame.lengths.column_in);
}
