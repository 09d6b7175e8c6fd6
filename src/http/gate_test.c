#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "http/gate.h"

/*
 * Each row of the table in P-8.1, fed whole, in two pieces at each byte, and byte by byte: the outcome must be the
 * same.
 */

enum { BODY_LIMIT = 20 };

static const struct gate_limits limits = {.target_bytes = 64, .header_bytes = 256, .header_lines = 5};

/* What happened, as text: events with what they brought, and how many bytes were taken in all. */
static void tell_head(struct buf *out, const struct head *head)
{
	buf_addf(out, "%s target=%s path=%s query=%s 1.%d length=%lld chunked=%d expect=%d close=%d\n",
			 method_name(head->method), head->target, head->path, head->query != NULL ? head->query : "-", head->minor,
			 (long long)head->content_length, head->chunked, head->expects_continue, head->close);
	for (size_t i = 0; i < head->header_count; i++)
		buf_addf(out, "%s=[%s]\n", head->headers[i].name, head->headers[i].value);
}

static enum gate_event step(struct gate *gate, enum gate_event event, struct buf *body, struct buf *out)
{
	if (event == GATE_HEAD) {
		tell_head(out, &gate->head);
		event = gate_body(gate, body, BODY_LIMIT);
	}
	if (event == GATE_DONE) {
		buf_addf(out, "done body=[%s]\n", buf_text(body));
		buf_reset(body);
		gate_reset(gate);
		return GATE_MORE;
	}
	return event;
}

/* Feed with pieces that end at `cut` (and the rest), or of one byte when cut is SIZE_MAX. */
static void transcript(const char *bytes, size_t size, size_t cut, struct buf *out)
{
	struct gate gate;
	struct buf body;
	size_t at = 0;
	enum gate_event event = GATE_MORE;
	gate_init(&gate, &limits);
	buf_init(&body, 0);
	while (at < size && event == GATE_MORE) {
		size_t end = cut == SIZE_MAX ? at + 1 : at < cut ? cut : size;
		size_t used;
		event = step(&gate, gate_feed(&gate, bytes + at, end - at, &used), &body, out);
		at += used;
	}
	if (event == GATE_REFUSED)
		buf_addf(out, "refused %d %s\n", err_status(gate.err.kind), gate.err.message);
	else
		buf_addf(out, "more idle=%d body=[%s]\n", gate_idle(&gate), buf_text(&body));
	gate_fini(&gate);
	buf_fini(&body);
}

/* The transcript of a text, the same however it is cut. */
static void outcome(const char *bytes, size_t size, struct buf *out)
{
	struct buf other;
	buf_init(&other, 0);
	transcript(bytes, size, size, out);
	for (size_t cut = 1; cut <= size; cut++) {
		buf_reset(&other);
		transcript(bytes, size, cut < size ? cut : SIZE_MAX, &other);
		assert_string_equal(buf_text(&other), buf_text(out));
	}
	buf_fini(&other);
}

#define GET "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static const struct row {
	int status; /* of the refusal; 200: let through */
	const char *text;
	size_t size; /* 0: as long as the text */
} rows[] = {
	/* HTTP/1.1 without Host, two Host, Host with space, /, @, or control */
	{400, GET "\r\n"},
	{400, GET HOST HOST "\r\n"},
	{400, GET "Host: a b\r\n\r\n"},
	{400, GET "Host: a/b\r\n\r\n"},
	{400, GET "Host: a@b\r\n\r\n"},
	{400, GET "Host: a\x01\r\n\r\n"},
	{400, GET "Host:\r\n\r\n"},
	{400, GET "Host: a, b\r\n\r\n"},
	{200, GET "Host: [::1]:8080\r\n\r\n"},
	{200, GET "Host:a\r\n\r\n"},
	/* HTTP/1.0 without Host */
	{200, "GET / HTTP/1.0\r\n\r\n"},
	{400, "GET / HTTP/1.0\r\n" HOST HOST "\r\n"},
	/* request line */
	{400, "GET /\r\n\r\n"},
	{400, "GET / HTTP/0.9\r\n" HOST "\r\n"},
	{400, "GET / http/1.1\r\n" HOST "\r\n"},
	{400, "GET  / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /  HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET\t/ HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /\tHTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET / HTTP/1.1 \r\n" HOST "\r\n"},
	{400, " GET / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET / HTTP/1.1\n" HOST "\r\n"},
	{400, "GET / HTTP/11\r\n" HOST "\r\n"},
	{400, "GET / HTTP/1.10\r\n" HOST "\r\n"},
	{400, "GET / HTTPS/1.1\r\n" HOST "\r\n"},
	{400, "GET HTTP/1.1\r\n" HOST "\r\n"},
	{400, "\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "\nGET / HTTP/1.1\r\n" HOST "\r\n"},
	{200, "\r\nGET / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "\x16\x03\x01\x02", 4},
	{505, "GET / HTTP/2.0\r\n" HOST "\r\n"},
	{505, "GET / HTTP/3.0\r\n" HOST "\r\n"},
	{505, "GET / HTTP/1.2\r\n" HOST "\r\n"},
	/* methods */
	{400, "get / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "Get / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "FOO / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "TRACE / HTTP/1.1\r\n" HOST "\r\n"},
	{400, "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n"},
	{400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
	{400, "GET * HTTP/1.1\r\n" HOST "\r\n"},
	{400, "OPTIONS *a HTTP/1.1\r\n" HOST "\r\n"},
	{200, "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"},
	{200, "HEAD / HTTP/1.1\r\n" HOST "\r\n"},
	{200, "PUT / HTTP/1.1\r\n" HOST "\r\n"},
	{200, "PATCH / HTTP/1.1\r\n" HOST "\r\n"},
	{200, "DELETE / HTTP/1.1\r\n" HOST "\r\n"},
	/* names and lines of headers */
	{400, GET HOST "A B: c\r\n\r\n"},
	{400, GET HOST "A : c\r\n\r\n"},
	{400, GET HOST ": c\r\n\r\n"},
	{400, GET HOST "A\x7f: c\r\n\r\n"},
	{400, GET HOST "A(: c\r\n\r\n"},
	{400, GET HOST "\xc3\xa4: c\r\n\r\n"},
	{400, GET HOST "abc\r\n\r\n"},
	{400, GET "A\r\n" HOST "\r\n"},
	{200, GET HOST "A!#$%&'*+-.^_`|~1: c\r\n\r\n"},
	/* values */
	{400, GET HOST "A: b\r\n c\r\n\r\n"},
	{400, GET HOST "A: b\r\n\tc\r\n\r\n"},
	{400, GET " A: b\r\n" HOST "\r\n"},
	{400, GET HOST "A: b\nB: c\r\n\r\n"},
	{400, GET HOST "\n"},
	{400, GET HOST "A: b\rc\r\n\r\n"},
	{400, GET HOST "A: b\r\r\n\r\n"},
	{400, GET HOST "A: b\0c\r\n\r\n", sizeof(GET HOST "A: b\0c\r\n\r\n") - 1},
	{400, "GET /\0 HTTP/1.1\r\n" HOST "\r\n", sizeof("GET /\0 HTTP/1.1\r\n" HOST "\r\n") - 1},
	{400, GET HOST "A: \x1b\r\n\r\n"},
	{400, GET HOST "A: \x7f\r\n\r\n"},
	{200, GET HOST "A: b\tc\r\n\r\n"},
	{200, GET HOST "A: \xc3\xa4\r\n\r\n"},
	{200, GET HOST "A:\r\n\r\n"},
	/* targets */
	{400, "GET /% HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /%2 HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /%2g HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /?a=%zz HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /%00 HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /#a HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /\x01 HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /\x7f HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a%2fb HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a%2Fb HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a%5cb HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a%5Cb HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a\\b HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /../a HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a/./b HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a/.. HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /. HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /%2e%2E/a HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /.%2e/a HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /a/%2e HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET /..?a HTTP/1.1\r\n" HOST "\r\n"},
	{200, "GET /?a=%2f%5c/../. HTTP/1.1\r\n" HOST "\r\n"},
	{200, "GET /.../a..b/.well-known HTTP/1.1\r\n" HOST "\r\n"},
	{200, "GET /%41%c3%a4 HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET a HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET ?a HTTP/1.1\r\n" HOST "\r\n"},
	{200, "GET http://a/b HTTP/1.1\r\n" HOST "\r\n"},
	{200, "GET HTTPS://a:1?q HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET ftp://a/b HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET http:///b HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET http://u@a/b HTTP/1.1\r\n" HOST "\r\n"},
	{400, "GET http://a/../b HTTP/1.1\r\n" HOST "\r\n"},
	/* Content-Length */
	{400, POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
	{400, POST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"},
	{400, POST "Content-Length: +3\r\n\r\nabc"},
	{400, POST "Content-Length: -3\r\n\r\nabc"},
	{400, POST "Content-Length: 3, 3\r\n\r\nabc"},
	{400, POST "Content-Length: 0x3\r\n\r\nabc"},
	{400, POST "Content-Length:\r\n\r\nabc"},
	{400, POST "Content-Length: 3 3\r\n\r\nabc"},
	{400, POST "Content-Length: 3.0\r\n\r\nabc"},
	{400, POST "Content-Length: 1000000000000000000\r\n\r\n"},
	{413, POST "Content-Length: 999999999999999999\r\n\r\n"},
	{413, POST "Content-Length: 21\r\n\r\n"},
	{200, POST "Content-Length: 3\r\n\r\nabc"},
	{200, POST "Content-Length: 003\r\n\r\nabc"},
	{200, POST "Content-Length: 0\r\n\r\n"},
	{200, POST "\r\n"},
	{400, POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{400, POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n"},
	/* Transfer-Encoding */
	{400, POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{400, POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
	{400, POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
	{400, POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
	{400, POST "Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"},
	{400, POST "Transfer-Encoding: identity\r\n\r\n"},
	{400, POST "Transfer-Encoding:\r\n\r\n"},
	{400, POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
	{200, POST "Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"},
	{200, POST "transfer-encoding: CHUNKED\r\n\r\n0\r\n\r\n"},
	/* chunks */
	{400, CHUNKED "\r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "0x3\r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "+3\r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "-1\r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED " 3\r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "3 \r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "3g\r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "0000000000000003\r\nabc\r\n0\r\n\r\n"},
	{200, CHUNKED "000000000000003\r\nabc\r\n0\r\n\r\n"},
	{413, CHUNKED "fffffffffffffff\r\n"},
	{400, CHUNKED "3\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "3\r\nabc\n0\r\n\r\n"},
	{400, CHUNKED "3\r\nabcd\r\n0\r\n\r\n"},
	{400, CHUNKED "3\r\nabc0\r\n\r\n"},
	{400, CHUNKED "3\r\nabc\r0\r\n\r\n"},
	{400, CHUNKED "3\r\nabc\r\n0\r\n\n"},
	{400, CHUNKED "3;a\x01\r\nabc\r\n0\r\n\r\n"},
	{400, CHUNKED "3;a\rb\r\nabc\r\n0\r\n\r\n"},
	{200, CHUNKED "3;a=b\r\nabc\r\n0;c\r\n\r\n"},
	{200, CHUNKED "A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n"},
	{413, CHUNKED "a\r\n0123456789\r\nb\r\n"},
	{200, CHUNKED "0\r\nX-Sum: 1\r\n\r\n"},
	{400, CHUNKED "0\r\nX Sum: 1\r\n\r\n"},
	{400, CHUNKED "0\r\n X: 1\r\n\r\n"},
	{400, CHUNKED "0\r\nX: \x01\r\n\r\n"},
	/* Expect */
	{200, POST "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"},
	{200, POST "Expect: 100-Continue\r\nContent-Length: 3\r\n\r\nabc"},
	{417, POST "Expect: 200-ok\r\nContent-Length: 3\r\n\r\nabc"},
	{417, POST "Expect: 100-continue, x\r\n\r\n"},
	{417, POST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"},
	{200, "POST / HTTP/1.0\r\nExpect: x\r\n\r\n"},
	/* what must not be there twice */
	{400, GET HOST "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"},
	{200, GET HOST "Accept: a/b\r\nAccept: c/d\r\n\r\n"},
};

static void test_rows(void **state)
{
	(void)state;
	struct buf out;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_reset(&out);
		outcome(rows[i].text, rows[i].size > 0 ? rows[i].size : strlen(rows[i].text), &out);
		const char *refused = strstr(buf_text(&out), "refused ");
		int status = refused != NULL ? atoi(refused + 8) : strstr(buf_text(&out), "done ") != NULL ? 200 : 0;
		if (status != rows[i].status)
			fail_msg("row %zu: %s\nbrought %s", i, rows[i].text, buf_text(&out));
	}
	buf_fini(&out);
}

static void expect(const char *text, const char *wanted)
{
	struct buf out;
	buf_init(&out, 0);
	outcome(text, strlen(text), &out);
	assert_string_equal(buf_text(&out), wanted);
	buf_fini(&out);
}

static void test_head(void **state)
{
	(void)state;
	expect("GET /a%20b?c=d%2f#", "more idle=0 body=[]\n");
	expect("\r\nGET /a%20b?c=d?e HTTP/1.1\r\nHOST: x:1\r\nX-Odd:  a b \t\r\nConnection: a, Close\r\n\r\n",
		   "GET target=/a%20b?c=d?e path=/a%20b query=c=d?e 1.1 length=-1 chunked=0 expect=0 close=1\n"
		   "host=[x:1]\nx-odd=[a b]\nconnection=[a, Close]\ndone body=[]\nmore idle=1 body=[]\n");
	expect("GET http://x?q HTTP/1.1\r\nHost: y\r\n\r\n",
		   "GET target=http://x?q path=/ query=q 1.1 length=-1 chunked=0 expect=0 close=0\n"
		   "host=[y]\ndone body=[]\nmore idle=1 body=[]\n");
	expect("GET /?# HTTP", "more idle=0 body=[]\n");
	expect("GET /? HTTP/1.0\r\n\r\n",
		   "GET target=/? path=/ query= 1.0 length=-1 chunked=0 expect=0 close=1\ndone body=[]\nmore idle=1 body=[]\n");
}

static void test_pipelined(void **state)
{
	(void)state;
	expect(POST "Content-Length: 2\r\n\r\nab" CHUNKED "1\r\nc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n" GET HOST "\r\nx",
		   "POST target=/ path=/ query=- 1.1 length=2 chunked=0 expect=0 close=0\n"
		   "host=[a]\ncontent-length=[2]\ndone body=[ab]\n"
		   "POST target=/ path=/ query=- 1.1 length=-1 chunked=1 expect=0 close=0\n"
		   "host=[a]\ntransfer-encoding=[chunked]\ndone body=[cde]\n"
		   "GET target=/ path=/ query=- 1.1 length=-1 chunked=0 expect=0 close=0\n"
		   "host=[a]\ndone body=[]\nrefused 400 A request begins with a method in upper case.\n");
}

static int status_of(struct buf *text)
{
	struct buf out;
	buf_init(&out, 0);
	outcome(buf_text(text), text->size, &out);
	const char *refused = strstr(buf_text(&out), "refused ");
	int status = refused != NULL ? atoi(refused + 8) : strstr(buf_text(&out), "done ") != NULL ? 200 : 0;
	buf_fini(&out);
	buf_fini(text);
	return status;
}

static void repeat(struct buf *text, char byte, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_addc(text, byte);
}

static int target_of(size_t bytes, bool ended)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "GET /");
	repeat(&text, 'a', bytes - 1);
	if (ended)
		buf_adds(&text, " HTTP/1.1\r\n" HOST "\r\n");
	return status_of(&text);
}

static int headers_of(size_t bytes, bool ended)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, GET HOST "A: ");
	repeat(&text, 'b', bytes - strlen(HOST "A: \r\n"));
	buf_adds(&text, ended ? "\r\n\r\n" : "");
	return status_of(&text);
}

static int lines_of(size_t lines)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, GET HOST);
	for (size_t i = 1; i < lines; i++)
		buf_adds(&text, "A: b\r\n");
	buf_adds(&text, "\r\n");
	return status_of(&text);
}

/* [P-8.1] the edges of the limits, and that they hold before a line has an end */
static void test_limits(void **state)
{
	(void)state;
	assert_int_equal(target_of(limits.target_bytes, true), 200);
	assert_int_equal(target_of(limits.target_bytes + 1, true), 400);
	assert_int_equal(target_of(limits.target_bytes + 100, false), 400);
	assert_int_equal(headers_of(limits.header_bytes, true), 200);
	assert_int_equal(headers_of(limits.header_bytes + 1, true), 431);
	assert_int_equal(headers_of(limits.header_bytes + 3, false), 431);
	assert_int_equal(lines_of(limits.header_lines), 200);
	assert_int_equal(lines_of(limits.header_lines + 1), 431);
}

static int extension_of(size_t bytes, bool ended)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, CHUNKED "3;");
	repeat(&text, 'a', bytes);
	buf_adds(&text, ended ? "\r\nabc\r\n0\r\n\r\n" : "");
	return status_of(&text);
}

static void test_chunk_extension(void **state)
{
	(void)state;
	assert_int_equal(extension_of(GATE_EXTENSION_BYTES, true), 200);
	assert_int_equal(extension_of(GATE_EXTENSION_BYTES + 1, true), 400);
	assert_int_equal(extension_of(GATE_EXTENSION_BYTES + 100, false), 400);
}

/* A refused body is thrown away without a limit, so that the connection can go on. */
static void test_discard(void **state)
{
	(void)state;
	static const char text[] = CHUNKED "20\r\n01234567890123456789012345678901\r\n0\r\n\r\n";
	struct gate gate;
	size_t used, more;
	gate_init(&gate, &limits);
	assert_int_equal(gate_feed(&gate, text, sizeof text - 1, &used), GATE_HEAD);
	assert_int_equal(gate_body(&gate, NULL, UINT64_MAX), GATE_MORE);
	assert_int_equal(gate_feed(&gate, text + used, sizeof text - 1 - used, &more), GATE_DONE);
	assert_int_equal(used + more, sizeof text - 1);
	gate_fini(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_pipelined),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_chunk_extension),
		cmocka_unit_test(test_discard),
	};
	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
