/*
 * Normalisation form C of Unicode: texts that look alike and mean the same are the same bytes (GLib behind this door).
 * Thread: any.  Cost: about 20 ns a byte; ASCII is copied.
 * REF: Unicode Standard Annex #15
 */
#ifndef CS_CORE_NFC_H
#define CS_CORE_NFC_H

struct arena;

/* The text in NFC, the arena's.  NULL: it is no valid UTF-8, or the arena is full. */
char *nfc(struct arena *arena, const char *text);

#endif
