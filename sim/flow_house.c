#include "sim/flow_house.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "link/outgoing.h"
#include "sim/flow_net.h"
#include "store/store.h"

enum { HEADER = 600 };

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool count(void *self, struct db *db, struct flow_step *step, struct err *err)
{
	int64_t last = 0;
	(void)self;
	if (!db_run(db, err,
				"INSERT INTO project_numbers (name, last) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET last = "
				"project_numbers.last + 1",
				V_TEXT(step->run_id)) ||
		!db_one(db, err, NULL, take_number, &last, "SELECT last FROM project_numbers WHERE name = $1",
				V_TEXT(step->run_id)))
		return false;
	step->output = arena_printf(step->arena, "{\"n\":%lld}", (long long)last);
	return true;
}

/* A definite refusal is another attempt, a connection that broke the same one. */
static bool tell(void *self, struct flow_step *step, struct err *err)
{
	char key[HEADER], run[HEADER], path[HEADER];
	const char *const headers[] = {key, run, path, NULL};
	const struct outgoing_request request = {
		.method = "POST", .url = "http://sim/tell", .headers = headers, .body = "x", .body_size = 1};
	struct outgoing_answer answer;
	snprintf(key, sizeof key, "Idempotency-Key: %s", step->key);
	snprintf(run, sizeof run, "X-Countersign-Run: %s", step->run_id);
	snprintf(path, sizeof path, "X-Countersign-Step: %s", step->path);
	outgoing_answer_init(&answer);
	bool asked = net_ask(self, &request, &answer, err);
	bool well = asked && (answer.status == 200 || err_set(err, ERR_CONFLICT, "it answered %d", answer.status));
	outgoing_answer_fini(&answer);
	return well;
}

static const struct flow_effect effects[] = {{"sim.count", NULL, NULL, count}, {"sim.tell", NULL, tell, count}};

struct flow_part house_part(struct net *net)
{
	return (struct flow_part){.effects = effects, .count = sizeof effects / sizeof *effects, .self = net};
}
