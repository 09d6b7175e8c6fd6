#include "expr/scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/map.h"

/* What stands open: the bracket itself, or a parenthesis of an interpolation, after which the string goes on. */
enum open { OPEN_PAREN = ')', OPEN_SQUARE = ']', OPEN_BRACE = '}', OPEN_INTERPOLATION = 's' };

/* What the last token was, as far as it tells what the next one means. */
enum last {
	LAST_START,  /* nothing yet, or a token after which a term begins */
	LAST_KEY,    /* { or a comma in braces: a name here is a member's */
	LAST_DOLLAR, /* a name here is a variable's */
	LAST_MINUS,  /* a minus after which a number is negative */
	LAST_TERM,   /* the end of a term */
};

struct lexer {
	struct scan *scan;
	const char *text;
	size_t size, at, copied; /* copied: how much of the text is in scan->text */
	size_t minus;            /* where the last minus stood */
	char open[SCAN_DEPTH_MAX];
	unsigned depth;
	enum last last;
	struct scan_problem *problem;
};

/* [flow 2.3] */
static const char *const forbidden[] = {
	"env",  "input",      "inputs",  "input_filename", "input_line_number", "debug",           "stderr",
	"halt", "halt_error", "include", "import",         "modulemeta",        "get_search_list",
};
static const char *const forbidden_variables[] = {"ENV", "__prog_args"};

/* After one of these a term begins. */
static const char *const openers[] = {"and", "as",     "def",  "elif", "else",  "foreach", "if",
									  "or",  "reduce", "then", "try",  "catch", "label",   "break"};

/* White space as later versions of jq trim it: Unicode's. */
#define WHITE \
	"def __cs_white: (. >= 9 and . <= 13) or . == 32 or . == 133 or . == 160 or . == 5760 or (. >= 8192 and . <= " \
	"8202)" \
	" or . == 8232 or . == 8233 or . == 8239 or . == 8287 or . == 12288;"
#define LEFT \
	"def __cs_left: label $f | (range(0; length) as $i | if .[$i] | __cs_white then empty else ($i, break $f) end), " \
	"length;"
#define RIGHT \
	"def __cs_right: label $f | (range(length; 0; -1) as $i | if .[$i - 1] | __cs_white then empty else ($i, break " \
	"$f) " \
	"end), 0;"
#define TEXT "if type != \"string\" then error(\"trim input must be a string\") else . end"

const struct scan_definition scan_prelude[] = {
	{"now", "def now: $__cs_now;", 0},
	{"__cs_integer", "def __cs_integer: tonumber;", 0},
	{"pick", "def pick(f): . as $top | reduce path(f) as $p (null; setpath($p; $top | getpath($p)));", 0},
	{"abs",
	 "def abs: if type == \"number\" then (if . < 0 then -. else . end) else error(\"\\(type) (\\(tojson)) has no "
	 "absolute value\") end;",
	 0},
	{"toarray", "def toarray: if type == \"array\" then . else [.] end;", 0},
	{"__cs_white", WHITE, 0},
	{"__cs_left", LEFT, 1u << 5},
	{"__cs_right", RIGHT, 1u << 5},
	{"ltrim", "def ltrim: " TEXT " | .[(explode | first(__cs_left)):];", 1u << 6},
	{"rtrim", "def rtrim: " TEXT " | .[:(explode | first(__cs_right))];", 1u << 7},
	{"trim", "def trim: ltrim | rtrim;", 1u << 8 | 1u << 9},
	{"trimstr", "def trimstr($t): ltrimstr($t) | rtrimstr($t);", 0},
};
const unsigned scan_prelude_count = sizeof scan_prelude / sizeof *scan_prelude;

static bool problem(struct lexer *lexer, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	lexer->problem->code = code;
	vsnprintf(lexer->problem->message, sizeof lexer->problem->message, format, args);
	va_end(args);
	return false;
}

static bool among(const char *const *names, size_t count, const char *name, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == size && memcmp(names[i], name, size) == 0)
			return true;
	return false;
}
#define AMONG(names, name, size) among((names), sizeof(names) / sizeof *(names), (name), (size))

static bool is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char peek(const struct lexer *lexer, size_t ahead)
{
	return lexer->at + ahead < lexer->size ? lexer->text[lexer->at + ahead] : '\0';
}

static size_t name_size(const struct lexer *lexer, size_t from)
{
	size_t at = from;
	while (is_name_start(peek(lexer, at)) || is_digit(peek(lexer, at)))
		at++;
	return at - from;
}

static bool open_bracket(struct lexer *lexer, char close)
{
	if (lexer->depth == SCAN_DEPTH_MAX)
		return problem(lexer, "expression_syntax", "nested deeper than %d levels", SCAN_DEPTH_MAX);
	lexer->open[lexer->depth++] = close;
	return true;
}

/* From inside a string to its end or to its next interpolation. */
static bool scan_string(struct lexer *lexer)
{
	while (lexer->at < lexer->size) {
		char c = lexer->text[lexer->at++];
		if (c == '"') {
			lexer->last = LAST_TERM;
			return true;
		}
		if (c != '\\')
			continue;
		if (lexer->at < lexer->size && lexer->text[lexer->at++] == '(') {
			lexer->last = LAST_START;
			return open_bracket(lexer, OPEN_INTERPOLATION);
		}
	}
	return problem(lexer, "expression_syntax", "a string does not end");
}

static bool close_bracket(struct lexer *lexer, char c)
{
	char open = lexer->depth > 0 ? lexer->open[lexer->depth - 1] : '\0';
	lexer->at++;
	if (open == OPEN_INTERPOLATION && c == ')') {
		lexer->depth--;
		return scan_string(lexer);
	}
	if (open != c)
		return problem(lexer, "expression_syntax", "unexpected %c", c);
	lexer->depth--;
	lexer->last = LAST_TERM;
	return true;
}

/* jq would read this integer as a double: let it come from text, which our reader of numbers keeps whole. */
static void keep_integer(struct lexer *lexer, size_t size)
{
	char digits[24] = "-";
	bool negative = lexer->last == LAST_MINUS;
	size_t from = negative ? lexer->minus : lexer->at, to = lexer->at + size;
	if (size > sizeof digits - 2)
		return;
	memcpy(digits + 1, lexer->text + lexer->at, size);
	errno = 0;
	long long integer = strtoll(negative ? digits : digits + 1, NULL, 10);
	if (errno != 0 || (integer >= -(1LL << 53) && integer <= 1LL << 53))
		return;
	buf_add(lexer->scan->text, lexer->text + lexer->copied, from - lexer->copied);
	buf_addf(lexer->scan->text, "(\"%lld\"|__cs_integer)", integer);
	lexer->scan->prelude |= 1u << 1;
	lexer->copied = to;
}

static bool scan_number(struct lexer *lexer)
{
	size_t size = 0;
	bool whole = true;
	while (is_digit(peek(lexer, size)))
		size++;
	size_t integer = size;
	if (peek(lexer, size) == '.') {
		for (size++, whole = false; is_digit(peek(lexer, size)); size++)
			;
	}
	char sign = peek(lexer, size + 1);
	size_t skip = sign == '+' || sign == '-' ? 2 : 1;
	if ((peek(lexer, size) == 'e' || peek(lexer, size) == 'E') && is_digit(peek(lexer, size + skip))) {
		for (size += skip, whole = false; is_digit(peek(lexer, size)); size++)
			;
	}
	if (whole && integer > 15)
		keep_integer(lexer, size);
	lexer->at += size;
	lexer->last = LAST_TERM;
	return true;
}

static bool use_variable(struct lexer *lexer, const char *name, size_t size)
{
	if (AMONG(forbidden_variables, name, size))
		return problem(lexer, "expression_forbidden", "$%.*s is not available", (int)size, name);
	uintptr_t position = (uintptr_t)map_get_n(lexer->scan->variables, name, size);
	if (position > 0)
		lexer->scan->uses[(position - 1) / 64] |= UINT64_C(1) << (position - 1) % 64;
	return true;
}

static bool call_builtin(struct lexer *lexer, const char *name, size_t size)
{
	if (AMONG(forbidden, name, size))
		return problem(lexer, "expression_forbidden", "%.*s is not available", (int)size, name);
	for (unsigned i = 0; i < scan_prelude_count; i++)
		if (strlen(scan_prelude[i].name) == size && memcmp(scan_prelude[i].name, name, size) == 0)
			lexer->scan->prelude |= 1u << i;
	return true;
}

static bool scan_name(struct lexer *lexer)
{
	const char *name = lexer->text + lexer->at;
	size_t size = name_size(lexer, 0);
	enum last last = lexer->last;
	lexer->at += size;
	lexer->last = AMONG(openers, name, size) ? LAST_START : LAST_TERM;
	if (size > 5 && memcmp(name, "__cs_", 5) == 0)
		return problem(lexer, "expression_syntax", "%.*s is not defined", (int)(size < 40 ? size : 40), name);
	if (last == LAST_KEY)
		return true;
	return last == LAST_DOLLAR ? use_variable(lexer, name, size) : call_builtin(lexer, name, size);
}

/* A dot: the field of a name, a number, or a path's beginning. */
static bool scan_dot(struct lexer *lexer)
{
	if (is_digit(peek(lexer, 1)))
		return scan_number(lexer);
	lexer->at += 1 + (is_name_start(peek(lexer, 1)) ? name_size(lexer, 1) : 0);
	lexer->last = LAST_TERM;
	return true;
}

static bool scan_operator(struct lexer *lexer, char c)
{
	bool in_braces = lexer->depth > 0 && lexer->open[lexer->depth - 1] == OPEN_BRACE;
	enum last last = lexer->last;
	if (c == '-')
		lexer->minus = lexer->at;
	lexer->at++;
	if (c == '-' && last != LAST_TERM)
		lexer->last = LAST_MINUS;
	else if (c == ',' && in_braces)
		lexer->last = LAST_KEY;
	else if (c == '$')
		lexer->last = LAST_DOLLAR;
	else
		lexer->last = c == '?' ? LAST_TERM : LAST_START;
	return true;
}

static bool scan_bracket(struct lexer *lexer, char c)
{
	lexer->at++;
	lexer->last = c == '{' ? LAST_KEY : LAST_START;
	return open_bracket(lexer, c == '{' ? OPEN_BRACE : c == '[' ? OPEN_SQUARE : OPEN_PAREN);
}

static bool scan_token(struct lexer *lexer)
{
	char c = lexer->text[lexer->at];
	if (c == '#') {
		while (lexer->at < lexer->size && lexer->text[lexer->at] != '\n')
			lexer->at++;
		return true;
	}
	if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
		lexer->at++;
		return true;
	}
	if (c == '"') {
		lexer->at++;
		return scan_string(lexer);
	}
	if (c == '(' || c == '[' || c == '{')
		return scan_bracket(lexer, c);
	if (c == ')' || c == ']' || c == '}')
		return close_bracket(lexer, c);
	if (is_digit(c))
		return scan_number(lexer);
	if (is_name_start(c))
		return scan_name(lexer);
	if (c == '@') { /* a format is no call */
		lexer->at += 1 + name_size(lexer, 1);
		lexer->last = LAST_TERM;
		return true;
	}
	return c == '.' ? scan_dot(lexer) : scan_operator(lexer, c);
}

bool expr_scan(struct scan *scan, const char *text, size_t size, struct scan_problem *found)
{
	struct lexer lexer = {.scan = scan, .text = text, .size = size, .last = LAST_START, .problem = found};
	while (lexer.at < lexer.size)
		if (!scan_token(&lexer))
			return false;
	if (lexer.depth > 0)
		return problem(&lexer, "expression_syntax", "something opened is not closed");
	buf_add(scan->text, text + lexer.copied, size - lexer.copied);
	for (unsigned i = scan_prelude_count; i-- > 0;)
		if ((scan->prelude >> i & 1) != 0)
			scan->prelude |= scan_prelude[i].needs;
	return true;
}
