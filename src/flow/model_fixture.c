#include "flow/model_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/llm.h"
#include "seal/pack.h"
#include "store/store.h"

static int last_of(const struct model *m)
{
	int k = m->asked < 3 ? m->asked : 3;
	while (k > 0 && m->answers[k] == NULL)
		k--;
	return k;
}

static void look_at_budget(struct model *m)
{
	struct db *db = store_read(m->f->store);
	struct db_rows rows;
	struct err err;
	must(db_query(db, &rows, &err, "SELECT reserved FROM budgets WHERE budget_id = $1", V_TEXT(m->budget_id)));
	while (db_next(&rows))
		m->reserved = (double)db_int(&rows, 0);
	must(db_end(&rows, &err));
	store_read_end(m->f->store, db);
}

static bool answer(void *self, const struct outgoing_request *request, struct outgoing_answer *to, struct err *err)
{
	struct model *m = self;
	struct jw jw;
	int k = last_of(m);
	(void)err;
	snprintf(m->body, sizeof m->body, "%.*s", (int)request->body_size, (const char *)request->body);
	if (m->budget_id != NULL)
		look_at_budget(m);
	m->asked++;
	to->sent = true;
	to->status = m->statuses[k] == 0 ? 200 : m->statuses[k];
	snprintf(to->content_type, sizeof to->content_type, "application/json");
	jw_init(&jw, &to->body);
	jw_object(&jw);
	jw_member_str(&jw, "model", "m-1");
	jw_key(&jw, "choices");
	jw_array(&jw);
	jw_object(&jw);
	jw_key(&jw, "message");
	jw_object(&jw);
	jw_member_str(&jw, "role", "assistant");
	jw_member_str(&jw, "content", m->answers[k]);
	jw_object_end(&jw);
	jw_object_end(&jw);
	jw_array_end(&jw);
	jw_key(&jw, "usage");
	jw_object(&jw);
	jw_member_int(&jw, "prompt_tokens", 1000);
	jw_member_int(&jw, "completion_tokens", 500);
	jw_object_end(&jw);
	jw_object_end(&jw);
	return true;
}

int model_new(void **state)
{
	struct model *m = calloc(1, sizeof *m);
	struct err err;
	must(m != NULL && agents_fixture_new((void **)&m->f) == 0);
	m->outgoing.ask = answer;
	m->outgoing.ask_self = m;
	const struct llm_options options = {.outgoing = &m->outgoing,
										.env = &m->f->env.env,
										.base_url = "http://models/v1",
										.prices = packs_find(m->f->packs, "prices", NULL, NULL)->data};
	m->llm = llm_open(&options);
	must(agents_api_models(m->f->agents, m->llm, NULL, "gpt-5-mini", &err));
	*state = m;
	return 0;
}

int model_free(void **state)
{
	struct model *m = *state;
	agents_api_stop(m->f->agents);
	agents_fixture_free((void **)&m->f);
	llm_close(m->llm);
	free(m);
	return 0;
}
