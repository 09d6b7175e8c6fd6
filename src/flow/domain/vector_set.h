/*
 * Vectors of one dimension, row after row in one piece of memory, compared with a question in one pass.
 *
 * Rows are aligned to 64 bytes (a row's end is filled with zeros), norms are kept.  A pass reads the rows' sketches, a
 * quarter of their bytes, and computes the cosine only of those that may be wanted: what comes out is what computing
 * all would give (vector_sketch.h).  A pass costs what reading the sketches costs, and a heap of those it may want.
 * Thread: one that adds, or many that look.
 */
#ifndef CS_FLOW_DOMAIN_VECTOR_SET_H
#define CS_FLOW_DOMAIN_VECTOR_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/vector_sketch.h"

enum { VECTOR_ID = 37 };

struct vector_set {
	size_t dimension, stride, codes_stride; /* numbers of a vector; numbers and bytes from row to row */
	size_t count, room;
	float *numbers;
	int8_t *codes;
	struct vector_steps *steps;
	double *norms;
	char (*ids)[VECTOR_ID];
};

void vector_set_init(struct vector_set *set, size_t dimension);
void vector_set_fini(struct vector_set *set);

/* Add one; the id is copied.  False: there is no memory. */
bool vector_set_add(struct vector_set *set, const char *id, const float *numbers, double norm);

size_t vector_set_bytes(const struct vector_set *set);

struct vector_top {
	double cosine;
	uint32_t row;
	bool known; /* false: it is at most this */
};

/* A look that is under way.  The question lives as long. */
struct vector_looking {
	const struct vector_set *set;
	const float *question;
	double norm, threshold;
	struct vector_top *found; /* a heap */
	size_t count, computed;   /* how many it has, and how many cosines were computed */
};

/* Begin: `found` has room for set->count. */
void vector_set_look(const struct vector_set *set, const float *question, double norm, double threshold,
					 struct vector_top *found, struct vector_looking *looking);

/* The best that is left, of equal ones the later id, NULL when none has the threshold; and to take it. */
const struct vector_top *vector_set_top(struct vector_looking *looking);
bool vector_set_take(struct vector_looking *looking, struct vector_top *best);

#endif
