#include "flow/memory_request.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/cost.h"
#include "flow/domain/vector.h"
#include "flow/memory_parts.h"

enum { CONTENT_MAX = 65536 };

static const struct field embedding_fields[] = {
	F_NUMS(embedding_request, vector, REQUIRED, COUNT(1, VECTOR_MAX)),
	F_STR(embedding_request, model, LENGTH(1, 200), DEFAULT_TEXT("default")),
};
const struct field_table embedding_table = FIELD_TABLE("memory.embedding", embedding_request, embedding_fields);

struct memory_vector *memory_vector_from(struct arena *arena, const struct embedding_request *embedding)
{
	struct memory_vector *vector = arena_new(arena, struct memory_vector);
	float *numbers = arena_array(arena, embedding->vector.count, sizeof *numbers);
	if (vector == NULL || numbers == NULL)
		return NULL;
	for (size_t i = 0; i < embedding->vector.count; i++)
		numbers[i] = (float)embedding->vector.items[i];
	*vector = (struct memory_vector){.model = embedding->model,
									 .numbers = numbers,
									 .dimension = (int64_t)embedding->vector.count,
									 .norm = vector_norm(numbers, embedding->vector.count)};
	return vector;
}

static const char *const full_names[] = {"evict", "reject", NULL};

#define CHANGEABLE \
	F_STRS(memory_request, tags, TOLD_APART, COUNT(0, 100)), F_STR(memory_request, expires_at, FORMAT("date-time")), \
		F_JSON(memory_request, metadata)

static const struct field store_fields[] = {
	F_STR(memory_request, agent_id, REQUIRED, LENGTH(1, 255)),
	F_STR(memory_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255)),
	F_STR(memory_request, execution_id, LENGTH(1, 255)),
	F_STR(memory_request, content, REQUIRED, LENGTH(1, CONTENT_MAX), DOC("1 to 65536 bytes")),
	F_NUM(memory_request, importance_score, RANGE(0, 1), DEFAULT(.5)),
	F_OBJECT_PTR(memory_request, embedding, &embedding_table),
	F_ENUM(memory_request, memory_type, memory_type_names, DEFAULT(MEMORY_OBSERVATION)),
	CHANGEABLE,
	F_ENUM(memory_request, strategy, full_names, DEFAULT(0), DOC("When the tier is full")),
};
const struct field_table memory_store_table = FIELD_TABLE("memory.store", memory_request, store_fields);

static const struct field patch_fields[] = {
	F_NUM(memory_request, importance_score, RANGE(0, 1)),
	CHANGEABLE,
};
const struct field_table memory_patch_table = FIELD_TABLE("memory.patch", memory_request, patch_fields);

const char *memory_tags_text(struct arena *arena, const char **tags, size_t count)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (size_t i = 0; i < count; i++)
		jw_str(&jw, tags[i]);
	jw_array_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

bool memory_request_check(const struct memory_request *r, int64_t now_us, struct arena *arena, struct memory_made *made,
						  struct faults *faults)
{
	const struct stamp_fault *fault;
	if (r->expires_at != NULL && !stamp_parse(r->expires_at, strlen(r->expires_at), &made->expires_us, &fault))
		faults_add(faults, "/expires_at", fault->code, "%s", fault->message);
	else if (r->expires_at != NULL && made->expires_us <= now_us)
		faults_add(faults, "/expires_at", "range", "must lie in the future");
	made->metadata = cost_object_text(r->metadata, "/metadata", arena, faults);
	return faults->count == 0;
}

static void check_content(const struct memory_request *r, struct arena *arena, struct faults *faults)
{
	const char *folded;
	if (r->content == NULL)
		return;
	if (strlen(r->content) > CONTENT_MAX)
		faults_add(faults, "/content", "length", "must have at most %d bytes", CONTENT_MAX);
	else if ((folded = memory_fold(arena, r->content)) != NULL && folded[0] == '\0')
		faults_add(faults, "/content", "length", "must not be empty");
}

static void take_vector(const struct memory_request *r, struct arena *arena, struct memory_made *made,
						struct faults *faults)
{
	if (r->embedding == NULL)
		return;
	made->new.vector = memory_vector_from(arena, r->embedding);
	if (made->new.vector != NULL && made->new.vector->norm <= 0)
		faults_add(faults, "/embedding/vector", "zero_norm", "must have a length above 0");
}

bool memory_request_make(const struct memory_request *r, struct id_maker *ids, const char *account_id, int64_t now_us,
						 struct arena *arena, struct memory_made *made, struct faults *faults)
{
	check_content(r, arena, faults);
	take_vector(r, arena, made, faults);
	if (!memory_request_check(r, now_us, arena, made, faults))
		return false;
	id_make(ids, made->id);
	made->new.reject = r->strategy == 1;
	made->new.row = (struct memory_row){.memory_id = made->id,
										.account_id = account_id,
										.agent_id = r->agent_id,
										.run_id = r->run_id != NULL ? r->run_id : r->execution_id,
										.content = r->content,
										.content_sha256 = made->sha256,
										.tags = memory_tags_text(arena, r->tags.items, r->tags.count),
										.metadata = made->metadata,
										.tier = MEMORY_L1,
										.type = (enum memory_type)r->memory_type,
										.importance = r->importance_score,
										.compression_ratio = NAN,
										.size = (int64_t)strlen(r->content),
										.has_embedding = r->embedding != NULL};
	return memory_digest(arena, r->content, made->sha256) && !arena->full;
}

bool memory_made_store(struct db *db, struct id_maker *ids, struct memory_made *made, int64_t now_us,
					   struct arena *arena, bool *deduplicated, struct err *err)
{
	struct memory_row *row = &made->new.row;
	row->created_us = row->last_accessed_us = now_us;
	row->expires_us = made->expires_us != 0 ? made->expires_us : now_us + memory_life_us(MEMORY_L1);
	return memory_store(db, ids, &made->new, now_us, arena, deduplicated, err);
}
