/*
 * The colours of documents: black, greys, and one accent.
 */
#ifndef CS_DRAW_PALETTE_H
#define CS_DRAW_PALETTE_H

#include "draw/canvas.h"

#define INK RGB(0x16191d)
#define GREY RGB(0x5f6872) /* labels, secondary text: 5.7:1 on paper */
#define RULE RGB(0xc5cbd1)
#define RULE_LIGHT RGB(0xe3e6e9)
#define PAPER RGB(0xffffff)
#define PAPER_TINT RGB(0xf5f6f8)
#define CONCRETE RGB(0xe4e6e8)
#define STEEL RGB(0xb4bbc2)
#define STEEL_DARK RGB(0x6d7680)
#define ACCENT RGB(0x0f4c81)
#define ACCENT_TINT RGB(0xe8eff6)

#endif
