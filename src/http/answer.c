#include "http/answer.h"

#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/must.h"
#include "http/chars.h"
#include "http/trace.h"

enum { KEPT_BYTES = 8192, US_PER_S = 1000000, DATE_TEXT = 32 };

static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{206, "Partial Content"},
	{302, "Found"},
	{304, "Not Modified"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{415, "Unsupported Media Type"},
	{416, "Range Not Satisfiable"},
	{417, "Expectation Failed"},
	{422, "Unprocessable Content"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
};

/* Those that never vary, in one piece. */
static const char constant_headers[] = "X-Content-Type-Options: nosniff\r\n"
									   "Referrer-Policy: no-referrer\r\n"
									   "X-Frame-Options: DENY\r\n"
									   "Cross-Origin-Resource-Policy: same-origin\r\n";

void answer_init(struct answer *answer)
{
	*answer = (struct answer){0};
	buf_init(&answer->headers, 0);
	buf_init(&answer->body, 0);
}

void answer_fini(struct answer *answer)
{
	buf_fini(&answer->headers);
	buf_fini(&answer->body);
}

static void keep_small(struct buf *buf)
{
	if (buf->room > KEPT_BYTES)
		buf_fini(buf);
	buf_reset(buf);
}

void answer_reset(struct answer *answer)
{
	answer->status = 0;
	answer->type = NULL;
	keep_small(&answer->headers);
	keep_small(&answer->body);
}

void answer_header(struct answer *answer, const char *name, const char *value)
{
	must(name[0] != '\0' && chars_all(name, strlen(name), CHAR_TOKEN));
	buf_adds(&answer->headers, name);
	buf_adds(&answer->headers, ": ");
	for (; *value != '\0'; value++)
		buf_addc(&answer->headers, char_is(*value, CHAR_VALUE) ? *value : ' ');
	buf_adds(&answer->headers, "\r\n");
}

const char *answer_value(const struct answer *answer, const char *name, size_t *length)
{
	size_t size = strlen(name);
	const char *line = buf_text(&answer->headers);
	while (*line != '\0') {
		if (strncasecmp(line, name, size) == 0 && line[size] == ':') {
			const char *value = line + size + 1 + strspn(line + size + 1, " ");
			*length = strcspn(value, "\r");
			return value;
		}
		line = strchr(line, '\n');
		must(line != NULL);
		line++;
	}
	return NULL;
}

bool answer_has(const struct answer *answer, const char *name)
{
	size_t length;
	return answer_value(answer, name, &length) != NULL;
}

bool answer_has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static const char *reason_of(int status)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return ""; /* RFC 9112 4: the phrase may be empty */
}

/* RFC 9110 5.6.7, without strftime: its names of days follow the locale.  Made once a second on each thread. */
static const char *date_of(int64_t wall_us)
{
	static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static _Thread_local int64_t made_s = -1;
	static _Thread_local char text[DATE_TEXT];
	int64_t now_s = wall_us / US_PER_S;
	if (now_s == made_s)
		return text;
	struct tm tm;
	time_t clock = (time_t)now_s;
	must(gmtime_r(&clock, &tm) != NULL);
	struct buf out;
	buf_init(&out, 0);
	buf_addf(&out, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
			 tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	must(buf_ok(&out) && out.size < sizeof text);
	memcpy(text, out.bytes, out.size + 1);
	buf_fini(&out);
	made_s = now_s;
	return text;
}

static void line(struct buf *out, const char *name, const char *value)
{
	buf_adds(out, name);
	buf_adds(out, value);
	buf_adds(out, "\r\n");
}

static void default_header(struct buf *out, const struct answer *answer, const char *name, const char *value)
{
	if (answer->headers.size > 0 && answer_has(answer, name))
		return;
	buf_adds(out, name);
	line(out, ": ", value);
}

void answer_head(struct buf *out, const struct answer *answer, const struct answer_form *form)
{
	buf_addf(out, "HTTP/1.1 %03d %s\r\n", answer->status, reason_of(answer->status));
	line(out, "Date: ", date_of(form->wall_us));
	if (form->trace != NULL) {
		line(out, "X-Request-Id: ", form->trace->request_id);
		line(out, "traceparent: ", form->trace->parent);
	}
	if (answer->type != NULL)
		line(out, "Content-Type: ", answer->type);
	if (answer_has_body(answer->status) && !form->stream)
		buf_addf(out, "Content-Length: %zu\r\n", answer->body.size);
	buf_add(out, constant_headers, sizeof constant_headers - 1);
	default_header(out, answer, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
	default_header(out, answer, "Cache-Control", "no-store");
	if (form->secure)
		line(out, "Strict-Transport-Security: ", "max-age=31536000; includeSubDomains");
	buf_add(out, buf_text(&answer->headers), answer->headers.size);
	if (form->close)
		line(out, "Connection: ", "close");
	buf_adds(out, "\r\n");
}
