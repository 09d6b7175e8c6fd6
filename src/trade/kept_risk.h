/*
 * A signal's risk report as its row keeps it.  Of its 2.5 KB only the figures are the signal's own; the text, which is
 * what was told and stays what is told, is packed by a text like it to some 200 bytes, so that several signals share a
 * page of the store.  Private to src/trade.
 */
#ifndef CS_TRADE_KEPT_RISK_H
#define CS_TRADE_KEPT_RISK_H

#include <stddef.h>

struct arena;
struct buf;
struct db_rows;

/* Append what the column risk_packed holds of a report.  Thread: any.  Cost: 3 us. */
void kept_risk_pack(const char *text, struct buf *packed);

/*
 * A row's report, the arena's: packed, or where that is NULL the text that older rows have.  NULL when it is damaged,
 * which is logged.
 */
const char *kept_risk_text(const struct db_rows *row, int text, int packed, struct arena *arena);

#endif
