#include "flow/why_view.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/domain/run.h"

static void open_request(struct jw *jw, const char *method, const char *path)
{
	jw_key(jw, "unblock");
	jw_object(jw);
	jw_member_str(jw, "method", method);
	jw_member_str(jw, "path", path);
	jw_key(jw, "body");
	jw_object(jw);
}

static void close_request(struct jw *jw)
{
	jw_object_end(jw);
	jw_object_end(jw);
}

/* What a filter asks for word by word; a pattern or an expression does not say what would fit it. */
static const char *wanted(const struct ir_filter *filter, const char *name)
{
	for (uint32_t i = 0; filter != NULL && i < filter->with->count; i++) {
		const struct json_member *member = &filter->with->members[i];
		if (strcmp(member->name, name) == 0 && filter->values[i].mode == IR_LITERAL &&
			member->value.kind == JS_STRING && member->value.text[0] != '/')
			return member->value.text;
	}
	return NULL;
}

/* The first filter that is still open. */
static const struct ir_filter *open_filter(const struct frame *frame)
{
	const struct ir_strategy *to = &frame->task->listen.to;
	for (size_t i = 0; i < to->count; i++)
		if (to->consume != IR_ALL || !frame->listening->filled[i])
			return &to->filters[i];
	return NULL;
}

static void add(struct jw *jw, const struct ir_filter *filter, const char *name, const char *otherwise)
{
	const char *text = wanted(filter, name);
	jw_member_str(jw, name, text != NULL ? text : otherwise);
}

void why_view_listener(struct jw *jw, const struct frame *frame)
{
	const struct ir_filter *filter = open_filter(frame);
	open_request(jw, "POST", "/api/v1/flow/events");
	jw_member_str(jw, "specversion", "1.0");
	add(jw, filter, "id", "1");
	add(jw, filter, "source", "urn:operator");
	add(jw, filter, "type", "example");
	close_request(jw);
}

void why_view_child(struct jw *jw, const struct frame *frame)
{
	const char *run_id = frame->request == NULL ? NULL : json_text(datum_tree(frame->request), "run_id");
	struct buf path;
	if (run_id == NULL)
		return;
	buf_init(&path, 0);
	buf_addf(&path, "/api/v1/flow/runs/%s/why", run_id);
	open_request(jw, "GET", buf_text(&path));
	close_request(jw);
	buf_fini(&path);
}

void why_view_breaker(struct jw *jw, const struct frame *frame)
{
	struct buf path;
	buf_init(&path, 0);
	buf_addf(&path, "/api/v1/flow/breakers/%s/reset", frame->held);
	open_request(jw, "POST", buf_text(&path));
	close_request(jw);
	buf_fini(&path);
}
