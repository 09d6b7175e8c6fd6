#include "core/log.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/env.h"
#include "core/stamp.h"
#include "core/utf8.h"

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char cut_mark[] = "\xe2\x80\xa6"; /* an ellipsis */

/* Room kept for what closes a line that was cut: ,"cut":true} and the newline. */
enum { TAIL = 16 };

struct sink {
	pthread_mutex_t lock;
	struct log_options options;
};

static struct sink sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .options = {.level = LOG_LEVEL_INFO}};
static _Atomic int sink_level = LOG_LEVEL_INFO; /* a copy that is read without the lock */

struct log_pair log_strn(const char *key, const char *text, size_t size)
{
	return (struct log_pair){.key = key, .kind = LOG_TEXT, .text = text, .size = size};
}

struct log_pair log_str(const char *key, const char *text)
{
	/* One byte more than is kept tells that there was more. */
	return log_strn(key, text, text == NULL ? 0 : strnlen(text, LOG_VALUE_MAX + 1));
}

struct log_pair log_int(const char *key, int64_t integer)
{
	return (struct log_pair){.key = key, .kind = LOG_INTEGER, .integer = integer};
}

struct log_pair log_num(const char *key, double number)
{
	return (struct log_pair){.key = key, .kind = LOG_NUMBER, .number = number};
}

struct log_pair log_bool(const char *key, bool boolean)
{
	return (struct log_pair){.key = key, .kind = LOG_BOOLEAN, .boolean = boolean};
}

/* A line in the making.  Past its end it is full and takes nothing more. */
struct line {
	char *at, *end;
	bool json, full;
};

static void put(struct line *line, const char *bytes, size_t size)
{
	if (line->full || size > (size_t)(line->end - line->at)) {
		line->full = true;
		return;
	}
	memcpy(line->at, bytes, size);
	line->at += size;
}

static void puts_line(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

/* Characters that would end the line, move the cursor or make it read otherwise than it is written. */
static bool unprintable(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e || code == 0x200f ||
		   (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void put_escape(struct line *line, uint32_t code)
{
	static const struct {
		uint32_t code;
		const char *text;
	} shorts[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}};
	for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++) {
		if (shorts[i].code == code) {
			puts_line(line, shorts[i].text);
			return;
		}
	}
	char text[8];
	snprintf(text, sizeof text, "\\u%04x", (unsigned)code & 0xffff);
	puts_line(line, text);
}

static void put_quoted(struct line *line, const char *text, size_t size, bool cut)
{
	put(line, "\"", 1);
	while (size > 0) {
		uint32_t code = 0xfffd;
		size_t length = utf8_next(text, size, &code);
		if (length == 0 || code == '"' || code == '\\' || unprintable(code))
			put_escape(line, code);
		else
			put(line, text, length);
		text += length == 0 ? 1 : length;
		size -= length == 0 ? 1 : length;
	}
	puts_line(line, cut ? cut_mark : "");
	put(line, "\"", 1);
}

/* A logfmt value that needs no quotes. */
static bool bare(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return size > 0;
}

static void put_text(struct line *line, const char *text, size_t size)
{
	bool cut = size > LOG_VALUE_MAX;
	if (cut)
		size = utf8_cut(text, size, LOG_VALUE_MAX - (sizeof cut_mark - 1));
	if (line->json || cut || !bare(text, size))
		put_quoted(line, text, size, cut);
	else
		put(line, text, size);
}

static void put_number(struct line *line, double number)
{
	char text[400]; /* the largest double has 309 digits before the point */
	if (isfinite(number))
		snprintf(text, sizeof text, "%.3f", number);
	puts_line(line, isfinite(number) ? text : "null");
}

static void put_value(struct line *line, const struct log_pair *pair)
{
	char text[32];
	switch (pair->kind) {
	case LOG_TEXT:
		put_text(line, pair->text, pair->size);
		return;
	case LOG_INTEGER:
		snprintf(text, sizeof text, "%lld", (long long)pair->integer);
		puts_line(line, text);
		return;
	case LOG_NUMBER:
		put_number(line, pair->number);
		return;
	case LOG_BOOLEAN:
		puts_line(line, pair->boolean ? "true" : "false");
		return;
	}
}

static void put_pair(struct line *line, const struct log_pair *pair)
{
	if (pair->kind == LOG_TEXT && pair->text == NULL)
		return;
	puts_line(line, line->json ? ",\"" : " ");
	puts_line(line, pair->key);
	puts_line(line, line->json ? "\":" : "=");
	put_value(line, pair);
}

static void put_head(struct line *line, int64_t wall_us, enum log_level level)
{
	char ts[STAMP_TEXT];
	stamp_format(ts, wall_us);
	puts_line(line, line->json ? "{\"ts\":\"" : "ts=");
	puts_line(line, ts);
	puts_line(line, line->json ? "\",\"level\":\"" : " level=");
	puts_line(line, level_names[level]);
	puts_line(line, line->json ? "\"" : "");
}

size_t log_compose(char bytes[LOG_LINE_MAX], enum log_format format, int64_t wall_us, enum log_level level,
				   const struct log_pair *pairs, size_t count)
{
	struct line line = {.at = bytes, .end = bytes + LOG_LINE_MAX - TAIL, .json = format == LOG_FORMAT_JSON};
	put_head(&line, wall_us, level);
	bool cut = false;
	for (size_t i = 0; i < count && !cut; i++) {
		char *before = line.at;
		put_pair(&line, &pairs[i]);
		cut = line.full;
		if (cut)
			line.at = before;
	}
	line.full = false;
	line.end = bytes + LOG_LINE_MAX;
	if (cut)
		put_pair(&line, &(struct log_pair){.key = "cut", .kind = LOG_BOOLEAN, .boolean = true});
	puts_line(&line, line.json ? "}\n" : "\n");
	return (size_t)(line.at - bytes);
}

/* What stderr does not take is lost: there is nobody else to tell. */
static void put_stderr(const char *line, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDERR_FILENO, line, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return;
		line += written;
		size -= (size_t)written;
	}
}

void log_setup(const struct log_options *options)
{
	pthread_mutex_lock(&sink.lock);
	sink.options = *options;
	atomic_store_explicit(&sink_level, (int)options->level, memory_order_relaxed);
	pthread_mutex_unlock(&sink.lock);
}

bool log_wants(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&sink_level, memory_order_relaxed);
}

void log_write(enum log_level level, const struct log_pair *pairs, size_t count)
{
	char line[LOG_LINE_MAX];
	int saved = errno;
	/* The time is read under the lock too, so that times never go back from line to line. */
	pthread_mutex_lock(&sink.lock);
	const struct env *env = sink.options.env != NULL ? sink.options.env : env_real();
	size_t size = log_compose(line, sink.options.format, env_wall_us(env), level, pairs, count);
	if (sink.options.put != NULL)
		sink.options.put(sink.options.self, line, size);
	else
		put_stderr(line, size);
	pthread_mutex_unlock(&sink.lock);
	errno = saved;
}
