/*
 * How values and messages go between the server and its helpers: bytes in the machine's own order, for both ends run on
 * one machine and in one version.
 *
 * A message is a frame {u32 size of what follows, u8 op, u32 number} and its content.  A value is one byte of kind and
 *     I i64 · D f64 · S u32 size, bytes · A u32 count, values · O u32 count, (u32 size, bytes, value)… · N · T · F
 * An integer beyond 2^53 is always I, also where a double holds it, so that a value means the same before and after it
 * was stored as text.
 * Thread: any.  Cost: 2 ns a byte to write, 5 to read.
 */
#ifndef CS_EXPR_WIRE_H
#define CS_EXPR_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"

struct arena;
struct buf;
struct err;

enum { WIRE_DEPTH_MAX = 512, WIRE_HEAD = 9 };

enum wire_op {
	WIRE_HELLO = 'H',    /* helper: ready; number: WIRE_VERSION */
	WIRE_COMPILE = 'C',  /* server: the program of slot `number`, instead of what was there */
	WIRE_EVALUATE = 'E', /* server: the array of arguments for slot `number` */
	WIRE_OK = 'K',       /* helper: compiled, or the value */
	WIRE_FAULT = 'F',    /* helper: the message, as text */
	WIRE_LIMIT = 'L',    /* helper: the name of the limit, as text */
};

/* How a helper ends when it passes a limit; others end by a signal. */
enum { WIRE_EXIT_MEMORY = 3, WIRE_EXIT_BROKEN = 4 };

enum { WIRE_VERSION = 1 };

struct wire_head {
	uint32_t size; /* of the content */
	enum wire_op op;
	uint32_t number;
};

/* Begin a message; returns where.  wire_end fills its size in. */
size_t wire_begin(struct buf *buf, enum wire_op op, uint32_t number);
void wire_end(struct buf *buf, size_t begun);

/* The head of a message of which at least WIRE_HEAD bytes are there. */
struct wire_head wire_head(const char *bytes);

void wire_u32(struct buf *buf, uint32_t value);
void wire_double(struct buf *buf, double value);
void wire_int(struct buf *buf, int64_t value);
void wire_text(struct buf *buf, const char *text, size_t size);
void wire_open(struct buf *buf, char kind, uint32_t count); /* 'A' or 'O'; the members follow */

/* Any number as a value: not finite ones must have been dealt with. */
void wire_number(struct buf *buf, double value);

/* A tree; NULL is null.  False when it is nested deeper than WIRE_DEPTH_MAX (the buffer is then of no use). */
bool wire_json(struct buf *buf, const struct json *value);

/* Reading: fails once and stays failed. */
struct wire_reader {
	const char *at, *end;
	bool failed;
};
char wire_kind(struct wire_reader *reader);
uint32_t wire_count(struct wire_reader *reader, size_t least); /* of things that take at least so many bytes each */
const char *wire_bytes(struct wire_reader *reader, uint32_t *size);
int64_t wire_read_int(struct wire_reader *reader);
double wire_read_double(struct wire_reader *reader);

/*
 * One value that fills `bytes` wholly, as a tree in `arena`.  Trusts nothing: false with ERR_EXPRESSION for what is no
 * value, holds invalid UTF-8, U+0000 or a name twice, or is nested too deep; ERR_LIMIT when the arena is full.
 */
bool wire_read(struct arena *arena, const char *bytes, size_t size, struct json *value, struct err *err);

#endif
