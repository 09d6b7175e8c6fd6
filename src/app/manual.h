/*
 * What the table of commands and the table of configuration keys say, in the forms that other programs read: a man page
 * and completions for shells.  Written by the program itself, so they cannot be out of date.  Thread: any.
 */
#ifndef CS_APP_MANUAL_H
#define CS_APP_MANUAL_H

#include <stdbool.h>

struct buf;

/* countersign(8), in the man macros. */
void manual_page(struct buf *out);

/* The completion script of "bash", "zsh" or "fish".  False: another name; nothing was written. */
bool manual_completions(const char *shell, struct buf *out);

#endif
