#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "flow/domain/cron.h"
#include "flow/domain/ops.h"
#include "seal/calc.h"

/* flow.cron_next: the next times of a schedule [flow.md 12]. */

struct cron_request {
	const char *cron, *tz, *after;
	int64_t n;
};

static const struct field cron_fields[] = {
	F_STR(cron_request, cron, REQUIRED, LENGTH(1, 1000),
		  DOC("Minute, hour, day of month, month, day of week; or @daily and its like")),
	F_STR(cron_request, tz, DEFAULT_TEXT("UTC"), LENGTH(1, 100), DOC("IANA time zone whose clock the fields mean")),
	F_STR(cron_request, after, REQUIRED, LENGTH(1, 64), FORMAT("date-time"), DOC("Only later times are given")),
	F_INT(cron_request, n, RANGE(1, 1000), DEFAULT(1), DOC("How many")),
};
static const struct field_table cron_table = FIELD_TABLE("flow.cron_next.request", cron_request, cron_fields);

struct cron_result {
	struct {
		size_t count;
		const char **items;
	} times;
};

static const struct field cron_result_fields[] = {
	F_STRS(cron_result, times, FORMAT("date-time"), DOC("UTC, in order; fewer than n where there are no more")),
};
static const struct field_table cron_result_table =
	FIELD_TABLE("flow.cron_next.result", cron_result, cron_result_fields);

/* What the request means; every fault of it is named. */
static bool read_request(struct calc *calc, const struct cron_request *request, struct cron *cron,
						 const struct zone **zone, int64_t *after_us)
{
	struct err err;
	const struct stamp_fault *fault;
	if (!cron_parse(request->cron, cron, &err))
		calc_fault(calc, "/cron", "format", "%s", err.message);
	*zone = zone_load(calc->arena, request->tz, &err);
	if (*zone == NULL)
		calc_fault(calc, "/tz", "unknown_timezone", "must be the name of an IANA time zone, like Europe/Berlin");
	if (!stamp_parse(request->after, strlen(request->after), after_us, &fault))
		calc_fault(calc, "/after", fault->code, "%s", fault->message);
	return calc->faults.count == 0;
}

static bool run_cron(struct calc *calc, const void *input, void *output)
{
	const struct cron_request *request = input;
	struct cron_result *result = output;
	struct cron cron;
	const struct zone *zone;
	int64_t at_us;
	if (!read_request(calc, request, &cron, &zone, &at_us))
		return false;
	result->times.items = arena_array(calc->arena, (size_t)request->n, sizeof *result->times.items);
	if (result->times.items == NULL)
		return false;
	for (int64_t i = 0; i < request->n && cron_next(&cron, zone, at_us, &at_us); i++) {
		char text[STAMP_TEXT];
		stamp_format(text, at_us);
		result->times.items[result->times.count++] = arena_dup(calc->arena, text);
	}
	if (result->times.count == 0)
		calc_warn(calc, "cron_never", "/cron", "there is no such day in the nine years after");
	return true;
}

const struct op flow_cron_next_op = {
	.name = "flow.cron_next",
	.path = "/api/v1/flow/cron_next",
	.summary = "The next times at which a cron expression fires",
	.doc =
		"A local time that does not exist counts as the next minute that does; one that occurs twice fires once, the "
		"first time.",
	.input = &cron_table,
	.output = &cron_result_table,
	.run = run_cron,
	.example = "{\"cron\":\"30 2 * * *\",\"tz\":\"Europe/Berlin\",\"after\":\"2026-03-28T12:00:00Z\",\"n\":2}",
};
