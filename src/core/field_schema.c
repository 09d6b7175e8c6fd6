#include "core/field.h"
#include "core/jw.h"

static const char *schema_type(enum field_kind kind)
{
	static const char *const types[] = {
		[FIELD_NUM] = "number",  [FIELD_INT] = "integer",   [FIELD_BOOL] = "boolean", [FIELD_STR] = "string",
		[FIELD_ENUM] = "string", [FIELD_OBJECT] = "object", [FIELD_JSON] = NULL,
	};
	return types[kind];
}

static void write_type(struct jw *jw, const struct field *field, bool nullable)
{
	const char *type = schema_type(field->kind);
	if (type == NULL)
		return;
	jw_key(jw, "type");
	if (nullable) {
		jw_array(jw);
		jw_str(jw, type);
		jw_str(jw, "null");
		jw_array_end(jw);
	} else {
		jw_str(jw, type);
	}
}

static void write_range(struct jw *jw, const struct field *field)
{
	if (!field->ranged)
		return;
	bool text = field->kind == FIELD_STR;
	jw_member_num(jw, text ? "minLength" : field->above ? "exclusiveMinimum" : "minimum", field->min);
	if (isfinite(field->max))
		jw_member_num(jw, text ? "maxLength" : "maximum", field->max);
}

static void write_options(struct jw *jw, const struct field *field, bool nullable)
{
	if (field->kind != FIELD_ENUM)
		return;
	jw_key(jw, "enum");
	jw_array(jw);
	for (const char *const *option = field->options; *option != NULL; option++)
		jw_str(jw, *option);
	if (nullable)
		jw_null(jw);
	jw_array_end(jw);
}

static void write_default(struct jw *jw, const struct field *field)
{
	if (!field->preset)
		return;
	jw_key(jw, "default");
	if (field->kind == FIELD_ENUM)
		jw_str(jw, field->options[(int)field->number]);
	else if (field->kind == FIELD_STR)
		jw_str(jw, field->text);
	else if (field->kind == FIELD_BOOL)
		jw_bool(jw, field->number != 0);
	else
		jw_num(jw, field->number);
}

static void write_members(struct jw *jw, const struct field_table *table, enum field_schema_use use);

/* The members of a schema that describe one value of the field, list or not. */
static void write_value_schema(struct jw *jw, const struct field *field, bool nullable, enum field_schema_use use)
{
	write_type(jw, field, nullable);
	if (field->kind == FIELD_OBJECT)
		write_members(jw, field->table, use);
	write_options(jw, field, nullable);
	if (use == FIELD_SCHEMA_INPUT)
		write_range(jw, field);
	if (field->format != NULL)
		jw_member_str(jw, "format", field->format);
}

static void write_list_schema(struct jw *jw, const struct field *field, enum field_schema_use use)
{
	jw_key(jw, "type");
	if (field->told_apart) {
		jw_array(jw);
		jw_str(jw, "array");
		jw_str(jw, "null");
		jw_array_end(jw);
	} else {
		jw_str(jw, "array");
	}
	jw_key(jw, "items");
	jw_object(jw);
	write_value_schema(jw, field, field->nullable && (field->kind == FIELD_NUM || use != FIELD_SCHEMA_INPUT), use);
	jw_object_end(jw);
	if (field->counted && use == FIELD_SCHEMA_INPUT) {
		jw_member_int(jw, "minItems", (int64_t)field->count_min);
		jw_member_int(jw, "maxItems", (int64_t)field->count_max);
	}
}

static void write_keyed_schema(struct jw *jw, const struct field *field, enum field_schema_use use)
{
	jw_key(jw, "type");
	if (field->nullable) {
		jw_array(jw);
		jw_str(jw, "object");
		jw_str(jw, "null");
		jw_array_end(jw);
	} else {
		jw_str(jw, "object");
	}
	jw_key(jw, "additionalProperties");
	jw_object(jw);
	write_value_schema(jw, field, false, use);
	jw_object_end(jw);
}

void field_schema_one(struct jw *jw, const struct field *field, enum field_schema_use use)
{
	jw_object(jw);
	if (field->doc != NULL)
		jw_member_str(jw, "description", field->doc);
	if (field->unit != NULL)
		jw_member_str(jw, "x-unit", field->unit);
	if (field->many)
		write_list_schema(jw, field, use);
	else if (field->keyed)
		write_keyed_schema(jw, field, use);
	else
		write_value_schema(jw, field, use == FIELD_SCHEMA_INPUT ? !field->required : field->nullable, use);
	if (use == FIELD_SCHEMA_INPUT)
		write_default(jw, field);
	if (field->read_only)
		jw_member_bool(jw, "readOnly", true);
	if (field->secret && use == FIELD_SCHEMA_INPUT) /* on output it is there to be read, this once */
		jw_member_bool(jw, "writeOnly", true);
	jw_object_end(jw);
}

/* On output every member is there, absent ones as null unless left out; on input only the required ones must be. */
static void write_required(struct jw *jw, const struct field_table *table, enum field_schema_use use)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		if (field->spread)
			write_required(jw, field->table, use);
		else if (use == FIELD_SCHEMA_OUTPUT ? !field->left_out : field->required)
			jw_str(jw, field_name(field));
	}
}

static void write_properties(struct jw *jw, const struct field_table *table, enum field_schema_use use)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		if (field->spread) {
			write_properties(jw, field->table, use);
			continue;
		}
		jw_key(jw, field_name(field));
		field_schema_one(jw, field, use);
		if (field->also != NULL && use == FIELD_SCHEMA_INPUT) {
			jw_key(jw, field->also);
			field_schema_one(jw, field, use);
		}
	}
}

static void write_members(struct jw *jw, const struct field_table *table, enum field_schema_use use)
{
	jw_key(jw, "properties");
	jw_object(jw);
	write_properties(jw, table, use);
	jw_object_end(jw);
	jw_key(jw, "required");
	jw_array(jw);
	write_required(jw, table, use);
	jw_array_end(jw);
	jw_member_bool(jw, "additionalProperties", false);
}

void field_schema(struct jw *jw, const struct field_table *table, enum field_schema_use use)
{
	jw_object(jw);
	jw_member_str(jw, "type", "object");
	write_members(jw, table, use);
	jw_object_end(jw);
}
