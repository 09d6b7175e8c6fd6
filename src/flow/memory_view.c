#include "flow/memory_view.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/agents_internal.h"

const char *const knowledge_names[] = {"factual", "procedural", "conceptual", "strategic", NULL};

#define FIELDS \
	F_STR(memory_view, memory_id), F_ENUM(memory_view, tier, memory_tier_names), F_STR(memory_view, agent_id), \
		F_STR(memory_view, run_id, NULLABLE), F_STR(memory_view, content), \
		F_NUM(memory_view, importance_score, DECIMALS(6)), F_STR(memory_view, created_at, FORMAT("date-time")), \
		F_STR(memory_view, last_accessed_at, FORMAT("date-time")), F_INT(memory_view, access_count), \
		F_ENUM(memory_view, memory_type, memory_type_names), F_JSON(memory_view, tags), \
		F_JSON(memory_view, metadata, NULLABLE), F_STR(memory_view, expires_at, FORMAT("date-time")), \
		F_BOOL(memory_view, has_embedding), F_JSON(memory_view, source_ids, DOC("What it was made of")), \
		F_NUM(memory_view, compression_ratio, LEFT_OUT, DECIMALS(6), \
			  DOC("Of a summary: its bytes by those of what it was made of; else in l4: bytes stored by bytes")), \
		F_STR(memory_view, knowledge_type, LEFT_OUT), F_STR(memory_view, title, LEFT_OUT), \
		F_STR(memory_view, possible_duplicate_of, LEFT_OUT)

static const struct field fields[] = {FIELDS};
const struct field_table memory_table = FIELD_TABLE("memory", memory_view, fields);

static const struct field stored_fields[] = {
	FIELDS,
	F_BOOL(memory_view, deduplicated, DOC("It was there already")),
};
const struct field_table memory_stored_table = FIELD_TABLE("memory.stored", memory_view, stored_fields);

static const struct field found_fields[] = {
	FIELDS,
	F_NUM(memory_view, similarity, NULLABLE, DECIMALS(6), DOC("Cosine from 0 to 1")),
	F_NUM(memory_view, score, DECIMALS(6)),
};
const struct field_table memory_found_table = FIELD_TABLE("memory.found", memory_view, found_fields);

static const struct field list_fields[] = {
	F_OBJECTS(memory_list_view, memories, &memory_table),
	F_INT(memory_list_view, total),
	F_STR(memory_list_view, next_cursor, NULLABLE),
};
const struct field_table memory_list_table = FIELD_TABLE("memory.list", memory_list_view, list_fields);

static const struct field set_fields[] = {
	F_OBJECTS(memory_list_view, memories, &memory_table),
	F_INT(memory_list_view, total),
};
const struct field_table memory_set_table = FIELD_TABLE("memory.set", memory_list_view, set_fields);

static const struct field search_fields[] = {
	F_OBJECTS(memory_list_view, memories, &memory_found_table),
	F_INT(memory_list_view, total),
};
const struct field_table memory_search_table = FIELD_TABLE("memory.search", memory_list_view, search_fields);

static const struct json *parsed(struct arena *arena, const char *text)
{
	const struct json *json = NULL;
	if (text != NULL)
		json_parse(arena, text, strlen(text), &json_body_limits, &json, NULL);
	return json;
}

/* Of a summary it is said how much it left out; of what the archive packed, how small that made it. */
static double ratio_of(const struct memory_row *row)
{
	bool packed = isnan(row->compression_ratio) && row->stored > 0 && row->size > 0;
	return packed ? (double)row->stored / (double)row->size : row->compression_ratio;
}

struct memory_view memory_view_of(struct arena *arena, const struct memory_row *row)
{
	return (struct memory_view){.memory_id = row->memory_id,
								.agent_id = row->agent_id,
								.run_id = row->run_id,
								.content = row->content,
								.created_at = agents_time(arena, row->created_us),
								.last_accessed_at = agents_time(arena, row->last_accessed_us),
								.expires_at = agents_time(arena, row->expires_us),
								.knowledge_type = row->knowledge_type,
								.title = row->title,
								.possible_duplicate_of = row->possible_duplicate_of,
								.tier = (int)row->tier,
								.memory_type = (int)row->type,
								.importance_score = row->importance,
								.compression_ratio = ratio_of(row),
								.similarity = NAN,
								.access_count = row->access_count,
								.tags = parsed(arena, row->tags),
								.metadata = parsed(arena, row->metadata),
								.source_ids = parsed(arena, row->source_ids != NULL ? row->source_ids : "[]"),
								.has_embedding = row->has_embedding};
}
