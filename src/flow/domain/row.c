#include "flow/domain/row.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "flow/domain/datum.h"

const char *const row_kind_names[ROW_KINDS_COUNT] = {
#define X(name, text) [name] = text,
	ROW_KINDS(X)
#undef X
};

static const char *const then_names[] = {[IR_EXIT] = "exit", [IR_END] = "end"};

/* Members that are values: which, and under what name. */
static const struct {
	const char *name;
	size_t offset;
} values[] = {
	{"input", offsetof(struct row, input)},     {"output", offsetof(struct row, output)},
	{"context", offsetof(struct row, context)}, {"error", offsetof(struct row, error)},
	{"event", offsetof(struct row, event)},     {"items", offsetof(struct row, items)},
	{"request", offsetof(struct row, request)}, {"cost", offsetof(struct row, cost)},
};
enum { VALUES = sizeof values / sizeof *values };

static struct datum **value_of(struct row *row, size_t i)
{
	return (struct datum **)(void *)((char *)row + values[i].offset);
}

static struct datum *const *value_of_const(const struct row *row, size_t i)
{
	return (struct datum *const *)(const void *)((const char *)row + values[i].offset);
}

static void add_int(struct jw *jw, const char *name, int64_t value)
{
	if (value != 0)
		jw_member_int(jw, name, value);
}

/* A step of the DAG form that an operator has begun anew. */
static bool has_step(const struct row *row)
{
	return row->kind == ROW_RETRIED || row->kind == ROW_PATCHED;
}

#define APART "_sha256"

const char *row_apart_name(const char *member)
{
	for (size_t i = 0; i < VALUES; i++) {
		size_t size = strlen(values[i].name);
		if (strncmp(member, values[i].name, size) == 0 && strcmp(member + size, APART) == 0)
			return values[i].name;
	}
	return NULL;
}

static void write_value(struct jw *jw, const char *name, struct datum *value, const struct row_apart *apart)
{
	char sha256[SHA256_HEX_SIZE], member[32];
	size_t size;
	const char *text = datum_bytes(value, &size);
	if (apart == NULL || size <= apart->over) {
		jw_key(jw, name);
		jw_raw(jw, text, size);
		return;
	}
	sha256_hex(text, size, sha256);
	snprintf(member, sizeof member, "%s" APART, name);
	jw_member_str(jw, member, sha256);
	apart->keep(apart->self, sha256, value);
}

static void write_data(struct jw *jw, const struct row *row, const struct row_apart *apart)
{
	jw_object(jw);
	if (row->frame != ROW_NO_FRAME)
		jw_member_int(jw, "frame", row->frame);
	if (row->then == IR_GOTO || row->kind == ROW_ROUND || row->kind == ROW_EVENT)
		jw_member_int(jw, "index", row->index);
	else if (row->then != IR_CONTINUE)
		jw_member_str(jw, "then", then_names[row->then]);
	if (has_step(row))
		add_int(jw, "step", row->index);
	add_int(jw, "n", row->n);
	add_int(jw, "due_us", row->due_us);
	add_int(jw, "timeout_us", row->timeout_us);
	if (row->timeout)
		jw_member_bool(jw, "timeout", true);
	if (row->definite)
		jw_member_bool(jw, "definite", true);
	for (size_t i = 0; i < VALUES; i++) {
		struct datum *value = *value_of_const(row, i);
		if (value != NULL)
			write_value(jw, values[i].name, value, apart);
	}
	if (row->reason != NULL)
		jw_member_str(jw, "reason", row->reason);
	if (row->by != NULL)
		jw_member_str(jw, "by", row->by);
	jw_object_end(jw);
}

void row_encode(const struct row *row, const struct row_apart *apart, struct buf *text)
{
	struct jw jw;
	jw_init(&jw, text);
	jw_object(&jw);
	jw_member_int(&jw, "seq", row->seq);
	jw_member_int(&jw, "at_us", row->at_us);
	jw_member_str(&jw, "kind", row_kind_names[row->kind]);
	if (row->path != NULL)
		jw_member_str(&jw, "path", row->path);
	if (row->attempt > 0)
		jw_member_int(&jw, "attempt", row->attempt);
	jw_key(&jw, "data");
	write_data(&jw, row, apart);
	jw_object_end(&jw);
}

static bool kind_of(const char *name, enum row_kind *kind)
{
	for (int i = 0; i < ROW_KINDS_COUNT; i++) {
		if (strcmp(row_kind_names[i], name) == 0) {
			*kind = (enum row_kind)i;
			return true;
		}
	}
	return false;
}

static int64_t int_of(const struct json *json, const char *name, int64_t absent)
{
	const struct json *member = json_get(json, name);
	return member != NULL && member->kind == JS_INT ? member->integer : absent;
}

static bool true_of(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && member->kind == JS_BOOL && member->boolean;
}

static void decode_then(const struct json *json, struct row *row)
{
	const char *then = json_text(json, "then");
	if (then != NULL)
		row->then = strcmp(then, "end") == 0 ? IR_END : IR_EXIT;
	else if (json_get(json, "index") != NULL && row->kind != ROW_ROUND && row->kind != ROW_EVENT)
		row->then = IR_GOTO;
	row->index = (uint32_t)int_of(json, "index", 0);
}

/* Up to the year 9999. */
static bool is_moment(int64_t us)
{
	return us >= 0 && us < INT64_C(253402300800000000);
}

bool row_decode(const struct json *json, struct row *row, struct err *err)
{
	const char *kind = json_text(json, "kind");
	const struct json *data = json_get(json, "data");
	*row = (struct row){.frame = ROW_NO_FRAME};
	if (kind == NULL || data == NULL || !kind_of(kind, &row->kind))
		return err_set(err, ERR_INTERNAL, "“%s” is no row of a journal.", kind == NULL ? "" : kind);
	row->seq = int_of(json, "seq", 0);
	row->at_us = int_of(json, "at_us", 0);
	row->path = json_text(json, "path");
	row->attempt = (uint32_t)int_of(json, "attempt", 0);
	row->frame = (uint32_t)int_of(data, "frame", ROW_NO_FRAME);
	decode_then(data, row);
	if (has_step(row) && row->then != IR_GOTO)
		row->index = (uint32_t)int_of(data, "step", 0);
	row->n = int_of(data, "n", 0);
	row->due_us = int_of(data, "due_us", 0);
	row->timeout_us = int_of(data, "timeout_us", 0);
	row->timeout = true_of(data, "timeout");
	row->definite = true_of(data, "definite");
	row->reason = json_text(data, "reason");
	row->by = json_text(data, "by");
	if (!is_moment(row->at_us) || !is_moment(row->due_us) || !is_moment(row->timeout_us))
		return err_set(err, ERR_INTERNAL, "A row of a journal tells of no time there is.");
	for (size_t i = 0; i < VALUES; i++) {
		const struct json *value = json_get(data, values[i].name);
		if (value != NULL)
			*value_of(row, i) = datum_json(value);
	}
	return true;
}

void row_hold(struct row *row)
{
	for (size_t i = 0; i < VALUES; i++)
		if (*value_of(row, i) != NULL)
			datum_ref(*value_of(row, i));
}

void row_fini(struct row *row)
{
	for (size_t i = 0; i < VALUES; i++) {
		datum_unref(*value_of(row, i));
		*value_of(row, i) = NULL;
	}
}
