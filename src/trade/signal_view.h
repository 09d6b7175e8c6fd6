/* A signal as it is told [trade.md 2.2].  Private to src/trade. */
#ifndef CS_TRADE_SIGNAL_VIEW_H
#define CS_TRADE_SIGNAL_VIEW_H

#include "trade/signals.h"

struct buf;
struct field_table;
struct jw;
struct risk_report;

extern const struct field_table signal_view_table; /* for the document */

/*
 * Append the signal as a JSON object: ids, the sealed content's members, status, risk, approvals, times.  In RFC 8785
 * form if the row's content and risk are, as those of this version are: then the text's own hash is the content's.
 */
void signal_write(struct buf *out, const struct signal_row *row);

/* The same members inside an object that is begun already. */
void signal_write_members(struct jw *jw, const struct signal_row *row);

/* The stored form of a risk report, RFC 8785: checks, decision, failed. */
const char *signal_risk_text(struct arena *arena, const struct risk_report *report);

#endif
