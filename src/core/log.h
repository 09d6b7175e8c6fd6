/*
 * The log: one line per event on stderr, as logfmt or JSON (P-11.3).
 *
 *     log_info("request served", log_str("request_id", id), log_int("status", 200), log_num("dur_ms", 1.25));
 *     ts=2026-11-21T04:32:44.123456Z level=info msg="request served" request_id=… status=200 dur_ms=1.250
 *
 * Whatever the values hold, an event is one line of printable UTF-8: quotes, backslashes, control characters (C0, C1,
 * line and paragraph separators, marks that turn the direction of text) are escaped as in JSON, bytes that are no UTF-8
 * become \ufffd, and a text is cut at LOG_VALUE_MAX bytes.  What must never be logged: bodies, tokens, passwords,
 * e-mail addresses.  Log at the edge, once, not where an error passes by.
 *
 * The sink is the one global of the process.  Threads: any; lines do not mix.  Cost: about 1 us and one write(2), under
 * a lock; a reader of stderr that stalls makes the callers wait.  A line that cannot be written is counted, not
 * retried.
 */
#ifndef CS_CORE_LOG_H
#define CS_CORE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

enum {
	LOG_VALUE_MAX = 200, /* bytes of a text that are kept, the mark of the cut included [P-11.3] */
	LOG_LINE_MAX = 4096, /* bytes of a line; what a pipe takes in one piece.  Pairs beyond are left out: cut=true */
};

/* One key and its value.  Make it with log_str, log_int, log_num or log_bool. */
struct log_pair {
	const char *key; /* lower_case literal */
	enum { LOG_TEXT, LOG_INTEGER, LOG_NUMBER, LOG_BOOLEAN } kind;
	union {
		struct {
			const char *text; /* NULL leaves the pair out */
			size_t size;
		};
		int64_t integer;
		double number; /* three decimals; null when not finite */
		bool boolean;
	};
};

struct log_pair log_str(const char *key, const char *text);
struct log_pair log_strn(const char *key, const char *text, size_t size);
struct log_pair log_int(const char *key, int64_t integer);
struct log_pair log_num(const char *key, double number);
struct log_pair log_bool(const char *key, bool boolean);

struct log_options {
	const struct env *env; /* the clock of `ts`; NULL: the real one */
	enum log_level level;  /* events below it are not written */
	enum log_format format;
	void (*put)(void *self, const char *line, size_t size); /* takes a whole line with its newline; NULL: stderr */
	void *self;
};

/* Set up the sink, at start or on SIGHUP.  Before the first call: info, logfmt, stderr, real clock. */
void log_setup(const struct log_options *options);

/* Events through which operators see the server: failures, oddities, life, details. */
#define log_error(...) log_event(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_event(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* log_event(level, message, pairs…).  The pairs are not evaluated when the level is off. */
#define log_event(level, message, ...) \
	(log_wants(level) ? log_write((level), LOG_PAIRS(message, ##__VA_ARGS__), \
								  sizeof(LOG_PAIRS(message, ##__VA_ARGS__)) / sizeof(struct log_pair)) \
					  : (void)0)
#define LOG_PAIRS(message, ...) ((const struct log_pair[]){log_str("msg", (message)), ##__VA_ARGS__})

bool log_wants(enum log_level level);
void log_write(enum log_level level, const struct log_pair *pairs, size_t count);

/* The line itself, newline included, without a NUL; returns its size, at most LOG_LINE_MAX.  For log_write and tests.
 */
size_t log_compose(char line[LOG_LINE_MAX], enum log_format format, int64_t wall_us, enum log_level level,
				   const struct log_pair *pairs, size_t count);

#endif
