#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/utf8.h"

/*
 * One pass over the text, straight into the arena.  Elements and members wait on a stack until their container is
 * closed and their number is known.
 */
enum {
	STACK_FIRST = 32,      /* members before the stack needs the heap */
	PAIRWISE_MAX = 16,     /* members whose names are compared each with each; more are sorted */
	NUMBER_SHORT = 64,     /* bytes of a number that need no memory to be read */
	DIGITS_OF_INT64 = 18,  /* so many always fit */
	DIGITS_OF_UINT64 = 19, /* so many always fit without a sign */
	EXACT_POWER = 22,      /* 10^22 is the last power of ten that a double holds exactly */
};

static const uint64_t exact_mantissa = UINT64_C(1) << 53;

const struct json_limits json_body_limits = {.depth = 32, .values = 100000};

struct reader {
	struct arena *arena;
	const char *bytes;
	size_t size, at;
	const struct json_limits *limits;
	unsigned depth, values;
	struct json_member *stack;
	size_t have, room;
	struct json_member first[STACK_FIRST];
	struct err *err;
};

static bool refuse(struct reader *r, const char *what)
{
	return err_set(r->err, ERR_JSON_INVALID, "at byte %zu: %s", r->at, what);
}

static bool no_memory(struct reader *r)
{
	return err_set(r->err, ERR_LIMIT, "the JSON text needs more memory than one request may use");
}

/* The byte at hand; past the end NUL, which stands nowhere in JSON. */
static char peek(const struct reader *r)
{
	return r->at < r->size ? r->bytes[r->at] : '\0';
}

static void skip_space(struct reader *r)
{
	for (; r->at < r->size; r->at++) {
		char c = r->bytes[r->at];
		if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
			return;
	}
}

static bool one_more(struct reader *r)
{
	if (++r->values > r->limits->values)
		return err_set(r->err, ERR_JSON_INVALID, "at byte %zu: more than %u values", r->at, r->limits->values);
	return true;
}

/* --- strings --- */

static bool read_hex(struct reader *r, unsigned *code)
{
	*code = 0;
	for (int i = 0; i < 4; i++, r->at++) {
		char c = peek(r);
		unsigned digit = (unsigned)c - '0';
		if (c >= 'a' && c <= 'f')
			digit = (unsigned)c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			digit = (unsigned)c - 'A' + 10;
		else if (digit > 9)
			return refuse(r, "\\u takes four hexadecimal digits");
		*code = *code * 16 + digit;
	}
	return true;
}

/* A code point after \u, both halves of a pair; RFC 7493 allows no half alone, and we no U+0000. */
static bool read_code(struct reader *r, unsigned *code)
{
	unsigned low;
	if (!read_hex(r, code))
		return false;
	if (*code == 0)
		return refuse(r, "U+0000 is not allowed");
	if (*code < 0xd800 || *code > 0xdfff)
		return true;
	if (*code > 0xdbff || peek(r) != '\\' || r->at + 1 >= r->size || r->bytes[r->at + 1] != 'u')
		return refuse(r, "half a surrogate pair");
	r->at += 2;
	if (!read_hex(r, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return refuse(r, "half a surrogate pair");
	*code = 0x10000 + ((*code - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static char *put_code(char *to, unsigned code)
{
	if (code < 0x80) {
		*to++ = (char)code;
		return to;
	}
	int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
	*to++ = (char)(lead[more] | code >> (6 * more));
	while (more-- > 0)
		*to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
	return to;
}

static bool read_escape(struct reader *r, char **to)
{
	static const char names[] = "\"\\/bfnrt", codes[] = "\"\\/\b\f\n\r\t";
	unsigned code;
	r->at++;
	if (peek(r) == 'u') {
		r->at++;
		if (!read_code(r, &code))
			return false;
		*to = put_code(*to, code);
		return true;
	}
	const char *name = peek(r) != '\0' ? strchr(names, peek(r)) : NULL;
	if (name == NULL)
		return refuse(r, "no such escape");
	*(*to)++ = codes[name - names];
	r->at++;
	return true;
}

/* Bytes that stand for themselves. */
static size_t plain_run(const struct reader *r, size_t at)
{
	while (at < r->size && (unsigned char)r->bytes[at] >= 0x20 && r->bytes[at] != '"' && r->bytes[at] != '\\')
		at++;
	return at;
}

static size_t raw_end(const struct reader *r, size_t at)
{
	for (; at < r->size && r->bytes[at] != '"'; at++)
		if (r->bytes[at] == '\\')
			at++;
	return at < r->size ? at : r->size;
}

/* What an escape stands for is never longer than the escape. */
static bool read_escaped(struct reader *r, const char **text, size_t *size)
{
	char *decoded = arena_alloc(r->arena, raw_end(r, r->at) - r->at + 1), *to = decoded;
	if (decoded == NULL)
		return no_memory(r);
	while (peek(r) != '"') {
		size_t end = plain_run(r, r->at);
		memcpy(to, r->bytes + r->at, end - r->at);
		to += end - r->at;
		r->at = end;
		if (peek(r) == '\\' ? !read_escape(r, &to)
							: peek(r) != '"' && !refuse(r, "a string is not closed, or holds a bare control byte"))
			return false;
	}
	*to = '\0';
	*text = decoded;
	*size = (size_t)(to - decoded);
	return true;
}

static bool read_string(struct reader *r, const char **text, size_t *size)
{
	size_t from = ++r->at, end = plain_run(r, from);
	if (end < r->size && r->bytes[end] == '"') {
		*size = end - from;
		*text = arena_dupn(r->arena, r->bytes + from, *size);
		if (*text == NULL)
			return no_memory(r);
		r->at = end;
	} else if (!read_escaped(r, text, size)) {
		return false;
	}
	if (!utf8_valid(*text, *size))
		return refuse(r, "the string before it is no valid UTF-8");
	r->at++;
	return true;
}

/* --- numbers --- */

struct number {
	const char *from;
	size_t size;
	bool negative, whole; /* whole: without fraction and exponent */
	uint64_t mantissa;    /* of the first DIGITS_OF_UINT64 digits */
	size_t digits;        /* without zeros in front */
	int64_t power;        /* of ten, while no digit was left out */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool read_digits(struct reader *r, struct number *n)
{
	if (!is_digit(peek(r)))
		return refuse(r, "a digit is missing");
	for (; is_digit(peek(r)); r->at++) {
		if (n->digits > 0 || peek(r) != '0')
			n->digits++;
		if (n->digits <= DIGITS_OF_UINT64)
			n->mantissa = n->mantissa * 10 + (uint64_t)(peek(r) - '0');
	}
	return true;
}

static bool read_fraction(struct reader *r, struct number *n)
{
	size_t from = ++r->at;
	n->whole = false;
	if (!read_digits(r, n))
		return false;
	n->power -= (int64_t)(r->at - from);
	return true;
}

static bool read_exponent(struct reader *r, struct number *n)
{
	struct number exponent = {.mantissa = 0};
	n->whole = false;
	r->at++;
	bool negative = peek(r) == '-';
	if (negative || peek(r) == '+')
		r->at++;
	if (!read_digits(r, &exponent))
		return false;
	int64_t power = exponent.digits < 9 ? (int64_t)exponent.mantissa : INT32_MAX;
	n->power += negative ? -power : power;
	return true;
}

/* The grammar alone. */
static bool read_token(struct reader *r, struct number *n)
{
	*n = (struct number){.from = r->bytes + r->at, .whole = true};
	n->negative = peek(r) == '-';
	if (n->negative)
		r->at++;
	if (peek(r) == '0' && r->at + 1 < r->size && is_digit(r->bytes[r->at + 1]))
		return refuse(r, "a number begins with 0");
	if (!read_digits(r, n) || (peek(r) == '.' && !read_fraction(r, n)) ||
		((peek(r) == 'e' || peek(r) == 'E') && !read_exponent(r, n)))
		return false;
	n->size = (size_t)(r->bytes + r->at - n->from);
	return true;
}

/* Both parts are exact, so one rounding makes the right double (Clinger, 1990). */
static bool read_exact(const struct number *n, double *real)
{
	static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
												   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
												   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
	if (n->digits > DIGITS_OF_UINT64 || n->mantissa > exact_mantissa || n->power < -EXACT_POWER ||
		n->power > EXACT_POWER)
		return false;
	*real = n->power < 0 ? (double)n->mantissa / powers[-n->power] : (double)n->mantissa * powers[n->power];
	if (n->negative)
		*real = -*real;
	return true;
}

/* The library wants a NUL behind it. */
static bool read_long(struct reader *r, const struct number *n, struct json *to)
{
	char room[NUMBER_SHORT], *copy = n->size < sizeof room ? room : malloc(n->size + 1);
	if (copy == NULL)
		return no_memory(r);
	memcpy(copy, n->from, n->size);
	copy[n->size] = '\0';
	errno = 0;
	long long integer = n->whole ? strtoll(copy, NULL, 10) : 0;
	if (n->whole && errno == 0)
		*to = (struct json){.kind = JS_INT, .integer = integer};
	else
		*to = (struct json){.kind = JS_REAL, .real = strtod(copy, NULL), .integral = n->whole};
	if (copy != room)
		free(copy);
	return to->kind == JS_INT || isfinite(to->real) || refuse(r, "the number is beyond a double");
}

static bool read_number(struct reader *r, struct json *to)
{
	struct number n;
	double real;
	if (!read_token(r, &n))
		return false;
	if (n.whole && n.digits <= DIGITS_OF_INT64) {
		int64_t integer = (int64_t)n.mantissa;
		*to = (struct json){.kind = JS_INT, .integer = n.negative ? -integer : integer};
		return true;
	}
	if (n.whole || !read_exact(&n, &real))
		return read_long(r, &n, to);
	*to = (struct json){.kind = JS_REAL, .real = real};
	return true;
}

/* --- containers --- */

static bool read_value(struct reader *r, struct json *to);

static bool push(struct reader *r, const struct json_member *member)
{
	if (r->have == r->room) {
		size_t room = r->room * 2;
		struct json_member *more = realloc(r->stack == r->first ? NULL : r->stack, room * sizeof *more);
		if (more == NULL)
			return no_memory(r);
		if (r->stack == r->first)
			memcpy(more, r->first, sizeof r->first);
		r->stack = more;
		r->room = room;
	}
	r->stack[r->have++] = *member;
	return true;
}

static bool enter(struct reader *r)
{
	if (r->depth == r->limits->depth)
		return err_set(r->err, ERR_JSON_INVALID, "at byte %zu: nested deeper than %u levels", r->at, r->limits->depth);
	r->depth++;
	r->at++;
	skip_space(r);
	return one_more(r);
}

/* After an element: true with *more for a comma, and past what follows it. */
static bool go_on(struct reader *r, char close, bool *more)
{
	skip_space(r);
	*more = peek(r) == ',';
	if (!*more)
		return peek(r) == close || refuse(r, "a comma or the end of an array or object is missing");
	r->at++;
	skip_space(r);
	return one_more(r);
}

static bool leave_array(struct reader *r, size_t base, struct json *to)
{
	size_t count = r->have - base;
	struct json *items = arena_array(r->arena, count, sizeof *items);
	if (items == NULL)
		return no_memory(r);
	for (size_t i = 0; i < count; i++)
		items[i] = r->stack[base + i].value;
	*to = (struct json){.kind = JS_ARRAY, .count = (uint32_t)count, .items = items};
	r->have = base;
	r->depth--;
	r->at++;
	return true;
}

static bool read_array(struct reader *r, struct json *to)
{
	size_t base = r->have;
	struct json_member item = {.name = NULL};
	if (!enter(r))
		return false;
	for (bool more = peek(r) != ']'; more;)
		if (!read_value(r, &item.value) || !push(r, &item) || !go_on(r, ']', &more))
			return false;
	return leave_array(r, base, to);
}

static int by_name(const void *a, const void *b)
{
	const struct json_member *x = *(const struct json_member *const *)a, *y = *(const struct json_member *const *)b;
	if (x->name_size != y->name_size)
		return x->name_size < y->name_size ? -1 : 1;
	return memcmp(x->name, y->name, x->name_size);
}

static bool same_name(const struct json_member *a, const struct json_member *b)
{
	return a->name_size == b->name_size && memcmp(a->name, b->name, a->name_size) == 0;
}

static bool sorted_differ(struct reader *r, const struct json_member *members, size_t count)
{
	const struct json_member **sorted = malloc(count * sizeof *sorted);
	bool differ = true;
	if (sorted == NULL)
		return no_memory(r);
	for (size_t i = 0; i < count; i++)
		sorted[i] = &members[i];
	qsort(sorted, count, sizeof *sorted, by_name);
	for (size_t i = 1; differ && i < count; i++)
		differ = !same_name(sorted[i - 1], sorted[i]);
	free(sorted);
	return differ || refuse(r, "a name stands twice in the object");
}

static bool names_differ(struct reader *r, const struct json_member *members, size_t count)
{
	if (count > PAIRWISE_MAX)
		return sorted_differ(r, members, count);
	for (size_t i = 1; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (same_name(&members[i], &members[j]))
				return refuse(r, "a name stands twice in the object");
	return true;
}

static bool leave_object(struct reader *r, size_t base, struct json *to)
{
	size_t count = r->have - base;
	struct json_member *members = arena_array(r->arena, count, sizeof *members);
	if (members == NULL)
		return no_memory(r);
	if (count > 0)
		memcpy(members, r->stack + base, count * sizeof *members);
	if (!names_differ(r, members, count))
		return false;
	*to = (struct json){.kind = JS_OBJECT, .count = (uint32_t)count, .members = members};
	r->have = base;
	r->depth--;
	r->at++;
	return true;
}

static bool read_member(struct reader *r, struct json_member *member)
{
	if (peek(r) != '"')
		return refuse(r, "the name of a member is missing");
	if (!read_string(r, &member->name, &member->name_size))
		return false;
	skip_space(r);
	if (peek(r) != ':')
		return refuse(r, "a colon is missing");
	r->at++;
	skip_space(r);
	return read_value(r, &member->value);
}

static bool read_object(struct reader *r, struct json *to)
{
	size_t base = r->have;
	struct json_member member;
	if (!enter(r))
		return false;
	for (bool more = peek(r) != '}'; more;)
		if (!read_member(r, &member) || !push(r, &member) || !go_on(r, '}', &more))
			return false;
	return leave_object(r, base, to);
}

/* --- values --- */

static bool read_word(struct reader *r, const char *word, struct json value, struct json *to)
{
	size_t size = strlen(word);
	if (r->size - r->at < size || memcmp(r->bytes + r->at, word, size) != 0)
		return refuse(r, "no JSON value");
	r->at += size;
	*to = value;
	return true;
}

static bool read_value(struct reader *r, struct json *to)
{
	switch (peek(r)) {
	case '{':
		return read_object(r, to);
	case '[':
		return read_array(r, to);
	case '"':
		*to = (struct json){.kind = JS_STRING};
		return read_string(r, &to->text, &to->size);
	case 't':
		return read_word(r, "true", (struct json){.kind = JS_BOOL, .boolean = true}, to);
	case 'f':
		return read_word(r, "false", (struct json){.kind = JS_BOOL}, to);
	case 'n':
		return read_word(r, "null", (struct json){.kind = JS_NULL}, to);
	default:
		return peek(r) == '-' || is_digit(peek(r)) ? read_number(r, to) : refuse(r, "no JSON value");
	}
}

static bool read_text(struct reader *r, struct json *tree)
{
	skip_space(r);
	if (!read_value(r, tree))
		return false;
	skip_space(r);
	return r->at == r->size || refuse(r, "text after the value");
}

bool json_parse(struct arena *arena, const char *bytes, size_t size, const struct json_limits *limits,
				const struct json **json, struct err *err)
{
	struct reader r = {
		.arena = arena, .bytes = bytes, .size = size, .limits = limits, .values = 1, .room = STACK_FIRST, .err = err};
	struct json *tree = arena_new(arena, struct json);
	r.stack = r.first;
	bool whole = tree != NULL ? read_text(&r, tree) : no_memory(&r);
	if (r.stack != r.first)
		free(r.stack);
	if (whole)
		*json = tree;
	return whole;
}
