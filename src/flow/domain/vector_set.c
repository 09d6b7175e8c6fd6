#include "flow/domain/vector_set.h"

#include <stdlib.h>
#include <string.h>

#include "flow/domain/vector.h"

enum { ALIGNED = 64, FIRST_ROOM = 64, BLOCK = 256 /* rows of a step, so that their sums stay near */ };

void vector_set_init(struct vector_set *set, size_t dimension)
{
	const size_t step = ALIGNED / sizeof(float);
	*set = (struct vector_set){.dimension = dimension,
							   .stride = (dimension + step - 1) / step * step,
							   .codes_stride = (dimension + VECTOR_CODES - 1) / VECTOR_CODES * VECTOR_CODES};
}

void vector_set_fini(struct vector_set *set)
{
	free(set->numbers);
	free(set->codes);
	free(set->steps);
	free(set->norms);
	free(set->ids);
	*set = (struct vector_set){.dimension = set->dimension, .stride = set->stride, .codes_stride = set->codes_stride};
}

/* Aligned memory grows by a copy. */
static bool grow_aligned(void **memory, size_t used, size_t size)
{
	void *more = aligned_alloc(ALIGNED, size);
	if (more == NULL)
		return false;
	if (used > 0)
		memcpy(more, *memory, used);
	free(*memory);
	*memory = more;
	return true;
}

static bool grow_plain(void **memory, size_t count, size_t size)
{
	void *more = reallocarray(*memory, count, size);
	if (more != NULL)
		*memory = more;
	return more != NULL;
}

static bool grow(struct vector_set *set)
{
	size_t room = set->room == 0 ? FIRST_ROOM : set->room * 2, row = set->stride * sizeof *set->numbers;
	void *numbers = set->numbers, *codes = set->codes, *steps = set->steps, *norms = set->norms, *ids = set->ids;
	bool grown = grow_aligned(&numbers, set->count * row, room * row) &&
				 grow_aligned(&codes, set->count * set->codes_stride, room * set->codes_stride) &&
				 grow_plain(&steps, room, sizeof *set->steps) && grow_plain(&norms, room, sizeof *set->norms) &&
				 grow_plain(&ids, room, sizeof *set->ids);
	set->numbers = numbers;
	set->codes = codes;
	set->steps = steps;
	set->norms = norms;
	set->ids = ids;
	set->room = grown ? room : set->room;
	return grown;
}

bool vector_set_add(struct vector_set *set, const char *id, const float *numbers, double norm)
{
	if (set->count == set->room && (set->count >= UINT32_MAX || !grow(set)))
		return false;
	float *row = set->numbers + set->count * set->stride;
	memcpy(row, numbers, set->dimension * sizeof *row);
	memset(row + set->dimension, 0, (set->stride - set->dimension) * sizeof *row);
	set->norms[set->count] = norm;
	set->steps[set->count] = vector_sketch(numbers, norm, set->dimension, set->codes + set->count * set->codes_stride);
	strncpy(set->ids[set->count], id, VECTOR_ID - 1);
	set->ids[set->count][VECTOR_ID - 1] = '\0';
	set->count++;
	return true;
}

size_t vector_set_bytes(const struct vector_set *set)
{
	return set->room * (set->stride * sizeof *set->numbers + set->codes_stride + sizeof *set->steps +
						sizeof *set->norms + sizeof *set->ids);
}

/* --- the best first --- */

/*
 * One whose cosine is not known stands where it would at most, and before known ones there: so a known one that has
 * come to the top is better than all that is below it.
 */
static bool better(const struct vector_set *set, const struct vector_top *a, const struct vector_top *b)
{
	if (a->cosine != b->cosine)
		return a->cosine > b->cosine;
	if (a->known != b->known)
		return b->known;
	return a->known && strcmp(set->ids[a->row], set->ids[b->row]) > 0;
}

static void sink(const struct vector_set *set, struct vector_top *heap, size_t count, size_t at)
{
	for (;;) {
		size_t best = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
			if (better(set, &heap[child], &heap[best]))
				best = child;
		if (best == at)
			return;
		struct vector_top moved = heap[at];
		heap[at] = heap[best];
		heap[best] = moved;
		at = best;
	}
}

void vector_set_look(const struct vector_set *set, const float *question, double norm, double threshold,
					 struct vector_top *found, struct vector_looking *looking)
{
	int32_t sums[BLOCK];
	*looking =
		(struct vector_looking){.set = set, .question = question, .norm = norm, .threshold = threshold, .found = found};
	struct vector_question asked;
	vector_ask(&asked, question, norm, set->dimension);
	for (size_t from = 0; from < set->count; from += BLOCK) {
		size_t rows = set->count - from < BLOCK ? set->count - from : BLOCK;
		vector_code_sums(&asked, set->codes + from * set->codes_stride, rows, sums);
		for (size_t i = 0; i < rows; i++) {
			double most = vector_at_most(&asked, set->steps[from + i], sums[i]);
			if (most >= threshold || threshold <= 0) /* a cosine below 0 counts as 0 */
				found[looking->count++] = (struct vector_top){most > 0 ? most : 0, (uint32_t)(from + i), false};
		}
	}
	for (size_t at = looking->count / 2; at > 0; at--)
		sink(set, found, looking->count, at - 1);
}

static void drop_first(struct vector_looking *l)
{
	l->found[0] = l->found[--l->count];
	sink(l->set, l->found, l->count, 0);
}

const struct vector_top *vector_set_top(struct vector_looking *l)
{
	const struct vector_set *set = l->set;
	while (l->count > 0 && !l->found[0].known) {
		struct vector_top *first = &l->found[0];
		first->known = true;
		first->cosine = vector_cosine(l->question, l->norm, set->numbers + first->row * set->stride,
									  set->norms[first->row], set->dimension);
		l->computed++;
		if (first->cosine >= l->threshold)
			sink(set, l->found, l->count, 0);
		else
			drop_first(l);
	}
	return l->count > 0 ? &l->found[0] : NULL;
}

bool vector_set_take(struct vector_looking *l, struct vector_top *best)
{
	const struct vector_top *first = vector_set_top(l);
	if (first == NULL)
		return false;
	*best = *first;
	drop_first(l);
	return true;
}
