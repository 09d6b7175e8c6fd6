#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/roles.h"
#include "people/users.h"
#include "seal/pack.h"
#include "trade/approval_view.h"
#include "trade/approvals.h"
#include "trade/deed.h"
#include "trade/domain/decimal.h"
#include "trade/domain/instruments.h"
#include "trade/figures.h"
#include "trade/limits.h"
#include "trade/signal_life.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * /api/v1/approvals: the desk's door to countersignatures [trade.md 3].  The same rows as at the general door, with
 * what the desk says beside them: for how long, and for how many lots.
 */

enum { REASON_MAX = 500, VALID_MAX_S = 2592000, EXTENSION_S = 60 /* it is decided in the op that opens it */ };

struct decide_request {
	const char *signal_id, *reason, *seal_sha256;
	int decision;
	int64_t consent_version, valid_for_seconds;
	double volume;
};

#define VALID(s, ...) F_INT(s, valid_for_seconds, RANGE(1, VALID_MAX_S), UNIT("s"), __VA_ARGS__)

static const struct field decide_fields[] = {
	F_STR(decide_request, signal_id, REQUIRED, LENGTH(1, 64), DOC("Which")),
	F_ENUM(decide_request, decision, approval_decision_names, REQUIRED),
	F_STR(decide_request, reason, LENGTH(0, REASON_MAX), DOC("Needed to reject")),
	F_INT(decide_request, consent_version, REQUIRED, DOC("Of the text the person saw")),
	F_STR(decide_request, seal_sha256, LENGTH(1, 64), DOC("What the person saw; left out: the signal's own")),
	VALID(decide_request, DOC("How long it stands; left out: the profile's")),
	F_NUM(decide_request, volume, ABOVE(0, 1e6), UNIT("lots"), DOC("Less than the signal's")),
};
static const struct field_table decide_table = FIELD_TABLE("approvals.create", decide_request, decide_fields);

struct extend_request {
	int64_t valid_for_seconds, consent_version;
};
static const struct field extend_fields[] = {
	VALID(extend_request, REQUIRED, DOC("How long it stands from now")),
	F_INT(extend_request, consent_version, REQUIRED, DOC("Of the text the person saw")),
};
static const struct field_table extend_table = FIELD_TABLE("approvals.extend", extend_request, extend_fields);

struct revoke_request {
	const char *reason;
};
static const struct field revoke_fields[] = {
	F_STR(revoke_request, reason, REQUIRED, LENGTH(1, REASON_MAX), DOC("For the record")),
};
static const struct field_table revoke_table = FIELD_TABLE("approvals.revoke", revoke_request, revoke_fields);

/* One decision under way. */
struct deciding {
	struct deed deed;
	struct decide_request request;
	struct signal_row row;
	struct profile_row profile;
	struct countersign_signed done;
	struct approval approval;
	struct faults faults;
	const struct audit_event *who;
	struct db *db; /* of the part that may be undone */
};

/* --- who --- */

static bool may(const void *principal, const char *permission)
{
	return principal_may(principal, permission);
}

static enum countersign_signer signer_of(const struct principal *principal)
{
	return principal->kind == PRINCIPAL_PERSON ? SIGNER_PERSON
		   : principal->kind == PRINCIPAL_KEY  ? SIGNER_KEY
											   : SIGNER_OTHER;
}

/* --- deciding --- */

/* A smaller size must be whole steps, and less than what it would be without. */
static bool volume_good(struct deciding *d)
{
	double volume = d->request.volume;
	const struct pack *pack = packs_find(d->deed.api->options.packs, "instruments", NULL, NULL);
	const struct instrument *instrument = instrument_find(pack->data, d->row.instrument);
	int64_t down = 0, up = 1;
	if (!given(volume))
		return true;
	faults_init(&d->faults, &d->deed.x->arena);
	const struct decimal lots = decimal_of(volume), step = decimal_of(instrument->lot_step);
	if (!(volume < d->row.lots))
		faults_add(&d->faults, "/volume", "range", "must be less than the signal's, %.15g",
				   given(d->row.lots) ? d->row.lots : 0);
	else if (volume < instrument->min_lot)
		faults_add(&d->faults, "/volume", "range", "must be at least %.15g", instrument->min_lot);
	else if (!decimal_quotient(&lots, 1, &step, 1, DECIMAL_DOWN, &down) ||
			 !decimal_quotient(&lots, 1, &step, 1, DECIMAL_UP, &up) || down != up)
		faults_add(&d->faults, "/volume", "step", "must be whole steps of %.15g lots", instrument->lot_step);
	if (d->faults.count == 0)
		return true;
	d->deed.faults = &d->faults;
	write_refuse(&d->deed.write, ERR_INVALID, "The volume cannot be taken.");
	return false;
}

static int64_t valid_until(const struct deciding *d, int64_t seconds)
{
	int64_t valid_s = seconds != FIELD_NO_INT ? seconds : d->profile.profile.approval_valid_seconds;
	return d->deed.now_us + valid_s * STAMP_US_PER_S;
}

static bool vote(struct deciding *d, struct db *db, const char *request_id, struct err *err)
{
	struct exchange *x = d->deed.x;
	const struct principal *principal = principal_of(x);
	struct user user = {.user_id = NULL};
	bool found = false;
	if (!user_by_id(db, principal->user_id, &x->arena, &user, &found, err))
		return false;
	const char *reason = d->request.reason;
	const struct countersign_ballot ballot = {
		.account_id = principal->account_id,
		.request_id = request_id,
		.choice = {.signer = signer_of(principal),
				   .user_id = principal->user_id,
				   .seal_sha256 = d->request.seal_sha256,
				   .reason = reason != NULL && reason[0] != '\0' ? reason : NULL,
				   .decision = d->request.decision == 0 ? COUNTERSIGN_APPROVE : COUNTERSIGN_REJECT,
				   .consent_version = d->request.consent_version},
		.may = may,
		.principal = principal,
		.role = role_strongest(principal->roles),
		.mfa = user.totp_enabled,
		.who = d->who,
	};
	return countersign_decide(d->deed.api->options.countersign, db, &ballot, &x->arena, &d->done, err);
}

/* The part that leaves nothing behind when it is refused. */
static bool decide_part(struct db *db, void *self, struct err *err)
{
	struct deciding *d = self;
	const struct principal *principal = principal_of(d->deed.x);
	const struct approval_terms terms = {d->row.request_id, principal->user_id,
										 valid_until(d, d->request.valid_for_seconds), d->request.volume};
	return approval_terms_put(db, &terms, err) && vote(d, db, d->row.request_id, err);
}

/* Without a request there is nothing to sign; the order of the answers is the same. */
static bool refuse_without_request(struct deciding *d, struct db *db, struct err *err)
{
	int64_t version;
	if (!consent_current(db, d->row.account_id, &version, err))
		return false;
	if (d->request.consent_version != version)
		return write_refuse(&d->deed.write, ERR_CONSENT_OUTDATED, "The consent text in force is version %lld.",
							(long long)version);
	if (d->row.status == SIGNAL_EXPIRED || d->deed.now_us >= d->row.expires_us)
		return write_refuse(&d->deed.write, ERR_EXPIRED, "The signal has expired.");
	return write_refuse(&d->deed.write, ERR_NOT_PENDING, "The signal is %s.", signal_status_names[d->row.status]);
}

/* Which rules refused: judged once more, now that the refusal has been undone. */
static bool refuse_by_risk(struct deciding *d, struct db *db, const struct err *why, struct err *err)
{
	struct arena *arena = &d->deed.x->arena;
	struct signal signal;
	struct judgement j;
	if (!signal_of_row(&d->row, arena, &signal, err))
		return false;
	const struct judging judging = {
		d->deed.api->options.packs,   db, arena, d->deed.now_us, &d->row, &signal, d->request.volume,
		d->deed.api->options.platform};
	if (!judge(&judging, &j, err))
		return false;
	const struct audit_pair meta[] = {{AUDIT_META_rules, j.names}};
	struct audit_event event = *d->who;
	event.action = AUDIT_RISK_REFUSE;
	event.status = AUDIT_REFUSED;
	event.target_id = d->row.signal_id;
	event.meta = meta;
	event.meta_count = 1;
	d->deed.failed = j.failed;
	figures_rules(d->deed.api->figures, j.names);
	write_refuse(&d->deed.write, ERR_RISK_REFUSED, "%s", why->message);
	return audit_append(d->deed.api->options.audit, db, &event, err);
}

static bool refuse_decision(struct deciding *d, struct db *db, const struct err *why, struct err *err)
{
	if (why->kind == ERR_RISK_REFUSED)
		return refuse_by_risk(d, db, why, err);
	if (why->kind == ERR_TRANSITION_REFUSED)
		return write_refuse(&d->deed.write, ERR_NOT_PENDING, "The signal is %s.", signal_status_names[d->row.status]);
	*err = *why;
	return false;
}

static bool read_result(struct deciding *d, struct db *db, struct err *err)
{
	struct exchange *x = d->deed.x;
	bool found = false;
	return approval_find(db, principal_of(x)->account_id, NULL, d->done.row.countersignature_id, &x->arena,
						 &d->approval, &found, err) &&
		   (found || err_set(err, ERR_INTERNAL, "the approval is not there"));
}

static bool find_signal(struct deciding *d, struct db *db, const char *signal_id, bool *found, struct err *err)
{
	*found = false;
	if (id_valid(signal_id) &&
		!signal_find(db, principal_of(d->deed.x)->account_id, signal_id, &d->deed.x->arena, &d->row, found, err))
		return false;
	return *found || write_refuse(&d->deed.write, ERR_NOT_FOUND, "There is no such signal.");
}

static bool apply_decide(struct deed *deed, struct db *db, struct err *err)
{
	struct deciding *d = (struct deciding *)deed;
	struct audit_event who = principal_event(deed->x, AUDIT_APPROVAL_CREATE, AUDIT_SUCCESS);
	bool among, found;
	struct err why;
	d->who = &who;
	if (!approval_among(d->deed.x, db, &d->profile, &among, err))
		return false;
	if (!among)
		return err_set(err, ERR_FORBIDDEN, "Only those whom the desk names may approve.");
	if (!find_signal(d, db, d->request.signal_id, &found, err))
		return false;
	if (!found || (d->row.request_id != NULL && !volume_good(d)))
		return true;
	if (d->row.request_id == NULL)
		return refuse_without_request(d, db, err);
	if (db_attempt(db, decide_part, d, &why))
		return read_result(d, db, err);
	return refuse_decision(d, db, &why, err);
}

/* --- telling --- */

static void answer_made(struct deed *deed)
{
	const struct deciding *d = (const struct deciding *)deed;
	exchange_setf(deed->x, "Location", "/api/v1/approvals/%s", d->approval.approval_id);
	approval_reply(deed->x, &d->approval, 201);
}

static void answer_row(struct deed *deed)
{
	approval_reply(deed->x, &((const struct deciding *)deed)->approval, 200);
}

/* Rejecting needs a reason, which no table can say. */
static void check_reason(void *self, struct faults *faults)
{
	const struct decide_request *r = self;
	if (r->decision == 1 && (r->reason == NULL || r->reason[0] == '\0'))
		faults_add(faults, "/reason", "required", "is needed to reject");
}

static struct deciding *start(struct exchange *x)
{
	struct deciding *d = deed_start(x, sizeof *d);
	if (d == NULL || !deed_rate(&d->deed, "trade.approval", principal_of(x)->user_id))
		return NULL;
	return d;
}

static void handle_decide(struct exchange *x)
{
	struct deciding *d = start(x);
	if (d != NULL && exchange_decode_checked(x, &d->request, check_reason, &d->request))
		deed_write(&d->deed, apply_decide, answer_made);
}

/* --- taking back --- */

static bool revoke_part(struct db *db, void *self, struct err *err)
{
	struct deciding *d = self;
	struct trade_api *api = d->deed.api;
	const struct audit_pair meta[] = {{AUDIT_META_signal_id, d->row.signal_id}, {AUDIT_META_reason, d->request.reason}};
	if (!countersign_revoke(api->options.countersign, db, d->who, d->approval.approval_id, d->who->actor,
							d->request.reason, &d->deed.x->arena, &d->done, err))
		return false;
	/* one of several that were needed: without it nothing comes of the signal either */
	if (d->done.request.status == COUNTERSIGN_OPEN && d->row.status == SIGNAL_PENDING &&
		!signal_cancel(api, db, &d->deed.x->arena, &d->row, d->who, d->request.reason, d->deed.now_us, err))
		return false;
	return deed_audit(&d->deed, db, AUDIT_APPROVAL_REVOKE, d->approval.approval_id, meta, 2, err);
}

/* The caller's own approval named in the path, and its signal. */
static bool read_named(struct deciding *d, struct db *db, bool *found, struct err *err)
{
	struct exchange *x = d->deed.x;
	const char *id = exchange_param(x, "id");
	const struct principal *p = principal_of(x);
	*found = false;
	if (id_valid(id) && !approval_find(db, p->account_id, p->user_id, id, &x->arena, &d->approval, found, err))
		return false;
	if (!*found)
		return write_refuse(&d->deed.write, ERR_NOT_FOUND, "There is no such approval of yours.");
	return signal_find(db, p->account_id, d->approval.signal_id, &x->arena, &d->row, found, err);
}

static bool apply_revoke(struct deed *deed, struct db *db, struct err *err)
{
	struct deciding *d = (struct deciding *)deed;
	struct audit_event who = principal_event(deed->x, AUDIT_APPROVAL_REVOKE, AUDIT_SUCCESS);
	bool found;
	d->who = &who;
	if (!read_named(d, db, &found, err))
		return false;
	return !found || (revoke_part(db, d, err) && read_result(d, db, err));
}

static void handle_revoke(struct exchange *x)
{
	struct revoke_request request;
	struct deciding *d = start(x);
	if (d == NULL || !exchange_decode(x, &request))
		return;
	d->request.reason = request.reason;
	deed_write(&d->deed, apply_revoke, answer_row);
}

/* --- longer --- */

static bool open_extension(struct deciding *d, struct db *db, struct countersign_request *request, struct err *err)
{
	*request = (struct countersign_request){
		.account_id = d->row.account_id,
		.kind = COUNTERSIGN_APPROVAL,
		.seal_sha256 = d->row.seal_sha256,
		.content_sha256 = d->row.seal_sha256,
		.subject_kind = SUBJECT_EXTENSION,
		.subject_id = d->row.signal_id,
		.expires_us = d->deed.now_us + EXTENSION_S * STAMP_US_PER_S,
	};
	return consent_current(db, d->row.account_id, &request->consent_version, err) &&
		   countersign_open(d->deed.api->options.countersign, db, d->who, &d->deed.x->arena, request, err);
}

static bool extend(struct deciding *d, struct db *db, struct err *err)
{
	struct countersign *countersign = d->deed.api->options.countersign;
	struct countersign_request request;
	const struct audit_pair extended[] = {{AUDIT_META_signal_id, d->row.signal_id},
										  {AUDIT_META_seal_sha256, d->row.seal_sha256}};
	if (!open_extension(d, db, &request, err))
		return false;
	const struct approval_terms terms = {request.request_id, principal_of(d->deed.x)->user_id,
										 valid_until(d, d->request.valid_for_seconds), NAN};
	if (!approval_terms_put(db, &terms, err) || !vote(d, db, request.request_id, err))
		return false;
	if (d->done.request.status != COUNTERSIGN_GRANTED)
		return err_set(err, ERR_CONFLICT, "More than one approval is asked for by the account's policy.");
	return countersign_claim(countersign, db, request.effect_key, err) &&
		   signal_approved_until(db, &d->row, d->profile.profile.approval_valid_seconds, &d->row.approved_until_us,
								 err) &&
		   signal_settle(db, &d->row, err) &&
		   db_run(db, err, "UPDATE positions SET lapse_at = $2 WHERE signal_id = $1 AND status <> 'closed'",
				  V_TEXT(d->row.signal_id), V_INT(d->row.approved_until_us)) &&
		   deed_audit(&d->deed, db, AUDIT_APPROVAL_EXTEND, d->done.row.countersignature_id, extended, 2, err) &&
		   signal_note(d->deed.api, db, &d->row, "approval.extended", d->who->actor, NULL, d->deed.now_us, err);
}

static bool apply_extend(struct deed *deed, struct db *db, struct err *err)
{
	struct deciding *d = (struct deciding *)deed;
	struct audit_event who = principal_event(deed->x, AUDIT_APPROVAL_EXTEND, AUDIT_SUCCESS);
	bool among, found;
	d->who = &who;
	if (!approval_among(d->deed.x, db, &d->profile, &among, err))
		return false;
	if (!among)
		return err_set(err, ERR_FORBIDDEN, "Only those whom the desk names may approve.");
	if (!read_named(d, db, &found, err))
		return false;
	if (!found)
		return true;
	if (d->row.approved_until_us != 0 && deed->now_us >= d->row.approved_until_us)
		return write_refuse(&deed->write, ERR_EXPIRED, "The approval has lapsed.");
	if (!d->approval.approved || d->approval.revoked_us != 0 ||
		(d->row.status != SIGNAL_APPROVED && d->row.status != SIGNAL_PLACED))
		return write_refuse(&deed->write, ERR_TRANSITION_REFUSED, "There is no approval in force to extend.");
	return extend(d, db, err) && read_result(d, db, err);
}

static void handle_extend(struct exchange *x)
{
	struct extend_request request;
	struct deciding *d = start(x);
	if (d == NULL || !exchange_decode(x, &request))
		return;
	d->request = (struct decide_request){
		.consent_version = request.consent_version, .valid_for_seconds = request.valid_for_seconds, .volume = NAN};
	deed_write(&d->deed, apply_extend, answer_made);
}

static const enum err_kind decide_errors[] = {ERR_PERSON_REQUIRED, ERR_FOUR_EYES, ERR_NOT_FOUND,   ERR_CONSENT_OUTDATED,
											  ERR_ALREADY_DECIDED, ERR_EXPIRED,   ERR_NOT_PENDING, ERR_SEAL_MISMATCH,
											  ERR_RISK_REFUSED,    ERR_NONE};
static const enum err_kind revoke_errors[] = {ERR_NOT_FOUND, ERR_ALREADY_APPLIED, ERR_TRANSITION_REFUSED, ERR_NONE};
static const enum err_kind extend_errors[] = {ERR_NOT_FOUND, ERR_CONSENT_OUTDATED, ERR_EXPIRED, ERR_TRANSITION_REFUSED,
											  ERR_NONE};

const struct route approvals_routes[] = {
	ROUTE(POST, "/api/v1/approvals", "trade.approve", EFFECT_WRITE, handle_decide, .operation = "approvals.create",
		  .summary = "Approve or reject a signal", .body = &decide_table, .rate_class = "none",
		  .result = &approval_view_table, .status = 201,
		  .doc = "A countersignature of the signal's seal.  With the last one that is needed the signal is judged "
				 "again and made ready for a terminal.",
		  .errors = decide_errors,
		  .example = "{\"signal_id\":\"01900000-0000-7000-8000-000000000000\",\"decision\":\"approved\","
					 "\"consent_version\":1}"),
	ROUTE(POST, "/api/v1/approvals/{id}/revoke", "trade.approve", EFFECT_WRITE, handle_revoke,
		  .operation = "approvals.revoke", .summary = "Take my decision back before a terminal has the order",
		  .body = &revoke_table, .result = &approval_view_table, .errors = revoke_errors, .rate_class = "none",
		  .example = "{\"reason\":\"the news\"}"),
	ROUTE(POST, "/api/v1/approvals/{id}/extend", "trade.approve", EFFECT_WRITE, handle_extend,
		  .operation = "approvals.extend", .summary = "Let my approval stand longer", .body = &extend_table,
		  .result = &approval_view_table, .status = 201, .errors = extend_errors, .rate_class = "none",
		  .example = "{\"valid_for_seconds\":3600,\"consent_version\":1}"),
};
const size_t approvals_routes_count = sizeof approvals_routes / sizeof *approvals_routes;
