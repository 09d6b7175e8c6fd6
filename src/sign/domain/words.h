/*
 * The words of a text, as projects are found by them: runs of letters and digits, letters without case (ASCII, Latin-1
 * and Latin Extended-A, Greek and Cyrillic capitals), each at most WORD_MAX bytes.  Pure; any thread.
 */
#ifndef CS_SIGN_DOMAIN_WORDS_H
#define CS_SIGN_DOMAIN_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORD_MAX = 48, WORD_END = WORD_MAX + 5, WORDS_MAX = 64 };

struct words {
	size_t count;
	char items[WORDS_MAX][WORD_MAX + 1];
};

/* Add the words of a text (UTF-8, NULL is none) that are not there yet; past WORDS_MAX the rest is left out. */
void words_add(struct words *words, const char *text);

/*
 * The end of the run of words that begin with this one: every such word w has word <= w < *end in byte order.
 */
void words_prefix_end(const char *word, char end[WORD_END]);

#endif
