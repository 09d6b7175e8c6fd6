#include "sign/domain/grade.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "sign/domain/common.h"

const char *const grade_form_names[] = {"HSS_round", "HSS_square", "HSS_rect", "pipe", "W", "plate", "anchor", NULL};

struct grades {
	const char *name, *version, *effective_from, *source;
	struct {
		size_t count;
		struct grade *items;
	} grades;
};

static const struct field grade_fields[] = {
	F_STR(grade, grade, REQUIRED, LENGTH(1, 20)),
	F_INT(grade, edition, RANGE(1900, 2100)),
	F_ENUMS(grade, forms, grade_form_names, REQUIRED, COUNT(1, GRADE_FORMS)),
	F_NUM(grade, fy_ksi, RANGE(10, 200), UNIT("ksi")),
	F_NUM(grade, fu_ksi, REQUIRED, RANGE(10, 250), UNIT("ksi")),
};
static const struct field_table grade_table = FIELD_TABLE("grades.grade", grade, grade_fields);

static const struct field pack_fields[] = {
	F_STR(grades, name, REQUIRED),
	F_STR(grades, version, REQUIRED),
	F_STR(grades, effective_from, REQUIRED),
	F_STR(grades, source, REQUIRED),
	F_OBJECTS(grades, grades, &grade_table, REQUIRED, COUNT(1, 500)),
};
static const struct field_table pack_table = FIELD_TABLE("grades", grades, pack_fields);

static bool has_form(const struct grade *row, enum grade_form form)
{
	for (size_t i = 0; i < row->forms.count; i++)
		if (row->forms.items[i] == (int)form)
			return true;
	return false;
}

const struct grade *grade_find(const struct grades *grades, const char *name, enum grade_form form, int64_t edition)
{
	for (size_t i = 0; i < grades->grades.count; i++) {
		const struct grade *row = &grades->grades.items[i];
		if (strcmp(row->grade, name) == 0 && (row->edition == FIELD_NO_INT || row->edition == edition) &&
			has_form(row, form))
			return row;
	}
	return NULL;
}

bool grade_known(const struct grades *grades, const char *name)
{
	for (size_t i = 0; i < grades->grades.count; i++)
		if (strcmp(grades->grades.items[i].grade, name) == 0)
			return true;
	return false;
}

bool grade_edition_known(const struct grades *grades, int64_t edition)
{
	for (size_t i = 0; i < grades->grades.count; i++)
		if (grades->grades.items[i].edition == edition)
			return true;
	return false;
}

/* Two rows that answer the same question would make the order of rows decide. */
static bool check_once(const struct grades *grades, struct err *err)
{
	for (size_t i = 0; i < grades->grades.count; i++) {
		const struct grade *row = &grades->grades.items[i];
		for (size_t k = 0; k < row->forms.count; k++) {
			enum grade_form form = (enum grade_form)row->forms.items[k];
			if (grade_find(grades, row->grade, form, row->edition) != row)
				return err_set(err, ERR_INVALID, "%s stands twice for %s", row->grade, grade_form_names[form]);
		}
		if (row->fy_ksi > row->fu_ksi)
			return err_set(err, ERR_INVALID, "%s yields above its tensile strength", row->grade);
	}
	return true;
}

static bool decode(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct grades *grades = arena_new(arena, struct grades);
	if (grades == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the grades");
	if (!sign_pack_decode(&pack_table, tree, grades, arena, err) || !check_once(grades, err))
		return false;
	*data = grades;
	return true;
}

const struct pack_kind sign_grades_kind = {.name = "grades", .decode = decode};

const char *grade_default(enum grade_form form)
{
	static const char *const usual[GRADE_FORMS] = {
		[GRADE_HSS_ROUND] = "A500-C", [GRADE_HSS_SQUARE] = "A500-C",
		[GRADE_HSS_RECT] = "A500-C",  [GRADE_PIPE] = "A53-B",
		[GRADE_W] = "A992",           [GRADE_PLATE] = "A36",
		[GRADE_ANCHOR] = "F1554-36",
	};
	return usual[form];
}
