/*
 * Published W shapes: from the shapes workbook, saved as CSV, to pack `aisc_shapes` [sign.md 2.3].
 *
 * Only the imperial half is read: columns are found by their header, up to the second `W` column.  Needed are Type,
 * AISC_Manual_Label, W, A, d, bf, tw, tf; the rest (Ix, Zx, Sx, rx, Iy, Zy, Sy, ry, J, Cw, bf/2tf, h/tw) is taken where
 * it is there and computed where it is not.  "–" or nothing is none.  Rows of every type are read and counted; W shapes
 * go into the pack, since HSS and pipe have the catalog's own conventions.  Pure; thread: any.
 */
#ifndef CS_SIGN_DOMAIN_AISC_SHAPES_H
#define CS_SIGN_DOMAIN_AISC_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

enum { AISC_TYPE_MAX = 8, AISC_TYPES_MAX = 32, AISC_CSV_MAX = 16 << 20 /* bytes: the workbook has under 2 MB */ };

struct aisc_counts {
	struct aisc_count {
		char type[AISC_TYPE_MAX]; /* as in the column Type: "W", "HSS", "PIPE" */
		size_t rows;
	} items[AISC_TYPES_MAX]; /* in the order met */
	size_t count;
};

/*
 * Append the pack `aisc_shapes` of that version ("v1") as YAML, and count the rows of each type.  The same file gives
 * the same bytes.  False with ERR_INVALID and a sentence that names the line of the first damaged row, or what the
 * header lacks; then nothing is appended or counted.  Cost: about 20 ns a byte.
 */
bool aisc_import(const char *csv, size_t size, const char *version, struct buf *pack_yaml, struct aisc_counts *counts,
				 struct err *err);

#endif
