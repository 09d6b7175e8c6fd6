#include "http/claims.h"

#include <string.h>

#include "core/err.h"
#include "core/json.h"
#include "http/exchange.h"

enum { ANSWER_DEPTH = 64, ANSWER_VALUES = 100000 };

/* A member of that name, and where results say it under another. */
static const struct {
	const char *pointer, *also, *third;
} servers[] = {
	{"/account_id", NULL, NULL},
	{"/owner", "owner_id", "created_by"},
	{"/author", "author_id", "created_by"},
	{"/status", NULL, NULL},
	{"/roles", NULL, NULL},
	{"/version", NULL, NULL},
};

enum { SERVERS = sizeof servers / sizeof *servers };

static size_t servers_find(const char *pointer)
{
	size_t at = 0;
	while (at < SERVERS && strcmp(servers[at].pointer, pointer) != 0)
		at++;
	return at;
}

static bool is_claim(const struct fault *fault)
{
	return strcmp(fault->code, "unknown_field") == 0 && servers_find(fault->pointer) < SERVERS;
}

static void tell(struct fault *fault)
{
	fault->code = "read_only";
	fault->message = "is set by the server";
}

void claims_take(struct exchange *x, const struct json *body, struct faults *faults)
{
	size_t count = 0;
	for (const struct fault *fault = faults->first; fault != NULL; fault = fault->next)
		count += is_claim(fault);
	if (count > 0 && count == faults->count) {
		x->claims = faults->first;
		x->claimed = body;
		x->claims_headers = x->answer.headers.size;
		faults_init(faults, &x->arena);
		return;
	}
	for (struct fault *fault = faults->first; fault != NULL; fault = fault->next)
		if (is_claim(fault))
			tell(fault);
}

/* What a new thing's result leaves out: it belongs to the account that asks. */
static bool is_own_account(const struct exchange *x, const struct fault *claim, const struct json *given)
{
	return x->account_id != NULL && x->match.param_count == 0 && strcmp(claim->pointer, "/account_id") == 0 &&
		   given->kind == JS_STRING && strcmp(given->text, x->account_id) == 0;
}

static const struct json *what_is_set(const struct json *result, size_t server)
{
	const char *const names[] = {servers[server].pointer + 1, servers[server].also, servers[server].third};
	for (size_t i = 0; i < sizeof names / sizeof *names && names[i] != NULL; i++) {
		const struct json *set = json_get(result, names[i]);
		if (set != NULL)
			return set;
	}
	return NULL;
}

/* A thing that was read and is sent back changed has the version before this change. */
static bool is_version_before(const struct exchange *x, const struct json *given, const struct json *set)
{
	bool change = x->head.method == METHOD_PATCH || x->head.method == METHOD_PUT;
	return change && json_numeric(given) && json_numeric(set) && json_number(given) == json_number(set) - 1;
}

static bool holds(const struct exchange *x, const struct fault *claim, const struct json *result)
{
	size_t server = servers_find(claim->pointer);
	const struct json *given = json_get(x->claimed, claim->pointer + 1), *set = what_is_set(result, server);
	if (given == NULL)
		return false;
	if (set == NULL)
		return is_own_account(x, claim, given);
	return json_same(given, set) || (strcmp(claim->pointer, "/version") == 0 && is_version_before(x, given, set));
}

bool claims_asked(const struct exchange *x, int status)
{
	bool of_one = x->match.param_count > 0;
	return status < 300 || status == 404 || status == 412 || status == 428 || (status == 409 && of_one);
}

bool claims_hold(struct exchange *x, struct faults *refused)
{
	static const struct json_limits limits = {.depth = ANSWER_DEPTH, .values = ANSWER_VALUES};
	const struct buf *body = &x->answer.body;
	const struct json *answer = NULL;
	faults_init(refused, &x->arena);
	if (body->size > 0 && x->answer.status < 400)
		json_parse(&x->arena, buf_text(body), body->size, &limits, &answer, NULL);
	for (const struct fault *claim = x->claims; claim != NULL; claim = claim->next)
		if (!holds(x, claim, json_get(answer, "result")))
			faults_add(refused, claim->pointer, "read_only", "is set by the server");
	return refused->count == 0;
}
