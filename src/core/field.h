/*
 * Field tables: one description of a C struct that gives decoding with all faults at once, encoding, rounding,
 * defaults, JSON Schema and the reference page.  Nothing is parsed by hand twice.
 *
 *     struct pole { double height_ft; int shape; struct { size_t count; struct arm *items; } arms; };
 *     static const struct field pole_fields[] = {
 *         F_NUM(pole, height_ft, REQUIRED, RANGE(1, 60), UNIT("ft"), DOC("Pole length above grade")),
 *         F_ENUM(pole, shape, shape_names, DEFAULT(SHAPE_ROUND), DOC("Form of the section")),
 *         F_OBJECTS(pole, arms, &arm_table, COUNT(0, 4), DOC("Arms, from the top down")),
 *     };
 *     const struct field_table pole_table = FIELD_TABLE("pole", pole, pole_fields);
 *
 * The C type behind each form, checked when it compiles:
 *     F_NUM double · F_INT int64_t · F_BOOL bool · F_STR const char * · F_ENUM int (index of the option) ·
 *     F_OBJECT the struct itself · F_OBJECT_PTR a pointer to it · F_JSON const struct json * ·
 *     F_NUMS, F_INTS, F_STRS, F_ENUMS, F_OBJECTS a struct whose members are `size_t count; T *items;`.
 * What is absent and has no default decodes as: NaN, FIELD_NO_INT, false, NULL, -1, a struct of absent members, NULL,
 * NULL, an empty list.  `null` in an optional member is the same as its absence.
 *
 * Thread: tables are const; calls share nothing.  Cost: about 60 ns a member.
 */
#ifndef CS_CORE_FIELD_H
#define CS_CORE_FIELD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct faults;
struct json;
struct jw;

enum field_kind { FIELD_NUM, FIELD_INT, FIELD_BOOL, FIELD_STR, FIELD_ENUM, FIELD_OBJECT, FIELD_JSON };

#define FIELD_NO_INT INT64_MIN

struct field_table;

struct field {
	const char *name; /* of the C member, and of the JSON member unless `json_name` is given */
	const char *json_name;
	const char *also; /* a second name accepted on input; both at once is a conflict */
	enum field_kind kind;
	size_t offset;
	bool many;    /* a list of `kind` */
	bool pointer; /* FIELD_OBJECT: the member is a pointer */
	bool required;
	bool nullable;   /* output: absent is null, and allowed; lists: so are their elements, on input of numbers only */
	bool secret;     /* never logged, traced, audited, cached or sealed */
	bool read_only;  /* on input: refused */
	bool told_apart; /* lists: absent (items NULL) is not empty: left out of inputs, null in results */
	bool user_data;  /* FIELD_JSON: not ours to round: integers beyond 2^53 are sealed as texts */
	bool left_out;   /* output: an absent member is left out instead of null */
	bool spread;     /* rows that only tell, FIELD_OBJECT: its members stand here, without an object of their own */
	bool keyed;      /* rows that only tell: an object whose names are data, and whose values are `kind` */
	bool ranged, above; /* min ≤ x ≤ max; above: min < x.  FIELD_STR: characters */
	double min, max;
	bool counted; /* lists: count_min ≤ count ≤ count_max */
	size_t count_min, count_max;
	bool preset; /* a default: `number` (FIELD_ENUM: index, FIELD_BOOL: 0 or 1) or `text` */
	double number;
	const char *text;
	const char *const *options; /* FIELD_ENUM: NULL-terminated */
	const struct field_table *table;
	bool rounded; /* output: as `decimals` and `significant` say instead of 3 decimals */
	int decimals, significant;
	const char *unit, *doc, *format; /* format: a JSON Schema format name, for documents only */
};

struct field_table {
	const char *name; /* of the schema: lower case, dots or dashes */
	size_t size;      /* of the C struct; 0: its rows only tell */
	const struct field *fields;
	size_t count;
};

#define FIELD_TABLE(name_, struct_, fields_) \
	{ \
		.name = (name_), .size = sizeof(struct struct_), .fields = (fields_), \
		.count = sizeof(fields_) / sizeof *(fields_) \
	}

#define FIELD_MEMBER(s, m) (((struct s *)0)->m)
#define FIELD_IS(s, m, type) (offsetof(struct s, m) + 0 * sizeof(char[_Generic(FIELD_MEMBER(s, m), type : 1)]))
#define FIELD_LIST_IS(s, m, type) \
	(offsetof(struct s, m) + 0 * sizeof(char[_Generic(FIELD_MEMBER(s, m).items, type * : 1)]) + \
	 0 * sizeof(char[_Generic(FIELD_MEMBER(s, m).count, size_t : 1)]))

#define F_NUM(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_NUM, .offset = FIELD_IS(s, m, double), __VA_ARGS__ \
	}
#define F_INT(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_INT, .offset = FIELD_IS(s, m, int64_t), __VA_ARGS__ \
	}
#define F_BOOL(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_BOOL, .offset = FIELD_IS(s, m, bool), __VA_ARGS__ \
	}
#define F_STR(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_STR, .offset = FIELD_IS(s, m, const char *), __VA_ARGS__ \
	}
#define F_ENUM(s, m, o, ...) \
	{ \
		.name = #m, .kind = FIELD_ENUM, .options = (o), .offset = FIELD_IS(s, m, int), __VA_ARGS__ \
	}
#define F_JSON(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_JSON, .offset = FIELD_IS(s, m, const struct json *), __VA_ARGS__ \
	}
#define F_OBJECT(s, m, t, ...) \
	{ \
		.name = #m, .kind = FIELD_OBJECT, .table = (t), .offset = offsetof(struct s, m), __VA_ARGS__ \
	}
#define F_OBJECT_PTR(s, m, t, ...) \
	{ \
		.name = #m, .kind = FIELD_OBJECT, .table = (t), .pointer = true, \
		.offset = offsetof(struct s, m) + 0 * sizeof(*FIELD_MEMBER(s, m)), __VA_ARGS__ \
	}
#define F_NUMS(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_NUM, .many = true, .offset = FIELD_LIST_IS(s, m, double), __VA_ARGS__ \
	}
#define F_INTS(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_INT, .many = true, .offset = FIELD_LIST_IS(s, m, int64_t), __VA_ARGS__ \
	}
#define F_STRS(s, m, ...) \
	{ \
		.name = #m, .kind = FIELD_STR, .many = true, .offset = FIELD_LIST_IS(s, m, const char *), __VA_ARGS__ \
	}
#define F_ENUMS(s, m, o, ...) \
	{ \
		.name = #m, .kind = FIELD_ENUM, .many = true, .options = (o), .offset = FIELD_LIST_IS(s, m, int), __VA_ARGS__ \
	}
#define F_OBJECTS(s, m, t, ...) \
	{ \
		.name = #m, .kind = FIELD_OBJECT, .many = true, .table = (t), \
		.offset = offsetof(struct s, m) + 0 * sizeof(*FIELD_MEMBER(s, m).items), __VA_ARGS__ \
	}

/*
 * Rows that only tell, for answers that a handler writes member by member: they make the schema, and answers are held
 * against it (http/fitting.h).  They have no C member; a table of them neither decodes nor writes (must).
 *
 *     static const struct field run_rows[] = {T_STR(run_id), T_ENUM(status, run_status_names), T_TIME(ended_at,
 * NULLABLE)}; const struct field_table run_table = TOLD_TABLE("run", run_rows);
 */
#define TOLD_TABLE(name_, rows_) \
	{ \
		.name = (name_), .fields = (rows_), .count = sizeof(rows_) / sizeof *(rows_) \
	}
#define T_ROW(m, kind_, ...) \
	{ \
		.name = #m, .kind = (kind_), __VA_ARGS__ \
	}
#define T_NUM(m, ...) T_ROW(m, FIELD_NUM, __VA_ARGS__)
#define T_INT(m, ...) T_ROW(m, FIELD_INT, __VA_ARGS__)
#define T_BOOL(m, ...) T_ROW(m, FIELD_BOOL, __VA_ARGS__)
#define T_STR(m, ...) T_ROW(m, FIELD_STR, __VA_ARGS__)
#define T_TIME(m, ...) T_ROW(m, FIELD_STR, .format = "date-time", __VA_ARGS__)
#define T_JSON(m, ...) T_ROW(m, FIELD_JSON, __VA_ARGS__) /* any value */
#define T_ENUM(m, o, ...) T_ROW(m, FIELD_ENUM, .options = (o), __VA_ARGS__)
#define T_OBJECT(m, t, ...) T_ROW(m, FIELD_OBJECT, .table = (t), __VA_ARGS__)
#define T_STRS(m, ...) T_ROW(m, FIELD_STR, .many = true, __VA_ARGS__)
#define T_NUMS(m, ...) T_ROW(m, FIELD_NUM, .many = true, __VA_ARGS__)
#define T_TIMES(m, ...) T_ROW(m, FIELD_STR, .many = true, .format = "date-time", __VA_ARGS__)
#define T_OBJECTS(m, t, ...) T_ROW(m, FIELD_OBJECT, .many = true, .table = (t), __VA_ARGS__)
#define T_MAP(m, kind_, ...) T_ROW(m, kind_, .keyed = true, __VA_ARGS__)
#define T_ALL(t) \
	{ \
		.name = "", .kind = FIELD_OBJECT, .table = (t), .spread = true \
	}
/* A page of a list [P-8.7]. */
#define T_PAGE(t) T_OBJECTS(items, t), T_STR(next_cursor, NULLABLE, DOC("Ask with it for the next page; null: no more"))

#define REQUIRED .required = true
#define NULLABLE .nullable = true
#define SECRET .secret = true
#define READ_ONLY .read_only = true
#define TOLD_APART .told_apart = true
#define LEFT_OUT .left_out = true
#define USER_DATA .user_data = true
#define RANGE(low, high) .ranged = true, .min = (low), .max = (high)
#define ABOVE(low, high) .ranged = true, .above = true, .min = (low), .max = (high)
#define LENGTH(low, high) .ranged = true, .min = (low), .max = (high)
#define COUNT(low, high) .counted = true, .count_min = (low), .count_max = (high)
#define DEFAULT(value) .preset = true, .number = (value)
#define DEFAULT_TEXT(value) .preset = true, .text = (value)
#define DECIMALS(n) .rounded = true, .decimals = (n)
#define SIGNIFICANT(n) .rounded = true, .significant = (n)
#define NAMED(json) .json_name = (json)
#define ALSO(json) .also = (json)
#define UNIT(text_) .unit = (text_)
#define FORMAT(text_) .format = (text_)
#define DOC(text_) .doc = (text_)

/* Was this optional number given? */
static inline bool given(double x)
{
	return !isnan(x);
}

/* The name in JSON. */
const char *field_name(const struct field *field);

/* The field of that JSON name (or its second name), or NULL. */
const struct field *field_find(const struct field_table *table, const char *name);

/*
 * Decode an object into the struct at `into` (table->size bytes, all overwritten).  `pointer` is the JSON Pointer of
 * the object, "" for a body.  Every fault is added to `faults`: required, type, range, number_range, enum, length,
 * count, unknown_field, read_only, conflict.  Returns false when this call added any; `into` is then partly filled and
 * safe to read.  Memory of lists, texts and objects is the arena's; texts point into the JSON tree.
 */
bool field_decode(const struct field_table *table, const struct json *json, void *into, struct arena *arena,
				  const char *pointer, struct faults *faults);

/* Fill `into` with defaults and absences only. */
void field_defaults(const struct field_table *table, void *into);

enum field_write_mode {
	FIELD_RESULT = 0, /* round each number [P-6.2]; absent nullable members are null */
	/* Numbers as received; absent members and secrets are left out: what is written decodes again but for secrets. */
	FIELD_INPUTS = 1,
	FIELD_CANONICAL = 2, /* flag: members in RFC 8785 order */
};

/*
 * Write the struct at `from` as an object.  A number that is not finite, or an absent member of a result that is not
 * nullable, makes the writer fail.  `mode` is FIELD_RESULT or FIELD_INPUTS, with FIELD_CANONICAL or not.
 */
void field_write(struct jw *jw, const struct field_table *table, const void *from, int mode);

enum field_schema_use { FIELD_SCHEMA_INPUT, FIELD_SCHEMA_OUTPUT };

/* Write the JSON Schema (2020-12) of the table as an object; nested tables are written in place. */
void field_schema(struct jw *jw, const struct field_table *table, enum field_schema_use use);

/* The schema of one field's values, as it stands under `properties`: for parameters of a query. */
void field_schema_one(struct jw *jw, const struct field *field, enum field_schema_use use);

/* Append "/token" to a pointer, escaping ~ and / (RFC 6901).  Returns the arena's text, or `pointer` when it is full.
 */
const char *field_pointer(struct arena *arena, const char *pointer, const char *token);
const char *field_pointer_index(struct arena *arena, const char *pointer, size_t index);

#endif
