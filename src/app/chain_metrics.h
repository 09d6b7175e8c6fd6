/*
 * Metrics that are counted from the audit chain [P-11.2]: what was committed since this process began, nothing else.  A
 * row of an op that failed is in no chain and so in no metric.
 *
 *     audit_rows_total{action,status}   auth_events_total{event,outcome}
 *     countersignatures_total{kind,decision}   countersign_latency_seconds{kind}: from asking to deciding
 *
 * Cost: rows are read once, when metrics are asked for; some 5 us each.  Thread: any.
 */
#ifndef CS_APP_CHAIN_METRICS_H
#define CS_APP_CHAIN_METRICS_H

#include <stdbool.h>

struct chain_metrics;
struct err;
struct metrics;
struct store;

/* Count from the stream's present head on and register the families; `metrics` and `store` must outlive it. */
bool chain_metrics_open(struct store *store, const char *stream, struct metrics *metrics, struct chain_metrics **chain,
						struct err *err);
void chain_metrics_close(struct chain_metrics *chain); /* NULL is fine */

#endif
