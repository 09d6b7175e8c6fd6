#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "seal/pack.h"
#include "seal/seals.h"

const char *const replay_outcome_names[] = {"identical", "different", "not_replayable", NULL};

/* What was stored of a computation may be larger than a body was. */
static const struct json_limits stored_limits = {.depth = 100, .values = 10000000};

static bool give_up(struct replay *replay, const char *reason, const char *detail)
{
	replay->outcome = REPLAY_NOT_REPLAYABLE;
	replay->reason = reason;
	replay->detail = detail;
	return true;
}

static const struct pack *pack_with_hash(const struct packs *packs, const char *name, const char *sha256)
{
	const struct pack *pack;
	for (size_t i = 0; (pack = packs_at(packs, i)) != NULL; i++)
		if (strcmp(pack->name, name) == 0 && strcmp(pack->sha256, sha256) == 0)
			return pack;
	return NULL;
}

/*
 * The versions that were used, so that a newer pack of the same name does not take part.  `missing` names a pack that
 * is gone; it is left out, so that the one in force takes its place.
 */
static const struct json *pins_of(const struct json *used, const struct packs *packs, struct arena *arena,
								  const char **missing)
{
	struct json *pins = arena_new(arena, struct json);
	struct json_member *members = arena_array(arena, used->count, sizeof *members);
	uint32_t count = 0;
	if (pins == NULL || members == NULL)
		return NULL;
	for (uint32_t i = 0; i < used->count; i++) {
		const struct json_member *member = &used->members[i];
		const struct pack *pack = pack_with_hash(packs, member->name, member->value.text);
		if (pack == NULL) {
			*missing = *missing != NULL ? *missing : member->name;
			continue;
		}
		members[count] = *member;
		members[count].value.text = pack->version;
		members[count++].value.size = strlen(pack->version);
	}
	*pins = (struct json){.kind = JS_OBJECT, .count = count, .members = members};
	return pins;
}

/* The inputs as they were, but with these pins, where the operation's body has a member for them. */
static const struct json *pinned(const struct op *op, const struct json *inputs, const struct json *pins,
								 struct arena *arena)
{
	if (op == NULL || pins->count == 0 || field_find(op->input, "packs") == NULL)
		return inputs;
	struct json *body = arena_new(arena, struct json);
	struct json_member *all = arena_array(arena, inputs->count + 1, sizeof *all);
	if (body == NULL || all == NULL)
		return NULL;
	*body = (struct json){.kind = JS_OBJECT, .members = all};
	for (uint32_t i = 0; i < inputs->count; i++)
		if (strcmp(inputs->members[i].name, "packs") != 0)
			all[body->count++] = inputs->members[i];
	all[body->count++] = (struct json_member){.name = "packs", .name_size = 5, .value = *pins};
	return body;
}

static const char *canonical(struct arena *arena, const struct json *json)
{
	if (json == NULL)
		return "";
	struct buf buf;
	buf_init(&buf, 0);
	jcs_write(&buf, json);
	const char *text = arena_dupn(arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text != NULL ? text : "";
}

static void compare(struct replay *replay, struct arena *arena, const char *pointer, const struct json *was,
					const struct json *is)
{
	if (replay->count == REPLAY_DIFFERENCES_MAX || (was != NULL && is != NULL && json_same(was, is)))
		return;
	if (was == NULL || is == NULL || was->kind != is->kind || (was->kind != JS_OBJECT && was->kind != JS_ARRAY)) {
		replay->differences[replay->count++] =
			(struct replay_difference){pointer, canonical(arena, was), canonical(arena, is)};
		return;
	}
	if (was->kind == JS_ARRAY) {
		uint32_t count = was->count > is->count ? was->count : is->count;
		for (uint32_t i = 0; i < count; i++)
			compare(replay, arena, field_pointer_index(arena, pointer, i), i < was->count ? &was->items[i] : NULL,
					i < is->count ? &is->items[i] : NULL);
		return;
	}
	for (uint32_t i = 0; i < was->count; i++)
		compare(replay, arena, field_pointer(arena, pointer, was->members[i].name), &was->members[i].value,
				json_get(is, was->members[i].name));
	for (uint32_t i = 0; i < is->count; i++)
		if (json_get(was, is->members[i].name) == NULL)
			compare(replay, arena, field_pointer(arena, pointer, is->members[i].name), NULL, &is->members[i].value);
}

static bool find_differences(const struct seal *seal, const struct op_answer *answer, struct arena *arena,
							 struct replay *replay, struct err *err)
{
	const struct json *was, *is;
	if (!json_parse(arena, seal->result, strlen(seal->result), &stored_limits, &was, err) ||
		!json_parse(arena, answer->result, strlen(answer->result), &stored_limits, &is, err))
		return false;
	replay->outcome = REPLAY_DIFFERENT;
	compare(replay, arena, "", was, is);
	return true;
}

static bool recompute(const struct seal *seal, const struct op *op, const struct json *body,
					  const struct op_context *context, struct arena *arena, struct replay *replay, struct err *err)
{
	struct op_answer answer;
	struct faults faults;
	struct err why = {.kind = ERR_INTERNAL};
	if (!op_run(op, context, body, arena, &answer, &faults, &why))
		return give_up(replay, "inputs_invalid",
					   arena_dup(arena, faults.first != NULL ? faults.first->pointer : why.message));
	replay->content_sha256 = arena_dup(arena, answer.content_sha256);
	replay->outcome = REPLAY_IDENTICAL;
	if (strcmp(answer.content_sha256, seal->content_sha256) == 0)
		return true;
	return find_differences(seal, &answer, arena, replay, err);
}

/* Nothing to replay with; what the pack of that name in force now gives instead is told beside it [sign.md 10.11]. */
static bool without_pack(const struct seal *seal, const struct op *op, const struct json *body,
						 const struct op_context *context, const char *missing, struct arena *arena,
						 struct replay *replay, struct err *err)
{
	if (op != NULL && !recompute(seal, op, body, context, arena, replay, err))
		return false;
	replay->content_sha256 = NULL;
	return give_up(replay, "pack_missing", missing);
}

bool seal_replay(const struct seal *seal, const struct op *const *ops, size_t ops_count,
				 const struct op_context *context, struct arena *arena, struct replay *replay, struct err *err)
{
	*replay = (struct replay){.outcome = REPLAY_IDENTICAL};
	if (seal->operation == NULL)
		return give_up(replay, "not_computed", NULL);
	const struct json *inputs, *used;
	if (!json_parse(arena, seal->packs, strlen(seal->packs), &stored_limits, &used, err) ||
		!json_parse(arena, seal->inputs, strlen(seal->inputs), &stored_limits, &inputs, err))
		return false;
	const char *missing = NULL;
	const struct op *op = op_find(ops, ops_count, seal->operation);
	struct op_context then = *context;
	then.pins = pins_of(used, context->packs, arena, &missing);
	const struct json *body = then.pins != NULL ? pinned(op, inputs, then.pins, arena) : NULL;
	if (body == NULL)
		return err_set(err, ERR_LIMIT, "the seal is too large to replay");
	if (missing != NULL)
		return without_pack(seal, op, body, &then, missing, arena, replay, err);
	if (op == NULL)
		return give_up(replay, "operation_unknown", seal->operation);
	return recompute(seal, op, body, &then, arena, replay, err);
}

static void write_text(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	if (json[0] == '\0')
		jw_null(jw);
	else
		jw_raw(jw, json, strlen(json));
}

void replay_write(struct jw *jw, const struct replay *replay)
{
	jw_member_str(jw, "outcome", replay_outcome_names[replay->outcome]);
	jw_key(jw, "differences");
	jw_array(jw);
	for (size_t i = 0; i < replay->count; i++) {
		jw_object(jw);
		jw_member_str(jw, "pointer", replay->differences[i].pointer);
		write_text(jw, "was", replay->differences[i].was);
		write_text(jw, "is", replay->differences[i].is);
		jw_object_end(jw);
	}
	jw_array_end(jw);
	jw_member_str(jw, "reason", replay->reason);
	jw_member_str(jw, "detail", replay->detail);
}
