#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/domain/vector.h"
#include "flow/memory.h"
#include "flow/memory_parts.h"
#include "http/exchange.h"
#include "people/reply.h"

/* Working memories become episodes, episodes knowledge; and memories are weighed anew [flow.md 6]. */

enum { IDS_MAX = 100, SAID_MAX = MEMORY_CANDIDATES / 3 + 1 };

struct id_list {
	size_t count;
	const char **items;
};

struct promote_request {
	const char *agent_id, *cluster_id, *summary, *title;
	struct id_list memory_ids;
	double min_importance, min_age_hours;
	int64_t min_access_count;
	int knowledge_type;
};

#define COMMON \
	F_STR(promote_request, agent_id, REQUIRED, LENGTH(1, 255)), \
		F_STRS(promote_request, memory_ids, COUNT(0, IDS_MAX), DOC("Exactly these, whatever their figures")), \
		F_NUM(promote_request, min_importance, RANGE(0, 1), DEFAULT(MEMORY_KEEP))

static const struct field l2_fields[] = {
	COMMON,
	F_INT(promote_request, min_access_count, RANGE(0, 1e15), DEFAULT(3)),
	F_NUM(promote_request, min_age_hours, RANGE(0, 1e6), DEFAULT(1), UNIT("h")),
	F_STR(promote_request, cluster_id, LENGTH(1, 255), DOC("Kept as the title")),
	F_STR(promote_request, summary, LENGTH(1, 65536),
		  DOC("Without: that of flow.llm.model, else the sentences that say most")),
};
const struct field_table memory_l2_table = FIELD_TABLE("memory.promote-l2", promote_request, l2_fields);

static const struct field l3_fields[] = {
	COMMON,
	F_ENUM(promote_request, knowledge_type, knowledge_names, REQUIRED),
	F_STR(promote_request, title, REQUIRED, LENGTH(1, 500)),
};
const struct field_table memory_l3_table = FIELD_TABLE("memory.promote-l3", promote_request, l3_fields);

struct promoting {
	struct agents_write w; /* first */
	struct promote_request request;
	struct memory_row *rows;       /* candidates */
	struct memory_vector *vectors; /* of each; model NULL: none */
	size_t count;
	size_t *cluster;
	struct memory_row *made;
	size_t made_count;
	/* What a model said of groups, which are known by their members. */
	struct {
		const char *ids, *text;
	} said[SAID_MAX];
	size_t said_count;
};

/* --- candidates --- */

static bool named_rows(struct promoting *p, struct db *db, enum memory_tier tier, struct err *err)
{
	for (size_t i = 0; i < p->request.memory_ids.count; i++) {
		struct memory_row *row = &p->rows[p->count];
		bool found;
		if (!memory_find(db, p->w.account_id, p->request.memory_ids.items[i], p->w.now_us, &p->w.x->arena, row, &found,
						 err))
			return false;
		if (!found || row->tier != tier || strcmp(row->agent_id, p->request.agent_id) != 0)
			return err_set(err, ERR_NOT_FOUND, "The agent has no such memory in tier %s.", memory_tier_names[tier]);
		p->count++;
	}
	return true;
}

static bool best_rows(struct promoting *p, struct db *db, enum memory_tier tier, struct err *err)
{
	const struct promote_request *r = &p->request;
	struct memory_wanted wanted = {.tier = tier, .min_importance = r->min_importance, .created_until_us = INT64_MAX};
	if (tier == MEMORY_L1) {
		wanted.min_access = r->min_access_count;
		wanted.created_until_us = p->w.now_us - (int64_t)(r->min_age_hours * 3.6e9);
	}
	return memory_best(db, p->w.account_id, r->agent_id, &wanted, p->w.now_us, MEMORY_CANDIDATES, &p->w.x->arena,
					   p->rows, &p->count, err);
}

static bool find_candidates(struct promoting *p, struct db *db, enum memory_tier tier, struct err *err)
{
	struct arena *arena = &p->w.x->arena;
	p->count = 0;
	p->rows = arena_array(arena, MEMORY_CANDIDATES, sizeof *p->rows);
	p->made = arena_array(arena, MEMORY_CANDIDATES, sizeof *p->made);
	p->vectors = arena_array(arena, MEMORY_CANDIDATES, sizeof *p->vectors);
	p->cluster = arena_array(arena, MEMORY_CANDIDATES, sizeof *p->cluster);
	if (p->rows == NULL || p->made == NULL || p->vectors == NULL || p->cluster == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (p->request.memory_ids.count > 0 ? !named_rows(p, db, tier, err) : !best_rows(p, db, tier, err))
		return false;
	for (size_t i = 0; i < p->count; i++) {
		bool found;
		if (!memory_vector_of(db, p->rows[i].memory_id, arena, &p->vectors[i], &found, err))
			return false;
	}
	return true;
}

static bool alike(void *self, size_t a, size_t b)
{
	struct promoting *p = self;
	const struct memory_vector *x = &p->vectors[a], *y = &p->vectors[b];
	if (x->model == NULL || y->model == NULL)
		return memory_jaccard(&p->w.x->arena, p->rows[a].content, p->rows[b].content) >= MEMORY_JACCARD;
	return x->dimension == y->dimension && strcmp(x->model, y->model) == 0 &&
		   vector_cosine(x->numbers, x->norm, y->numbers, y->norm, (size_t)x->dimension) >= MEMORY_CLUSTER;
}

/* --- from L1 to L2 --- */

/* The members of one cluster. */
struct group {
	size_t count;
	size_t members[MEMORY_CANDIDATES];
};

static const char *ids_text(const struct promoting *p, const struct group *g)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (size_t i = 0; i < g->count; i++)
		jw_str(&jw, p->rows[g->members[i]].memory_id);
	jw_array_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(&p->w.x->arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

/* The mean of their vectors where all have one of one model; NULL: there is none. */
static struct memory_vector *mean_vector(const struct promoting *p, const struct group *g)
{
	const float *numbers[MEMORY_CANDIDATES];
	const struct memory_vector *first = &p->vectors[g->members[0]];
	for (size_t i = 0; i < g->count; i++) {
		const struct memory_vector *v = &p->vectors[g->members[i]];
		if (v->model == NULL || v->dimension != first->dimension || strcmp(v->model, first->model) != 0)
			return NULL;
		numbers[i] = v->numbers;
	}
	struct memory_vector *vector = arena_new(&p->w.x->arena, struct memory_vector);
	float *mean = arena_array(&p->w.x->arena, (size_t)first->dimension, sizeof *mean);
	if (vector == NULL || mean == NULL)
		return NULL;
	vector_mean(numbers, g->count, (size_t)first->dimension, mean);
	*vector = (struct memory_vector){.model = first->model,
									 .numbers = mean,
									 .dimension = first->dimension,
									 .norm = vector_norm(mean, (size_t)first->dimension)};
	return vector;
}

/* A row of its own, not yet of any tier. */
static bool new_row(struct promoting *p, const char *content, struct memory_row *row)
{
	struct arena *arena = &p->w.x->arena;
	char id[ID_TEXT], sha256[65];
	if (content == NULL || !memory_digest(arena, content, sha256))
		return false;
	id_make(p->w.api->options.ids, id);
	*row = (struct memory_row){.memory_id = arena_dup(arena, id),
							   .account_id = p->w.account_id,
							   .agent_id = p->request.agent_id,
							   .content = content,
							   .content_sha256 = arena_dup(arena, sha256),
							   .tags = "[]",
							   .type = MEMORY_RESULT,
							   .compression_ratio = NAN,
							   .size = (int64_t)strlen(content),
							   .created_us = p->w.now_us,
							   .last_accessed_us = p->w.now_us};
	return !arena->full;
}

static void texts_of(const struct promoting *p, const struct group *g, const char *texts[MEMORY_CANDIDATES])
{
	for (size_t i = 0; i < g->count; i++)
		texts[i] = p->rows[g->members[i]].content;
}

/* The caller's, the model's, or the sentences that say most. */
static const char *summary_of(const struct promoting *p, const struct group *g, const char *ids)
{
	const char *texts[MEMORY_CANDIDATES];
	if (p->request.summary != NULL)
		return p->request.summary;
	for (size_t i = 0; ids != NULL && i < p->said_count; i++)
		if (strcmp(p->said[i].ids, ids) == 0)
			return p->said[i].text;
	texts_of(p, g, texts);
	return memory_summary(&p->w.x->arena, texts, g->count);
}

/* One episode of a group; what it was made of goes to the archive, with a link. */
static bool make_episode(struct promoting *p, struct db *db, const struct group *g, struct err *err)
{
	struct id_maker *ids = p->w.api->options.ids;
	struct memory_new new = {.vector = mean_vector(p, g)};
	const char *sources = ids_text(p, g);
	bool deduplicated;
	double bytes = 0, importance = 0;
	if (!new_row(p, summary_of(p, g, sources), &new.row))
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < g->count; i++) {
		bytes += (double)p->rows[g->members[i]].size;
		importance += p->rows[g->members[i]].importance;
	}
	new.row.tier = MEMORY_L2;
	new.row.type = p->rows[g->members[0]].type;
	new.row.run_id = p->rows[g->members[0]].run_id;
	new.row.importance = importance / (double)g->count;
	new.row.compression_ratio = (double)new.row.size / bytes;
	new.row.expires_us = p->w.now_us + memory_life_us(MEMORY_L2);
	new.row.title = p->request.cluster_id;
	new.row.source_ids = sources;
	new.row.has_embedding = new.vector != NULL;
	for (size_t i = 0; i < g->count; i++)
		if (!memory_move(db, ids, &p->rows[g->members[i]], MEMORY_L4, p->w.now_us, err))
			return false;
	if (!memory_store(db, ids, &new, p->w.now_us, &p->w.x->arena, &deduplicated, err))
		return false;
	p->made[p->made_count++] = new.row;
	return true;
}

/* The groups of the candidates, as far as `each` wants them. */
static bool each_group(struct promoting *p, struct db *db,
					   bool (*each)(struct promoting *p, struct db *db, const struct group *g, struct err *err),
					   struct err *err)
{
	bool named = p->request.memory_ids.count > 0;
	size_t clusters = named ? 1 : memory_clusters(p->count, alike, p, p->cluster);
	for (size_t c = 1; c <= clusters; c++) {
		struct group group = {.count = 0};
		for (size_t i = 0; i < p->count; i++)
			if (named || p->cluster[i] == c)
				group.members[group.count++] = i;
		if (!each(p, db, &group, err))
			return false;
	}
	return true;
}

static bool change_l2(struct agents_write *w, struct db *db, struct err *err)
{
	struct promoting *p = (struct promoting *)w;
	return find_candidates(p, db, MEMORY_L1, err) && each_group(p, db, make_episode, err) &&
		   agents_audit(w, db, AUDIT_MEMORY_PROMOTE, p->request.agent_id, NULL, err);
}

static void answer_made(struct agents_write *w)
{
	const struct promoting *p = (const struct promoting *)w;
	const struct memory_list_view view = {.memories = memory_views_of(&w->x->arena, p->made, p->made_count),
										  .total = (int64_t)p->made_count};
	reply_fact(w->x, 201, &memory_set_table, &view);
}

static void check_once(void *self, struct faults *faults)
{
	const struct promoting *p = self;
	for (size_t i = 0; i < p->request.memory_ids.count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(p->request.memory_ids.items[i], p->request.memory_ids.items[k]) == 0)
				faults_add(faults, field_pointer_index(faults->arena, "/memory_ids", i), "duplicate", "stands twice");
}

/* Decoded and checked; NULL: answered. */
static struct promoting *begin(struct exchange *x)
{
	struct promoting *p = agents_start(x, sizeof *p);
	return p != NULL && exchange_decode_checked(x, &p->request, check_once, p) ? p : NULL;
}

/* --- what a model says of them --- */

static bool ask_of(struct promoting *p, struct db *db, const struct group *g, struct err *err)
{
	const char *texts[MEMORY_CANDIDATES], *ids = ids_text(p, g);
	(void)db;
	(void)err;
	if (ids == NULL || p->said_count == SAID_MAX || exchange_late(p->w.x))
		return true;
	texts_of(p, g, texts);
	const char *text = memory_condense(p->w.api, p->w.account_id, p->request.agent_id, texts, g->count, &p->w.x->arena);
	if (text != NULL) {
		p->said[p->said_count].ids = ids;
		p->said[p->said_count++].text = text;
	}
	return true;
}

/*
 * As the candidates are now: a group that is another one by the time of the op has the sentences that say most.  What
 * cannot be read here is told by the op.
 */
static void ask_and_promote(void *self)
{
	struct promoting *p = self;
	struct err err;
	p->w.now_us = agents_now(p->w.x);
	struct db *db = store_read(p->w.api->options.store);
	bool read = find_candidates(p, db, MEMORY_L1, &err);
	store_read_end(p->w.api->options.store, db);
	if (read)
		each_group(p, NULL, ask_of, &err);
	agents_submit(&p->w, change_l2, answer_made);
}

void memory_handle_l2(struct exchange *x)
{
	struct promoting *p = begin(x);
	if (p == NULL)
		return;
	bool model = p->w.api->consultant.llm != NULL && p->w.api->consultant.model != NULL;
	if (model && p->request.summary == NULL)
		agents_aside(&p->w, ask_and_promote, p);
	else
		agents_submit(&p->w, change_l2, answer_made);
}

/* --- from L2 to L3 --- */

/* The episode stays; the knowledge is a row of its own with its text, importance and vector. */
static bool copy_up(struct promoting *p, struct db *db, size_t i, struct err *err)
{
	const struct memory_row *from = &p->rows[i];
	struct memory_new new = {.vector = p->vectors[i].model != NULL ? &p->vectors[i] : NULL};
	const struct group alone = {.count = 1, .members = {i}};
	struct arena *arena = &p->w.x->arena;
	if (!new_row(p, from->content, &new.row))
		return err_set(err, ERR_LIMIT, "no memory");
	new.row.tier = MEMORY_L3;
	new.row.type = from->type;
	new.row.run_id = from->run_id;
	new.row.importance = from->importance;
	new.row.tags = from->tags;
	new.row.metadata = from->metadata;
	new.row.knowledge_type = knowledge_names[p->request.knowledge_type];
	new.row.title = p->request.title;
	new.row.source_ids = ids_text(p, &alone);
	new.row.compression_ratio = from->compression_ratio;
	new.row.expires_us = p->w.now_us + memory_life_us(MEMORY_L3);
	new.row.has_embedding = new.vector != NULL;
	p->made[p->made_count++] = new.row;
	return memory_add(db, p->w.api->options.ids, &new, p->w.now_us, arena, err);
}

static bool change_l3(struct agents_write *w, struct db *db, struct err *err)
{
	struct promoting *p = (struct promoting *)w;
	if (!find_candidates(p, db, MEMORY_L2, err))
		return false;
	for (size_t i = 0; i < p->count; i++)
		if (!copy_up(p, db, i, err))
			return false;
	return agents_audit(w, db, AUDIT_MEMORY_PROMOTE, p->request.agent_id, NULL, err);
}

void memory_handle_l3(struct exchange *x)
{
	struct promoting *p = begin(x);
	if (p != NULL)
		agents_submit(&p->w, change_l3, answer_made);
}

/* --- importance --- */

struct weigh_request {
	const char *agent_id;
	struct id_list memory_ids;
};

static const struct field weigh_fields[] = {
	F_STR(weigh_request, agent_id, REQUIRED, LENGTH(1, 255)),
	F_STRS(weigh_request, memory_ids, COUNT(0, IDS_MAX), DOC("Without: all of L1")),
};
const struct field_table memory_importance_table = FIELD_TABLE("memory.weigh", weigh_request, weigh_fields);

struct updated {
	int64_t updated_count;
};

static const struct field updated_fields[] = {F_INT(updated, updated_count)};
const struct field_table memory_updated_table = FIELD_TABLE("memory.updated", updated, updated_fields);

struct weighing {
	struct agents_write w; /* first */
	struct weigh_request request;
	struct memory_row *rows;
	size_t count;
	struct updated result;
};

static bool weigh_rows(struct weighing *g, struct db *db, struct err *err)
{
	const struct weigh_request *r = &g->request;
	const struct memory_filter filter = {.account_id = g->w.account_id,
										 .agent_id = r->agent_id,
										 .tier = MEMORY_L1,
										 .before = "",
										 .limit = (size_t)memory_capacity(MEMORY_L1)};
	g->rows = arena_array(&g->w.x->arena, filter.limit, sizeof *g->rows);
	if (g->rows == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (r->memory_ids.count == 0)
		return memory_list(db, &filter, g->w.now_us, &g->w.x->arena, g->rows, &g->count, err);
	for (size_t i = 0; i < r->memory_ids.count; i++) {
		bool found;
		if (!memory_find(db, g->w.account_id, r->memory_ids.items[i], g->w.now_us, &g->w.x->arena, &g->rows[g->count],
						 &found, err))
			return false;
		if (!found || strcmp(g->rows[g->count].agent_id, r->agent_id) != 0)
			return err_set(err, ERR_NOT_FOUND, "The agent has no such memory.");
		g->count++;
	}
	return true;
}

/* By the maxima of the set; written where it changes by more than 0.05. */
static bool change_weigh(struct agents_write *w, struct db *db, struct err *err)
{
	static const struct importance_weights usual = {.3, .4, .3};
	struct weighing *g = (struct weighing *)w;
	double max_access = 1, max_age = 1;
	if (!weigh_rows(g, db, err))
		return false;
	for (size_t i = 0; i < g->count; i++) {
		max_access = fmax(max_access, (double)g->rows[i].access_count);
		max_age = fmax(max_age, (double)(w->now_us - g->rows[i].created_us) / 3.6e9);
	}
	for (size_t i = 0; i < g->count; i++) {
		const struct memory_row was = g->rows[i];
		double age = (double)(w->now_us - was.created_us) / 3.6e9;
		double next =
			memory_importance(&usual, (double)was.access_count, age, was.importance, was.type, max_access, max_age);
		if (fabs(next - was.importance) <= MEMORY_CHANGE)
			continue;
		g->rows[i].importance = next;
		g->result.updated_count++;
		if (!memory_update(db, &was, &g->rows[i], err))
			return false;
	}
	return agents_audit(w, db, AUDIT_MEMORY_WEIGH, g->request.agent_id, NULL, err);
}

static void answer_weigh(struct agents_write *w)
{
	reply_fact(w->x, 200, &memory_updated_table, &((struct weighing *)w)->result);
}

void memory_handle_importance(struct exchange *x)
{
	struct weighing *g = agents_start(x, sizeof *g);
	if (g != NULL && exchange_decode(x, &g->request))
		agents_submit(&g->w, change_weigh, answer_weigh);
}
