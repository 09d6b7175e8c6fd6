#include "flow/domain/vector_set.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flow/domain/vector.h"

enum { ALIGNED = 64, FIRST_ROOM = 64 };

void vector_set_init(struct vector_set *set, size_t dimension)
{
	const size_t step = ALIGNED / sizeof(float);
	*set = (struct vector_set){.dimension = dimension, .stride = (dimension + step - 1) / step * step};
}

void vector_set_fini(struct vector_set *set)
{
	free(set->numbers);
	free(set->norms);
	free(set->ids);
	*set = (struct vector_set){.dimension = set->dimension, .stride = set->stride};
}

static bool grow(struct vector_set *set)
{
	size_t room = set->room == 0 ? FIRST_ROOM : set->room * 2, row = set->stride * sizeof *set->numbers;
	float *numbers = aligned_alloc(ALIGNED, room * row);
	double *norms = numbers == NULL ? NULL : reallocarray(set->norms, room, sizeof *norms);
	if (norms != NULL)
		set->norms = norms;
	char(*ids)[VECTOR_ID] = norms == NULL ? NULL : reallocarray(set->ids, room, sizeof *ids);
	if (ids == NULL) {
		free(numbers);
		return false;
	}
	if (set->count > 0)
		memcpy(numbers, set->numbers, set->count * row);
	free(set->numbers);
	set->numbers = numbers;
	set->ids = ids;
	set->room = room;
	return true;
}

bool vector_set_add(struct vector_set *set, const char *id, const float *numbers, double norm)
{
	if (set->count == set->room && !grow(set))
		return false;
	float *row = set->numbers + set->count * set->stride;
	memcpy(row, numbers, set->dimension * sizeof *row);
	memset(row + set->dimension, 0, (set->stride - set->dimension) * sizeof *row);
	set->norms[set->count] = norm;
	strncpy(set->ids[set->count], id, VECTOR_ID - 1);
	set->ids[set->count][VECTOR_ID - 1] = '\0';
	set->count++;
	return true;
}

size_t vector_set_bytes(const struct vector_set *set)
{
	return set->room * (set->stride * sizeof *set->numbers + sizeof *set->norms + sizeof *set->ids);
}

/* --- the best first --- */

static bool better(const struct vector_set *set, const struct vector_top *a, const struct vector_top *b)
{
	return a->cosine != b->cosine ? a->cosine > b->cosine : strcmp(set->ids[a->row], set->ids[b->row]) > 0;
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

size_t vector_set_look(const struct vector_set *set, const float *question, double norm, double threshold,
					   struct vector_top *found)
{
	size_t count = 0;
	for (size_t row = 0; row < set->count; row++) {
		const float *numbers = set->numbers + row * set->stride;
		double cosine = vector_cosine(question, norm, numbers, set->norms[row], set->dimension);
		if (cosine >= threshold)
			found[count++] = (struct vector_top){row, cosine};
	}
	for (size_t at = count / 2; at > 0; at--)
		sink(set, found, count, at - 1);
	return count;
}

bool vector_set_next(const struct vector_set *set, struct vector_top *found, size_t *count, struct vector_top *best)
{
	if (*count == 0)
		return false;
	*best = found[0];
	found[0] = found[--*count];
	sink(set, found, *count, 0);
	return true;
}
