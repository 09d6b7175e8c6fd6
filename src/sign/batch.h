/*
 * sign.batch: many questions, one a line [sign.md 2.12].
 *
 * A line {"id", "op", "body"} is answered by a line {"id", "status", "envelope"}; the envelope is the one that the
 * operation alone would give, with the same hashes.  A bad line is answered by its own problem and stops nothing.
 * Memory is one line's, whatever the number of lines.  Thread: one batch, one thread.
 */
#ifndef CS_SIGN_BATCH_H
#define CS_SIGN_BATCH_H

#include <stddef.h>

#include "core/arena.h"
#include "seal/op.h"

struct buf;

enum { BATCH_LINE_MAX = OP_BODY_MAX + 4096 }; /* bytes: a body, and what stands around it */

struct batch {
	const struct op *const *ops;
	size_t count;
	struct op_context context; /* route is each operation's own */
	struct arena arena;        /* of the line under way */
};

void batch_init(struct batch *batch, const struct op *const *ops, size_t count, const struct op_context *context);
void batch_fini(struct batch *batch);

/* Answer one line (without its line end) into `out`, which is emptied first; the answer ends with a line end. */
void batch_line(struct batch *batch, const char *line, size_t size, struct buf *out);

#endif
