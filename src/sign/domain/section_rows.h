/*
 * Rows of text that list sizes, as packs `sections` and `aluminum` have them, into a catalog.  For *_pack.c only.
 */
#ifndef CS_SIGN_DOMAIN_SECTION_ROWS_H
#define CS_SIGN_DOMAIN_SECTION_ROWS_H

#include "sign/domain/section_internal.h"

/* A list of texts as field tables decode it. */
struct texts {
	size_t count;
	const char **items;
};

/* What the rows become as they are read. */
struct section_making {
	struct section_catalog *catalog;
	double wall_factor;   /* design wall over nominal wall */
	double weight_factor; /* lb/ft for a square inch of nominal area */
	struct texts differ;  /* pipes that are published from another wall */
	struct err *err;
	const char *row; /* under way, for messages */
};

/* "HEIGHTxWIDTH wall wall …": HSS. */
bool section_read_rect(struct section_making *making);

/* "SIZExSIZE wall wall …": square tubes with sharp corners, named RT. */
bool section_read_sharp(struct section_making *making);

/* "diameter wall wall …": HSS. */
bool section_read_round(struct section_making *making);

/* "size diameter STD XS XXS", "-" for none. */
bool section_read_pipe(struct section_making *making);

/* "designation d bf tw tf A" */
bool section_read_w(struct section_making *making);

/*
 * "designation W A d bf tw tf Ix Zx Sx rx Iy Zy Sy ry J Cw bf/2tf h/tw", "-" for none: a published W shape.  What is
 * none is computed.
 */
bool section_read_published(struct section_making *making);

/* Every row by one of the above.  False: err names the row. */
bool section_read_rows(struct section_making *making, const struct texts *rows, bool (*read)(struct section_making *));

/* The most sections these rows can make. */
size_t section_rows_most(const struct texts *rows);

#endif
