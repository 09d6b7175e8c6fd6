/*
 * The foundation of a sealed sign.design as a CAD drawing, from the seal's own text and the pack of bars that it names,
 * so that the same seal gives the same bytes [sign.md 6].  Thread: any.  Cost: under 1 ms.
 */
#ifndef CS_SIGN_DESIGN_DRAWING_H
#define CS_SIGN_DESIGN_DRAWING_H

#include <stdbool.h>

struct arena;
struct buf;
struct design_owner;
struct err;
struct packs;
struct seal;

/*
 * Append the DXF; `owner` may be NULL.  ERR_NOT_FOUND: the seal is no design, nothing was feasible, or the pack is no
 * longer here; ERR_LIMIT.
 */
bool design_drawing(const struct seal *seal, const struct packs *packs, const struct design_owner *owner,
					struct arena *arena, struct buf *out, struct err *err);

#endif
