/*
 * The command line: one table of commands, from which come the dispatch, --help, the man page and the completions.
 *
 * Data goes to stdout, messages to stderr.  Exit codes are the contract of enum cli_exit [platform.md 2].
 * Thread: the main thread.
 */
#ifndef CS_APP_CLI_H
#define CS_APP_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buf;
struct err;
struct faults;

enum cli_exit {
	CLI_DONE = 0,        /* done, identical, valid */
	CLI_FAILED = 1,      /* I/O, store, unexpected */
	CLI_INVALID = 2,     /* invalid input or usage */
	CLI_ABSTAINED = 3,   /* no result can be given; not replayable */
	CLI_WRONG = 4,       /* verified and found wrong */
	CLI_UNREACHABLE = 5, /* store locked, server unreachable, stopped by a deadline */
};

/* An option of a command: --name or --name VALUE.  A list of them ends with a NULL name. */
struct cli_option {
	const char *name;
	const char *value; /* what VALUE is, such as "FILE"; NULL: the option takes none */
	const char *doc;
	bool repeats;
};

enum { CLI_OPTIONS_MAX = 64 };

/* One command as it was called. */
struct cli {
	const struct cli_command *command;
	const char *data;   /* --data, or NULL */
	const char *config; /* --config, or NULL */
	bool json, quiet;
	int count; /* positional arguments */
	const char *const *args;
	struct {
		const char *name, *value;
	} options[CLI_OPTIONS_MAX]; /* as given, in order */
	int options_count;
};

struct cli_command {
	const char *name;      /* "audit verify": one or two words */
	const char *arguments; /* "[FILE]", for the usage line */
	const char *summary;   /* one line */
	const char *doc;       /* paragraphs of the man page; may be NULL */
	const struct cli_option *options;
	int args_min, args_max;
	int (*run)(const struct cli *cli); /* returns an enum cli_exit */
};

/* What each exit code means, in general; ends with a NULL meaning. */
struct cli_exit_row {
	enum cli_exit code;
	const char *meaning;
};
extern const struct cli_exit_row cli_exits[];

/* Every command, in the order of the help; ends with a NULL name. */
extern const struct cli_command cli_commands[];

/* Options every command takes. */
extern const struct cli_option cli_global_options[];

/* Parse, find the command, run it; returns the exit code. */
int cli_main(int argc, char **argv);

/* The value of an option (the last of several), "" for one that takes none, NULL when it was not given. */
const char *cli_option(const struct cli *cli, const char *name);

/* "countersign: …" on stderr, unless --quiet.  Returns `code`, so that a command can end with it. */
int cli_fail(const struct cli *cli, enum cli_exit code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Read a file, or stdin for "-", up to `limit` bytes.  ERR_IO names the file; ERR_BODY_TOO_LARGE. */
bool cli_read(const char *path, size_t limit, struct buf *buf, struct err *err);

/* Write all bytes to a stream.  False when that failed. */
bool cli_write(FILE *stream, const char *bytes, size_t size);

#endif
