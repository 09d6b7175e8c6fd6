/*
 * What a kind of canvas provides.  canvas.c checks and measures, then calls these; texts are clean (fonts_clean).
 */
#ifndef CS_DRAW_CANVAS_IMPL_H
#define CS_DRAW_CANVAS_IMPL_H

#include "draw/canvas.h"

struct canvas_kind {
	void (*boxes)(struct canvas *canvas, const struct box *boxes, size_t count, const struct ink *ink);
	void (*shape)(struct canvas *canvas, const struct point *points, size_t count, bool closed, const struct ink *ink);
	void (*ring)(struct canvas *canvas, double x, double y, double radius, const struct ink *ink);
	double (*text)(struct canvas *canvas, double x, double y, const struct pen *pen, const char *text);
	void (*page)(struct canvas *canvas, const char *name);
	bool (*finish)(struct canvas *canvas, struct err *err);
	void (*free)(struct canvas *canvas);
};

/* The head of every kind's own struct. */
struct canvas {
	const struct canvas_kind *kind;
	struct fonts *fonts;
	bool bad;     /* a number was not finite */
	double slack; /* how much wider text may turn out than the carried fonts say: who shows an SVG may lack them */
};

#endif
