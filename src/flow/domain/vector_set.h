/*
 * Vectors of one dimension, row after row in one piece of memory, compared with a question in one pass.
 *
 * Rows are aligned to 64 bytes (a row's end is filled with zeros), norms are kept.  A pass costs what reading the rows
 * costs.  Thread: one that adds, or many that look.
 */
#ifndef CS_FLOW_DOMAIN_VECTOR_SET_H
#define CS_FLOW_DOMAIN_VECTOR_SET_H

#include <stdbool.h>
#include <stddef.h>

enum { VECTOR_ID = 37 };

struct vector_set {
	size_t dimension, stride; /* numbers of a vector, and from row to row */
	size_t count, room;
	float *numbers;
	double *norms;
	char (*ids)[VECTOR_ID];
};

void vector_set_init(struct vector_set *set, size_t dimension);
void vector_set_fini(struct vector_set *set);

/* Add one; the id is copied.  False: there is no memory. */
bool vector_set_add(struct vector_set *set, const char *id, const float *numbers, double norm);

size_t vector_set_bytes(const struct vector_set *set);

/* The best first: those from the threshold, of equal ones the later id. */
struct vector_top {
	size_t row;
	double cosine;
};

/*
 * Cosines of all rows from `threshold` on, in `found` (room for set->count); returns how many, as a heap that
 * vector_set_next takes the best from.
 */
size_t vector_set_look(const struct vector_set *set, const float *question, double norm, double threshold,
					   struct vector_top *found);
bool vector_set_next(const struct vector_set *set, struct vector_top *found, size_t *count, struct vector_top *best);

#endif
