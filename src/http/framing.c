#include "http/framing.h"

#include <string.h>
#include <strings.h>

#include "http/chars.h"
#include "http/gate.h"

static bool refuse(struct err *err, const char *message)
{
	return err_set(err, ERR_REQUEST_MALFORMED, "%s", message);
}

/* An http URI with an empty host is invalid (RFC 9110 4.2.1), and the target's URI is made with this one. */
static bool check_host(const struct head *head, struct err *err)
{
	size_t count = head_count(head, "host");
	if (count > 1 || (count == 0 && head->minor > 0))
		return refuse(err, "A request has exactly one Host header.");
	const char *host = head_get(head, "host");
	if (host != NULL && (*host == '\0' || !chars_all(host, strlen(host), CHAR_HOST)))
		return refuse(err, "The Host header is not a host and port.");
	return true;
}

static bool check_length(struct head *head, struct err *err)
{
	head->content_length = -1;
	if (head_count(head, "content-length") > 1)
		return refuse(err, "Content-Length is there twice.");
	const char *value = head_get(head, "content-length");
	if (value == NULL)
		return true;
	size_t digits = strlen(value);
	if (digits == 0 || digits > GATE_LENGTH_DIGITS || !chars_all(value, digits, CHAR_DIGIT))
		return refuse(err, "Content-Length is not a number of 1 to 18 digits.");
	int64_t length = 0;
	for (; *value != '\0'; value++)
		length = length * 10 + (*value - '0');
	head->content_length = length;
	return true;
}

static bool check_encoding(struct head *head, struct err *err)
{
	size_t count = head_count(head, "transfer-encoding");
	head->chunked = count > 0;
	if (count == 0)
		return true;
	if (count > 1 || strcasecmp(head_get(head, "transfer-encoding"), "chunked") != 0)
		return refuse(err, "The only Transfer-Encoding is chunked, once.");
	if (head->minor == 0)
		return refuse(err, "HTTP/1.0 has no Transfer-Encoding.");
	if (head->content_length >= 0)
		return refuse(err, "Content-Length and Transfer-Encoding exclude each other.");
	return true;
}

/* RFC 9110 10.1.1: an expectation of a HTTP/1.0 client is ignored. */
static bool check_expect(struct head *head, struct err *err)
{
	size_t count = head_count(head, "expect");
	head->expects_continue = false;
	if (count == 0 || head->minor == 0)
		return true;
	if (count > 1 || strcasecmp(head_get(head, "expect"), "100-continue") != 0)
		return err_set(err, ERR_EXPECTATION_FAILED, "The only expectation that can be met is 100-continue.");
	head->expects_continue = true;
	return true;
}

static bool check_single(const struct head *head, struct err *err)
{
	static const char *const single[] = {"authorization", "content-type", "content-encoding", "idempotency-key"};
	for (size_t i = 0; i < sizeof single / sizeof *single; i++)
		if (head_count(head, single[i]) > 1)
			return err_set(err, ERR_HEADER_INVALID, "The header %s is there twice.", single[i]);
	return true;
}

static bool closes(const struct head *head)
{
	for (size_t i = 0; i < head->header_count; i++)
		if (strcmp(head->headers[i].name, "connection") == 0 && head_lists(head->headers[i].value, "close"))
			return true;
	return head->minor == 0;
}

bool framing_check(struct head *head, struct err *err)
{
	head->close = closes(head);
	return check_host(head, err) && check_length(head, err) && check_encoding(head, err) && check_single(head, err) &&
		   check_expect(head, err);
}
