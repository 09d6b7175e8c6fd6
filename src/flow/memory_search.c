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
#include "flow/vector_cache.h"
#include "store/fulltext.h"
#include "store/store.h"

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
	if (vector && norm <= 0)
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

/* One that may be: its row has not been read. */
struct maybe {
	const char *memory_id;
	double figure; /* cosine, or the engine's score */
};

struct searching {
	struct memory_searching *with;
	const struct memory_query *query;
	struct memory_vector vector;
	struct maybe *maybes; /* the best first */
	size_t maybes_count, maybes_room;
	struct hit *hits[2]; /* by vector, by text: the best first */
	size_t count[2], room[2];
	bool other_dimension, any;
};

static void *grown(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	void *more = arena_array(arena, *room * 2 + 64, size);
	if (more == NULL)
		return NULL;
	if (count > 0)
		memcpy(more, items, count * size);
	*room = *room * 2 + 64;
	return more;
}

static void add_maybe(struct searching *s, const char *id, double figure)
{
	struct maybe *more = grown(s->with->arena, s->maybes, s->maybes_count, &s->maybes_room, sizeof *more);
	if (more == NULL)
		return;
	s->maybes = more;
	s->maybes[s->maybes_count++] = (struct maybe){arena_dup(s->with->arena, id), figure};
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
	if (cosine >= s->query->similarity_threshold)
		add_maybe(s, v->memory_id, cosine);
}

/* The most like first; of equal ones the newer. */
static int by_figure(const void *a, const void *b)
{
	const struct maybe *x = a, *y = b;
	return x->figure != y->figure ? (x->figure < y->figure) - (x->figure > y->figure)
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

/* Read the row of one that may be, and keep it if it is wanted.  *there false: it is not in the store. */
static bool read_row(struct searching *s, int kind, const char *id, double figure, struct db *db, bool *there,
					 struct err *err)
{
	struct memory_row row;
	if (!memory_find(db, s->with->account_id, id, s->with->now_us, s->with->arena, &row, there, err))
		return false;
	struct hit *hits = grown(s->with->arena, s->hits[kind], s->count[kind], &s->room[kind], sizeof *hits);
	if (hits == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	s->hits[kind] = hits;
	if (!*there)
		return true;
	struct hit *hit = &hits[s->count[kind]];
	*hit = (struct hit){.memory_id = row.memory_id,
						.cosine = kind == 0 ? figure : NAN,
						.words = kind == 1 ? figure : NAN,
						.view = memory_view_of(s->with->arena, &row)};
	s->count[kind] += wanted(s->query, &hit->view);
	*there = row.tier != MEMORY_L4 || s->query->tiers.count > 0; /* archived since it was kept */
	return true;
}

/* How many of a list count: both lists are fused to this depth, one alone only has to fill the answer. */
static size_t depth(const struct searching *s)
{
	return s->query->mode == MEMORY_BY_BOTH ? RANKED_MAX : (size_t)s->query->top_k;
}

static bool read_maybes(struct searching *s, int kind, struct db *db, struct err *err)
{
	bool there;
	for (size_t i = 0; i < s->maybes_count && s->count[kind] < depth(s); i++)
		if (!read_row(s, kind, s->maybes[i].memory_id, s->maybes[i].figure, db, &there, err))
			return false;
	return true;
}

/* --- by vector --- */

static bool check_dimension(const struct searching *s, struct err *err)
{
	return !s->other_dimension || s->any ||
		   err_field(err, ERR_INVALID, "/query_embedding", "The agent's vectors have another dimension than %lld.",
					 (long long)s->vector.dimension);
}

/* From the store, row by row: where the archive is asked for, or the agent has too many to be kept in memory. */
static bool stream_vectors(struct searching *s, struct db *db, struct err *err)
{
	for (int tier = MEMORY_L1; tier < MEMORY_TIERS; tier++)
		if (is_tier(s->query, (enum memory_tier)tier) &&
			!memory_vectors(db, s->with->account_id, s->query->agent_id, (enum memory_tier)tier, take_vector, s, err))
			return false;
	if (s->maybes_count > 0)
		qsort(s->maybes, s->maybes_count, sizeof *s->maybes, by_figure);
	return check_dimension(s, err) && read_maybes(s, 0, db, err);
}

static bool read_look(struct searching *s, struct vector_look *look, struct db *db, size_t *missing, struct err *err)
{
	const char *id;
	double cosine;
	bool there;
	while (s->count[0] < depth(s) && vector_look_next(look, &id, &cosine)) {
		if (!read_row(s, 0, id, cosine, db, &there, err))
			return false;
		*missing += !there;
	}
	return true;
}

static bool find_vectors(struct searching *s, struct db *db, struct err *err)
{
	const struct memory_query *q = s->query;
	struct vector_look look;
	size_t missing = 0;
	bool kept = false;
	if (s->with->vectors == NULL || is_tier(q, MEMORY_L4))
		return stream_vectors(s, db, err);
	if (!vector_look_begin(s->with->vectors, db, s->with->account_id, q->agent_id, q->model, &s->vector,
						   q->similarity_threshold, s->with->arena, &look, &kept, err))
		return false;
	if (!kept)
		return stream_vectors(s, db, err);
	s->other_dimension = look.other_dimension;
	s->any = look.any;
	bool done = check_dimension(s, err) && read_look(s, &look, db, &missing, err);
	vector_look_end(s->with->vectors, &look, missing);
	return done;
}

/* --- by words --- */

enum { WORDS_AT_ONCE = 200, WORDS_ARENA = 200 * 70000 };

struct wording {
	const char *account_id, *agent_id;
	size_t count;
};

static bool put_words(struct db *db, void *self, struct err *err)
{
	struct wording *w = self;
	struct arena arena;
	arena_init(&arena, WORDS_ARENA);
	bool done = memory_words(db, w->account_id, w->agent_id, WORDS_AT_ONCE, &arena, &w->count, err);
	arena_fini(&arena);
	return done;
}

bool memory_search_prepare(struct store *store, const char *account_id, const struct memory_query *query,
						   struct err *err)
{
	struct wording wording = {account_id, query->agent_id, WORDS_AT_ONCE};
	bool due = false;
	if (query->mode == MEMORY_BY_VECTOR)
		return true;
	struct db *db = store_read(store);
	bool done = memory_words_due(db, account_id, query->agent_id, &due, err);
	store_read_end(store, db);
	while (done && due && wording.count == WORDS_AT_ONCE)
		done = store_write(store, put_words, &wording, err);
	return done;
}

static void take_text(void *self, const char *id, double score)
{
	add_maybe(self, id, score);
}

static bool find_texts(struct searching *s, struct db *db, struct err *err)
{
	const char *group = memory_text_group(s->with->arena, s->with->account_id, s->query->agent_id);
	s->maybes_count = 0;
	return group != NULL && fulltext_search(db, MEMORY_TEXTS, group, s->query->text, RANKED_MAX, take_text, s, err) &&
		   read_maybes(s, 1, db, err);
}

/* --- both --- */

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
	*list = (struct memory_list_view){.total = 0};
	if (vector) {
		const struct memory_vector *asked = memory_vector_from(with->arena, &embedding);
		if (asked == NULL)
			return err_set(err, ERR_LIMIT, "no memory");
		s.vector = *asked;
	}
	return (!vector || find_vectors(&s, db, err)) && (!text || find_texts(&s, db, err)) &&
		   (!(vector && text) || fuse(&s, err)) && show(&s, vector ? 0 : 1, list, err);
}
