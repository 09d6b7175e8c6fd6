#include "http/squeeze.h"

#include <string.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>

#include "http/exchange.h"

enum { LEAST_BYTES = 1024, GZIP_WINDOW = 15 + 16, GZIP_LEVEL = 6, GZIP_MEMORY = 8, ZSTD_LEVEL = 3 };

/* RFC 9110 12.4.2: 0 to 1 with at most three digits behind the point; 0 when it is none. */
static double qvalue(const char *text)
{
	double weight = text[0] - '0', unit = .1;
	const char *at = text + 1;
	if (text[0] != '0' && text[0] != '1')
		return 0;
	if (*at == '.')
		for (at++; at < text + 5 && *at >= '0' && *at <= '9'; at++, unit /= 10)
			weight += (*at - '0') * unit;
	return strchr(", \t", *at) != NULL && weight <= 1 ? weight : 0; /* the text's own end counts */
}

/* The weight of one element, 1 when none is given. */
static double weight_of(const char *element, size_t size)
{
	const char *semicolon = memchr(element, ';', size);
	if (semicolon == NULL)
		return 1;
	const char *q = semicolon + 1 + strspn(semicolon + 1, " \t");
	return strncasecmp(q, "q=", 2) == 0 ? qvalue(q + 2) : 0;
}

static bool names(const char *element, size_t size, const char *coding)
{
	size_t length = strcspn(element, ";, \t");
	return length <= size && length == strlen(coding) && strncasecmp(element, coding, length) == 0;
}

enum coding coding_of(const char *value)
{
	double gzip = 0, zstd = 0;
	for (const char *at = value != NULL ? value : ""; *at != '\0';) {
		at += strspn(at, ", \t");
		size_t size = strcspn(at, ",");
		if (names(at, size, "gzip") || names(at, size, "x-gzip"))
			gzip = weight_of(at, size);
		else if (names(at, size, "zstd"))
			zstd = weight_of(at, size);
		at += size;
	}
	if (zstd > 0 && zstd >= gzip)
		return CODING_ZSTD;
	return gzip > 0 ? CODING_GZIP : CODING_NONE;
}

static bool is_text(const char *type)
{
	static const char *const starts[] = {"text/",
										 "application/json",
										 "application/problem+json",
										 "application/x-ndjson",
										 "application/health+json",
										 "application/schema+json",
										 "image/svg+xml"};
	for (size_t i = 0; type != NULL && i < sizeof starts / sizeof *starts; i++)
		if (strncmp(type, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* Secrets and what a stranger sent, compressed together, tell of each other by their length (BREACH). */
static bool holds_secrets(const struct exchange *x)
{
	return x->match.route != NULL && strstr(x->match.route->path, "/auth/") != NULL;
}

bool squeeze_wanted(struct exchange *x)
{
	const struct answer *answer = &x->answer;
	if (x->stream != NULL || answer->body.size < LEAST_BYTES || !is_text(answer->type) || holds_secrets(x) ||
		answer->status == 206 || answer_has(answer, "Content-Encoding") || answer_has(answer, "Accept-Ranges"))
		return false;
	exchange_set(x, "Vary", "Accept-Encoding");
	return coding_of(exchange_header(x, "accept-encoding")) != CODING_NONE;
}

static bool gzip(const struct buf *body, struct buf *out)
{
	z_stream z = {.next_in = (unsigned char *)body->bytes, .avail_in = (uInt)body->size};
	if (body->size > UINT32_MAX ||
		deflateInit2(&z, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	uLong room = deflateBound(&z, z.avail_in);
	z.next_out = (unsigned char *)buf_extend(out, room);
	z.avail_out = (uInt)room;
	bool whole = z.next_out != NULL && room <= UINT32_MAX && deflate(&z, Z_FINISH) == Z_STREAM_END;
	out->size = z.total_out;
	deflateEnd(&z);
	return whole;
}

static bool zstd(const struct buf *body, struct buf *out)
{
	size_t room = ZSTD_compressBound(body->size);
	char *bytes = buf_extend(out, room);
	size_t size = bytes != NULL ? ZSTD_compress(bytes, room, body->bytes, body->size, ZSTD_LEVEL) : 0;
	if (bytes == NULL || ZSTD_isError(size))
		return false;
	out->size = size;
	return true;
}

void squeeze(struct exchange *x)
{
	enum coding coding = coding_of(exchange_header(x, "accept-encoding"));
	struct buf out, *body = &x->answer.body;
	buf_init(&out, 0);
	bool done = coding == CODING_ZSTD ? zstd(body, &out) : gzip(body, &out);
	if (!done || out.size >= body->size) {
		buf_fini(&out);
		return;
	}
	buf_fini(body);
	*body = out;
	exchange_set(x, "Content-Encoding", coding == CODING_ZSTD ? "zstd" : "gzip");
}
