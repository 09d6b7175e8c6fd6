#include "flow/health_metrics.h"

#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/log.h"
#include "flow/domain/healing.h"
#include "flow/domain/health.h"
#include "flow/health_repo.h"
#include "http/metrics.h"
#include "store/store.h"

/* How often each pair of two labels is there. */
struct family {
	const char *const *names[2]; /* each list ends with NULL */
	const char *keys[2];         /* NULL: one label only */
	size_t ends[2];              /* so many of each list are told, 0: all */
	const char *sql;             /* first, second, count */
};

static const char *const outcomes[] = {"not_helped", "helped", NULL};
static const char *const nothing[] = {"", NULL};

static const struct family agents = {
	.names = {agent_status_names, nothing},
	.keys = {"status"},
	.sql = "SELECT status, '', COUNT(*) FROM agents GROUP BY status",
};
static const struct family incidents = {
	.names = {incident_severity_names, incident_status_names},
	.keys = {"severity", "status"},
	.ends = {0, INCIDENT_INVESTIGATING + 1},
	.sql = "SELECT severity, status, COUNT(*) FROM incidents WHERE status IN ('open', 'investigating') GROUP BY "
		   "severity, status",
};
static const struct family healings = {
	.names = {heal_action_names, outcomes},
	.keys = {"action", "outcome"},
	.sql = "SELECT action, CASE helped WHEN 1 THEN 'helped' ELSE 'not_helped' END, COUNT(*) FROM healings GROUP BY "
		   "action, helped",
};

enum { NAMES = 8 };
_Static_assert((int)HEAL_ACTIONS <= (int)NAMES, "each action has its sample");
struct counts {
	int64_t of[NAMES][NAMES];
};

static size_t place_of(const char *const *names, const char *name)
{
	size_t i = 0;
	while (i < NAMES && names[i] != NULL && strcmp(names[i], name) != 0)
		i++;
	return i < NAMES && names[i] != NULL ? i : NAMES;
}

static bool read_counts(struct store *store, const struct family *family, struct counts *counts, struct err *err)
{
	struct db *db = store_read(store);
	struct db_rows rows;
	bool read = db_query_values(db, &rows, err, family->sql, NULL, 0);
	while (read && db_next(&rows)) {
		size_t first = place_of(family->names[0], db_text(&rows, 0));
		size_t second = place_of(family->names[1], db_text(&rows, 1));
		if (first < NAMES && second < NAMES) /* else of a newer program's time */
			counts->of[first][second] = db_int(&rows, 2);
	}
	read = read && db_end(&rows, err);
	store_read_end(store, db);
	return read;
}

static bool is_told(const struct family *family, size_t list, size_t i)
{
	return family->names[list][i] != NULL && (family->ends[list] == 0 || i < family->ends[list]);
}

static void collect(struct store *store, struct metrics_out *out, const struct family *family)
{
	struct counts counts = {0};
	struct err err;
	struct buf labels;
	if (!read_counts(store, family, &counts, &err)) {
		log_error("agents could not be counted", log_str("why", err.message));
		return;
	}
	buf_init(&labels, 0);
	for (size_t i = 0; is_told(family, 0, i); i++)
		for (size_t j = 0; is_told(family, 1, j); j++) {
			buf_reset(&labels);
			metrics_label(&labels, family->keys[0], family->names[0][i]);
			if (family->keys[1] != NULL)
				metrics_label(&labels, family->keys[1], family->names[1][j]);
			metrics_sample(out, buf_text(&labels), (double)counts.of[i][j]);
		}
	buf_fini(&labels);
}

static void collect_agents(void *self, struct metrics_out *out)
{
	collect(self, out, &agents);
}

static void collect_incidents(void *self, struct metrics_out *out)
{
	collect(self, out, &incidents);
}

static void collect_healings(void *self, struct metrics_out *out)
{
	collect(self, out, &healings);
}

void health_metrics_add(struct metrics *metrics, struct store *store)
{
	metrics_add(metrics, "flow_agents", METRICS_GAUGE, "Agents by status", collect_agents, store);
	metrics_add(metrics, "flow_incidents", METRICS_GAUGE, "Incidents that are not ended", collect_incidents, store);
	metrics_add(metrics, "flow_healings_total", METRICS_COUNTER, "What rules of self-healing did", collect_healings,
				store);
}
