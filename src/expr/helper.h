/*
 * Between the server and a helper, besides the messages of expr/wire.h: where the socket is, and the limits that the
 * server sends as the first message's content.
 */
#ifndef CS_EXPR_HELPER_H
#define CS_EXPR_HELPER_H

#include <stdint.h>

/* The command line of a helper, whatever program it is. */
#define HELPER_NAME "countersign"
#define HELPER_WORD "expr-helper"

enum { HELPER_FD = 3, HELPER_SLOTS = 32 };

/* Processor time a compilation may take, milliseconds: 256 expressions take 200 on a slow machine. */
enum { HELPER_COMPILE_MS = 10000 };

struct helper_limits {
	uint64_t memory_bytes, output_bytes;
	uint32_t cpu_ms;
};

#endif
