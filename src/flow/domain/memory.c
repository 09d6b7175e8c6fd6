#include "flow/domain/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/stamp.h"
#include "core/utf8.h"

const char *const memory_tier_names[] = {"l1", "l2", "l3", "l4", NULL};

static const struct {
	int64_t capacity, days;
} tiers[MEMORY_TIERS] = {{1000, 1}, {10000, 30}, {100000, 180}, {INT64_MAX, 365}};

int64_t memory_capacity(enum memory_tier tier)
{
	return tiers[tier].capacity;
}

int64_t memory_life_us(enum memory_tier tier)
{
	return tiers[tier].days * STAMP_US_PER_DAY;
}

enum memory_tier memory_next_tier(enum memory_tier tier, double importance)
{
	switch (tier) {
	case MEMORY_L2:
		return importance >= MEMORY_KEEP ? MEMORY_L3 : MEMORY_L4;
	case MEMORY_L3:
		return MEMORY_L4;
	default:
		return MEMORY_TIERS;
	}
}

/* --- words --- */

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* REF: Unicode Standard, property White_Space: 0 where none begins, else its bytes. */
static size_t white(const char *text)
{
	uint32_t code;
	size_t size = utf8_next(text, strnlen(text, 4), &code);
	bool is = size > 0 && (code == ' ' || (code >= '\t' && code <= '\r') || code == 0x85 || code == 0xa0 ||
						   code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
						   code == 0x202f || code == 0x205f || code == 0x3000);
	return is ? size : 0;
}

const char *memory_fold(struct arena *arena, const char *text)
{
	char *folded = arena_dup(arena, text), *to = folded;
	for (const char *from = folded; folded != NULL && *from != '\0';) {
		size_t size = white(from);
		if (size == 0)
			*to++ = *from;
		else if (to > folded && to[-1] != ' ')
			*to++ = ' ';
		from += size > 0 ? size : 1;
	}
	if (folded == NULL)
		return NULL;
	to -= to > folded && to[-1] == ' ';
	*to = '\0';
	return folded;
}

/* Letters and digits, and every byte of a character beyond ASCII. */
static bool in_word(char c)
{
	return (c & 0x80) != 0 || isalnum((unsigned char)c);
}

struct words {
	size_t count;
	const char **items; /* sorted, each once */
};

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void lower(char *text)
{
	for (; *text != '\0'; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + ('a' - 'A'));
}

/* All words in their order, with repetitions. */
static struct words split(struct arena *arena, const char *text, size_t size)
{
	struct words words = {0, arena_array(arena, size / 2 + 1, sizeof *words.items)};
	char *copy = arena_dupn(arena, text, size);
	if (copy == NULL || words.items == NULL)
		return (struct words){0, NULL};
	lower(copy);
	for (char *at = copy; *at != '\0';) {
		while (*at != '\0' && !in_word(*at))
			at++;
		char *from = at;
		while (*at != '\0' && in_word(*at))
			at++;
		bool last = *at == '\0';
		if (at > from)
			words.items[words.count++] = from;
		*at = '\0';
		at += !last;
	}
	return words;
}

static struct words word_set(struct arena *arena, const char *text)
{
	struct words words = split(arena, text, strlen(text));
	size_t kept = 0;
	qsort(words.items, words.count, sizeof *words.items, by_text);
	for (size_t i = 0; i < words.count; i++)
		if (kept == 0 || strcmp(words.items[kept - 1], words.items[i]) != 0)
			words.items[kept++] = words.items[i];
	words.count = kept;
	return words;
}

double memory_jaccard(struct arena *arena, const char *a, const char *b)
{
	const struct words x = word_set(arena, a), y = word_set(arena, b);
	size_t common = 0, i = 0, k = 0;
	while (i < x.count && k < y.count) {
		int order = strcmp(x.items[i], y.items[k]);
		common += order == 0;
		i += order <= 0;
		k += order >= 0;
	}
	size_t all = x.count + y.count - common;
	return all > 0 ? (double)common / (double)all : 0;
}

/* --- summaries --- */

struct sentence {
	const char *text;
	size_t size, order;
	double score;
	bool taken;
};

static size_t sentence_end(const char *text)
{
	size_t i = 0;
	while (text[i] != '\0' && !(strchr(".!?", text[i]) != NULL && (text[i + 1] == '\0' || blank(text[i + 1]))) &&
		   text[i] != '\n')
		i++;
	return text[i] == '\0' ? i : i + 1;
}

static size_t cut_sentences(struct arena *arena, const char *text, struct sentence **sentences)
{
	size_t count = 0;
	*sentences = arena_array(arena, strlen(text) / 2 + 1, sizeof **sentences);
	while (*sentences != NULL && *text != '\0') {
		size_t size = sentence_end(text), kept = size;
		while (kept > 0 && blank(text[kept - 1]))
			kept--;
		if (kept > 0)
			(*sentences)[count] = (struct sentence){.text = text, .size = kept, .order = count};
		count += kept > 0;
		text += size;
		while (blank(*text))
			text++;
	}
	return count;
}

/* How often its words stand in the whole, on average. */
static double score_of(struct arena *arena, const struct sentence *sentence, const struct words *all)
{
	const struct words words = split(arena, sentence->text, sentence->size);
	double sum = 0;
	for (size_t i = 0; i < words.count; i++) {
		size_t low = 0, high = all->count;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (strcmp(all->items[middle], words.items[i]) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < all->count && strcmp(all->items[low], words.items[i]) == 0; low++)
			sum++;
	}
	return words.count > 0 ? sum / (double)words.count : 0;
}

static int by_score(const void *a, const void *b)
{
	const struct sentence *x = *(struct sentence *const *)a, *y = *(struct sentence *const *)b;
	return x->score != y->score ? (x->score < y->score) - (x->score > y->score)
								: (x->order > y->order) - (x->order < y->order);
}

/* What has been said. */
static bool said(struct sentence **best, size_t count, const struct sentence *sentence)
{
	for (size_t i = 0; i < count; i++)
		if (best[i]->taken && best[i]->size == sentence->size &&
			memcmp(best[i]->text, sentence->text, sentence->size) == 0)
			return true;
	return false;
}

static void take_best(struct sentence **best, size_t count, size_t room)
{
	size_t used = 0;
	for (size_t i = 0; i < count; i++) {
		if ((used > 0 && used + best[i]->size > room) || said(best, i, best[i]))
			continue;
		best[i]->taken = true;
		used += best[i]->size + 1;
	}
}

const char *memory_summary(struct arena *arena, const char *const *texts, size_t count)
{
	struct buf buf;
	struct sentence *sentences;
	buf_init(&buf, 0);
	for (size_t i = 0; i < count; i++)
		buf_addf(&buf, "%s\n", texts[i]);
	const char *whole = buf_ok(&buf) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	if (whole == NULL)
		return NULL;
	size_t number = cut_sentences(arena, whole, &sentences);
	struct sentence **best = arena_array(arena, number + 1, sizeof *best);
	struct words all = split(arena, whole, strlen(whole));
	if (arena->full)
		return NULL;
	qsort(all.items, all.count, sizeof *all.items, by_text);
	for (size_t i = 0; i < number; i++) {
		sentences[i].score = score_of(arena, &sentences[i], &all);
		best[i] = &sentences[i];
	}
	qsort(best, number, sizeof *best, by_score);
	take_best(best, number, strlen(whole) / 5);
	buf_init(&buf, 0);
	for (size_t i = 0; i < number; i++)
		if (sentences[i].taken)
			buf_addf(&buf, "%s%.*s", buf.size > 0 ? " " : "", (int)sentences[i].size, sentences[i].text);
	const char *summary = buf_ok(&buf) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return summary;
}

/* --- clusters --- */

size_t memory_clusters(size_t count, bool (*alike)(void *self, size_t a, size_t b), void *self, size_t *cluster)
{
	size_t found = 0;
	memset(cluster, 0, count * sizeof *cluster);
	for (size_t first = 0; first < count; first++) {
		size_t members[MEMORY_CLUSTER_MAX], size = 0;
		if (cluster[first] != 0)
			continue;
		members[size++] = first;
		for (size_t i = first + 1; i < count && size < MEMORY_CLUSTER_MAX; i++)
			if (cluster[i] == 0 && alike(self, first, i))
				members[size++] = i;
		if (size < MEMORY_CLUSTER_MIN)
			continue;
		found++;
		for (size_t i = 0; i < size; i++)
			cluster[members[i]] = found;
	}
	return found;
}
