/*
 * What goes wrong at a terminal that is played: a script of one fault a line, words divided by spaces, # to the end of
 * the line for notes [trade.md 4.4].
 *
 *     partial_fill             the first order is filled for half
 *     slippage P               fills are P points worse
 *     manual_close             the first position is closed by hand after three snapshots
 *     stop_out                 the broker closes everything at the end
 *     disconnect AT FOR        no request gets through in steps AT to AT+FOR-1
 *     disconnect fill          the line breaks once, after the broker filled and before the acknowledgement
 *     duplicate_ack            every acknowledgement is sent twice
 *     clock_ahead S            the clock is S seconds ahead until the server's was asked for
 *     replay                   one request is sent twice with one nonce
 *     crash_before_ack         after its first fill the terminal forgets all it knew, and starts again
 *     symbol_suffix T          the broker's symbols end so
 *     gap P                    the day opened P percent away from yesterday's close
 */
#ifndef CS_SIM_FAULTS_H
#define CS_SIM_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/err.h"

struct faults_script {
	bool partial_fill, manual_close, stop_out, duplicate_ack, replay, crash_before_ack, disconnect_fill, has_gap;
	double slippage, gap;                    /* points, percent */
	int64_t clock_ahead;                     /* seconds */
	int64_t disconnect_at, disconnect_steps; /* 0 steps: never */
	char suffix[16];
};

/* `text` is overwritten.  ERR_INVALID names the line. */
bool faults_script_read(char *text, struct faults_script *script, struct err *err);

#endif
