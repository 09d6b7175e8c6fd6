/* POST /api/v1/flow/runs/{id}/countersign: a step's decision, through the one code path of all decisions [flow.md 4].
 */
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "flow/flow_internal.h"
#include "flow/persons.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "people/ballot.h"
#include "people/write.h"
#include "seal/countersign.h"
#include "store/store.h"

struct decide_request {
	const char *step, *seal_sha256, *reason;
	int decision;
	int64_t consent_version;
};
static const struct field decide_fields[] = {
	F_STR(decide_request, step, LENGTH(1, 4096), DOC("Step path; left out: the one that waits")),
	F_STR(decide_request, seal_sha256, REQUIRED, LENGTH(1, 64), DOC("What you saw")),
	F_ENUM(decide_request, decision, countersign_decision_names, REQUIRED),
	F_STR(decide_request, reason, LENGTH(1, COUNTERSIGN_REASON_MAX), DOC("Needed to reject")),
	F_INT(decide_request, consent_version, REQUIRED),
};
static const struct field_table decide_table = FIELD_TABLE("flow.runs.countersign", decide_request, decide_fields);

struct deciding {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct decide_request request;
	struct run_record record;
	struct countersign_signed done;
};

static bool apply_decide(struct write *w, struct db *db, struct err *err)
{
	struct deciding *d = (struct deciding *)w;
	struct persons_request asked;
	struct audit_event who;
	bool found = false;
	if (!persons_find(db, d->record.run_id, d->request.step, &d->x->arena, &asked, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "No step of the run asks for a decision.");
	struct countersign_ballot ballot = {
		.request_id = asked.request_id,
		.choice = {.seal_sha256 = d->request.seal_sha256,
				   .reason = d->request.reason,
				   .decision = (enum countersign_decision)d->request.decision,
				   .consent_version = d->request.consent_version},
	};
	return ballot_fill(d->x, db, env_wall_us(d->api->options.env), &who, &ballot, err) &&
		   countersign_decide(d->api->countersign, db, &ballot, &d->x->arena, &d->done, err);
}

static void reply(void *self, bool ended)
{
	struct deciding *d = self;
	(void)ended;
	run_reply(d->x, d->record.run_id);
}

/* With the last decision the run goes on: it is answered as it stands then. */
static void answer_decide(struct write *w)
{
	struct deciding *d = (struct deciding *)w;
	if (d->x->drafting)
		run_view_reply(d->x, 200, &d->record);
	else
		runner_look_then(d->api->runner, d->record.run_id, reply, d);
}

static void handle_decide(struct exchange *x)
{
	struct flow_api *api = x->owner;
	struct deciding *d = arena_new(&x->arena, struct deciding);
	if (d == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*d = (struct deciding){.x = x, .api = api};
	if (!exchange_decode(x, &d->request) || !run_named(x, &d->record))
		return;
	if (api->countersign == NULL) {
		exchange_failf(x, ERR_NOT_FOUND, "Nobody is asked here.");
		return;
	}
	d->write = (struct write){.x = x, .store = api->options.store, .apply = apply_decide, .answer = answer_decide};
	write_submit(&d->write);
}

static const enum err_kind decide_errors[] = {ERR_PERSON_REQUIRED,    ERR_FOUR_EYES,       ERR_NOT_FOUND,
											  ERR_CONSENT_OUTDATED,   ERR_ALREADY_DECIDED, ERR_EXPIRED,
											  ERR_TRANSITION_REFUSED, ERR_SEAL_MISMATCH,   ERR_NONE};

const struct route persons_routes[] = {
	ROUTE(POST, "/api/v1/flow/runs/{id}/countersign", "flow.decide", EFFECT_WRITE, handle_decide,
		  .operation = "flow.runs.countersign", .summary = "Decide a step that waits for a person",
		  .body = &decide_table, .result = &run_view_table, .errors = decide_errors),
};
const size_t persons_routes_count = sizeof persons_routes / sizeof *persons_routes;
