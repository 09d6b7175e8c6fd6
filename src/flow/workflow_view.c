/* A version of a workflow as its users see it. */
#include <string.h>

#include "core/buf.h"
#include "core/field.h"
#include "core/jw.h"
#include "flow/flow_internal.h"
#include "flow/members.h"
#include "flow/workflows.h"
#include "http/exchange.h"
#include "people/reply.h"

static const struct field view_rows[] = {
	T_STR(workflow_id, LEFT_OUT, DOC("Of the DAG form: its name")),
	T_STR(namespace),
	T_STR(name),
	T_STR(version),
	T_ENUM(state, workflow_state_names),
	T_STR(form, DOC("dsl or dag")),
	T_STR(definition_sha256),
	T_STR(title, NULLABLE),
	T_JSON(tags, DOC("An object, or of the DAG form a list")),
	T_TIME(created_at),
	T_TIME(updated_at),
	T_STR(created_by, NULLABLE),
};
const struct field_table workflow_view_table = TOLD_TABLE("flow.workflow", view_rows);
static const struct field registered_rows[] = {
	T_ALL(&workflow_view_table),
	T_JSON(steps, LEFT_OUT, DOC("Of the DAG form")),
};
const struct field_table workflow_registered_table = TOLD_TABLE("flow.workflow.registered", registered_rows);

void workflow_view_members(struct jw *jw, const struct workflow *w)
{
	bool dag = strcmp(w->form, "dag") == 0;
	if (dag)
		jw_member_str(jw, "workflow_id", w->name);
	jw_member_str(jw, "namespace", w->namespace);
	jw_member_str(jw, "name", w->name);
	jw_member_str(jw, "version", w->version);
	jw_member_str(jw, "state", workflow_state_names[w->state]);
	jw_member_str(jw, "form", w->form);
	jw_member_str(jw, "definition_sha256", w->content_sha256);
	jw_member_str(jw, "title", w->title);
	jw_key(jw, "tags");
	const char *tags = strcmp(w->tags, "null") == 0 ? "[]" : w->tags;
	jw_raw(jw, tags, strlen(tags));
	members_time(jw, "created_at", w->created_us);
	members_time(jw, "updated_at", w->updated_us);
	jw_member_str(jw, "created_by", w->created_by);
}

void workflow_view_write(struct jw *jw, const struct workflow *workflow)
{
	jw_object(jw);
	workflow_view_members(jw, workflow);
	jw_object_end(jw);
}

void workflow_view_reply(struct exchange *x, int status, const struct workflow *workflow, const char *steps)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	workflow_view_members(&jw, workflow);
	if (steps != NULL) {
		jw_key(&jw, "steps");
		jw_raw(&jw, steps, strlen(steps));
	}
	jw_object_end(&jw);
	reply_fact_text(x, status, buf_text(&text), text.size);
	buf_fini(&text);
}
