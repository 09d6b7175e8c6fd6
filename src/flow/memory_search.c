#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/agents_internal.h"
#include "flow/domain/vector.h"
#include "flow/memory_parts.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* Search by vector: exact, over every vector of the agent in the tiers asked for [flow.md 6]. */

static const char *const mode_names[] = {"vector", "text", "hybrid", NULL};
enum { MODE_VECTOR };

struct search_request {
	const char *agent_id, *text, *model;
	struct {
		size_t count;
		double *items;
	} query_embedding;
	int mode, memory_type;
	int64_t top_k;
	double similarity_threshold;
	struct {
		size_t count;
		int *items;
	} tiers;
	struct {
		size_t count;
		const char **items;
	} tags;
};

static const struct field query_fields[] = {
	F_STR(search_request, agent_id, REQUIRED, LENGTH(1, 255)),
	F_NUMS(search_request, query_embedding, COUNT(0, VECTOR_MAX)),
	F_STR(search_request, model, LENGTH(1, 200), DOC("Only vectors of this model; without: of any")),
	F_STR(search_request, text, LENGTH(1, 10000)),
	F_ENUM(search_request, mode, mode_names, DEFAULT(MODE_VECTOR), DOC("text and hybrid are not there yet")),
	F_INT(search_request, top_k, RANGE(1, 100), DEFAULT(10)),
	F_ENUMS(search_request, tiers, memory_tier_names, DOC("Without: l1, l2, l3")),
	F_NUM(search_request, similarity_threshold, RANGE(0, 1), DEFAULT(MEMORY_CLUSTER)),
	F_STRS(search_request, tags, COUNT(0, 100), DOC("All of them")),
	F_ENUM(search_request, memory_type, memory_type_names),
};
const struct field_table memory_search_query_table = FIELD_TABLE("memory.search.query", search_request, query_fields);

struct hit {
	const char *memory_id;
	double cosine;
};

struct searching {
	struct exchange *x;
	struct search_request request;
	struct memory_vector query;
	struct hit *hits;
	size_t count, room;
	bool other_dimension, any;
	struct memory_list_view list;
};

/* Every hit is kept: tags and kinds are looked at in the rows, of the best first. */
static void take(void *self, const struct memory_vector *v)
{
	struct searching *s = self;
	if (s->request.model != NULL && strcmp(s->request.model, v->model) != 0)
		return;
	if (v->dimension != s->query.dimension) {
		s->other_dimension = true;
		return;
	}
	s->any = true;
	double cosine = vector_cosine(s->query.numbers, s->query.norm, v->numbers, v->norm, (size_t)v->dimension);
	if (cosine < s->request.similarity_threshold)
		return;
	if (s->count == s->room) {
		struct hit *more = arena_array(&s->x->arena, s->room * 2 + 64, sizeof *more);
		if (more == NULL)
			return;
		if (s->count > 0)
			memcpy(more, s->hits, s->count * sizeof *more);
		s->hits = more;
		s->room = s->room * 2 + 64;
	}
	s->hits[s->count++] = (struct hit){arena_dup(&s->x->arena, v->memory_id), cosine};
}

/* The most like first; of equal ones the newer. */
static int by_cosine(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	return x->cosine != y->cosine ? (x->cosine < y->cosine) - (x->cosine > y->cosine)
								  : strcmp(y->memory_id, x->memory_id);
}

static bool has_tag(const struct json *tags, const char *tag)
{
	for (uint32_t i = 0; tags != NULL && i < tags->count; i++)
		if (strcmp(tags->items[i].text, tag) == 0)
			return true;
	return false;
}

static bool wanted(const struct search_request *r, const struct memory_view *view)
{
	if (r->memory_type >= 0 && r->memory_type != view->memory_type)
		return false;
	for (size_t i = 0; i < r->tags.count; i++)
		if (!has_tag(view->tags, r->tags.items[i]))
			return false;
	return true;
}

static bool read_rows(struct searching *s, struct db *db, struct err *err)
{
	struct memory_views *out = &s->list.memories;
	const char *account_id = principal_of(s->x)->account_id;
	out->items = arena_array(&s->x->arena, (size_t)s->request.top_k, sizeof *out->items);
	if (out->items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < s->count && out->count < (size_t)s->request.top_k; i++) {
		struct memory_row row;
		bool found;
		if (!memory_find(db, account_id, s->hits[i].memory_id, agents_now(s->x), &s->x->arena, &row, &found, err))
			return false;
		if (!found)
			continue;
		struct memory_view view = memory_view_of(&s->x->arena, &row);
		view.similarity = view.score = s->hits[i].cosine;
		if (wanted(&s->request, &view))
			out->items[out->count++] = view;
	}
	s->list.total = (int64_t)out->count;
	return true;
}

static bool search(void *self, struct db *db, struct err *err)
{
	static const int usual[] = {MEMORY_L1, MEMORY_L2, MEMORY_L3};
	struct searching *s = self;
	const struct search_request *r = &s->request;
	const int *tiers = r->tiers.count > 0 ? r->tiers.items : usual;
	size_t count = r->tiers.count > 0 ? r->tiers.count : sizeof usual / sizeof *usual;
	for (size_t i = 0; i < count; i++)
		if (!memory_vectors(db, principal_of(s->x)->account_id, r->agent_id, (enum memory_tier)tiers[i], take, s, err))
			return false;
	if (s->other_dimension && !s->any)
		return err_field(err, ERR_INVALID, "/query_embedding", "The agent's vectors have another dimension than %lld.",
						 (long long)s->query.dimension);
	if (s->count > 0)
		qsort(s->hits, s->count, sizeof *s->hits, by_cosine);
	return read_rows(s, db, err);
}

void memory_handle_search(struct exchange *x)
{
	struct searching *s = arena_new(&x->arena, struct searching);
	struct faults faults;
	if (s == NULL || !exchange_decode(x, &s->request)) {
		if (s == NULL)
			exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (s->request.mode != MODE_VECTOR) {
		exchange_failf(x, ERR_NOT_IMPLEMENTED, "Search by text is not there yet.");
		return;
	}
	if (s->request.query_embedding.count == 0) {
		faults_init(&faults, &x->arena);
		faults_add(&faults, "/query_embedding", "required", "is required");
		exchange_fail_faults(x, ERR_INVALID, &faults);
		return;
	}
	const struct embedding_request embedding = {
		.vector = {s->request.query_embedding.count, s->request.query_embedding.items}};
	const struct memory_vector *query = memory_vector_from(&x->arena, &embedding);
	if (query == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	s->x = x;
	s->query = *query;
	if (agents_read(x, search, s))
		reply_fact(x, 200, &memory_search_table, &s->list);
}
