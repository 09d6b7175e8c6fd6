#include "trade/signal_view.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "trade/domain/risk_op.h"
#include "trade/tell.h"

void signal_write_members(struct jw *jw, const struct signal_row *row)
{
	jw_member_str(jw, "id", row->signal_id);
	jw_member_str(jw, "owner_id", row->owner_id);
	/* the content is an object in canonical form: its members as they are, producer_id among them */
	buf_addc(jw->buf, ',');
	buf_add(jw->buf, row->content + 1, strlen(row->content) - 2);
	jw->comma = true;
	jw_member_str(jw, "status", signal_status_names[row->status]);
	jw_member_str(jw, "seal_sha256", row->seal_sha256);
	tell_json(jw, "risk", row->risk);
	jw_member_int(jw, "approvals_needed", row->approvals_needed);
	jw_member_int(jw, "approvals_have", row->approvals_have);
	jw_member_str(jw, "request_id", row->request_id);
	tell_exact(jw, "lots", row->lots);
	jw_member_str(jw, "trading_account_id", row->trading_account_id);
	jw_member_bool(jw, "paper", row->paper);
	jw_member_int(jw, "profile_version", row->profile_version);
	jw_member_str(jw, "authenticity", row->authenticity);
	tell_time(jw, "expires_at", row->expires_us);
	tell_time(jw, "approved_until", row->approved_until_us);
	tell_time(jw, "created_at", row->created_us);
	tell_time(jw, "updated_at", row->updated_us);
}

void signal_write(struct buf *out, const struct signal_row *row)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	signal_write_members(&jw, row);
	jw_object_end(&jw);
}

const char *signal_risk_text(struct arena *arena, const struct risk_report *report)
{
	struct field_table three = risk_report_table;
	struct buf buf;
	struct jw jw;
	three.count = 3; /* decision, failed, checks */
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &three, report, FIELD_RESULT);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}
