/*
 * Notifications on their way [trade.md 11]: each second what the outbox has new becomes one row for each person and
 * channel that wants it, in one transaction with the mark of how far it was read, so that none is lost or doubled by a
 * crash; a thread sends them, tries again, and gives up after NOTICE_TRIES.
 *
 * A crash between sending and noting it sends again, with the same id: receivers drop repeats by it.
 * Private to src/trade.
 */
#ifndef CS_TRADE_NOTICES_H
#define CS_TRADE_NOTICES_H

#include <stdbool.h>
#include <stdint.h>

#include "trade/closing.h"

struct db;
struct err;
struct trade_api;

enum { NOTICE_TRIES = 8, NOTICE_KEPT_DAYS = 30, DEVICE_SILENT_S = 300 };

/* Is there something to tell by the clock, or to hand on?  And in an op: do that. */
bool notices_any_due(const struct trade_api *api, struct db *db, int64_t now_us, bool *due, struct err *err);
bool notices_work(const struct closing *c, struct err *err);

/* Start reading at the end of the outbox: what was before nobody had asked for.  In an op. */
bool notices_begin(struct db *db, struct err *err);

/* Send what is due, in this thread; returns how many were tried. */
int notices_send_due(struct trade_api *api);

/* The thread that does that about once a second. */
struct notices_thread;
struct notices_thread *notices_start(struct trade_api *api);
void notices_stop(struct notices_thread *thread); /* NULL is fine */

#endif
