#include "trade/signal_life.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "seal/outbox.h"
#include "store/store.h"
#include "trade/deliveries.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/limits.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

const struct audit_event the_system = {.actor = "system", .role = "system"};

/* --- telling --- */

static bool tell_outbox(struct trade_api *api, struct db *db, const struct signal_row *row, const char *event,
						struct err *err)
{
	struct buf data;
	struct jw jw;
	buf_init(&data, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, "signal_id", row->signal_id);
	jw_member_str(&jw, "owner_id", row->owner_id);
	jw_member_str(&jw, "instrument", row->instrument);
	jw_member_str(&jw, "side", row->side);
	jw_member_str(&jw, "status", signal_status_names[row->status]);
	jw_member_bool(&jw, "paper", row->paper);
	tell_time(&jw, "expires_at", row->expires_us);
	jw_object_end(&jw);
	struct outbox_event one = {.account_id = row->account_id,
							   .topic = "signals",
							   .event = event,
							   .subject = row->signal_id,
							   .data = buf_text(&data)};
	bool added = outbox_add(api->options.outbox, db, &one, err);
	buf_fini(&data);
	return added;
}

static bool add_event(struct trade_api *api, struct db *db, const struct signal_row *row, const char *event,
					  const char *actor, const char *detail, int64_t now_us, struct err *err)
{
	char id[ID_TEXT];
	id_make(api->options.ids, id);
	const struct signal_event one = {id, event, actor, detail, now_us};
	return signal_event_add(db, row, &one, err);
}

bool signal_note(struct trade_api *api, struct db *db, const struct signal_row *row, const char *event,
				 const char *actor, const char *detail, int64_t now_us, struct err *err)
{
	return add_event(api, db, row, event, actor, detail, now_us, err) && tell_outbox(api, db, row, event, err);
}

bool signal_go(struct trade_api *api, struct db *db, struct signal_row *row, enum signal_status to, const char *actor,
			   const char *detail, int64_t now_us, struct err *err)
{
	char name[64];
	bool moved = false;
	snprintf(name, sizeof name, "signal.%s", signal_status_names[to]);
	if (!signal_move(db, row->signal_id, (enum signal_status)row->status, to, now_us, &moved, err))
		return false;
	if (!moved)
		return err_set(err, ERR_CONFLICT, "the signal has moved meanwhile");
	row->status = (int)to;
	row->updated_us = now_us;
	row->row_version++;
	figures_count(api->figures, COUNT_signal_status_total, signal_status_names[to], NULL);
	return add_event(api, db, row, name, actor, detail, now_us, err) && tell_outbox(api, db, row, "signal.status", err);
}

/* --- waiting for a decision --- */

static bool open_request(struct trade_api *api, struct db *db, struct arena *arena, struct signal_row *row,
						 const struct judgement *j, const struct audit_event *who, struct err *err)
{
	struct countersign_request request = {
		.account_id = row->account_id,
		.kind = COUNTERSIGN_APPROVAL,
		.seal_sha256 = row->seal_sha256,
		.content_sha256 = row->seal_sha256,
		.subject_kind = SUBJECT_SIGNAL,
		.subject_id = row->signal_id,
		.author_id = row->owner_id,
		.quorum = j->profile.quorum,
		.four_eyes = !j->profile.owner_counts,
		.expires_us = row->expires_us,
	};
	if (!consent_current(db, row->account_id, &request.consent_version, err) ||
		!countersign_open(api->options.countersign, db, who, arena, &request, err))
		return false;
	row->request_id = request.request_id;
	row->approvals_needed = request.quorum;
	return true;
}

void signal_take_judgement(struct signal_row *row, const struct judgement *j)
{
	row->risk = j->risk;
	row->risk_packed = j->risk_packed;
	row->risk_packed_size = j->risk_packed_size;
	row->profile_version = j->profile_version;
	row->approvals_needed = j->profile.quorum;
	row->trading_account_id = j->trading_account_id;
	row->paper = j->paper;
	row->lots = j->lots;
}

bool signal_judged(struct trade_api *api, struct db *db, struct arena *arena, struct signal_row *row,
				   const struct judgement *j, const struct audit_event *who, int64_t now_us, struct err *err)
{
	signal_take_judgement(row, j);
	if (!j->accept)
		return true;
	row->accepted_us = now_us;
	return open_request(api, db, arena, row, j, who, err);
}

/* --- what people decided --- */

/* The approvals that stand, the newest first: the last one granted it. */
struct approver {
	const char *countersignature_id, *user_id;
};
struct approvers {
	struct approver items[COUNTERSIGN_QUORUM_MAX];
	size_t count;
	double lots; /* the smallest that one of them asked for; NaN: none did */
};

static bool read_approvers(struct db *db, const char *request_id, struct arena *arena, struct approvers *a,
						   struct err *err)
{
	struct db_rows rows;
	*a = (struct approvers){.lots = NAN};
	if (!db_query(db, &rows, err,
				  "SELECT c.countersignature_id, c.user_id, t.lots FROM countersignatures c LEFT JOIN approval_terms t "
				  "ON t.request_id = c.request_id AND t.user_id = c.user_id WHERE c.request_id = $1 "
				  "AND c.decision = 'approve' AND c.revoked_at IS NULL ORDER BY c.countersignature_id DESC LIMIT 5",
				  V_TEXT(request_id)))
		return false;
	while (db_next(&rows)) {
		a->items[a->count++] = (struct approver){db_text_dup(&rows, 0, arena), db_text_dup(&rows, 1, arena)};
		a->lots = fmin(a->lots, db_exact(&rows, 2)); /* of a number and NaN the number */
	}
	return db_end(&rows, err);
}

/* Another door may have let in somebody whom the desk's settings leave out. */
static bool all_may(struct db *db, const struct signal_row *row, const struct approvers *a,
					const struct risk_profile *profile, struct arena *arena, struct err *err)
{
	struct trade_settings settings;
	if (!settings_get(db, row->account_id, arena, &settings, err))
		return false;
	for (size_t i = 0; i < a->count; i++) {
		bool in_set = profile->approver_set.items == NULL;
		for (size_t k = 0; k < profile->approver_set.count; k++)
			in_set |= strcmp(profile->approver_set.items[k], a->items[i].user_id) == 0;
		if (!in_set || !listed(arena, settings.approvers, a->items[i].user_id))
			return err_set(err, ERR_FORBIDDEN, "Only those whom the desk names may approve.");
	}
	return true;
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool signal_approved_until(struct db *db, const struct signal_row *row, int64_t valid_s, int64_t *until_us,
						   struct err *err)
{
	bool found = false;
	*until_us = 0;
	return db_one(db, err, &found, take_int, until_us,
				  "SELECT MIN(latest) FROM (SELECT MAX(COALESCE(t.valid_until, c.created_at + $2)) AS latest "
				  "FROM countersignatures c JOIN countersign_requests r ON r.request_id = c.request_id "
				  "LEFT JOIN approval_terms t ON t.request_id = c.request_id AND t.user_id = c.user_id "
				  "WHERE r.account_id = $3 AND r.subject_id = $1 AND r.kind = 'approval' AND c.decision = 'approve' "
				  "AND c.revoked_at IS NULL GROUP BY c.user_id) stands",
				  V_TEXT(row->signal_id), V_INT(valid_s * STAMP_US_PER_S), V_TEXT(row->account_id));
}

static bool make_delivery(struct trade_api *api, struct db *db, struct arena *arena, const struct signal_row *row,
						  const struct countersign_request *request, int64_t now_us, struct err *err)
{
	struct delivery d = {.account_id = row->account_id,
						 .signal_id = row->signal_id,
						 .trading_account_id = row->trading_account_id,
						 .approval_id = row->approval_id,
						 .effect_key = request->effect_key,
						 .state = DELIVERY_READY,
						 .lots = row->lots,
						 .created_us = now_us};
	figures_count(api->figures, COUNT_deliveries_total, delivery_state_names[DELIVERY_READY], NULL);
	return (delivery_name(&d, api->options.env, api->options.ids, arena) || err_set(err, ERR_LIMIT, "no memory")) &&
		   delivery_insert(db, &d, err);
}

/* The quorum is there: judged again, sized for good, and made ready for a terminal. */
static bool approve(struct trade_api *api, struct db *db, struct arena *arena, struct signal_row *row,
					const struct countersign_request *request, struct err *err)
{
	int64_t now_us = env_wall_us(api->options.env);
	struct signal signal;
	struct approvers approvers;
	struct judgement j;
	if (!signal_of_row(row, arena, &signal, err) || !read_approvers(db, request->request_id, arena, &approvers, err))
		return false;
	must(approvers.count > 0);
	const struct judging judging = {api->options.packs,   db, arena, now_us, row, &signal, approvers.lots,
									api->options.platform};
	if (!judge(&judging, &j, err) || !all_may(db, row, &approvers, &j.profile, arena, err))
		return false;
	if (!j.accept)
		return err_set(err, ERR_RISK_REFUSED, "The rules refuse it now: %s.", j.names);
	row->risk = j.risk;
	row->trading_account_id = j.trading_account_id;
	row->paper = j.paper;
	row->lots = j.lots;
	row->approval_id = approvers.items[0].countersignature_id;
	return signal_approved_until(db, row, j.profile.approval_valid_seconds, &row->approved_until_us, err) &&
		   signal_go(api, db, row, SIGNAL_APPROVED, approvers.items[0].user_id, NULL, now_us, err) &&
		   signal_settle(db, row, err) && make_delivery(api, db, arena, row, request, now_us, err);
}

static bool record_withdrawn(struct trade_api *api, struct db *db, const struct delivery *d,
							 const struct audit_event *who, const char *reason, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}, {AUDIT_META_signal_id, d->signal_id}};
	struct audit_event event = *who;
	event.action = AUDIT_DELIVERY_EXPIRE;
	event.status = AUDIT_SUCCESS;
	event.account_id = d->account_id;
	event.target_id = d->delivery_id;
	event.meta = meta;
	event.meta_count = 2;
	return audit_append(api->options.audit, db, &event, err);
}

/* What to do about one that a terminal has, or had. */
static bool refuse_withdrawal(enum delivery_state state, struct err *err)
{
	if (state == DELIVERY_DOUBT)
		return err_set(err, ERR_ALREADY_APPLIED,
					   "A terminal had it and did not say what became of it; its next snapshot tells, and where it was "
					   "revoked that of another terminal.");
	return err_set(err, ERR_ALREADY_APPLIED, "A terminal has it; close the position instead.");
}

/* Take back what no terminal has had; one that is leased or placed stays. */
static bool withdraw_delivery(struct trade_api *api, struct db *db, struct arena *arena, const struct signal_row *row,
							  const struct audit_event *who, const char *reason, int64_t now_us, struct err *err)
{
	struct delivery d;
	bool found = false, moved = true;
	if (!delivery_of_signal(db, row->signal_id, arena, &d, &found, err))
		return false;
	if (!found)
		return true;
	if (d.state != DELIVERY_READY)
		return refuse_withdrawal((enum delivery_state)d.state, err);
	figures_count(api->figures, COUNT_deliveries_total, delivery_state_names[DELIVERY_WITHDRAWN], NULL);
	return delivery_move(db, &d, DELIVERY_WITHDRAWN, now_us, &moved, err) &&
		   (moved || err_set(err, ERR_CONFLICT, "the delivery has moved meanwhile")) &&
		   record_withdrawn(api, db, &d, who, reason, err);
}

static bool expire(struct trade_api *api, struct db *db, struct signal_row *row, int64_t now_us, struct err *err)
{
	struct audit_event event = the_system;
	event.action = AUDIT_SIGNAL_EXPIRE;
	event.status = AUDIT_SUCCESS;
	event.account_id = row->account_id;
	event.target_id = row->signal_id;
	return signal_go(api, db, row, SIGNAL_EXPIRED, "system", NULL, now_us, err) &&
		   audit_append(api->options.audit, db, &event, err);
}

struct who_said {
	struct arena *arena;
	const char *user_id, *reason;
};

static void take_rejecter(const struct db_rows *row, void *self)
{
	struct who_said *said = self;
	said->user_id = db_text_dup(row, 0, said->arena);
	said->reason = db_text_dup(row, 1, said->arena);
}

static const char *rejecter_of(struct db *db, const char *request_id, struct arena *arena, const char **reason)
{
	struct who_said said = {.arena = arena};
	bool found = false;
	struct err err;
	if (!db_one(db, &err, &found, take_rejecter, &said,
				"SELECT user_id, reason FROM countersignatures WHERE request_id = $1 AND decision = 'reject' LIMIT 1",
				V_TEXT(request_id)))
		return NULL;
	*reason = said.reason;
	return said.user_id;
}

static bool follow(struct trade_api *api, struct db *db, struct arena *arena, struct signal_row *row,
				   const struct countersign_request *request, struct err *err)
{
	int64_t now_us = env_wall_us(api->options.env);
	const char *reason = NULL, *actor;
	switch (request->status) {
	case COUNTERSIGN_GRANTED:
		return row->status == SIGNAL_PENDING ? approve(api, db, arena, row, request, err)
											 : err_set(err, ERR_NOT_PENDING, "The signal does not wait any more.");
	case COUNTERSIGN_REJECTED:
		actor = rejecter_of(db, request->request_id, arena, &reason);
		return signal_go(api, db, row, SIGNAL_REJECTED, actor != NULL ? actor : "system", reason, now_us, err);
	case COUNTERSIGN_EXPIRED:
		return row->status != SIGNAL_PENDING || expire(api, db, row, now_us, err);
	case COUNTERSIGN_WITHDRAWN:
		return row->status != SIGNAL_PENDING ||
			   signal_go(api, db, row, SIGNAL_CANCELLED, "system", "withdrawn", now_us, err);
	case COUNTERSIGN_REVOKED:
		return row->status != SIGNAL_APPROVED ||
			   (withdraw_delivery(api, db, arena, row, request->by != NULL ? request->by : &the_system, "revoked",
								  now_us, err) &&
				signal_go(api, db, row, SIGNAL_CANCELLED, "system", "revoked", now_us, err));
	case COUNTERSIGN_OPEN:
	case COUNTERSIGN_APPLIED:
	case COUNTERSIGN_STATUSES:
		break;
	}
	return true;
}

bool signal_told(void *self, struct db *db, const struct countersign_request *request, struct err *err)
{
	struct trade_api *api = self;
	struct signal_row row;
	struct arena arena;
	bool found = false;
	if (strcmp(request->subject_kind, SUBJECT_SIGNAL) != 0)
		return true;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool done = signal_find(db, request->account_id, request->subject_id, &arena, &row, &found, err) &&
				(found || err_set(err, ERR_INTERNAL, "the request's signal is not there")) &&
				follow(api, db, &arena, &row, request, err);
	arena_fini(&arena);
	return done;
}

/* --- each decision, by trade's own door and by the general one --- */

static const char *decision_name(const struct countersign_signed *done)
{
	return done->row.decision == COUNTERSIGN_APPROVE ? "approved" : "rejected";
}

/* What a decision brings about comes after it in the timeline. */
static bool note_decision(struct trade_api *api, struct db *db, const struct countersign_signed *done,
						  const struct signal_row *row, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_signal_id, row->signal_id},
									  {AUDIT_META_seal_sha256, done->row.seal_sha256},
									  {AUDIT_META_decision, decision_name(done)}};
	struct audit_event event = *done->request.by;
	event.action = AUDIT_APPROVAL_CREATE;
	event.status = AUDIT_SUCCESS;
	event.account_id = row->account_id;
	event.target_id = done->row.countersignature_id;
	event.meta = meta;
	event.meta_count = sizeof meta / sizeof *meta;
	return signal_note(api, db, row, "approval.created", done->row.user_id, decision_name(done), done->row.created_us,
					   err) &&
		   audit_append(api->options.audit, db, &event, err);
}

/* Run a part with the signal that was decided on; other subjects are nobody's here. */
static bool with_signal(struct trade_api *api, struct db *db, const struct countersign_signed *done,
						bool (*part)(struct trade_api *api, struct db *db, const struct countersign_signed *done,
									 const struct signal_row *row, struct err *err),
						struct err *err)
{
	struct signal_row row;
	struct arena arena;
	bool found = false;
	if (strcmp(done->request.subject_kind, SUBJECT_SIGNAL) != 0)
		return true;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool whole = signal_find(db, done->request.account_id, done->request.subject_id, &arena, &row, &found, err) &&
				 (found || err_set(err, ERR_INTERNAL, "the request's signal is not there")) &&
				 part(api, db, done, &row, err);
	arena_fini(&arena);
	return whole;
}

static bool count_decision(struct trade_api *api, struct db *db, const struct countersign_signed *done,
						   const struct signal_row *row, struct err *err)
{
	(void)db, (void)err;
	figures_count(api->figures, COUNT_approvals_total, decision_name(done), NULL);
	figures_decided(api->figures, done->row.created_us - row->created_us);
	return true;
}

static bool recorded(void *self, struct db *db, const struct countersign_signed *done, struct err *err)
{
	return with_signal(self, db, done, note_decision, err);
}

/* What was refused is no decision. */
static bool counted(void *self, struct db *db, const struct countersign_signed *done, struct err *err)
{
	return with_signal(self, db, done, count_decision, err);
}

const struct countersign_ears signal_ears = {.recorded = recorded, .counted = counted};

/* --- ending it --- */

bool signal_cancel(struct trade_api *api, struct db *db, struct arena *arena, struct signal_row *row,
				   const struct audit_event *who, const char *reason, int64_t now_us, struct err *err)
{
	struct countersign_request request;
	bool waits = row->status == SIGNAL_PENDING && row->request_id != NULL;
	if (!signal_may_move((enum signal_status)row->status, SIGNAL_CANCELLED))
		return err_set(err, ERR_TRANSITION_REFUSED, "A signal that is %s cannot be cancelled.",
					   signal_status_names[row->status]);
	if (row->status == SIGNAL_APPROVED && !withdraw_delivery(api, db, arena, row, who, reason, now_us, err)) {
		if (err->kind == ERR_ALREADY_APPLIED)
			err->kind = ERR_TRANSITION_REFUSED; /* the words stay */
		return false;
	}
	/* first the signal: the request's listener then finds nothing that waits */
	return signal_go(api, db, row, SIGNAL_CANCELLED, who->actor, reason, now_us, err) &&
		   (!waits ||
			countersign_withdraw(api->options.countersign, db, who, row->request_id, NULL, arena, &request, err));
}

/* --- time --- */

#define DUE \
	"(status = 'blocked' AND expires_at <= $1) OR (status = 'approved' AND (expires_at <= $1 OR approved_until <= " \
	"$1) " \
	"AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.signal_id = signals.signal_id " \
	"AND d.state IN ('leased', 'doubt', 'placed')))"

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool signal_any_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, take_nothing, NULL, "SELECT 1 FROM signals WHERE " DUE " LIMIT 1", V_INT(now_us));
}

struct due {
	const char *account_id, *signal_id;
};

static bool expire_one(struct trade_api *api, struct db *db, struct arena *arena, const struct due *due, int64_t now_us,
					   struct err *err)
{
	struct signal_row row;
	bool found = false;
	return signal_find(db, due->account_id, due->signal_id, arena, &row, &found, err) && found &&
		   (row.status != SIGNAL_APPROVED ||
			withdraw_delivery(api, db, arena, &row, &the_system, "expired", now_us, err)) &&
		   expire(api, db, &row, now_us, err);
}

bool signal_expire_due(struct trade_api *api, struct db *db, int64_t limit, struct err *err)
{
	int64_t now_us = env_wall_us(api->options.env);
	struct arena arena;
	struct db_rows rows;
	size_t count = 0;
	arena_init(&arena, ARENA_REQUEST_CAP);
	struct due *due = arena_array(&arena, (size_t)limit, sizeof *due);
	bool done = due != NULL || err_set(err, ERR_LIMIT, "no memory");
	done = done && db_query(db, &rows, err,
							"SELECT account_id, signal_id FROM signals WHERE " DUE " ORDER BY expires_at, signal_id "
							"LIMIT $2",
							V_INT(now_us), V_INT(limit));
	if (done) {
		while (db_next(&rows))
			due[count++] = (struct due){db_text_dup(&rows, 0, &arena), db_text_dup(&rows, 1, &arena)};
		done = db_end(&rows, err);
	}
	for (size_t i = 0; done && i < count; i++)
		done = expire_one(api, db, &arena, &due[i], now_us, err);
	arena_fini(&arena);
	return done;
}
