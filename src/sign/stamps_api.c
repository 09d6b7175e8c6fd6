#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/ballot.h"
#include "people/reply.h"
#include "sign/project_stamp.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "store/store.h"

/*
 * The stamp of a project: POST /countersignatures with the request looked up, and how far it is [sign.md 5; P-6.7].
 */

/* --- deciding --- */

struct stamp_body {
	const char *seal_sha256, *reason;
	int decision;
	int64_t consent_version;
};
static const struct field body_fields[] = {
	F_STR(stamp_body, seal_sha256, REQUIRED, LENGTH(1, 64), DOC("What you saw")),
	F_ENUM(stamp_body, decision, countersign_decision_names, REQUIRED),
	F_STR(stamp_body, reason, LENGTH(1, COUNTERSIGN_REASON_MAX), DOC("Needed to reject")),
	F_INT(stamp_body, consent_version, REQUIRED, DOC("As GET tells it")),
};
static const struct field_table body_table = FIELD_TABLE("projects.stamp.request", stamp_body, body_fields);

struct stamped_view {
	const char *countersignature_id;
	int request_status, decision;
	const char *seal_sha256, *receipt;
};
static const struct field stamped_fields[] = {
	F_STR(stamped_view, countersignature_id),
	F_ENUM(stamped_view, request_status, countersign_status_names),
	F_ENUM(stamped_view, decision, countersign_decision_names),
	F_STR(stamped_view, seal_sha256),
	F_STR(stamped_view, receipt, DOC("Verifiable with the published keys alone")),
};
static const struct field_table stamped_table = FIELD_TABLE("projects.stamped", stamped_view, stamped_fields);

struct stamping {
	struct project_write write; /* first */
	struct stamp_body body;
	struct countersign_signed done;
};

static bool find_request(struct project_write *w, struct db *db, struct project_stamp_row *row, struct err *err)
{
	if (!project_writable(w, err))
		return false;
	if (w->project.seal_sha256 == NULL)
		return err_set(err, ERR_NO_PAYLOAD,
					   w->project.payload_id == NULL ? "Save a payload first."
													 : "The newest payload's design abstained: nothing to stamp.");
	return project_stamp_find(db, &w->project, &w->x->arena, row, err) &&
		   (row->request.request_id != NULL ||
			err_set(err, ERR_TRANSITION_REFUSED, "Nobody asked for a stamp on the newest payload."));
}

static bool change(struct project_write *w, struct db *db, struct err *err)
{
	struct stamping *s = (struct stamping *)w;
	struct project_stamp_row row;
	struct audit_event who;
	if (!find_request(w, db, &row, err))
		return false;
	struct countersign_ballot ballot = {
		.request_id = row.request.request_id,
		.choice = {.seal_sha256 = s->body.seal_sha256,
				   .reason = s->body.reason,
				   .decision = (enum countersign_decision)s->body.decision,
				   .consent_version = s->body.consent_version},
	};
	return ballot_fill(w->x, db, w->now_us, &who, &ballot, err) &&
		   countersign_decide(w->api->options.countersign, db, &ballot, &w->x->arena, &s->done, err);
}

static void answer(struct project_write *w)
{
	const struct stamping *s = (const struct stamping *)w;
	const struct stamped_view view = {
		.countersignature_id = s->done.row.countersignature_id,
		.request_status = (int)s->done.request.status,
		.decision = (int)s->done.row.decision,
		.seal_sha256 = s->done.row.seal_sha256,
		.receipt = s->done.row.receipt,
	};
	exchange_setf(w->x, "Location", "/api/v1/countersignatures/%s", view.countersignature_id);
	reply_fact(w->x, 201, &stamped_table, &view);
}

static void after(struct project_write *w)
{
	sign_begin(w->api);
}

static void handle_stamp(struct exchange *x)
{
	struct stamping *s = arena_new(&x->arena, struct stamping);
	if (s == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
	} else if (exchange_decode(x, &s->body)) {
		s->write.after = after;
		project_write_submit(&s->write, x, change, answer);
	}
}

/* --- how far it is --- */

struct stamp_view {
	int state;
	const char *request_id, *seal_sha256;
	int64_t consent_version;
	const char *signer, *at;
};
static const struct field view_fields[] = {
	F_ENUM(stamp_view, state, project_stamp_names),
	F_STR(stamp_view, request_id, NULLABLE, DOC("On the newest payload; null: nobody asked for a stamp on it")),
	F_STR(stamp_view, seal_sha256, NULLABLE, DOC("Of the newest payload's design: what a stamp has to name")),
	F_INT(stamp_view, consent_version, DOC("Of the text that a signer consents to")),
	F_STR(stamp_view, signer, NULLABLE, DOC("Who stamped or refused; of a stale stamp, who gave it")),
	F_STR(stamp_view, at, NULLABLE, FORMAT("date-time")),
};
static const struct field_table view_table = FIELD_TABLE("projects.stamp", stamp_view, view_fields);

static void answer_view(struct exchange *x, const struct project *project, const struct project_stamp_row *row)
{
	char at[STAMP_TEXT];
	bool asked = row->request.request_id != NULL;
	stamp_format(at, row->signature.created_us);
	const struct stamp_view view = {
		.state = (int)row->state,
		.request_id = row->request.request_id,
		.seal_sha256 = project->seal_sha256,
		.consent_version = asked ? row->request.consent_version : COUNTERSIGN_CONSENT,
		.signer = row->signature.user_id,
		.at = row->signature.user_id != NULL ? at : NULL,
	};
	reply_fact(x, 200, &view_table, &view);
}

static void handle_get(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct project project;
	struct project_stamp_row row;
	enum project_stamp stamp;
	struct err err;
	if (!project_read(x, &project, &stamp))
		return;
	struct db *db = store_read(api->options.store);
	bool read = project_stamp_find(db, &project, &x->arena, &row, &err);
	store_read_end(api->options.store, db);
	if (read)
		answer_view(x, &project, &row);
	else
		exchange_fail(x, &err);
}

static const enum err_kind errors[] = {
	ERR_PERSON_REQUIRED, ERR_FOUR_EYES,          ERR_NO_PAYLOAD,    ERR_READ_ONLY, ERR_CONSENT_OUTDATED,
	ERR_ALREADY_DECIDED, ERR_TRANSITION_REFUSED, ERR_SEAL_MISMATCH, ERR_EXPIRED,   ERR_NONE};

const struct route stamp_routes[] = {
	ROUTE(POST, "/api/v1/projects/{id}/stamp", "calculation.stamp", EFFECT_WRITE, handle_stamp, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/stamp", .slash = true}), .operation = "projects.stamp",
		  .summary = "Stamp the newest design, or refuse it with a reason",
		  .doc = "Wants the role pe and a licence in force. Nobody stamps what they saved, nor a project they began.",
		  .body = &body_table, .result = &stamped_table, .status = 201, .errors = errors,
		  .example = "{\"seal_sha256\":\"0000000000000000000000000000000000000000000000000000000000000000\","
					 "\"decision\":\"approve\",\"consent_version\":1}"),
	ROUTE(GET, "/api/v1/projects/{id}/stamp", "project.read", EFFECT_READ, handle_get, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/stamp", .slash = true}), .operation = "projects.stamp.get",
		  .summary = "What became of the stamp on the newest design", .result = &view_table),
};
const size_t stamp_routes_count = sizeof stamp_routes / sizeof *stamp_routes;
