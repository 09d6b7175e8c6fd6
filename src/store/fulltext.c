/* SQLite's FTS5.  id and group are words of columns of their own, so that the index finds them too. */
#include "store/fulltext.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "store/sqlite.h"
#include "store/store.h"

enum { SQL_MAX = 400 };

/* One word of the tokenizer: its separators are left out, and a letter keeps it from being a number. */
static void add_word(struct buf *buf, const char *text)
{
	buf_addc(buf, 'x');
	for (; *text != '\0'; text++)
		if (isalnum((unsigned char)*text) != 0)
			buf_addc(buf, *text);
}

bool fulltext_put(struct db *db, const char *index, const char *group, const char *id, const char *text,
				  struct err *err)
{
	char sql[SQL_MAX];
	struct buf doc, owner;
	snprintf(sql, sizeof sql, "INSERT INTO %s (id, doc, owner, body) VALUES ($1, $2, $3, $4)", index);
	buf_init(&doc, 0);
	buf_init(&owner, 0);
	add_word(&doc, id);
	add_word(&owner, group);
	db->own = true; /* it looks at the version of its data by a PRAGMA */
	bool done = db_run(db, err, sql, V_TEXT(id), V_TEXT(buf_text(&doc)), V_TEXT(buf_text(&owner)), V_TEXT(text));
	db->own = false;
	buf_fini(&doc);
	buf_fini(&owner);
	return done;
}

bool fulltext_drop(struct db *db, const char *index, const char *id, struct err *err)
{
	char sql[SQL_MAX];
	struct buf match;
	snprintf(sql, sizeof sql, "DELETE FROM %s WHERE %s MATCH $1", index, index);
	buf_init(&match, 0);
	buf_adds(&match, "doc : ");
	add_word(&match, id);
	db->own = true; /* MATCH is this engine's */
	bool done = db_run(db, err, sql, V_TEXT(buf_text(&match)));
	db->own = false;
	buf_fini(&match);
	return done;
}

/* Words between quotes, any of them; what is no letter or digit of ASCII and no byte beyond it parts them. */
static size_t add_words(struct buf *buf, const char *words)
{
	size_t count = 0;
	while (count < FULLTEXT_WORDS_MAX) {
		while (*words != '\0' && isalnum((unsigned char)*words) == 0 && (*words & 0x80) == 0)
			words++;
		size_t size = 0;
		while (words[size] != '\0' && (isalnum((unsigned char)words[size]) != 0 || (words[size] & 0x80) != 0))
			size++;
		if (size == 0)
			return count;
		buf_adds(buf, count++ == 0 ? "\"" : " OR \"");
		buf_add(buf, words, size);
		buf_addc(buf, '"');
		words += size;
	}
	return count;
}

bool fulltext_search(struct db *db, const char *index, const char *group, const char *words, size_t limit,
					 void (*take)(void *self, const char *id, double score), void *self, struct err *err)
{
	char sql[SQL_MAX];
	struct db_rows rows;
	struct buf match;
	snprintf(
		sql, sizeof sql,
		"SELECT id, -bm25(%s, 0, 0, 0, 1) AS score FROM %s WHERE %s MATCH $1 ORDER BY score DESC, id DESC LIMIT $2",
		index, index, index);
	buf_init(&match, 0);
	buf_adds(&match, "owner : ");
	add_word(&match, group);
	buf_adds(&match, " AND body : (");
	bool asked = add_words(&match, words) > 0;
	buf_addc(&match, ')');
	db->own = true;
	bool done = !asked || db_query(db, &rows, err, sql, V_TEXT(buf_text(&match)), V_INT((int64_t)limit));
	while (asked && done && db_next(&rows))
		take(self, db_text(&rows, 0), db_real(&rows, 1));
	done = done && (!asked || db_end(&rows, err));
	db->own = false;
	buf_fini(&match);
	return done;
}
