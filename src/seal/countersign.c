#include "seal/countersign.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "core/utf8.h"
#include "seal/countersign_rows.h"
#include "seal/outbox.h"
#include "seal/receipt.h"
#include "store/store.h"

struct countersign {
	struct countersign_options options;
	_Atomic(const struct key *) receipt_key;
	struct {
		countersign_told *told;
		void *self;
		countersign_asked *asked;
		void *asked_self;
		const struct countersign_ears *ears;
		void *ears_self;
	} listeners[COUNTERSIGN_KINDS];
};

struct countersign *countersign_new(const struct countersign_options *options)
{
	struct countersign *countersign = calloc(1, sizeof *countersign);
	must(countersign != NULL);
	countersign->options = *options;
	atomic_store(&countersign->receipt_key, options->receipt_key);
	return countersign;
}

void countersign_use_key(struct countersign *countersign, const struct key *receipt_key)
{
	atomic_store(&countersign->receipt_key, receipt_key);
}

void countersign_free(struct countersign *countersign)
{
	free(countersign);
}

void countersign_on(struct countersign *c, enum countersign_kind kind, countersign_told *told, void *self)
{
	must(c->listeners[kind].told == NULL);
	c->listeners[kind].told = told;
	c->listeners[kind].self = self;
}

void countersign_hear(struct countersign *c, enum countersign_kind kind, const struct countersign_ears *ears,
					  void *self)
{
	must(c->listeners[kind].ears == NULL);
	c->listeners[kind].ears = ears;
	c->listeners[kind].ears_self = self;
}

void countersign_guard(struct countersign *c, enum countersign_kind kind, countersign_asked *asked, void *self)
{
	must(c->listeners[kind].asked == NULL);
	c->listeners[kind].asked = asked;
	c->listeners[kind].asked_self = self;
}

static bool record(const struct countersign *c, struct db *db, const struct audit_event *who, enum audit_action action,
				   const char *target_id, const struct countersign_request *r, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_kind, countersign_kind_names[r->kind]},
									  {AUDIT_META_seal_sha256, r->seal_sha256}};
	struct audit_event event = *who;
	event.action = action;
	event.status = AUDIT_SUCCESS;
	event.account_id = r->account_id;
	event.target_id = target_id;
	event.meta = meta;
	event.meta_count = sizeof meta / sizeof *meta;
	return audit_append(c->options.audit, db, &event, err);
}

/* --- moves --- */

static bool tell_outbox(const struct countersign *c, struct db *db, const struct countersign_request *r,
						struct err *err)
{
	char name[64];
	struct buf data;
	struct jw jw;
	snprintf(name, sizeof name, "%s.%s", countersign_kind_names[r->kind],
			 r->status == COUNTERSIGN_OPEN ? "requested" : countersign_status_names[r->status]);
	buf_init(&data, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, "request_id", r->request_id);
	jw_member_str(&jw, "kind", countersign_kind_names[r->kind]);
	jw_member_str(&jw, "status", countersign_status_names[r->status]);
	jw_member_str(&jw, "seal_sha256", r->seal_sha256);
	jw_member_str(&jw, "subject_kind", r->subject_kind);
	jw_member_str(&jw, "subject_id", r->subject_id);
	jw_member_str(&jw, "effect_key", r->effect_key);
	jw_object_end(&jw);
	struct outbox_event event = {
		.account_id = r->account_id,
		.topic = "countersign",
		.event = name,
		.subject = r->request_id,
		.effect_key = r->status == COUNTERSIGN_GRANTED ? r->effect_key : NULL,
		.data = buf_text(&data),
	};
	bool added = outbox_add(c->options.outbox, db, &event, err);
	buf_fini(&data);
	return added;
}

/* Along an edge: the row, the product, the outbox.  Everybody hears of it in this transaction or nobody ever. */
static bool move(const struct countersign *c, struct db *db, const struct audit_event *who,
				 struct countersign_request *r, enum countersign_status to, struct err *err)
{
	int64_t now_us = env_wall_us(c->options.env);
	must(countersign_moves(r->status, to));
	if (to == COUNTERSIGN_APPLIED)
		r->applied_us = now_us;
	else
		r->decided_us = now_us;
	if (!countersign_row_move(db, r, to, err))
		return false;
	r->status = to;
	r->by = who;
	countersign_told *told = c->listeners[r->kind].told;
	bool heard = told == NULL || told(c->listeners[r->kind].self, db, r, err);
	r->by = NULL;
	return heard && tell_outbox(c, db, r, err);
}

static bool refuse_unknown(struct err *err)
{
	return err_set(err, ERR_NOT_FOUND, "There is no such request.");
}

static bool find(struct db *db, const char *account_id, const char *request_id, struct arena *arena,
				 struct countersign_request *request, struct err *err)
{
	bool found = false;
	return countersign_request_find(db, account_id, request_id, arena, request, &found, err) &&
		   (found || refuse_unknown(err));
}

/* --- opening --- */

static bool fill_times(const struct countersign_policy *policy, struct countersign_request *r, int64_t now_us,
					   struct err *err)
{
	if (r->expires_us == 0 && policy->expires_s == 0)
		return err_field(err, ERR_INVALID, "/expires_at", "Say until when it can be decided.");
	if (r->expires_us == 0)
		r->expires_us = now_us + policy->expires_s * STAMP_US_PER_S;
	r->created_us = now_us;
	return r->expires_us > now_us || err_field(err, ERR_INVALID, "/expires_at", "must lie in the future");
}

/* A policy raises what the request asks for and never lowers it. */
static bool fill_policy(struct db *db, const struct countersign_policy *policy, struct countersign_request *r,
						struct err *err)
{
	int64_t quorum = 0;
	bool four_eyes = false;
	if (!countersign_policy_get(db, r->account_id, r->kind, &quorum, &four_eyes, err))
		return false;
	if (r->quorum < policy->quorum)
		r->quorum = policy->quorum;
	if (r->quorum < quorum)
		r->quorum = quorum;
	must(r->quorum <= COUNTERSIGN_QUORUM_MAX);
	r->four_eyes = r->four_eyes || policy->four_eyes || four_eyes;
	r->permission = policy->permission;
	return true;
}

static bool fill_names(const struct countersign *c, struct arena *arena, struct countersign_request *r, struct err *err)
{
	char *id = arena_alloc(arena, ID_TEXT);
	if (id != NULL) {
		id_make(c->options.ids, id);
		r->request_id = id;
		r->effect_key = arena_printf(arena, "%s:%s", countersign_kind_names[r->kind], id);
	}
	return !arena->full || err_set(err, ERR_LIMIT, "no memory");
}

bool countersign_open(struct countersign *c, struct db *db, const struct audit_event *who, struct arena *arena,
					  struct countersign_request *r, struct err *err)
{
	const struct countersign_policy *policy = &countersign_policies[r->kind];
	if (!fill_names(c, arena, r, err))
		return false;
	if (!fill_times(policy, r, env_wall_us(c->options.env), err) || !fill_policy(db, policy, r, err))
		return false;
	if (r->consent_version == 0)
		r->consent_version = COUNTERSIGN_CONSENT;
	r->status = COUNTERSIGN_OPEN;
	return countersign_row_insert(db, r, err) && record(c, db, who, AUDIT_COUNTERSIGN_REQUEST, r->request_id, r, err) &&
		   tell_outbox(c, db, r, err);
}

/* --- deciding --- */

static bool is_accepted(struct countersign *c, struct db *db, const struct countersign_ballot *ballot,
						const struct countersign_request *r, struct err *err)
{
	struct countersign_choice choice = ballot->choice;
	struct countersign_case request = {
		.kind = r->kind,
		.status = r->status,
		.seal_sha256 = r->seal_sha256,
		.author_id = r->author_id,
		.four_eyes = r->four_eyes,
		.consent_version = r->consent_version,
		.expires_us = r->expires_us,
	};
	choice.now_us = env_wall_us(c->options.env);
	choice.permitted = ballot->may(ballot->principal, r->permission);
	countersign_asked *asked = c->listeners[r->kind].asked;
	return countersign_row_decided(db, r->request_id, choice.user_id, &request.decided, err) &&
		   countersign_accepts(&request, &choice, err) &&
		   (asked == NULL || asked(c->listeners[r->kind].asked_self, db, r, &choice, err));
}

static bool record_decision(const struct countersign *c, struct db *db, const struct countersign_ballot *ballot,
							const struct countersign_signed *done, struct err *err)
{
	const struct countersignature *row = &done->row;
	const struct audit_pair meta[] = {{AUDIT_META_kind, countersign_kind_names[done->request.kind]},
									  {AUDIT_META_seal_sha256, row->seal_sha256},
									  {AUDIT_META_decision, countersign_decision_names[row->decision]},
									  {AUDIT_META_countersign_request, row->request_id}};
	struct audit_event event = *ballot->who;
	event.action = AUDIT_COUNTERSIGN_DECIDE;
	event.status = AUDIT_SUCCESS;
	event.account_id = row->account_id;
	event.target_id = row->countersignature_id;
	event.meta = meta;
	event.meta_count = sizeof meta / sizeof *meta;
	return audit_append(c->options.audit, db, &event, err);
}

static const char *receipt_of(const struct countersign *c, struct db *db, const struct countersign_ballot *ballot,
							  const struct countersign_signed *done, struct arena *arena, struct err *err)
{
	const struct countersignature *row = &done->row;
	char hash[CHAIN_HASH];
	struct receipt receipt = {
		.issuer = c->options.issuer,
		.at_us = row->created_us,
		.countersignature_id = row->countersignature_id,
		.request_id = row->request_id,
		.kind = countersign_kind_names[done->request.kind],
		.seal_sha256 = row->seal_sha256,
		.content_sha256 = done->request.content_sha256,
		.decision = countersign_decision_names[row->decision],
		.reason = row->reason,
		.signer = row->user_id,
		.role = row->role,
		.licence = ballot->licence,
		.consent_version = row->consent_version,
		.audit_stream = c->options.audit->stream,
		.audit_hash = hash,
	};
	if (!audit_head(db, c->options.audit->store_id, c->options.audit->stream, &receipt.audit_seq, hash, err))
		return NULL;
	const char *text = receipt_sign(&receipt, atomic_load(&c->receipt_key), arena);
	if (text == NULL)
		err_set(err, ERR_LIMIT, "no memory for the receipt");
	return text;
}

static bool fill_row(const struct countersign *c, const struct countersign_ballot *ballot, struct arena *arena,
					 struct countersign_signed *done, struct err *err)
{
	const struct countersign_choice *choice = &ballot->choice;
	const char *agent = ballot->who->user_agent;
	char *id = arena_alloc(arena, ID_TEXT);
	if (id == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	id_make(c->options.ids, id);
	done->row = (struct countersignature){
		.countersignature_id = id,
		.request_id = done->request.request_id,
		.account_id = done->request.account_id,
		.seal_sha256 = done->request.seal_sha256,
		.user_id = choice->user_id,
		.role = ballot->role,
		.decision = choice->decision,
		.reason = choice->reason,
		.consent_version = choice->consent_version,
		.ip = ballot->who->ip,
		.user_agent =
			agent == NULL ? NULL : arena_dupn(arena, agent, utf8_cut(agent, strlen(agent), COUNTERSIGN_AGENT_MAX)),
		.mfa = ballot->mfa,
		.created_us = env_wall_us(c->options.env),
	};
	return true;
}

static bool bring_about(struct countersign *c, struct db *db, const struct countersign_ballot *ballot,
						struct countersign_signed *done, struct err *err)
{
	struct countersign_request *r = &done->request;
	const struct countersign_ears *ears = c->listeners[r->kind].ears;
	void *self = c->listeners[r->kind].ears_self;
	enum countersign_status to = countersign_after(done->row.decision, r->approvals, r->quorum);
	r->by = ballot->who;
	bool heard = ears == NULL || ears->recorded(self, db, done, err);
	r->by = NULL;
	return heard && (to == r->status || move(c, db, ballot->who, r, to, err)) &&
		   (ears == NULL || ears->counted(self, db, done, err));
}

bool countersign_decide(struct countersign *c, struct db *db, const struct countersign_ballot *ballot,
						struct arena *arena, struct countersign_signed *done, struct err *err)
{
	struct countersign_request *r = &done->request;
	if (!find(db, ballot->account_id, ballot->request_id, arena, r, err) || !is_accepted(c, db, ballot, r, err) ||
		!fill_row(c, ballot, arena, done, err) || !record_decision(c, db, ballot, done, err))
		return false;
	done->row.receipt = receipt_of(c, db, ballot, done, arena, err);
	if (done->row.receipt == NULL || !countersign_row_sign(db, &done->row, err))
		return false;
	if (done->row.decision == COUNTERSIGN_APPROVE)
		r->approvals++;
	return bring_about(c, db, ballot, done, err);
}

/* --- taking back --- */

static bool is_revocable(const struct countersign_signed *done, const char *user_id, struct err *err)
{
	const struct countersign_request *r = &done->request;
	if (strcmp(done->row.user_id, user_id) != 0)
		return err_set(err, ERR_FORBIDDEN, "Only who signed can take it back.");
	if (r->status == COUNTERSIGN_APPLIED)
		return err_set(err, ERR_ALREADY_APPLIED, "What was granted has been carried out.");
	if (done->row.revoked_us != 0)
		return err_set(err, ERR_TRANSITION_REFUSED, "It has been taken back before.");
	return r->status == COUNTERSIGN_OPEN || r->status == COUNTERSIGN_GRANTED ||
		   err_set(err, ERR_TRANSITION_REFUSED, "The request is %s.", countersign_status_names[r->status]);
}

bool countersign_revoke(struct countersign *c, struct db *db, const struct audit_event *who, const char *id,
						const char *user_id, const char *reason, struct arena *arena, struct countersign_signed *done,
						struct err *err)
{
	bool found = false;
	if (!countersignature_find(db, who->account_id, id, arena, &done->row, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "There is no such countersignature.");
	if (!find(db, who->account_id, done->row.request_id, arena, &done->request, err) ||
		!is_revocable(done, user_id, err))
		return false;
	done->row.revoked_us = env_wall_us(c->options.env);
	done->row.revoke_reason = reason;
	if (done->row.decision == COUNTERSIGN_APPROVE)
		done->request.approvals--;
	return countersign_row_revoke(db, &done->row, err) &&
		   record(c, db, who, AUDIT_COUNTERSIGN_REVOKE, id, &done->request, err) &&
		   (done->request.status == COUNTERSIGN_OPEN || move(c, db, who, &done->request, COUNTERSIGN_REVOKED, err));
}

bool countersign_withdraw(struct countersign *c, struct db *db, const struct audit_event *who, const char *request_id,
						  const char *user_id, struct arena *arena, struct countersign_request *r, struct err *err)
{
	if (!find(db, who->account_id, request_id, arena, r, err))
		return false;
	if (user_id != NULL && (r->author_id == NULL || strcmp(r->author_id, user_id) != 0))
		return err_set(err, ERR_FORBIDDEN, "Only who asked for it can withdraw it.");
	if (!countersign_moves(r->status, COUNTERSIGN_WITHDRAWN))
		return err_set(err, ERR_TRANSITION_REFUSED, "The request is %s already.", countersign_status_names[r->status]);
	return move(c, db, who, r, COUNTERSIGN_WITHDRAWN, err) &&
		   record(c, db, who, AUDIT_COUNTERSIGN_WITHDRAW, r->request_id, r, err);
}

/* --- the effect, and the end of time --- */

static bool is_claimable(const struct countersign *c, const struct countersign_request *r, struct err *err)
{
	if (r->status == COUNTERSIGN_APPLIED)
		return err_set(err, ERR_ALREADY_APPLIED, "It has been carried out already.");
	if (!countersign_moves(r->status, COUNTERSIGN_APPLIED))
		return err_set(err, ERR_TRANSITION_REFUSED, "The request is %s.", countersign_status_names[r->status]);
	return env_wall_us(c->options.env) < r->expires_us || err_set(err, ERR_EXPIRED, "The request has expired.");
}

static const struct audit_event the_system = {.actor = "system", .role = "system"};

bool countersign_claim(struct countersign *c, struct db *db, const char *effect_key, struct err *err)
{
	struct countersign_request r;
	struct arena arena;
	bool found = false;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool claimed = countersign_row_by_effect(db, effect_key, &arena, &r, &found, err) &&
				   (found || refuse_unknown(err)) && is_claimable(c, &r, err) &&
				   move(c, db, &the_system, &r, COUNTERSIGN_APPLIED, err) &&
				   record(c, db, &the_system, AUDIT_COUNTERSIGN_APPLY, r.request_id, &r, err);
	arena_fini(&arena);
	return claimed;
}

struct due {
	const char *account_id, *request_id;
};

static bool expire_one(struct countersign *c, struct db *db, const struct due *due, struct arena *arena,
					   struct err *err)
{
	struct countersign_request r;
	return find(db, due->account_id, due->request_id, arena, &r, err) &&
		   move(c, db, &the_system, &r, COUNTERSIGN_EXPIRED, err) &&
		   record(c, db, &the_system, AUDIT_COUNTERSIGN_EXPIRE, r.request_id, &r, err);
}

bool countersign_expire(struct countersign *c, struct db *db, int64_t limit, int64_t *count, struct err *err)
{
	struct arena arena;
	struct db_rows rows;
	int64_t due_count = 0;
	arena_init(&arena, ARENA_REQUEST_CAP);
	struct due *due = arena_array(&arena, (size_t)limit, sizeof *due);
	bool done = due != NULL || err_set(err, ERR_LIMIT, "no memory");
	done = done && db_query(db, &rows, err,
							"SELECT account_id, request_id FROM countersign_requests WHERE status = 'open' "
							"AND expires_at <= $1 ORDER BY expires_at, request_id LIMIT $2",
							V_INT(env_wall_us(c->options.env)), V_INT(limit));
	if (done) {
		while (db_next(&rows))
			due[due_count++] = (struct due){db_text_dup(&rows, 0, &arena), db_text_dup(&rows, 1, &arena)};
		done = db_end(&rows, err);
	}
	for (int64_t i = 0; done && i < due_count; i++)
		done = expire_one(c, db, &due[i], &arena, err);
	arena_fini(&arena);
	if (done)
		*count = due_count;
	return done;
}

bool countersign_policy_put(struct countersign *c, struct db *db, const char *account_id, enum countersign_kind kind,
							int64_t quorum, bool four_eyes, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO countersign_policies (account_id, kind, quorum, four_eyes, updated_at) "
				  "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id, kind) DO UPDATE SET quorum = excluded.quorum, "
				  "four_eyes = excluded.four_eyes, updated_at = excluded.updated_at",
				  V_TEXT(account_id), V_TEXT(countersign_kind_names[kind]), V_INT(quorum), V_INT(four_eyes),
				  V_INT(env_wall_us(c->options.env)));
}
