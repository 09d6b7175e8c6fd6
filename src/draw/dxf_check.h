/*
 * Is a text a sound DXF drawing of release 2018?  For tests: stricter than readers are.
 *
 * Every group is a code and a value of its kind; the sections are there in their order; every handle is there once and
 * below $HANDSEED; every owner and reference, layer, type of line and style exists; every entity has its subclasses
 * and finite coordinates, and as many points as it says.
 */
#ifndef CS_DRAW_DXF_CHECK_H
#define CS_DRAW_DXF_CHECK_H

#include <stdbool.h>
#include <stddef.h>

enum { DXF_CHECK_LAYERS = 16 };

struct dxf_seen {
	const char *fault; /* NULL: sound */
	size_t line;       /* of the fault */
	int entities;
	int on_layer[DXF_CHECK_LAYERS]; /* entities by the layer's place in its table, 0 first */
	int lines, circles, outlines, hatches, texts;
};

/* `text` is NUL-terminated.  True: sound. */
bool dxf_check(const char *text, struct dxf_seen *seen);

#endif
