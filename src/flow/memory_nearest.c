#include "flow/memory_nearest.h"

#include "core/arena.h"
#include "core/err.h"
#include "flow/memory.h"
#include "flow/vector_cache.h"

struct nearing {
	struct db *db;
	struct memory_new *new;
	int64_t now_us;
	struct arena *arena;
	size_t missing;
};

static void keep(struct nearing *n, const struct memory_row *row, double cosine)
{
	n->new->similar_id = row->memory_id;
	n->new->similarity = cosine;
}

/* The first that is there; but one that is the same also by its type goes before a nearer one of another. */
static bool choose(struct nearing *n, struct vector_look *look, struct err *err)
{
	const char *id;
	double cosine;
	bool found;
	struct memory_row row;
	while (vector_look_next(look, &id, &cosine)) {
		if (n->new->similar_id != NULL && cosine < MEMORY_SAME)
			return true;
		if (!memory_find(n->db, n->new->row.account_id, id, n->now_us, n->arena, &row, &found, err))
			return false;
		n->missing += !found || row.tier == MEMORY_L4;
		if (!found || row.tier == MEMORY_L4)
			continue;
		bool same = cosine >= MEMORY_SAME && row.type == n->new->row.type;
		if (n->new->similar_id == NULL || same)
			keep(n, &row, cosine);
		if (same)
			return true;
	}
	return true;
}

bool memory_nearest_kept(struct vector_cache *vectors, struct db *db, struct memory_new *new, int64_t now_us,
						 struct arena *arena, struct err *err)
{
	struct nearing n = {.db = db, .new = new, .now_us = now_us, .arena = arena};
	const struct memory_row *row = &new->row;
	struct vector_look look;
	bool kept;
	if (!vector_look_begin(vectors, db, row->account_id, row->agent_id, new->vector->model, new->vector, MEMORY_SIMILAR,
						   arena, &look, &kept, err))
		return false;
	if (!kept)
		return memory_nearest(db, new, arena, err);
	new->seen = look.seen;
	bool done = choose(&n, &look, err);
	vector_look_end(vectors, &look, n.missing);
	return done;
}
