/*
 * What the table of commands and the table of configuration keys say, in the forms that other programs read: a man page
 * and completions for shells.  Written by the program itself, so they cannot be out of date.  Thread: any.
 */
#ifndef CS_APP_MANUAL_H
#define CS_APP_MANUAL_H

#include <stdbool.h>

struct buf;
struct field;

/* countersign(8), in the man macros. */
void manual_page(struct buf *out);

/* The completion script of "bash", "zsh" or "fish".  False: another name; nothing was written. */
bool manual_completions(const char *shell, struct buf *out);

/* A page of docs/reference in Markdown: "commands", "configuration", "errors", "audit", "roles".  False: there is none. */
bool manual_markdown(const char *page, struct buf *out);

/* Of a key: what its value may be, in words; its default as JSON, or nothing. */
void manual_limits(struct buf *out, const struct field *field);
void manual_default(struct buf *out, const struct field *field);

/* Variables beside those of the keys; ends with a NULL name. */
struct manual_variable {
	const char *name, *doc;
};
extern const struct manual_variable manual_variables[];

#endif
