/*
 * What stands behind the question mark: whatever it holds, the gate refuses it, or the route's table does with a fault
 * each, or what was decoded keeps the table's ranges, and each name in it is one of the table's.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/must.h"
#include "core/utf8.h"
#include "http/exchange.h"
#include "http/loopback.h"
#include "http/router.h"
#include "http/service.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUERY_MAX = 4096 };

static struct id_maker ids;
static struct service service;

struct query {
	int64_t limit;
	double weight;
	bool strict;
	const char *cursor;
	int order;
	struct {
		size_t count;
		const char **items;
	} names;
	struct {
		size_t count;
		double *items;
	} levels;
};

static const char *const orders[] = {"newest", "oldest", NULL};
static const struct field query_fields[] = {
	F_INT(query, limit, DEFAULT(50), RANGE(1, 500), DOC("How many")),
	F_NUM(query, weight, RANGE(0, 1), DOC("How much")),
	F_BOOL(query, strict, DOC("Whether")),
	F_STR(query, cursor, LENGTH(1, 100), DOC("From where")),
	F_ENUM(query, order, orders, DEFAULT(0), DOC("In which order")),
	F_STRS(query, names, COUNT(0, 5), DOC("Which")),
	F_NUMS(query, levels, COUNT(0, 3), RANGE(-10, 10), DOC("How high")),
};
static const struct field_table query_table = FIELD_TABLE("query", query, query_fields);

static void check(const struct exchange *x, const struct query *q)
{
	must(q->limit >= 1 && q->limit <= 500);
	must(!given(q->weight) || (q->weight >= 0 && q->weight <= 1));
	must(q->order == 0 || q->order == 1);
	must(q->cursor == NULL || (q->cursor[0] != '\0' && utf8_valid(q->cursor, strlen(q->cursor))));
	must(q->names.count <= 5 && q->levels.count <= 3);
	for (size_t i = 0; i < q->levels.count; i++)
		must(q->levels.items[i] >= -10 && q->levels.items[i] <= 10);
	for (size_t i = 0; i < x->query_count; i++)
		must(field_find(&query_table, x->query[i].name) != NULL);
}

static void handle(struct exchange *x)
{
	struct query query;
	if (!exchange_decode_query(x, &query))
		return;
	check(x, &query);
	exchange_answer(x, 204, NULL, NULL, 0);
}

static const struct route routes[] = {ROUTE(GET, "/", PUBLIC, EFFECT_READ, handle, .operation = "ask", .summary = "Ask",
											.query = &query_table, .run = RUN_INLINE)};

static void end(void)
{
	id_maker_fini(&ids);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct router *router = router_new();
	(void)argc, (void)argv;
	router_add(router, routes, 1, NULL);
	service = (struct service){.env = env_real(), .ids = &ids, .version = "fuzz", .git_sha = "fuzz", .router = router};
	id_maker_init(&ids, service.env);
	http_config_init(&service.config);
	atexit(end);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char target[QUERY_MAX + 3] = "/?";
	if (size > QUERY_MAX || memchr(data, '\0', size) != NULL)
		return -1;
	memcpy(target + 2, data, size);
	struct loopback ask = {.method = "GET", .target = target};
	loopback_ask(&service, &ask);
	must(ask.status == 204 ||
		 (ask.status >= 400 && ask.status != 500)); /* a blank or a line end makes other requests */
	must(ask.status != 422 || strstr(ask.answer, "\"pointer\":\"/") != NULL);
	loopback_fini(&ask);
	return 0;
}
