#include "trade/exporting.h"

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/reply.h"
#include "seal/op.h"
#include "trade/analysis.h"
#include "trade/chart_op.h"
#include "trade/csv.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

const char *const export_format_names[] = {"csv", "json", "png", NULL};
const char *const export_types[] = {"text/csv; charset=utf-8", "application/json", "image/png"};

static const char *name_of(const struct analysis *a, size_t i, bool redacted)
{
	return redacted ? arena_printf(&a->x->arena, "TRADE_%zu", i + 1) : a->facts[i].position_id;
}

static void write_table(const struct analysis *a, bool redacted, struct buf *out)
{
	struct csv csv = {.out = out};
	buf_adds(out, redacted ? "trade,instrument,side,volume,profit,close_reason,opened_at,closed_at,kind\r\n"
						   : "trade,account,ticket,instrument,side,volume,entry_price,exit_price,stop_loss,profit,"
							 "close_reason,opened_at,closed_at,kind\r\n");
	for (size_t i = 0; i < a->facts_count; i++) {
		const struct fact *f = &a->facts[i];
		csv_text(&csv, name_of(a, i, redacted));
		if (!redacted) {
			csv_text(&csv, f->trading_account_id);
			csv_text(&csv, f->ticket);
		}
		csv_text(&csv, f->instrument);
		csv_text(&csv, f->side);
		csv_number(&csv, f->lots);
		if (!redacted) {
			csv_number(&csv, f->entry);
			csv_number(&csv, f->exit);
			csv_number(&csv, f->stop);
		}
		csv_number(&csv, f->profit);
		csv_text(&csv, f->close_reason);
		csv_time(&csv, f->opened_us);
		csv_time(&csv, f->closed_us);
		csv_text(&csv, analysis_kind_names[f->paper]);
		csv_end(&csv);
	}
}

static void write_trade(struct jw *jw, const struct analysis *a, size_t i, bool redacted)
{
	const struct fact *f = &a->facts[i];
	jw_object(jw);
	jw_member_str(jw, "trade", name_of(a, i, redacted));
	if (!redacted) {
		jw_member_str(jw, "account", f->trading_account_id);
		jw_member_str(jw, "ticket", f->ticket);
	}
	jw_member_str(jw, "instrument", f->instrument);
	jw_member_str(jw, "side", f->side);
	tell_exact(jw, "volume", f->lots);
	if (!redacted) {
		tell_exact(jw, "entry_price", f->entry);
		tell_exact(jw, "exit_price", f->exit);
		tell_exact(jw, "stop_loss", f->stop);
	}
	tell_money(jw, "profit", f->profit);
	jw_member_str(jw, "close_reason", f->close_reason);
	tell_time(jw, "opened_at", f->opened_us);
	tell_time(jw, "closed_at", f->closed_us);
	jw_member_bool(jw, "paper", f->paper);
	jw_object_end(jw);
}

/* A picture has the moments of its points, the document the dates alone. */
static void write_points(struct jw *jw, const struct analysis *a, const char *list, bool picture)
{
	char date[STAMP_DATE_TEXT];
	jw_key(jw, list);
	jw_array(jw);
	for (size_t i = 0; i < a->days_count; i++) {
		stamp_format_date(date, a->days[i].us);
		jw_object(jw);
		jw_member_str(jw, picture ? "time" : "date", date);
		tell_money(jw, "equity", a->days[i].equity);
		if (!picture)
			tell_ratio(jw, "drawdown", a->days[i].drawdown);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

static void write_document(const struct analysis *a, bool redacted, struct buf *out)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_member_bool(&jw, "redacted", redacted);
	jw_member_str(&jw, "kind", analysis_kind_of(a));
	tell_money(&jw, "initial_balance", a->ask.initial_balance);
	jw_key(&jw, "trades");
	jw_array(&jw);
	for (size_t i = 0; i < a->facts_count; i++)
		write_trade(&jw, a, i, redacted);
	jw_array_end(&jw);
	write_points(&jw, a, "equity", false);
	jw_object_end(&jw);
}

static const struct field trade_rows[] = {
	T_STR(trade, DOC("Its id, or where it is redacted a number")),
	T_STR(account, LEFT_OUT, DOC("As are the ticket and the prices, of one that is not redacted")),
	T_STR(ticket, LEFT_OUT, NULLABLE),
	T_STR(instrument),
	T_STR(side),
	T_NUM(volume, NULLABLE),
	T_NUM(entry_price, LEFT_OUT, NULLABLE),
	T_NUM(exit_price, LEFT_OUT, NULLABLE),
	T_NUM(stop_loss, LEFT_OUT, NULLABLE),
	T_NUM(profit),
	T_STR(close_reason, NULLABLE),
	T_TIME(opened_at, NULLABLE),
	T_TIME(closed_at),
	T_BOOL(paper),
};
static const struct field_table trade_table = TOLD_TABLE("trade.export.trade", trade_rows);
static const struct field document_rows[] = {
	T_BOOL(redacted),
	T_STR(kind),
	T_NUM(initial_balance),
	T_OBJECTS(trades, &trade_table),
	T_OBJECTS(equity, &analysis_point_table),
};
const struct field_table export_document_table = TOLD_TABLE("trade.export", document_rows);

/* False: answered. */
static bool draw(struct analysis *a, struct export_file *file)
{
	const struct trade_api *api = a->x->owner;
	struct exchange *x = a->x;
	const struct json_limits limits = {.depth = 8, .values = 200000};
	const struct json *body = NULL;
	char now[STAMP_TEXT];
	struct buf question;
	struct jw jw;
	struct faults faults = {.count = 0};
	struct op_answer drawn;
	struct err err = {.kind = ERR_INTERNAL};
	buf_init(&question, 0);
	jw_init(&jw, &question);
	jw_object(&jw);
	if (a->ask.kind != KIND_LIVE)
		jw_member_str(&jw, "title", a->ask.kind == KIND_PAPER ? "Paper" : "Live and paper");
	write_points(&jw, a, "points", true);
	jw_object_end(&jw);
	const struct op_context context = {.packs = api->options.packs, .envelope = reply_context(x, now)};
	bool made = jw_ok(&jw) && json_parse(&x->arena, buf_text(&question), question.size, &limits, &body, &err) &&
				op_run(&trade_chart_equity_op, &context, body, &x->arena, &drawn, &faults, &err);
	buf_fini(&question);
	if (!made) {
		exchange_fail(x, &err);
		return false;
	}
	if (drawn.abstained || drawn.attached == NULL) {
		exchange_answer(x, 200, MEDIA_JSON, drawn.envelope, drawn.envelope_size);
		return false;
	}
	*file = (struct export_file){drawn.attached, drawn.attached_size};
	return true;
}

bool export_write(struct analysis *a, enum export_format format, bool redacted, struct export_file *file)
{
	struct buf out;
	if (format == EXPORT_PNG)
		return draw(a, file);
	buf_init(&out, 0);
	if (format == EXPORT_CSV)
		write_table(a, redacted, &out);
	else
		write_document(a, redacted, &out);
	*file = (struct export_file){buf_ok(&out) ? arena_dupn(&a->x->arena, buf_text(&out), out.size) : NULL, out.size};
	buf_fini(&out);
	if (file->bytes == NULL)
		exchange_failf(a->x, ERR_LIMIT, "The file is too large to be made at once; narrow it by from and to.");
	return file->bytes != NULL;
}
