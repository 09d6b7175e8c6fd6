/* What a model says of some memories in short [flow.md 6]: the configured one, under the budgets of the agent. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/log.h"
#include "flow/agents_internal.h"
#include "flow/domain/datum.h"
#include "flow/domain/llm_call.h"
#include "flow/domain/trouble.h"
#include "flow/memory_parts.h"

enum { WAIT_MS = 30000, TOKENS = 1024, SUMMARY_MAX = 64 << 10 /* bytes of a memory */ };

static const char rules[] =
	"You get notes of an agent, one after the other. Say in one paragraph what they say, as facts and without naming "
	"the "
	"notes, in at most a fifth of their length and in their language. Answer with the paragraph alone.";

static void write_message(struct jw *jw, const char *role, const char *content)
{
	jw_object(jw);
	jw_member_str(jw, "role", role);
	jw_member_str(jw, "content", content);
	jw_object_end(jw);
}

static struct datum *question(const char *model, const char *const *texts, size_t count)
{
	struct buf text, notes;
	struct trouble trouble;
	struct jw jw;
	buf_init(&notes, 0);
	for (size_t i = 0; i < count; i++)
		buf_addf(&notes, "%s\n\n", texts[i]);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "model", model);
	jw_key(&jw, "messages");
	jw_array(&jw);
	write_message(&jw, "system", rules);
	write_message(&jw, "user", buf_text(&notes));
	jw_array_end(&jw);
	jw_member_int(&jw, "max_tokens", TOKENS);
	jw_member_int(&jw, "temperature", 0);
	jw_object_end(&jw);
	buf_fini(&notes);
	struct datum *with = datum_take_buf(&text);
	struct datum *request = llm_call_request(with, &trouble);
	datum_unref(with);
	return request;
}

const char *memory_condense(struct agents_api *api, const char *account_id, const char *agent_id,
							const char *const *texts, size_t count, struct arena *arena)
{
	const struct consultant *c = &api->consultant;
	struct datum *request = question(c->model, texts, count);
	const struct consultation asked = {.spender = {.account_id = account_id, .agent_id = agent_id},
									   .purpose = "memory_summary",
									   .request = request,
									   .timeout_ms = WAIT_MS};
	struct consulted answer;
	struct budget_refusal refusal;
	struct err err;
	if (request == NULL)
		return NULL;
	bool answered = consult(c, &asked, arena, &answer, &refusal, &err);
	datum_unref(request);
	if (!answered) {
		log_warn("flow: no model summarised some memories", log_str("why", err.message));
		return NULL;
	}
	size_t size = strlen(answer.text);
	return size > 0 && size <= SUMMARY_MAX ? answer.text : NULL;
}
