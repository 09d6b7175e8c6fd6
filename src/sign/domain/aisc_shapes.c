#include "sign/domain/aisc_shapes.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "sign/domain/section.h"

enum { COLUMNS_MAX = 512, NUMBER_MAX = 12, W_MAX = 2000 };

/* What is read, by header; the numbers stand in the pack's rows in this order. */
enum column { TYPE, LABEL, WEIGHT, AREA, DEPTH, WIDTH, WEB, FLANGE, REQUIRED_COLUMNS, OTHER = REQUIRED_COLUMNS };
static const char *const headers[] = {"Type",   "AISC_Manual_Label",
									  "W",      "A",
									  "d",      "bf",
									  "tw",     "tf",
									  "Ix",     "Zx",
									  "Sx",     "rx",
									  "Iy",     "Zy",
									  "Sy",     "ry",
									  "J",      "Cw",
									  "bf/2tf", "h/tw"};
enum { COLUMNS = sizeof headers / sizeof *headers };

struct field_text {
	const char *text;
	size_t size;
};

struct reading {
	const char *at, *end;
	size_t line;      /* of the record under way */
	size_t next_line; /* of the one after it */
	struct field_text fields[COLUMNS_MAX];
	size_t field_count;
	size_t where[COLUMNS]; /* index of the field, COLUMNS_MAX: the file has none */
	struct err *err;
	struct buf rows;
	struct aisc_counts counts;
	uint64_t keys[W_MAX];
	size_t key_count;
};

static bool refuse(struct reading *r, const char *why)
{
	return err_set(r->err, ERR_INVALID, "line %zu: %s", r->line, why);
}

static struct field_text trimmed(const char *text, size_t size)
{
	while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
		size--;
	while (size > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		size--;
	}
	return (struct field_text){text, size};
}

/* A quoted field, from behind its quote to behind the closing one; a doubled quote inside stays doubled. */
static bool quoted_field(struct reading *r, struct field_text *field)
{
	const char *start = r->at;
	for (; r->at < r->end; r->at++) {
		if (*r->at == '\n')
			r->next_line++;
		if (*r->at != '"')
			continue;
		if (r->at + 1 < r->end && r->at[1] == '"') {
			r->at++;
			continue;
		}
		*field = trimmed(start, (size_t)(r->at - start));
		r->at++;
		return r->at == r->end || memchr(",\r\n", *r->at, 3) != NULL || refuse(r, "a quote ends inside a field");
	}
	return refuse(r, "a quoted field does not end");
}

static bool read_field(struct reading *r, struct field_text *field)
{
	if (r->at < r->end && *r->at == '"') {
		r->at++;
		return quoted_field(r, field);
	}
	const char *start = r->at;
	while (r->at < r->end && *r->at != ',' && *r->at != '\n' && *r->at != '\r')
		r->at++;
	*field = trimmed(start, (size_t)(r->at - start));
	return true;
}

/* The next record into fields[]. */
static bool read_record(struct reading *r)
{
	r->line = r->next_line;
	r->field_count = 0;
	for (;;) {
		if (r->field_count == COLUMNS_MAX)
			return refuse(r, "has too many columns");
		if (!read_field(r, &r->fields[r->field_count++]))
			return false;
		if (r->at == r->end || *r->at != ',')
			break;
		r->at++;
	}
	if (r->at < r->end && *r->at == '\r')
		r->at++;
	if (r->at < r->end && *r->at == '\n')
		r->at++;
	r->next_line++;
	return true;
}

static bool equals(struct field_text field, const char *text)
{
	return field.size == strlen(text) && memcmp(field.text, text, field.size) == 0;
}

/* Columns of the imperial half: it ends where a second W begins. */
static bool read_header(struct reading *r)
{
	if (r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0)
		r->at += 3;
	if (!read_record(r))
		return false;
	for (size_t c = 0; c < COLUMNS; c++)
		r->where[c] = COLUMNS_MAX;
	for (size_t i = 0; i < r->field_count; i++) {
		if (r->where[WEIGHT] != COLUMNS_MAX && equals(r->fields[i], headers[WEIGHT]))
			break;
		for (size_t c = 0; c < COLUMNS; c++)
			if (r->where[c] == COLUMNS_MAX && equals(r->fields[i], headers[c]))
				r->where[c] = i;
	}
	for (size_t c = 0; c < REQUIRED_COLUMNS; c++)
		if (r->where[c] == COLUMNS_MAX)
			return err_set(r->err, ERR_INVALID, "line 1: the header has no column %s", headers[c]);
	return true;
}

static struct field_text cell(const struct reading *r, size_t column)
{
	size_t index = r->where[column];
	return index < r->field_count ? r->fields[index] : (struct field_text){"", 0};
}

/* Has it no other bytes than these? */
static bool is_made_of(struct field_text field, const char *bytes)
{
	for (size_t i = 0; i < field.size; i++)
		if (memchr(bytes, field.text[i], strlen(bytes)) == NULL)
			return false;
	return true;
}

/* Nothing, a hyphen, or a dash as UTF-8 or Windows-1252 has it. */
static bool is_none(struct field_text field)
{
	return field.size == 0 || equals(field, "-") || equals(field, "\xe2\x80\x93") || equals(field, "\xe2\x80\x94") ||
		   equals(field, "\x96") || equals(field, "\x97");
}

/* A plain positive decimal. */
static bool is_number(struct field_text field)
{
	char text[NUMBER_MAX];
	if (field.size == 0 || field.size >= NUMBER_MAX || !is_made_of(field, "0123456789."))
		return false;
	memcpy(text, field.text, field.size);
	text[field.size] = '\0';
	char *end;
	double number = strtod(text, &end);
	return *end == '\0' && number > 0 && number < 1e9;
}

static double number_in(const struct reading *r, size_t column)
{
	char text[NUMBER_MAX];
	struct field_text field = cell(r, column);
	memcpy(text, field.text, field.size);
	text[field.size] = '\0';
	return strtod(text, NULL);
}

static bool is_type(struct field_text field)
{
	return field.size > 0 && field.size < AISC_TYPE_MAX && is_made_of(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
}

static bool count_type(struct reading *r, struct field_text type)
{
	struct aisc_counts *counts = &r->counts;
	size_t i = 0;
	while (i < counts->count && !equals(type, counts->items[i].type))
		i++;
	if (i == AISC_TYPES_MAX)
		return refuse(r, "has one type too many");
	if (i == counts->count) {
		memcpy(counts->items[i].type, type.text, type.size);
		counts->count++;
	}
	counts->items[i].rows++;
	return true;
}

/* Every figure is a number or none; a weight and an area there must be. */
static bool check_numbers(struct reading *r, bool is_w)
{
	for (size_t c = WEIGHT; c < COLUMNS; c++) {
		bool needed = c <= AREA || (is_w && c < REQUIRED_COLUMNS);
		struct field_text field = cell(r, c);
		if (is_none(field) ? needed : !is_number(field))
			return err_set(r->err, ERR_INVALID, "line %zu: %s is %s", r->line, headers[c],
						   is_none(field) ? "missing" : "no number");
	}
	return true;
}

/* The label as a word of the pack's row.  False: it is no designation of a W shape. */
static bool label_word(const struct reading *r, char word[NUMBER_MAX])
{
	struct field_text label = cell(r, LABEL);
	if (label.size >= NUMBER_MAX || !is_made_of(label, "WXwx0123456789."))
		return false;
	memcpy(word, label.text, label.size);
	word[label.size] = '\0';
	return section_key_is_w(section_key(word));
}

static bool note_key(struct reading *r, uint64_t key)
{
	for (size_t i = 0; i < r->key_count; i++)
		if (r->keys[i] == key)
			return refuse(r, "the shape stands twice");
	if (r->key_count == W_MAX)
		return refuse(r, "has one W shape too many");
	r->keys[r->key_count++] = key;
	return true;
}

/* One row of the pack, figures as the file has them. */
static bool write_w(struct reading *r)
{
	char name[NUMBER_MAX];
	if (!label_word(r, name))
		return refuse(r, "the label is no designation of a W shape");
	if (!note_key(r, section_key(name)))
		return false;
	if (!section_possible_wide_flange(number_in(r, DEPTH), number_in(r, WIDTH), number_in(r, WEB), number_in(r, FLANGE),
									  number_in(r, AREA)))
		return refuse(r, "d, bf, tw, tf and A do not go together");
	buf_addf(&r->rows, "  - %s", name);
	for (size_t c = WEIGHT; c < COLUMNS; c++) {
		struct field_text field = cell(r, c);
		buf_addc(&r->rows, ' ');
		if (is_none(field))
			buf_addc(&r->rows, '-');
		else
			buf_add(&r->rows, field.text, field.size);
	}
	buf_addc(&r->rows, '\n');
	return true;
}

static bool is_blank(const struct reading *r)
{
	for (size_t i = 0; i < r->field_count; i++)
		if (r->fields[i].size > 0)
			return false;
	return true;
}

static bool read_rows(struct reading *r)
{
	while (r->at < r->end) {
		if (!read_record(r))
			return false;
		if (is_blank(r))
			continue;
		struct field_text type = cell(r, TYPE);
		if (!is_type(type))
			return refuse(r, "Type is no type of shape");
		bool is_w = equals(type, "W");
		if (!check_numbers(r, is_w) || !count_type(r, type) || (is_w && !write_w(r)))
			return false;
	}
	return r->key_count > 0 || err_set(r->err, ERR_INVALID, "the file has no W shape");
}

static void write_pack(const struct reading *r, const char *version, struct buf *out)
{
	buf_addf(out, "name: aisc_shapes\nversion: %s\nsource: AISC Shapes Database, as imported\nrows: {", version);
	for (size_t i = 0; i < r->counts.count; i++)
		buf_addf(out, "%s%s: %zu", i > 0 ? ", " : "", r->counts.items[i].type, r->counts.items[i].rows);
	buf_adds(out, "}\n#");
	for (size_t c = LABEL; c < COLUMNS; c++)
		buf_addf(out, " %s", headers[c]);
	buf_adds(out, "\nw:\n");
	buf_add(out, r->rows.bytes, r->rows.size);
}

bool aisc_import(const char *csv, size_t size, const char *version, struct buf *pack_yaml, struct aisc_counts *counts,
				 struct err *err)
{
	if (size > AISC_CSV_MAX)
		return err_set(err, ERR_INVALID, "the file is larger than %d MiB", AISC_CSV_MAX >> 20);
	struct reading *r = calloc(1, sizeof *r);
	if (r == NULL)
		return err_set(err, ERR_LIMIT, "no memory to read the file");
	*r = (struct reading){.at = csv, .end = csv + size, .next_line = 1, .err = err};
	buf_init(&r->rows, 0);
	bool done = read_header(r) && read_rows(r);
	if (done && !buf_ok(&r->rows))
		done = err_set(err, ERR_LIMIT, "no memory to read the file");
	if (done) {
		write_pack(r, version, pack_yaml);
		*counts = r->counts;
	}
	buf_fini(&r->rows);
	free(r);
	return done;
}
