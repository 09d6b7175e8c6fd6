#include "store/dialect.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/err.h"

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_MARK, TOKEN_OTHER };

struct token {
	enum token_kind kind;
	const char *start;
	size_t size;
};

static const char *skip_quoted(const char *at)
{
	char quote = *at++;
	for (; *at != '\0'; at++)
		if (*at == quote && *++at != quote)
			return at;
	return at;
}

/* Space and comments. */
static const char *skip_blank(const char *at)
{
	for (;;) {
		at += strspn(at, " \t\r\n");
		const char *end = NULL;
		if (at[0] == '-' && at[1] == '-')
			end = strchr(at, '\n');
		else if (at[0] == '/' && at[1] == '*')
			end = strstr(at + 2, "*/");
		else
			return at;
		if (end == NULL)
			return at + strlen(at);
		at = *end == '\n' ? end + 1 : end + 2;
	}
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) != 0 || c == '_';
}

static const char *const MARKS[] = {"==", "->", "::", "?", "@", "`", "[", ":", "(", ")", ","};

static struct token next_token(const char *at)
{
	at = skip_blank(at);
	struct token token = {TOKEN_OTHER, at, 1};
	if (*at == '\0')
		return (struct token){TOKEN_END, at, 0};
	if (*at == '\'' || *at == '"') {
		token.size = (size_t)(skip_quoted(at) - at);
	} else if (is_word(*at) || *at == '$') {
		while (is_word(at[token.size]))
			token.size++;
		token.kind = isalpha((unsigned char)*at) != 0 || *at == '_' ? TOKEN_WORD : TOKEN_OTHER;
	}
	for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
		if (strncmp(at, MARKS[i], strlen(MARKS[i])) == 0)
			return (struct token){TOKEN_MARK, at, strlen(MARKS[i])};
	return token;
}

static struct token after(struct token token)
{
	return next_token(token.start + token.size);
}

static bool is(struct token token, const char *text)
{
	return token.size == strlen(text) && strncasecmp(token.start, text, token.size) == 0;
}

static bool same(struct token a, struct token b)
{
	return a.size == b.size && memcmp(a.start, b.start, a.size) == 0;
}

enum where { ANYWHERE, AS_CALL, IN_SCHEMA, AFTER_INSERT };

/* What only one engine knows, or what the two know differently. */
static const struct foreign {
	const char *text;
	enum where where;
	const char *instead;
} FOREIGN[] = {
	{"?", ANYWHERE, "$1"},
	{"@", ANYWHERE, "$1"},
	{":", ANYWHERE, "$1"},
	{"::", ANYWHERE, "CAST(… AS …)"},
	{"==", ANYWHERE, "="},
	{"->", ANYWHERE, "a column of its own"},
	{"`", ANYWHERE, "a plain name"},
	{"[", ANYWHERE, "a plain name"},
	{"rowid", ANYWHERE, "a key of its own"},
	{"autoincrement", ANYWHERE, "an id made by core"},
	{"glob", ANYWHERE, "LIKE"},
	{"ilike", ANYWHERE, "LIKE on lower(…)"},
	{"regexp", ANYWHERE, "LIKE"},
	{"nocase", ANYWHERE, "a normalised column"},
	{"indexed", ANYWHERE, "nothing"},
	{"isnull", ANYWHERE, "IS NULL"},
	{"notnull", ANYWHERE, "IS NOT NULL"},
	{"pragma", ANYWHERE, "nothing"},
	{"or", AFTER_INSERT, "ON CONFLICT"},
	{"ifnull", AS_CALL, "coalesce"},
	{"iif", AS_CALL, "CASE"},
	{"strftime", AS_CALL, "a time from the caller"},
	{"datetime", AS_CALL, "a time from the caller"},
	{"julianday", AS_CALL, "a time from the caller"},
	{"unixepoch", AS_CALL, "a time from the caller"},
	{"now", AS_CALL, "a time from the caller"},
	{"current_timestamp", ANYWHERE, "a time from the caller"},
	{"random", AS_CALL, "a value from the caller"},
	{"randomblob", AS_CALL, "a value from the caller"},
	{"hex", AS_CALL, "a value from the caller"},
	{"printf", AS_CALL, "a value from the caller"},
	{"format", AS_CALL, "a value from the caller"},
	{"instr", AS_CALL, "LIKE"},
	{"typeof", AS_CALL, "nothing"},
	{"total", AS_CALL, "coalesce(sum(…), 0)"},
	{"group_concat", AS_CALL, "rows"},
	{"string_agg", AS_CALL, "rows"},
	{"changes", AS_CALL, "db_changed"},
	{"last_insert_rowid", AS_CALL, "RETURNING"},
	{"json_extract", AS_CALL, "a column of its own"},
	{"json_each", AS_CALL, "a table of its own"},
	{"integer", IN_SCHEMA, "BIGINT"},
	{"int", IN_SCHEMA, "BIGINT"},
	{"boolean", IN_SCHEMA, "BIGINT"},
	{"timestamp", IN_SCHEMA, "BIGINT"},
	{"real", IN_SCHEMA, "DOUBLE"},
	{"numeric", IN_SCHEMA, "BIGINT of micro-units"},
	{"varchar", IN_SCHEMA, "TEXT"},
	{"jsonb", IN_SCHEMA, "TEXT"},
	{"blob", IN_SCHEMA, "BYTES"},
	{"bytea", IN_SCHEMA, "BYTES"},
	/* A deferred check fails at the commit, and with it every other op of the batch. */
	{"deferrable", IN_SCHEMA, "an immediate constraint"},
	{"deferred", IN_SCHEMA, "an immediate constraint"},
};

static bool applies(enum where where, bool schema, struct token before, struct token after)
{
	switch (where) {
	case ANYWHERE:
		return true;
	case AS_CALL:
		return is(after, "(");
	case IN_SCHEMA:
		return schema;
	case AFTER_INSERT:
		return is(before, "insert");
	}
	return false;
}

/* min(a, b) and max(a, b) are aggregates of one argument in PostgreSQL. */
static bool has_two_arguments(const char *at)
{
	int depth = 0;
	for (struct token token = next_token(at); token.kind != TOKEN_END; token = next_token(token.start + token.size)) {
		depth += is(token, "(") - is(token, ")");
		if (depth == 0)
			return false;
		if (depth == 1 && is(token, ","))
			return true;
	}
	return false;
}

static bool refuse(struct err *err, struct token token, const char *instead)
{
	return err_set(err, ERR_INTERNAL, "the SQL has '%.*s', which not every engine knows; use %s", (int)token.size,
				   token.start, instead);
}

/*
 * PostgreSQL gives a parameter the type of what it first stands beside, and beside IS NULL stands nothing:
 * "(a = $1 OR $1 IS NULL)" has a type, "($1 IS NULL OR a = $1)" has none.
 */
static bool is_untyped(const char *sql, struct token parameter, struct token after)
{
	if (parameter.start[0] != '$' || !is(after, "is"))
		return false;
	struct token token = next_token(sql);
	while (token.start < parameter.start && !same(token, parameter))
		token = next_token(token.start + token.size);
	return token.start == parameter.start;
}

static bool check_token(struct token before, struct token token, struct token after, bool schema, struct err *err)
{
	if (token.kind != TOKEN_WORD && token.kind != TOKEN_MARK)
		return true;
	for (size_t i = 0; i < sizeof FOREIGN / sizeof *FOREIGN; i++)
		if (is(token, FOREIGN[i].text) && applies(FOREIGN[i].where, schema, before, after))
			return refuse(err, token, FOREIGN[i].instead);
	if ((is(token, "min") || is(token, "max")) && is(after, "(") && has_two_arguments(after.start))
		return refuse(err, token, "CASE");
	return true;
}

static bool check(const char *sql, bool schema, int *unstrict, struct err *err)
{
	struct token before = {TOKEN_OTHER, "", 0};
	struct token token = next_token(sql);
	while (token.kind != TOKEN_END) {
		struct token after = next_token(token.start + token.size);
		if (!check_token(before, token, after, schema, err))
			return false;
		if (is_untyped(sql, token, after))
			return refuse(err, token, "(a = $1 OR $1 IS NULL): it has no type where it first stands");
		*unstrict += (is(before, "create") && is(token, "table")) - (is(before, ")") && is(token, "strict"));
		before = token;
		token = after;
	}
	return true;
}

bool dialect_check(const char *sql, struct err *err)
{
	int unstrict = 0;
	return check(sql, false, &unstrict, err);
}

bool dialect_check_schema(const char *sql, struct err *err)
{
	int unstrict = 0;
	if (!check(sql, true, &unstrict, err))
		return false;
	return unstrict == 0 || err_set(err, ERR_INTERNAL, "a table of the migration does not end with ') STRICT'");
}

/* CREATE FULLTEXT name: the table that fulltext.c speaks to.  Returns where the text goes on. */
static const char *write_fulltext(struct buf *out, struct token name)
{
	buf_addf(out,
			 "VIRTUAL TABLE %.*s USING fts5(id UNINDEXED, doc, owner, body, "
			 "tokenize = \"unicode61 remove_diacritics 2\")",
			 (int)name.size, name.start);
	return name.start + name.size;
}

static const char *const sqlite_types[][2] = {{"BIGINT", "INTEGER"}, {"DOUBLE", "REAL"}, {"BYTES", "BLOB"}};

/* In capitals only: a column may be called bytes. */
static const char *sqlite_type(struct token token)
{
	for (size_t i = 0; i < sizeof sqlite_types / sizeof *sqlite_types; i++)
		if (token.size == strlen(sqlite_types[i][0]) && strncmp(token.start, sqlite_types[i][0], token.size) == 0)
			return sqlite_types[i][1];
	return NULL;
}

/* Is `list` the bracket of a list of literals and nothing else, up to the end of its CHECK? */
static bool is_whole_list(struct token list)
{
	struct token value, mark = list;
	do {
		value = after(mark);
		mark = after(value);
	} while (value.kind == TOKEN_OTHER && is(mark, ","));
	return value.kind == TOKEN_OTHER && is(mark, ")") && is(after(mark), ")");
}

/*
 * CHECK (name IN (a, b, …)) as comparisons: SQLite makes and drops a table of the list for every row that is written.
 * Returns the last token that was written; `check` itself: it is another kind of CHECK, and nothing was.
 */
static struct token write_check(struct buf *out, struct token check)
{
	struct token bracket = after(check), name = after(bracket), in = after(name), list = after(in);
	if (!is(bracket, "(") || !is(in, "in") || !is(list, "(") || !is_whole_list(list))
		return check;
	buf_adds(out, "CHECK (");
	for (struct token mark = list; !is(mark, ")");) {
		struct token value = after(mark);
		buf_addf(out, "%s%.*s = %.*s", is(mark, ",") ? " OR " : "", (int)name.size, name.start, (int)value.size,
				 value.start);
		mark = list = after(value);
	}
	return list;
}

static bool is_text(struct token token, const char *text)
{
	return token.size == strlen(text) && strncmp(token.start, text, token.size) == 0;
}

bool dialect_to_sqlite(struct buf *out, const char *sql)
{
	const char *from = sql;
	bool fulltext = false;
	struct token before = {.start = sql};
	for (struct token token = next_token(sql); token.kind != TOKEN_END; token = next_token(token.start + token.size)) {
		const char *type = sqlite_type(token);
		struct token name = after(token);
		if (is_text(token, "FULLTEXT") && is_text(before, "CREATE") && name.kind == TOKEN_WORD &&
			sqlite_type(name) == NULL) {
			buf_add(out, from, (size_t)(token.start - from));
			from = write_fulltext(out, name);
			fulltext = true;
			token = name;
		} else if (is(token, "check")) {
			buf_add(out, from, (size_t)(token.start - from));
			from = token.start;
			token = write_check(out, token);
			if (token.start != from)
				from = token.start + token.size;
		} else if (is_text(token, "CLUSTERED") && is_text(before, "STRICT")) {
			buf_add(out, from, (size_t)(before.start + before.size - from));
			buf_adds(out, ", WITHOUT ROWID");
			from = token.start + token.size;
		} else if (type != NULL) {
			buf_add(out, from, (size_t)(token.start - from));
			buf_adds(out, type);
			from = token.start + token.size;
		}
		before = token;
	}
	buf_adds(out, from);
	return fulltext;
}
