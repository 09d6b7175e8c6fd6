/* Side effects: carried out by threads of this process after their intent was committed. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/list.h"
#include "core/must.h"
#include "flow/credentials.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/retry.h"
#include "flow/domain/secrets.h"
#include "flow/domain/trouble.h"
#include "flow/effects.h"
#include "flow/llm.h"
#include "flow/mcp.h"
#include "flow/memory_step.h"
#include "flow/oauth.h"
#include "flow/process.h"
#include "flow/runner_internal.h"
#include "http/workers.h"
#include "link/outgoing.h"
#include "link/outgoing_caller.h"

static void send_waiting(struct runner *runner);

enum { CALL_TIMEOUT_MS = 300000 }; /* of a call whose task says none */

/* One effect on its way.  It has all that it needs of its own: the run may end meanwhile. */
struct effect {
	struct fair_item wait;   /* for a slot; first */
	struct list_link beside; /* in its run's list while somebody waits for it; under the runner's lock */
	_Atomic bool unwanted;   /* its step ended otherwise: nobody waits any more */
	struct runner *runner;
	char run_id[ID_TEXT];
	uint32_t frame, attempt;
	int64_t deliveries, timeout_ms;
	char *path, *reference, *account_id;
	char key[EFFECT_KEY];
	struct definition *definition; /* keeps `task` */
	const struct ir_task *task;
	struct datum *request, *authentication; /* the second is in no journal */
	struct datum *task_input;               /* of an effect operation: the run's */
	struct datum *input;                    /* of a process that is not waited for; else NULL */
	struct datum *error;                    /* it could not even be prepared */
	int64_t until_us;                       /* it is given up; 0: it is in the line; under the runner's lock */
	int64_t asked_us;                       /* monotonic: the breaker of its target let it through */
	bool told;                              /* the breaker what came of it */
};

bool effect_is_ours(const struct ir_task *task)
{
	switch (task->type) {
	case IR_CALL:
		return task->call.callee == IR_HTTP || task->call.callee == IR_OPENAPI || task->call.callee == IR_LLM ||
			   task->call.callee == IR_MCP || task->call.callee == IR_MEMORY || task->call.callee == IR_EFFECT;
	case IR_RUN_SHELL:
	case IR_RUN_SCRIPT:
		return true;
	default:
		return false;
	}
}

/* What came of one, on its way into the run's inbox. */
struct ending {
	struct runner_result result;
	struct trouble trouble; /* with nothing that came and no hold: why */
};

/* --- HTTP --- */

struct header_lines {
	struct arena arena;
	const char *lines[64];
	size_t count;
};

static void add_line(struct header_lines *headers, const char *name, const char *value)
{
	if (headers->count + 1 < sizeof headers->lines / sizeof *headers->lines)
		headers->lines[headers->count++] = arena_printf(&headers->arena, "%s: %s", name, value);
}

/* `keyed`: it is the effect itself; what only leads up to it has no key that a receiver could answer it by. */
static void say_headers(struct header_lines *headers, const struct effect *effect,
						const struct credentials *credentials, bool keyed)
{
	const struct json *given = json_get(datum_tree(effect->request), "headers");
	headers->count = 0;
	arena_init(&headers->arena, 1 << 20);
	for (uint32_t i = 0; given != NULL && i < given->count; i++)
		add_line(headers, given->members[i].name, given->members[i].value.text);
	if (keyed)
		add_line(headers, "Idempotency-Key", effect->key);
	add_line(headers, "X-Countersign-Run", effect->run_id);
	add_line(headers, "X-Countersign-Step", effect->path);
	if (credentials->authorization.size > 0)
		add_line(headers, "Authorization", buf_text(&credentials->authorization));
	headers->lines[headers->count] = NULL;
}

static void tell_failure(const struct err *err, const struct outgoing_answer *answer, struct trouble *trouble)
{
	if (answer->refused)
		trouble_set(trouble, TROUBLE_COMMUNICATION, "Address not allowed", "%s", err->message);
	else if (err->kind == ERR_DEADLINE)
		trouble_set(trouble, TROUBLE_TIMEOUT, "Timeout", "%s", err->message);
	else
		trouble_set(trouble, TROUBLE_COMMUNICATION, "No answer", "%s", err->message);
}

/* A gateway's 502 and 504 leave open whether the request was carried out. */
static bool is_definite(int status)
{
	return status != 502 && status != 504;
}

/* Nobody waits for the answer, in this process. */
static bool is_given_up(void *self)
{
	const struct effect *effect = self;
	return atomic_load(&effect->unwanted) || atomic_load(&effect->runner->stopping);
}

/* The other side takes the token no more, though it should still be good. */
static void forget_token(const struct effect *effect, int status)
{
	const struct json *policy = effect->authentication == NULL ? NULL : datum_tree(effect->authentication);
	if (status == 401 && policy != NULL && (json_get(policy, "oauth2") != NULL || json_get(policy, "oidc") != NULL))
		oauth_forget(effect->runner->oauth, json_get(policy, json_get(policy, "oauth2") != NULL ? "oauth2" : "oidc"));
}

static void tell_breaker(struct effect *effect, const struct breaking_outcome *outcome)
{
	breaking_tell(effect->runner, outcome);
	effect->told = true;
}

/* Whatever became of it, its breaker is not left waiting for word. */
static void settle_breaker(struct effect *effect)
{
	const struct ir_task *task = effect->task;
	bool llm = task->type == IR_CALL && task->call.callee == IR_LLM;
	bool http = task->type == IR_CALL &&
				(task->call.callee == IR_HTTP || task->call.callee == IR_OPENAPI || task->call.callee == IR_MCP);
	const struct breaking_outcome outcome = {
		.account_id = effect->account_id,
		.url = http ? json_text(datum_tree(effect->request), "url") : NULL,
		.began_us = effect->asked_us,
	};
	if (!effect->told && (llm || (http && outcome.url != NULL)))
		breaking_give_back(effect->runner, &outcome);
}

/* A request on its way, and all that it points at. */
struct http_call {
	struct effect *effect;
	struct header_lines headers;
	struct outgoing_request request;
	struct breaking_outcome outcome;
};

static void say_request(struct http_call *call, struct effect *effect, const struct credentials *credentials)
{
	const struct json *asked = datum_tree(effect->request), *body = json_get(asked, "body");
	call->effect = effect;
	say_headers(&call->headers, effect, credentials, true);
	call->request = (struct outgoing_request){.method = json_text(asked, "method"),
											  .url = json_text(asked, "url"),
											  .headers = call->headers.lines,
											  .body = body == NULL ? NULL : body->text,
											  .body_size = body == NULL ? 0 : body->size,
											  .timeout_ms = effect->timeout_ms,
											  .limit = DATUM_MAX,
											  .digest_user = credentials->digest_user,
											  .digest_password = credentials->digest_password,
											  .given_up = is_given_up,
											  .self = effect};
	call->outcome = (struct breaking_outcome){.account_id = effect->account_id,
											  .url = call->request.url,
											  .began_us = env_mono_us(effect->runner->options.env)};
}

/* What came of it; the call is over. */
static void take_answer(struct http_call *call, bool asked, struct outgoing_answer *answer, const struct err *err,
						struct ending *ending)
{
	struct effect *effect = call->effect;
	struct runner_result *result = &ending->result;
	if (asked) {
		result->definite = is_definite(answer->status);
		forget_token(effect, answer->status);
	} else {
		result->definite = !answer->sent;
		result->cost = answer->sent ? NULL : datum_text("{\"amount_micros\":0}", 19); /* what was not sent is free */
		tell_failure(err, answer, &ending->trouble);
	}
	call->outcome.status = answer->status;
	if (!answer->refused && !is_given_up(effect)) /* what was not asked says nothing of who would have answered */
		tell_breaker(effect, &call->outcome);
	if (asked)
		result->answer = outgoing_answer_take(answer);
	arena_fini(&call->headers.arena);
}

static bool prove(struct effect *effect, struct credentials *credentials, struct trouble *trouble)
{
	const struct runner_options *o = &effect->runner->options;
	struct oauth_question question = {.outgoing = o->outgoing,
									  .env = o->env,
									  .timeout_ms = effect->timeout_ms,
									  .given_up = is_given_up,
									  .self = effect};
	*credentials = (struct credentials){.digest_user = NULL};
	return effect->authentication == NULL || credentials_read(credentials, datum_tree(effect->authentication),
															  o->secrets == NULL ? NULL : datum_tree(o->secrets),
															  effect->runner->oauth, &question, trouble);
}

static void call_http(struct effect *effect, struct ending *ending)
{
	struct credentials credentials;
	if (prove(effect, &credentials, &ending->trouble)) {
		struct http_call call;
		struct outgoing_answer answer;
		struct err err;
		outgoing_answer_init(&answer);
		say_request(&call, effect, &credentials);
		bool asked = outgoing_ask(effect->runner->options.outgoing, &call.request, &answer, &err);
		take_answer(&call, asked, &answer, &err, ending);
		outgoing_answer_fini(&answer);
	}
	credentials_fini(&credentials);
}

/* --- MCP --- */

/* The session could not be opened: what the step asks was not sent. */
static void take_unopened(struct effect *effect, const struct mcp_session *session, struct ending *ending)
{
	const struct breaking_outcome outcome = {.account_id = effect->account_id,
											 .url = json_text(datum_tree(effect->request), "url"),
											 .status = session->status,
											 .began_us = effect->asked_us};
	ending->result.cost = datum_text("{\"amount_micros\":0}", 19);
	forget_token(effect, session->status);
	if (!session->refused && !is_given_up(effect))
		tell_breaker(effect, &outcome);
}

/* In a session of its own; the key goes with the question only. */
static void ask_mcp(struct effect *effect, const struct credentials *credentials, const struct mcp_question *question,
					struct ending *ending)
{
	struct mcp_session session;
	if (mcp_session_open(&session, question, &ending->trouble)) {
		struct http_call call;
		struct outgoing_answer answer;
		struct err err;
		outgoing_answer_init(&answer);
		say_request(&call, effect, credentials);
		add_line(&call.headers, "MCP-Protocol-Version", session.version);
		if (session.id != NULL)
			add_line(&call.headers, "Mcp-Session-Id", session.id);
		call.headers.lines[call.headers.count] = NULL;
		call.request.timeout_ms = mcp_left_ms(question);
		bool asked = outgoing_ask(effect->runner->options.outgoing, &call.request, &answer, &err);
		take_answer(&call, asked, &answer, &err, ending);
		outgoing_answer_fini(&answer);
	} else {
		take_unopened(effect, &session, ending);
	}
	mcp_session_close(&session, question);
}

static void call_mcp(struct effect *effect, struct ending *ending)
{
	struct credentials credentials;
	if (prove(effect, &credentials, &ending->trouble)) {
		struct header_lines headers;
		say_headers(&headers, effect, &credentials, false);
		const struct env *env = effect->runner->options.env;
		const struct mcp_question question = {.outgoing = effect->runner->options.outgoing,
											  .env = env,
											  .request = datum_tree(effect->request),
											  .headers = headers.lines,
											  .digest_user = credentials.digest_user,
											  .digest_password = credentials.digest_password,
											  .until_us = env_mono_us(env) + effect->timeout_ms * 1000,
											  .given_up = is_given_up,
											  .self = effect};
		ask_mcp(effect, &credentials, &question, ending);
		arena_fini(&headers.arena);
	}
	credentials_fini(&credentials);
}

/* --- models --- */

/* Answers that were kept say nothing of the endpoint, nor does a question that never went out. */
static void tell_of_model(struct effect *effect, const struct llm_reply *reply, const struct trouble *trouble,
						  struct breaking_outcome outcome)
{
	const struct json *cached = reply->output == NULL ? NULL : json_get(datum_tree(reply->output), "cached");
	bool asked = reply->output != NULL ? cached == NULL || cached->kind != JS_BOOL || !cached->boolean
									   : trouble->kind == TROUBLE_COMMUNICATION || trouble->kind == TROUBLE_TIMEOUT;
	outcome.status = reply->output != NULL ? 200 : trouble->kind == TROUBLE_COMMUNICATION ? trouble->status : 0;
	if (asked && !is_given_up(effect))
		tell_breaker(effect, &outcome);
}

static struct datum *call_llm(struct effect *effect, struct trouble *trouble, struct runner_result *result)
{
	const struct json *named = json_get(effect->task->metadata, "cache_tags");
	struct datum *tags = named == NULL || named->kind != JS_ARRAY ? NULL : datum_json(named);
	const struct llm_question question = {.request = effect->request,
										  .effect_key = effect->key,
										  .run_id = effect->run_id,
										  .path = effect->path,
										  .account_id = effect->account_id,
										  .tags = tags == NULL ? NULL : datum_bytes(tags, NULL),
										  .timeout_ms = effect->timeout_ms,
										  .given_up = is_given_up,
										  .self = effect};
	struct llm_reply reply;
	const struct breaking_outcome outcome = {.account_id = effect->account_id,
											 .began_us = env_mono_us(effect->runner->options.env)};
	llm_ask(effect->runner->options.llm, &question, &reply, trouble);
	tell_of_model(effect, &reply, trouble, outcome);
	result->definite = reply.definite;
	result->cost = reply.cost;
	datum_unref(tags);
	return reply.output;
}

/* --- memories --- */

static struct datum *call_memory(struct effect *effect, struct trouble *trouble)
{
	const struct runner_options *o = &effect->runner->options;
	const struct memory_step step = {.store = o->store,
									 .ids = o->ids,
									 .now_us = env_wall_us(o->env),
									 .account_id = effect->account_id,
									 .run_id = effect->run_id,
									 .call = effect->task->call.name};
	return memory_step_run(&step, effect->request, trouble);
}

/* --- effect operations of the products --- */

static struct datum *call_product(struct effect *effect, struct trouble *trouble, struct runner_result *result)
{
	const struct runner_options *o = &effect->runner->options;
	const struct effects_call call = {.name = effect->task->call.name,
									  .run_id = effect->run_id,
									  .account_id = effect->account_id,
									  .path = effect->path,
									  .key = effect->key,
									  .now_us = env_wall_us(o->env),
									  .task = effect->task_input,
									  .with = effect->request};
	const struct effects_outcome outcome = effects_carry_out(o->parts, &call, trouble);
	result->definite = outcome.definite;
	result->hold_us = outcome.hold_us;
	return outcome.output;
}

/* --- any --- */

static bool is_left_alone(const struct ir_task *task)
{
	return (task->type == IR_RUN_SHELL || task->type == IR_RUN_SCRIPT) && !task->process.await;
}

static void carry_out(struct effect *effect, struct ending *ending)
{
	const struct process_wait wait = {.timeout_ms = effect->timeout_ms, .given_up = is_given_up, .self = effect};
	struct runner_result *result = &ending->result;
	if (effect->task->type != IR_CALL)
		result->output = process_run(effect->task, effect->request, &wait, &ending->trouble);
	else if (effect->task->call.callee == IR_LLM)
		result->output = call_llm(effect, &ending->trouble, result);
	else if (effect->task->call.callee == IR_MEMORY)
		result->output = call_memory(effect, &ending->trouble);
	else if (effect->task->call.callee == IR_EFFECT)
		result->output = call_product(effect, &ending->trouble, result);
	else if (effect->task->call.callee == IR_MCP)
		call_mcp(effect, ending);
	else
		call_http(effect, ending);
}

/* --- from the line to the inbox --- */

static void free_effect(struct effect *effect)
{
	settle_breaker(effect);
	datum_unref(effect->request);
	datum_unref(effect->authentication);
	datum_unref(effect->task_input);
	datum_unref(effect->input);
	datum_unref(effect->error);
	definition_unref(effect->definition);
	free(effect->path);
	free(effect->account_id);
	free(effect->reference);
	free(effect);
}

/* Its run may be over and forgotten by now: the runner counts by itself.  False: nobody waits for the result. */
static bool count_out(struct effect *effect)
{
	struct runner *runner = effect->runner;
	runner_lock(runner);
	runner->effects_under_way--;
	runner->calling--;
	list_remove(&effect->beside);
	bool wanted = !atomic_load(&effect->unwanted);
	if (!wanted || runner->closing)
		runner_changed(runner); /* no turn follows that would say so */
	runner_unlock(runner);
	return wanted;
}

static struct ending begin_ending(const struct effect *effect)
{
	return (struct ending){.result = {.run_id = effect->run_id,
									  .frame = effect->frame,
									  .attempt = effect->attempt,
									  .path = effect->path,
									  .deliveries = effect->deliveries,
									  .definite = true}};
}

/* `alone`: a process that is left alone once that is known; or NULL. */
static void end_effect(struct effect *effect, struct ending *ending, struct process *alone)
{
	struct runner_result *result = &ending->result;
	bool came = result->output != NULL || result->error != NULL || result->answer != NULL;
	if (!came && result->hold_us == 0)
		result->error = trouble_datum(&ending->trouble, effect->runner->options.error_base, effect->reference);
	if (count_out(effect)) {
		runner_result(effect->runner, result);
	} else {
		datum_unref(result->output);
		datum_unref(result->error);
		datum_unref(result->cost);
		outgoing_answer_free(result->answer);
	}
	if (alone != NULL)
		process_leave(alone);
	free_effect(effect);
}

static bool is_dropped(struct effect *effect)
{
	if (!is_given_up(effect))
		return false;
	count_out(effect); /* or the next process sends it, by the same key */
	free_effect(effect);
	return true;
}

/* On a thread that waits for what it asks. */
static void run_effect(void *self, int worker)
{
	struct effect *effect = self;
	struct runner *runner = effect->runner;
	struct ending ending = begin_ending(effect);
	const struct process_wait wait = {.given_up = is_given_up,
									  .self = effect}; /* of one that is left alone: to its end */
	struct process *alone = NULL;
	(void)worker;
	if (is_dropped(effect)) {
		send_waiting(runner);
		return;
	}
	if (effect->error != NULL) {
		ending.result.error = datum_ref(effect->error);
	} else if (is_left_alone(effect->task)) {
		alone = process_send_off(effect->request, &wait, &ending.trouble);
		ending.result.output = alone == NULL ? NULL : datum_ref(effect->input);
	} else {
		carry_out(effect, &ending);
	}
	end_effect(effect, &ending, alone);
	send_waiting(runner);
}

static void http_told(void *self, bool asked, struct outgoing_answer *answer, const struct err *err)
{
	struct http_call *call = self;
	struct runner *runner = call->effect->runner;
	struct ending ending = begin_ending(call->effect);
	take_answer(call, asked, answer, err, &ending);
	end_effect(call->effect, &ending, NULL);
	free(call);
	send_waiting(runner);
}

/* On the thread of all calls, which must not wait: tokens that are asked for and digests are not for that. */
static bool goes_aside(const struct effect *effect)
{
	const struct runner *runner = effect->runner;
	const struct ir_task *task = effect->task;
	const struct json *policy = effect->authentication == NULL ? NULL : datum_tree(effect->authentication);
	return runner->caller != NULL && runner->options.outgoing->ask == NULL && task->type == IR_CALL &&
		   (task->call.callee == IR_HTTP || task->call.callee == IR_OPENAPI) && effect->error == NULL &&
		   (policy == NULL || json_get(policy, "basic") != NULL || json_get(policy, "bearer") != NULL);
}

static void send_aside(struct effect *effect)
{
	struct ending ending = begin_ending(effect);
	struct credentials credentials;
	if (is_dropped(effect))
		return;
	if (prove(effect, &credentials, &ending.trouble)) {
		struct http_call *call = malloc(sizeof *call);
		must(call != NULL);
		say_request(call, effect, &credentials);
		outgoing_caller_ask(effect->runner->caller, &call->request, http_told, call);
	} else {
		end_effect(effect, &ending, NULL);
	}
	credentials_fini(&credentials);
}

/* Who is next, while there is a slot for one more. */
static struct effect *take_effect(struct runner *runner)
{
	struct fair_tenant *tenant;
	struct fair_item *item = NULL;
	runner_lock(runner);
	if (runner->options.stepped || runner->calling < runner->options.effects)
		item = fair_take(&runner->effect_line, runner_now_us(runner), &tenant);
	struct effect *effect = (struct effect *)(void *)item;
	runner->calling += item != NULL;
	if (effect != NULL)
		effect->until_us = runner_now_us(runner) + effect->timeout_ms * 1000;
	runner_unlock(runner);
	return effect;
}

static void send_waiting(struct runner *runner)
{
	for (struct effect *effect; (effect = take_effect(runner)) != NULL;)
		if (goes_aside(effect))
			send_aside(effect);
		else
			must(workers_push(runner->effects, run_effect, effect));
}

/* Credentials are evaluated when they are sent, and kept nowhere.  What cannot be evaluated is the step's error. */
static struct datum *authentication_of(struct live *live, const struct frame *frame, struct datum **error)
{
	const struct ir_task *task = frame->task;
	if (task->type != IR_CALL || task->call.authentication == NULL)
		return NULL;
	const struct ir_value *value = &task->call.authentication_value;
	if (value->source == NULL || value->mode == IR_LITERAL)
		return datum_json(task->call.authentication);
	struct trouble trouble;
	struct datum *secrets, *policy = NULL;
	bool may = secrets_of(live->run.ir->secrets, value->source, live->runner->options.secrets, &secrets, &trouble);
	struct scope scope = {.run = &live->run,
						  .block = frame->parent,
						  .task = task,
						  .reference = frame->reference,
						  .started_us = frame->started_us,
						  .now_us = live->run.now_us,
						  .in = frame->input,
						  .raw = frame->raw,
						  .input = frame->input,
						  .secrets = secrets};
	if (may)
		policy = definition_eval(live->definition, live_exprs(live), value, &scope, &trouble);
	datum_unref(secrets);
	if (policy == NULL)
		*error = trouble_datum(&trouble, live->runner->options.error_base, frame->reference);
	return policy;
}

/* As long as its task says, and no longer than what is around it. */
static int64_t time_left_ms(struct live *live, const struct frame *frame)
{
	int64_t least = frame->timeout_us > 0 ? INT64_MAX : CALL_TIMEOUT_MS;
	for (; frame != NULL; frame = frame->parent) {
		int64_t left = (frame->timeout_us - runner_now_us(live->runner)) / 1000;
		if (frame->timeout_us > 0 && left < least)
			least = left;
	}
	return least < 1 ? 1 : least;
}

/* What the request says of its own time (`call: mcp`) may only shorten it. */
static int64_t time_of(struct live *live, const struct frame *frame)
{
	const struct json *own = json_get(datum_tree(frame->request), "timeout_ms");
	int64_t left = time_left_ms(live, frame);
	bool is_mcp = frame->task->type == IR_CALL && frame->task->call.callee == IR_MCP;
	return is_mcp && own != NULL && own->kind == JS_INT && own->integer < left ? own->integer : left;
}

void effect_send(struct live *live, const struct frame *frame)
{
	struct runner *runner = live->runner;
	struct effect *effect = calloc(1, sizeof *effect);
	must(effect != NULL);
	*effect = (struct effect){.runner = runner,
							  .frame = frame->number,
							  .attempt = frame->attempt,
							  .deliveries = frame->deliveries,
							  .timeout_ms = time_of(live, frame),
							  .asked_us = env_mono_us(runner->options.env),
							  .path = strdup(frame->path),
							  .reference = strdup(frame->reference),
							  .account_id = strdup(live->money.account_id),
							  .definition = definition_ref(live->definition),
							  .task = frame->task,
							  .request = datum_ref(frame->request)};
	(void)datum_tree(effect->request); /* made here: two threads may read it, one may make it */
	if (frame->task->type == IR_CALL && frame->task->call.callee == IR_EFFECT) {
		effect->task_input = datum_ref(live->run.input);
		(void)datum_tree(effect->task_input);
	}
	effect->input = is_left_alone(frame->task) ? datum_ref(frame->input) : NULL;
	effect->authentication = authentication_of(live, frame, &effect->error);
	must(effect->path != NULL && effect->reference != NULL && effect->account_id != NULL);
	strcpy(effect->run_id, live->run_id);
	effect_key(live->run_id, frame->path, frame->task->key_step ? 1 : frame->attempt, effect->key);
	runner_lock(runner);
	live->in_flight++;
	list_push(&live->effects, &effect->beside);
	runner->effects_under_way++;
	fair_put(&runner->effect_line, fair_tenant(&runner->effect_line, live->account_id), live->priority,
			 runner_now_us(runner), &effect->wait);
	runner_unlock(runner);
	send_waiting(runner);
}

bool effect_find(struct runner *runner, const char *run_id, const char *path, struct effect_standing *standing)
{
	bool found = false;
	runner_lock(runner);
	struct live *live = map_get(&runner->live, run_id);
	if (live != NULL)
		list_each(link, &live->effects)
		{
			const struct effect *effect = list_item(link, struct effect, beside);
			if (strcmp(effect->path, path) != 0)
				continue;
			*standing = (struct effect_standing){.in_line = effect->until_us == 0, .until_us = effect->until_us};
			found = true;
		}
	runner_unlock(runner);
	return found;
}

/* --- those that nobody waits for any more --- */

void effects_review(struct live *live)
{
	runner_lock(live->runner);
	list_each(link, &live->effects)
	{
		struct effect *effect = list_item(link, struct effect, beside);
		if (run_awaiting(&live->run, effect->frame, effect->path, effect->attempt, effect->deliveries) != NULL)
			continue;
		atomic_store(&effect->unwanted, true);
		list_remove(link);
		live->in_flight--;
	}
	runner_unlock(live->runner);
}
