#include "trade/approval_view.h"

#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "trade/approvals.h"
#include "trade/limits.h"
#include "trade/signals.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

const char *const approval_decision_names[] = {"approved", "rejected", NULL};

static const struct field approval_rows[] = {
	T_STR(id),
	T_STR(signal_id),
	T_STR(user_id),
	T_ENUM(decision, approval_decision_names),
	T_STR(reason, NULLABLE),
	T_INT(consent_version),
	T_STR(seal_sha256),
	T_STR(ip, NULLABLE),
	T_STR(user_agent, NULLABLE),
	T_TIME(created_at),
	T_TIME(expires_at, NULLABLE),
	T_TIME(revoked_at, NULLABLE),
	T_ENUM(signal_status, signal_status_names),
	T_INT(approvals_needed),
	T_INT(approvals_have),
	T_BOOL(paper),
};
const struct field_table approval_view_table = TOLD_TABLE("trade.approval", approval_rows);

void approval_write_members(struct jw *jw, const struct approval *a)
{
	jw_member_str(jw, "id", a->approval_id);
	jw_member_str(jw, "signal_id", a->signal_id);
	jw_member_str(jw, "user_id", a->user_id);
	jw_member_str(jw, "decision", approval_decision_names[!a->approved]);
	jw_member_str(jw, "reason", a->reason);
	jw_member_int(jw, "consent_version", a->consent_version);
	jw_member_str(jw, "seal_sha256", a->seal_sha256);
	jw_member_str(jw, "ip", a->ip);
	jw_member_str(jw, "user_agent", a->user_agent);
	tell_time(jw, "created_at", a->created_us);
	tell_time(jw, "expires_at", a->expires_us);
	tell_time(jw, "revoked_at", a->revoked_us);
	jw_member_str(jw, "signal_status", a->signal_status);
	jw_member_int(jw, "approvals_needed", a->needed);
	jw_member_int(jw, "approvals_have", a->have);
	jw_member_bool(jw, "paper", a->paper);
}

void approval_reply(struct exchange *x, const struct approval *a, int status)
{
	struct telling t;
	tell_begin(&t);
	approval_write_members(&t.jw, a);
	tell_end(&t, x, status);
}

bool approval_among(struct exchange *x, struct db *db, struct profile_row *profile, bool *among, struct err *err)
{
	const struct principal *p = principal_of(x);
	struct arena *arena = &x->arena;
	struct trade_settings settings;
	if (!settings_get(db, p->account_id, arena, &settings, err) ||
		!profile_in_force(db, p->account_id, ((const struct trade_api *)x->owner)->options.platform, arena, profile,
						  NULL, err))
		return false;
	*among = profile->profile.approver_set.items == NULL;
	for (size_t i = 0; i < profile->profile.approver_set.count; i++)
		*among |= strcmp(profile->profile.approver_set.items[i], p->user_id) == 0;
	*among = *among && listed(arena, settings.approvers, p->user_id);
	return true;
}
