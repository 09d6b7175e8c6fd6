#include "flow/domain/ask.h"

#include <string.h>

#include "core/json.h"
#include "flow/domain/duration.h"
#include "flow/domain/ir.h"
#include "flow/domain/trouble.h"

static bool calls(const struct ir_task *task, enum ir_callee callee)
{
	return task->type == IR_CALL && task->call.callee == callee;
}

bool ask_is_work(const struct ir_task *task)
{
	return calls(task, IR_WORKER);
}

bool ask_is_person(const struct ir_task *task)
{
	return calls(task, IR_COUNTERSIGN);
}

bool ask_is_for_others(const struct ir_task *task)
{
	return ask_is_work(task) || ask_is_person(task);
}

static bool refuse(struct trouble *trouble, const char *member, const char *must)
{
	struct trouble unheard;
	return trouble_set(trouble != NULL ? trouble : &unheard, TROUBLE_VALIDATION, "Cannot be asked", "%s %s", member,
					   must);
}

/* A member that is a length of time, within bounds; `otherwise` where it is absent. */
static bool read_duration(const struct json *json, const char *name, int64_t otherwise, int64_t low, int64_t high,
						  int64_t *ms, struct trouble *trouble)
{
	const struct json *member = json_get(json, name);
	double found = 0;
	*ms = otherwise;
	if (member == NULL || member->kind == JS_NULL)
		return true;
	if (!duration_ms(member, &found) || found < (double)low || found > (double)high)
		return refuse(trouble, name, "is no duration of an allowed length");
	*ms = (int64_t)found;
	return true;
}

static bool read_int(const struct json *json, const char *name, int64_t otherwise, int64_t low, int64_t high,
					 int64_t *value, struct trouble *trouble)
{
	const struct json *member = json_get(json, name);
	*value = otherwise;
	if (member == NULL || member->kind == JS_NULL)
		return true;
	if (member->kind != JS_INT || member->integer < low || member->integer > high)
		return refuse(trouble, name, "is no whole number of the allowed range");
	*value = member->integer;
	return true;
}

static bool read_bool(const struct json *json, const char *name, bool *value, struct trouble *trouble)
{
	const struct json *member = json_get(json, name);
	*value = false;
	if (member == NULL || member->kind == JS_NULL)
		return true;
	*value = member->boolean;
	return member->kind == JS_BOOL || refuse(trouble, name, "must be true or false");
}

bool ask_read_work(const struct json *request, struct ask_work *work, struct trouble *trouble)
{
	const struct json *queue = json_get(request, "queue");
	*work = (struct ask_work){.queue = "default", .payload = json_get(request, "payload")};
	if (queue != NULL && (queue->kind != JS_STRING || queue->size == 0 || queue->size > ASK_QUEUE_MAX))
		return refuse(trouble, "queue", "must be a name of at most 255 bytes");
	if (queue != NULL)
		work->queue = queue->text;
	return read_duration(request, "lease", ASK_LEASE_MS, ASK_LEASE_MIN_MS, ASK_LEASE_MAX_MS, &work->lease_ms, trouble);
}

/* {role} or {users[]} */
static bool names_people(const struct json *who)
{
	const struct json *users = json_get(who, "users");
	const char *role = json_text(who, "role");
	if (users == NULL)
		return role != NULL && role[0] != '\0';
	if (users->kind != JS_ARRAY || users->count == 0 || users->count > ASK_USERS_MAX || role != NULL)
		return false;
	for (uint32_t i = 0; i < users->count; i++)
		if (users->items[i].kind != JS_STRING)
			return false;
	return true;
}

static bool read_reject(const struct json *request, bool *go_on, struct trouble *trouble)
{
	const struct json *on_reject = json_get(request, "on_reject");
	*go_on = false;
	if (on_reject == NULL || on_reject->kind == JS_NULL)
		return true;
	*go_on = on_reject->kind == JS_STRING && strcmp(on_reject->text, "continue") == 0;
	return *go_on || (on_reject->kind == JS_STRING && strcmp(on_reject->text, "fault") == 0) ||
		   refuse(trouble, "on_reject", "must be fault or continue");
}

bool ask_read_person(const struct json *request, struct ask_person *person, struct trouble *trouble)
{
	static const int64_t day_ms = INT64_C(86400000);
	*person = (struct ask_person){
		.content = json_get(request, "content"), .who = json_get(request, "who"), .title = json_text(request, "title")};
	if (person->content == NULL)
		return refuse(trouble, "content", "is required");
	if (!names_people(person->who))
		return refuse(trouble, "who", "must be {role} or {users[]}");
	return read_int(request, "quorum", 1, 1, ASK_QUORUM_MAX, &person->quorum, trouble) &&
		   read_int(request, "consent_version", 0, 1, 1000000, &person->consent_version, trouble) &&
		   read_bool(request, "four_eyes", &person->four_eyes, trouble) &&
		   read_duration(request, "expires", ASK_EXPIRES_DAYS * day_ms, 1, DURATION_MAX_MS, &person->expires_ms,
						 trouble) &&
		   read_reject(request, &person->go_on, trouble);
}

bool ask_check(const struct ir_task *task, const struct json *request, struct trouble *trouble)
{
	struct ask_work work;
	struct ask_person person;
	if (ask_is_work(task))
		return ask_read_work(request, &work, trouble);
	return !ask_is_person(task) || ask_read_person(request, &person, trouble);
}
