/*
 * Scratch: a folder for what lives no longer than its maker.
 *
 * It is made below $TMPDIR, or /tmp without one, for its owner alone.  Thread: any; the environment is read.
 */
#ifndef CS_CORE_SCRATCH_H
#define CS_CORE_SCRATCH_H

#include <stdbool.h>

struct err;

enum { SCRATCH_PATH = 256 };

/* Make an empty folder $TMPDIR/countersign-NAME-XXXXXX, mode 0700, and write its path.  ERR_IO. */
bool scratch_make(char path[SCRATCH_PATH], const char *name, struct err *err);

/* Remove a folder and all below it; links are removed, not followed, other file systems left.  What cannot be removed
 * stays. */
void scratch_remove(const char *path);

#endif
