/*
 * Full-text indexes: documents of words, found by words, the best first.
 *
 * The one door to an engine's full-text search.  A migration makes one by `CREATE FULLTEXT name;`.  SQLite has FTS5
 * there (words by Unicode, without case and diacritics, ranked by bm25); on PostgreSQL the same statement would be a
 * table of id, group and a tsvector of configuration `simple` over unaccent, with a GIN index, ranked by ts_rank_cd:
 * the same documents are found, the figures of their ranks differ. A document belongs to a group, in which alone it is
 * found.  Putting and dropping: in an op.  Cost: about 30 us a document of some hundred words; a search about 1 us for
 * each document that has one of the words.
 */
#ifndef CS_STORE_FULLTEXT_H
#define CS_STORE_FULLTEXT_H

#include <stdbool.h>
#include <stddef.h>

struct db;
struct err;

enum { FULLTEXT_WORDS_MAX = 64 /* of a question; more are not looked at */ };

/* Add a document that is not there; id and group are letters, digits and dashes. */
bool fulltext_put(struct db *db, const char *index, const char *group, const char *id, const char *text,
				  struct err *err);
bool fulltext_drop(struct db *db, const char *index, const char *id, struct err *err);

/*
 * The documents of the group that have any of the words, at most `limit`, the best first, of equal ones the later id;
 * score is above 0, larger is better.  A question without a word finds nothing.
 */
bool fulltext_search(struct db *db, const char *index, const char *group, const char *words, size_t limit,
					 void (*take)(void *self, const char *id, double score), void *self, struct err *err);

#endif
