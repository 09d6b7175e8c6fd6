#include "flow/memory_search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/domain/vector.h"
#include "flow/memory.h"
#include "flow/memory_parts.h"
#include "store/fulltext.h"

/* Search: exact over every vector of the agent, by words, or by both [flow.md 6]. */

static const char *const mode_names[] = {"vector", "text", "hybrid", NULL};

enum {
	RANKED_MAX = 2000, /* of one kind, the best: what lies behind them is not looked at */
	FUSION = 60,       /* k of reciprocal rank fusion */
};

static const struct field query_fields[] = {
	F_STR(memory_query, agent_id, REQUIRED, LENGTH(1, 255)),
	F_NUMS(memory_query, query_embedding, COUNT(0, VECTOR_MAX)),
	F_STR(memory_query, model, LENGTH(1, 200), DOC("Only vectors of this model; without: of any")),
	F_STR(memory_query, text, LENGTH(1, 10000), DOC("Words; any of them counts, without case and diacritics")),
	F_ENUM(memory_query, mode, mode_names, DOC("Without: by what is given")),
	F_INT(memory_query, top_k, RANGE(1, 100), DEFAULT(10)),
	F_ENUMS(memory_query, tiers, memory_tier_names, DOC("Without: l1, l2, l3")),
	F_NUM(memory_query, similarity_threshold, RANGE(0, 1), DEFAULT(MEMORY_CLUSTER)),
	F_STRS(memory_query, tags, COUNT(0, 100), DOC("All of them")),
	F_ENUM(memory_query, memory_type, memory_type_names),
};
const struct field_table memory_search_query_table = FIELD_TABLE("memory.search.query", memory_query, query_fields);

bool memory_query_check(struct memory_query *q, struct arena *arena, struct faults *faults)
{
	bool vector = q->query_embedding.count > 0;
	double norm = 0;
	if (q->mode < 0)
		q->mode = q->text == NULL ? MEMORY_BY_VECTOR : vector ? MEMORY_BY_BOTH : MEMORY_BY_TEXT;
	if (!vector && q->mode != MEMORY_BY_TEXT)
		faults_add(faults, "/query_embedding", "required", "is required");
	if (q->text == NULL && q->mode != MEMORY_BY_VECTOR)
		faults_add(faults, "/text", "required", "is required");
	for (size_t i = 0; i < q->query_embedding.count; i++)
		norm += q->query_embedding.items[i] * q->query_embedding.items[i];
	if (vector && !(norm > 0))
		faults_add(faults, "/query_embedding", "zero_norm", "must have a length above 0");
	(void)arena;
	return faults->count == 0;
}

/* One that was found, and where it stands among those found by vector and by text: from 1, 0 not there. */
struct hit {
	const char *memory_id;
	double cosine, words, score;
	size_t by_vector, by_text;
	struct memory_view view;
};

struct searching {
	struct memory_searching *with;
	const struct memory_query *query;
	struct memory_vector vector;
	struct hit *hits[2]; /* by vector, by text: the best first */
	size_t count[2], room[2];
	bool other_dimension, any;
};

static struct hit *add(struct searching *s, int kind)
{
	if (s->count[kind] == s->room[kind]) {
		size_t room = s->room[kind] * 2 + 64;
		struct hit *more = arena_array(s->with->arena, room, sizeof *more);
		if (more == NULL)
			return NULL;
		if (s->count[kind] > 0)
			memcpy(more, s->hits[kind], s->count[kind] * sizeof *more);
		s->hits[kind] = more;
		s->room[kind] = room;
	}
	return &s->hits[kind][s->count[kind]++];
}

static void take_vector(void *self, const struct memory_vector *v)
{
	struct searching *s = self;
	if (s->query->model != NULL && strcmp(s->query->model, v->model) != 0)
		return;
	if (v->dimension != s->vector.dimension) {
		s->other_dimension = true;
		return;
	}
	s->any = true;
	double cosine = vector_cosine(s->vector.numbers, s->vector.norm, v->numbers, v->norm, (size_t)v->dimension);
	struct hit *hit = cosine < s->query->similarity_threshold ? NULL : add(s, 0);
	if (hit != NULL)
		*hit = (struct hit){.memory_id = arena_dup(s->with->arena, v->memory_id), .cosine = cosine, .words = NAN};
}

/* The most like first; of equal ones the newer. */
static int by_cosine(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	return x->cosine != y->cosine ? (x->cosine < y->cosine) - (x->cosine > y->cosine)
								  : strcmp(y->memory_id, x->memory_id);
}

static bool is_tier(const struct memory_query *q, enum memory_tier tier)
{
	if (q->tiers.count == 0)
		return tier != MEMORY_L4;
	for (size_t i = 0; i < q->tiers.count; i++)
		if (q->tiers.items[i] == (int)tier)
			return true;
	return false;
}

static bool find_vectors(struct searching *s, struct db *db, struct err *err)
{
	for (int tier = MEMORY_L1; tier < MEMORY_TIERS; tier++)
		if (is_tier(s->query, (enum memory_tier)tier) &&
			!memory_vectors(db, s->with->account_id, s->query->agent_id, (enum memory_tier)tier, take_vector, s, err))
			return false;
	if (s->other_dimension && !s->any)
		return err_field(err, ERR_INVALID, "/query_embedding", "The agent's vectors have another dimension than %lld.",
						 (long long)s->vector.dimension);
	if (s->count[0] > 0)
		qsort(s->hits[0], s->count[0], sizeof *s->hits[0], by_cosine);
	return true;
}

static void take_text(void *self, const char *id, double score)
{
	struct searching *s = self;
	struct hit *hit = add(s, 1);
	if (hit != NULL)
		*hit = (struct hit){.memory_id = arena_dup(s->with->arena, id), .cosine = NAN, .words = score};
}

static bool find_texts(struct searching *s, struct db *db, struct err *err)
{
	const char *group = memory_text_group(s->with->arena, s->with->account_id, s->query->agent_id);
	return group != NULL && fulltext_search(db, MEMORY_TEXTS, group, s->query->text, RANKED_MAX, take_text, s, err);
}

static bool has_tag(const struct json *tags, const char *tag)
{
	for (uint32_t i = 0; tags != NULL && i < tags->count; i++)
		if (strcmp(tags->items[i].text, tag) == 0)
			return true;
	return false;
}

static bool wanted(const struct memory_query *q, const struct memory_view *view)
{
	if (!is_tier(q, (enum memory_tier)view->tier) || (q->memory_type >= 0 && q->memory_type != view->memory_type))
		return false;
	for (size_t i = 0; i < q->tags.count; i++)
		if (!has_tag(view->tags, q->tags.items[i]))
			return false;
	return true;
}

/* Rows of the best that are wanted, at most `most`; the list keeps only those, in their order. */
static bool read_rows(struct searching *s, int kind, size_t most, struct db *db, struct err *err)
{
	size_t kept = 0;
	for (size_t i = 0; i < s->count[kind] && i < RANKED_MAX && kept < most; i++) {
		struct hit hit = s->hits[kind][i];
		struct memory_row row;
		bool found;
		if (!memory_find(db, s->with->account_id, hit.memory_id, s->with->now_us, s->with->arena, &row, &found, err))
			return false;
		if (!found)
			continue;
		hit.view = memory_view_of(s->with->arena, &row);
		if (wanted(s->query, &hit.view))
			s->hits[kind][kept++] = hit;
	}
	s->count[kind] = kept;
	return true;
}

static int by_score(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	return x->score != y->score ? (x->score < y->score) - (x->score > y->score) : strcmp(y->memory_id, x->memory_id);
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct hit *)a)->memory_id, ((const struct hit *)b)->memory_id);
}

/* REF: Cormack, Clarke, Buettcher, "Reciprocal rank fusion", SIGIR 2009: the sum of 1 / (k + rank), k = 60 */
static double fused(size_t by_vector, size_t by_text)
{
	return (by_vector > 0 ? 1. / (FUSION + (double)by_vector) : 0) +
		   (by_text > 0 ? 1. / (FUSION + (double)by_text) : 0);
}

/* Both lists become one, in place of the first. */
static bool fuse(struct searching *s, struct err *err)
{
	size_t count = 0, n = s->count[0] + s->count[1];
	struct hit *all = arena_array(s->with->arena, n + 1, sizeof *all);
	if (all == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (int kind = 0; kind < 2; kind++)
		for (size_t i = 0; i < s->count[kind]; i++) {
			s->hits[kind][i].by_vector = kind == 0 ? i + 1 : 0;
			s->hits[kind][i].by_text = kind == 1 ? i + 1 : 0;
			all[count++] = s->hits[kind][i];
		}
	qsort(all, n, sizeof *all, by_id);
	count = 0;
	for (size_t i = 0; i < n; i++) {
		struct hit hit = all[i];
		if (i + 1 < n && strcmp(hit.memory_id, all[i + 1].memory_id) == 0) {
			const struct hit *other = &all[++i];
			hit.by_vector = hit.by_vector > 0 ? hit.by_vector : other->by_vector;
			hit.by_text = hit.by_text > 0 ? hit.by_text : other->by_text;
			hit.cosine = isnan(hit.cosine) ? other->cosine : hit.cosine;
		}
		hit.score = fused(hit.by_vector, hit.by_text);
		all[count++] = hit;
	}
	qsort(all, count, sizeof *all, by_score);
	s->hits[0] = all;
	s->count[0] = count;
	return true;
}

static bool show(struct searching *s, int kind, struct memory_list_view *list, struct err *err)
{
	size_t count = s->count[kind] < (size_t)s->query->top_k ? s->count[kind] : (size_t)s->query->top_k;
	list->memories.items = arena_array(s->with->arena, count + 1, sizeof *list->memories.items);
	if (list->memories.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < count; i++) {
		const struct hit *hit = &s->hits[kind][i];
		struct memory_view *view = &list->memories.items[list->memories.count++];
		*view = hit->view;
		view->similarity = hit->cosine;
		view->score = s->query->mode == MEMORY_BY_BOTH ? hit->score : kind == 0 ? hit->cosine : hit->words;
	}
	list->total = (int64_t)count;
	return true;
}

bool memory_search(struct memory_searching *with, const struct memory_query *query, struct db *db,
				   struct memory_list_view *list, struct err *err)
{
	struct searching s = {.with = with, .query = query};
	const struct embedding_request embedding = {.vector = {query->query_embedding.count, query->query_embedding.items}};
	bool vector = query->mode != MEMORY_BY_TEXT, text = query->mode != MEMORY_BY_VECTOR;
	size_t most = query->mode == MEMORY_BY_BOTH ? RANKED_MAX : (size_t)query->top_k;
	*list = (struct memory_list_view){.total = 0};
	if (vector) {
		const struct memory_vector *asked = memory_vector_from(with->arena, &embedding);
		if (asked == NULL)
			return err_set(err, ERR_LIMIT, "no memory");
		s.vector = *asked;
	}
	return (!vector || (find_vectors(&s, db, err) && read_rows(&s, 0, most, db, err))) &&
		   (!text || (find_texts(&s, db, err) && read_rows(&s, 1, most, db, err))) &&
		   (!(vector && text) || fuse(&s, err)) && show(&s, vector ? 0 : 1, list, err);
}
