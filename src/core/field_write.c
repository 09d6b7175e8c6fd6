#include "core/field.h"

#include <string.h>

#include "core/buf.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/num.h"

enum { DEFAULT_DECIMALS = 3 };

struct list {
	size_t count;
	char *items;
};

static double rounded(const struct field *field, double x)
{
	if (!isfinite(x))
		return x;
	if (!field->rounded)
		return num_round(x, DEFAULT_DECIMALS);
	return field->significant > 0 ? num_round_significant(x, field->significant) : num_round(x, field->decimals);
}

static bool is_absent(const struct field *field, const void *at)
{
	if (field->many)
		return false;
	switch (field->kind) {
	case FIELD_NUM:
		return isnan(*(const double *)at);
	case FIELD_INT:
		return *(const int64_t *)at == FIELD_NO_INT;
	case FIELD_ENUM:
		return *(const int *)at < 0;
	case FIELD_STR:
		return *(const char *const *)at == NULL;
	case FIELD_JSON:
		return *(const struct json *const *)at == NULL;
	case FIELD_OBJECT:
		return field->pointer && *(const void *const *)at == NULL;
	case FIELD_BOOL:
		break;
	}
	return false;
}

static const char *option_text(const struct field *field, int option)
{
	for (int i = 0; i <= option; i++)
		must(field->options[i] != NULL);
	return field->options[option];
}

static void write_any(struct jw *jw, const struct field *field, const struct json *json, int mode)
{
	if ((mode & FIELD_CANONICAL) == 0)
		jw_json(jw, json);
	else if (field->user_data)
		jcs_value_whole(jw, json);
	else
		jcs_value(jw, json);
}

static void write_one(struct jw *jw, const struct field *field, const void *at, int mode)
{
	if (is_absent(field, at)) {
		jw->failed |= !field->nullable && (mode & FIELD_INPUTS) == 0;
		jw_null(jw);
		return;
	}
	switch (field->kind) {
	case FIELD_NUM:
		jw_num(jw, (mode & FIELD_INPUTS) != 0 ? *(const double *)at : rounded(field, *(const double *)at));
		break;
	case FIELD_INT:
		jw_int(jw, *(const int64_t *)at);
		break;
	case FIELD_BOOL:
		jw_bool(jw, *(const bool *)at);
		break;
	case FIELD_STR:
		jw_str(jw, *(const char *const *)at);
		break;
	case FIELD_ENUM:
		jw_str(jw, option_text(field, *(const int *)at));
		break;
	case FIELD_OBJECT:
		field_write(jw, field->table, field->pointer ? *(const void *const *)at : at, mode);
		break;
	case FIELD_JSON:
		write_any(jw, field, *(const struct json *const *)at, mode);
		break;
	}
}

static size_t item_size(const struct field *field)
{
	static const size_t sizes[] = {
		[FIELD_NUM] = sizeof(double),       [FIELD_INT] = sizeof(int64_t), [FIELD_BOOL] = sizeof(bool),
		[FIELD_STR] = sizeof(const char *), [FIELD_ENUM] = sizeof(int),
	};
	return field->kind == FIELD_OBJECT ? field->table->size : sizes[field->kind];
}

static void write_many(struct jw *jw, const struct field *field, const void *at, int mode)
{
	struct list list;
	memcpy(&list, at, sizeof list);
	size_t size = item_size(field);
	struct field element = *field;
	element.many = false;
	jw_array(jw);
	for (size_t i = 0; i < list.count; i++)
		write_one(jw, &element, list.items + i * size, mode);
	jw_array_end(jw);
}

static bool is_untold(const struct field *field, const void *at)
{
	return field->many && field->told_apart && ((const struct list *)at)->items == NULL;
}

/* Most absent lists read as empty ones.  Where an empty one would be refused, it was absent. */
static bool is_absent_input(const struct field *field, const void *at)
{
	bool refused = field->many && field->counted && field->count_min > 0 && ((const struct list *)at)->count == 0;
	return is_absent(field, at) || is_untold(field, at) || refused;
}

static void write_member(struct jw *jw, const struct field *field, const void *from, int mode)
{
	const void *at = (const char *)from + field->offset;
	bool absent = (mode & FIELD_INPUTS) != 0 ? field->secret || is_absent_input(field, at)
											 : field->left_out && (is_absent(field, at) || is_untold(field, at));
	if (absent)
		return;
	jw_key(jw, field_name(field));
	if (is_untold(field, at))
		jw_null(jw);
	else if (field->many)
		write_many(jw, field, at, mode);
	else
		write_one(jw, field, at, mode);
}

/* Most names differ in their first letter. */
static bool sorts_after(const char *a, const char *b)
{
	unsigned char x = (unsigned char)*a, y = (unsigned char)*b;
	return x != y && (x | y) < 0x80 ? x > y : jcs_compare(a, b) > 0;
}

static void canonical_order(const struct field_table *table, const struct field **sorted)
{
	for (size_t i = 0; i < table->count; i++) {
		size_t at = i;
		const char *name = field_name(&table->fields[i]);
		for (; at > 0 && sorts_after(field_name(sorted[at - 1]), name); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = &table->fields[i];
	}
}

void field_write(struct jw *jw, const struct field_table *table, const void *from, int mode)
{
	const struct field *sorted[128];
	must(table->size > 0 && table->count <= sizeof sorted / sizeof *sorted);
	bool canonical = (mode & FIELD_CANONICAL) != 0;
	if (canonical)
		canonical_order(table, sorted);
	jw_object(jw);
	for (size_t i = 0; i < table->count; i++)
		write_member(jw, canonical ? sorted[i] : &table->fields[i], from, mode);
	jw_object_end(jw);
}
