#include "sim/flow_kids.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/runs_repo.h"
#include "flow/workflows.h"
#include "store/store.h"

/* --- workflows --- */

#define KID(name, body) \
	"{\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"sim\",\"name\":\"" name \
	"\",\"version\":\"1.0.0\"},\"do\":[" body "]}"
#define KID_ASKS(name) \
	"{\"" name \
	"\":{\"try\":[{\"ask\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"http://sim/kid/" name \
	"\",\"body\":{\"n\":\"${ .n " \
	"}\"}}}}],\"catch\":{\"retry\":{\"delay\":{\"seconds\":2},\"limit\":{\"attempt\":{\"count\":200}}}}}}"
static const char *const definitions[KIDS] = {
	KID("kid0", KID_ASKS("a") "," KID_ASKS("b")),
	KID("kid1", "{\"w\":{\"wait\":{\"seconds\":3}}},{\"f\":{\"fork\":{\"branches\":[" KID_ASKS("a") "," KID_ASKS(
					"b") "]},\"output\":{\"as\":{\"n\":5,\"all\":\"${ . }\"}}}}"),
	KID("kid2",
		KID_ASKS("a") ",{\"r\":{\"raise\":{\"error\":{\"type\":\"https://sim/kid\",\"status\":499,\"title\":\"t\"}}}}"),
	KID("kid3",
		"{\"k\":{\"run\":{\"workflow\":{\"namespace\":\"sim\",\"name\":\"kid1\",\"version\":\"1.0.0\"}}}}," KID_ASKS(
			"a")),
};

bool kids_publish(struct db *db, const char *account_id, struct err *err)
{
	char sha256[65], workflow_id[40], name[8];
	const struct json none = {.kind = JS_NULL};
	bool good = true;
	for (unsigned i = 0; i < KIDS && good; i++) {
		sha256_hex(definitions[i], strlen(definitions[i]), sha256);
		snprintf(workflow_id, sizeof workflow_id, "01900000-0000-7000-8000-0000000000b%x", i % 16);
		snprintf(name, sizeof name, "kid%u", i % 10);
		const struct definition_text text = {.text = definitions[i], .sha256 = sha256, .content_sha256 = sha256};
		const struct workflow workflow = {.workflow_id = workflow_id,
										  .account_id = account_id,
										  .namespace = "sim",
										  .name = name,
										  .version = "1.0.0",
										  .state = WORKFLOW_PUBLISHED,
										  .form = "dsl",
										  .content_sha256 = sha256,
										  .definition_sha256 = sha256,
										  .tags = "null"};
		good = runs_keep_definition(db, &text, err) && workflows_insert(db, &workflow, &none, err);
	}
	return good;
}

/* --- runs --- */

struct ancestry {
	const char *parent, *path;
	struct arena *arena;
};

static void take_parent(const struct db_rows *row, void *self)
{
	struct ancestry *a = self;
	a->parent = db_text_dup(row, 0, a->arena);
	a->path = db_text_dup(row, 1, a->arena);
}

const char *kids_lineage(struct db *db, const char *run_id, struct arena *arena)
{
	struct ancestry a = {.arena = arena};
	struct err err;
	bool found;
	must(db_one(db, &err, &found, take_parent, &a, "SELECT parent_run_id, parent_path FROM flow_runs WHERE run_id = $1",
				V_TEXT(run_id)) &&
		 found);
	if (a.parent == NULL)
		return NULL;
	const char *above = kids_lineage(db, a.parent, arena);
	const char *text = arena_printf(arena, "%s %s", above == NULL ? a.parent : above, a.path);
	must(text != NULL && strlen(text) < LINEAGE);
	return text;
}

size_t kids_list(struct db *db, struct sim_child *children, size_t room, struct arena *arena)
{
	struct db_rows rows;
	struct err err;
	size_t found = 0;
	must(db_query(db, &rows, &err, "SELECT run_id FROM flow_runs WHERE parent_run_id IS NOT NULL ORDER BY run_id"));
	for (; db_next(&rows); found++) {
		must(found < room);
		snprintf(children[found].run_id, sizeof children->run_id, "%s", db_text(&rows, 0));
	}
	must(db_end(&rows, &err));
	for (size_t i = 0; i < found; i++)
		strcpy(children[i].lineage, kids_lineage(db, children[i].run_id, arena));
	return found;
}

static void take_going(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool kids_rest(struct db *db)
{
	int64_t going = 0;
	struct err err;
	bool found;
	must(db_one(db, &err, &found, take_going, &going,
				"SELECT COUNT(*) FROM flow_runs WHERE parent_run_id IS NOT NULL AND status NOT IN ('completed', "
				"'faulted', 'cancelled')"));
	return going == 0;
}
