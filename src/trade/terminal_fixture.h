/*
 * A terminal for tests: what it tells of its broker, over the desk of desk_fixture.h.  Texts live in f.arena.  For
 * tests only.
 */
#ifndef CS_TRADE_TERMINAL_FIXTURE_H
#define CS_TRADE_TERMINAL_FIXTURE_H

#include <stdint.h>

#define TERMINAL_SNAPSHOT "/api/v1/client/snapshot"

extern int seq; /* of the last snapshot; a new device begins at 0 */

/* The desk's time, so much ahead. */
const char *now(int64_t ahead_us);

/* A snapshot of this equity taken now, with more members: the status.  The good one must be taken. */
int snapshot(double equity, const char *more);
void good_snapshot(double equity, const char *more);

/* A position at the broker as the snapshot shows it. */
const char *shown(const char *ticket, const char *volume, const char *more);

/* How many orders the terminal is given; the one of f.approval_id is placed. */
int poll(void);
void ack(const char *ticket);

/* A new device of a good account of 10,000, and an approved order of 0.1 lots in its hands; poll()'s answer stands. */
void leased_order(void);

/* An order of that volume, placed, and a second gone by. */
void placed_at(const char *ticket, const char *volume);

/* What the owner sees: of f.signal_id, and of the newest position. */
const char *signal_status(void);
const char *position(const char *member_name);

#endif
