#include "seal/envelope.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "seal/calc.h"
#include "seal/pack.h"

static const struct json_limits no_limits = {.depth = 100, .values = 100000000};

static void write_notes(struct jw *jw, const char *name, const struct note *first)
{
	jw_key(jw, name);
	jw_array(jw);
	for (const struct note *note = first; note != NULL; note = note->next) {
		jw_object(jw);
		jw_member_str(jw, "code", note->code);
		jw_member_str(jw, "message", note->message);
		if (note->pointer != NULL)
			jw_member_str(jw, "pointer", note->pointer);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

static void write_factors(struct jw *jw, const struct calc *calc)
{
	jw_key(jw, "intermediates");
	jw_object(jw);
	for (const struct factor *factor = calc->factors; factor != NULL; factor = factor->next) {
		jw_key(jw, factor->name);
		if (factor->text != NULL)
			jw_str(jw, factor->text);
		else if (isfinite(factor->number))
			jw_num(jw, factor->number);
		else
			jw_null(jw);
	}
	jw_object_end(jw);
}

static void write_pack_metadata(struct jw *jw, const struct calc *calc)
{
	jw_key(jw, "pack_metadata");
	jw_object(jw);
	for (size_t i = 0; i < calc->used_count; i++) {
		jw_key(jw, calc->used[i]->name);
		jw_object(jw);
		jw_member_str(jw, "version", calc->used[i]->version);
		jw_member_str(jw, "sha256", calc->used[i]->sha256);
		jw_object_end(jw);
	}
	jw_object_end(jw);
}

static void write_inputs(struct jw *jw, const struct envelope *envelope)
{
	jw_key(jw, "inputs");
	if (envelope->inputs_table != NULL) {
		field_write(jw, envelope->inputs_table, envelope->inputs, FIELD_INPUTS);
		return;
	}
	jw_object(jw);
	jw_object_end(jw);
}

static void write_trace(struct jw *jw, const struct envelope *envelope, const struct calc *calc)
{
	const struct envelope_context *context = envelope->context;
	jw_key(jw, "trace");
	jw_object(jw);
	write_inputs(jw, envelope);
	write_factors(jw, calc);
	jw_key(jw, "checks");
	jw_array(jw);
	for (size_t i = 0; i < calc->checks.count; i++)
		field_write(jw, &check_table, &calc->checks.items[i], FIELD_RESULT);
	jw_array_end(jw);
	write_pack_metadata(jw, calc);
	jw_key(jw, "code_version");
	jw_object(jw);
	jw_member_str(jw, "version", context->version);
	jw_member_str(jw, "git_sha", context->git_sha);
	jw_object_end(jw);
	jw_member_str(jw, "route", context->route);
	jw_member_str(jw, "request_id", context->request_id);
	if (context->search != NULL) {
		jw_key(jw, "search");
		jw_raw(jw, context->search, strlen(context->search));
	}
	jw_object_end(jw);
}

void envelope_write(struct jw *jw, const struct envelope *envelope)
{
	static const struct calc nothing;
	const struct calc *calc = envelope->calc != NULL ? envelope->calc : &nothing;
	const struct note *warning = envelope->calc == NULL ? envelope->context->warning : NULL;
	jw_object(jw);
	jw_key(jw, "result");
	if (envelope->result_table != NULL)
		field_write(jw, envelope->result_table, envelope->result, FIELD_RESULT);
	else if (envelope->result_text != NULL)
		jw_raw(jw, envelope->result_text, envelope->result_size);
	else
		jw_null(jw);
	write_notes(jw, "assumptions", calc->assumptions.first);
	write_notes(jw, "warnings", warning != NULL ? warning : calc->warnings.first);
	jw_member_num(jw, "confidence", envelope->confidence);
	write_trace(jw, envelope, calc);
	jw_member_str(jw, "content_sha256", envelope->content_sha256);
	jw_member_str(jw, "inputs_sha256", envelope->inputs_sha256);
	jw_member_str(jw, "envelope_version", "1.0");
	jw_member_str(jw, "timestamp", envelope->context->timestamp);
	jw_object_end(jw);
}

static bool append_hashed(struct buf *out, struct envelope envelope)
{
	struct buf canonical;
	struct jw jw;
	buf_init(&canonical, 0);
	jw_init(&jw, &canonical);
	field_write(&jw, envelope.result_table, envelope.result, FIELD_RESULT | FIELD_CANONICAL);
	char sha256_text[SHA256_HEX_SIZE];
	bool whole = jw_ok(&jw);
	sha256_hex(buf_text(&canonical), canonical.size, sha256_text);
	buf_fini(&canonical);
	envelope.content_sha256 = sha256_text;
	jw_init(&jw, out);
	envelope_write(&jw, &envelope);
	return whole && jw_ok(&jw);
}

bool envelope_fact(struct buf *out, const struct field_table *table, const void *result,
				   const struct envelope_context *context)
{
	return append_hashed(
		out, (struct envelope){.result_table = table, .result = result, .confidence = 1, .context = context});
}

bool envelope_calculated(struct buf *out, const struct envelope *parts)
{
	struct envelope envelope = *parts;
	envelope.confidence = calc_confidence(parts->calc);
	return append_hashed(out, envelope);
}

bool envelope_content_hash(const char *json, size_t size, char sha256[SHA256_HEX_SIZE])
{
	struct arena arena;
	struct buf canonical;
	const struct json *tree;
	arena_init(&arena, ARENA_REQUEST_CAP);
	buf_init(&canonical, 0);
	bool whole = json_parse(&arena, json, size, &no_limits, &tree, NULL);
	if (whole)
		jcs_write(&canonical, tree);
	sha256_hex(buf_text(&canonical), canonical.size, sha256);
	whole = whole && buf_ok(&canonical);
	buf_fini(&canonical);
	arena_fini(&arena);
	return whole;
}

bool envelope_fact_hashed(struct buf *out, const char *json, size_t size, const char sha256[SHA256_HEX_SIZE],
						  const struct envelope_context *context)
{
	const struct envelope envelope = {
		.result_text = json, .result_size = size, .confidence = 1, .content_sha256 = sha256, .context = context};
	struct jw jw;
	jw_init(&jw, out);
	envelope_write(&jw, &envelope);
	return jw_ok(&jw);
}

bool envelope_fact_text(struct buf *out, const char *json, size_t size, const struct envelope_context *context)
{
	char sha256[SHA256_HEX_SIZE];
	bool whole = envelope_content_hash(json, size, sha256);
	return envelope_fact_hashed(out, json, size, sha256, context) && whole;
}
