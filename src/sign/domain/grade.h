/*
 * Grades of steel: pack `grades`, yield and tensile strength by grade, form and edition of the standard.
 *
 * Const after the pack is read.  Thread: any.
 */
#ifndef CS_SIGN_DOMAIN_GRADE_H
#define CS_SIGN_DOMAIN_GRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/pack.h"

/* The first five are the section families, in their order (enum section_family). */
enum grade_form {
	GRADE_HSS_ROUND,
	GRADE_HSS_SQUARE,
	GRADE_HSS_RECT,
	GRADE_PIPE,
	GRADE_W,
	GRADE_PLATE,
	GRADE_ANCHOR,
	GRADE_FORMS
};

extern const char *const grade_form_names[];

struct grade {
	const char *grade;
	int64_t edition; /* FIELD_NO_INT: every edition */
	struct {
		size_t count;
		int *items; /* enum grade_form */
	} forms;
	double fy_ksi; /* NaN: the standard has none (A307) */
	double fu_ksi;
};

/* The C form of the pack. */
struct grades;

extern const struct pack_kind sign_grades_kind; /* "grades" */

/* The row for this grade, form and edition, or NULL. */
const struct grade *grade_find(const struct grades *grades, const char *name, enum grade_form form, int64_t edition);

/* What a form is usually made of: pipe A53-B, HSS A500-C, W A992, plate A36, anchors F1554-36. */
const char *grade_default(enum grade_form form);

/* Is there any row of that grade; any row of that edition? */
bool grade_known(const struct grades *grades, const char *name);
bool grade_edition_known(const struct grades *grades, int64_t edition);

#endif
