#include "link/asking.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/err.h"
#include "core/must.h"

enum { CONNECT_MS = 5000 };

/* --- addresses --- */

struct range4 {
	uint32_t base;
	int bits;
};

/* REF: RFC 6890 (special-purpose addresses), RFC 6598 (shared), RFC 1112 (multicast) */
static bool special4(uint32_t address)
{
	static const struct range4 ranges[] = {
		{0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
		{0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0586300, 24}, {0xc0a80000, 16},
		{0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3},
	};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if ((address ^ ranges[i].base) >> (32 - ranges[i].bits) == 0)
			return true;
	return false;
}

static uint32_t last_four(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/*
 * REF: RFC 4291 (mapped, compatible, loopback, link-local, multicast), RFC 4193 (unique local), RFC 6052, RFC 3056;
 * RFC 8215 (a network's own translation to IPv4); RFC 2928 (Teredo and other tunnels); RFC 3849; RFC 6666
 */
static bool special6(const unsigned char b[16])
{
	static const unsigned char zeros[12], mapped[12] = {[10] = 0xff, [11] = 0xff}, nat64[12] = {0, 0x64, 0xff, 0x9b};
	static const unsigned char own_nat64[6] = {0, 0x64, 0xff, 0x9b, 0, 1}, example[4] = {0x20, 0x01, 0x0d, 0xb8};
	static const unsigned char nowhere[8] = {0x01};
	if (memcmp(b, zeros, 12) == 0)
		return true; /* unspecified, loopback, the old IPv4-compatible form */
	if (memcmp(b, mapped, 12) == 0 || memcmp(b, nat64, 12) == 0)
		return special4(last_four(b + 12));
	if (b[0] == 0x20 && b[1] == 0x02)
		return special4(last_four(b + 2));
	if (memcmp(b, own_nat64, 6) == 0 || memcmp(b, example, 4) == 0 || memcmp(b, nowhere, 8) == 0 ||
		(b[0] == 0x20 && b[1] == 0x01 && b[2] < 2)) /* 2001::/23 */
		return true;
	return (b[0] & 0xfe) == 0xfc || b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0x80) != 0);
}

static bool special(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return special4(ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return special6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
	return true;
}

/* --- one request --- */

static curl_socket_t open_socket(void *self, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct asking *asking = self;
	(void)purpose;
	if (!asking->trusted && special(&address->addr)) {
		asking->answer->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/*
 * A connection of an earlier request may be closed just now.  libcurl would send on another one what may have been
 * carried out: it is sent once, and whether again is for the caller to say [flow.md 3.1].
 */
static int about_to_send(void *self, char *there, char *here, int there_port, int here_port)
{
	struct asking *asking = self;
	(void)there, (void)here, (void)there_port, (void)here_port;
	return ++asking->sendings == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *self)
{
	struct buf *body = self;
	buf_add(body, bytes, size * count);
	return buf_ok(body) ? size * count : 0;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *self)
{
	struct outgoing_answer *answer = self;
	size_t length = size * count;
	while (length > 0 && (bytes[length - 1] == '\r' || bytes[length - 1] == '\n'))
		length--;
	if (length >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		buf_reset(&answer->headers); /* of an interim answer, or of a challenge */
	} else if (length > 0) {
		buf_add(&answer->headers, bytes, length);
		buf_addc(&answer->headers, '\n');
	}
	return size * count;
}

static int look_up(void *self, curl_off_t down, curl_off_t downloaded, curl_off_t up, curl_off_t uploaded)
{
	const struct asking *asking = self;
	(void)down, (void)downloaded, (void)up, (void)uploaded;
	return asking->request->given_up != NULL && asking->request->given_up(asking->request->self);
}

static struct curl_slist *header_list(const struct asking *asking)
{
	struct curl_slist *list = NULL;
	bool typed = false;
	for (const char *const *header = asking->request->headers; header != NULL && *header != NULL; header++) {
		list = curl_slist_append(list, *header);
		typed = typed || strncasecmp(*header, "Content-Type:", 13) == 0;
	}
	if (asking->host != NULL)
		list = curl_slist_append(list, asking->host);
	list = curl_slist_append(list, "Expect:");
	if (!typed)
		list = curl_slist_append(list, "Content-Type:");
	return list;
}

void asking_set_up(struct asking *asking, CURL *curl)
{
	const struct outgoing_request *request = asking->request;
	curl_easy_setopt(curl, CURLOPT_URL, asking->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "countersign");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS); /* [P-10.4] */
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &asking->answer->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, asking->answer);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, asking);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_up);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, asking);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	asking->headers = header_list(asking);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, asking->headers);
	if (request->body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
	}
	if (strcmp(request->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	if (request->digest_user == NULL) {
		curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, about_to_send);
		curl_easy_setopt(curl, CURLOPT_PREREQDATA, asking);
	} else { /* asks for a challenge first */
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_DIGEST);
		curl_easy_setopt(curl, CURLOPT_USERNAME, request->digest_user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, request->digest_password);
	}
}

/* In messages, which are stored, logged and shown. */
static const char *name_of(const struct outgoing_request *request)
{
	return request->name != NULL ? request->name : request->url;
}

static bool tell(CURLcode code, const struct asking *asking, struct err *err)
{
	const char *url = name_of(asking->request);
	if (asking->answer->refused)
		return err_set(err, ERR_FORBIDDEN, "%s: the address is not allowed", url);
	if (asking->sendings > 1)
		return err_set(err, ERR_UNAVAILABLE, "%s: the connection was closed before an answer came", url);
	switch (code) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return err_set(err, ERR_INVALID, "%s: no URL of http or https", url);
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_ABORTED_BY_CALLBACK:
		return err_set(err, ERR_DEADLINE, "%s: no answer in time", url);
	case CURLE_WRITE_ERROR:
		return err_set(err, ERR_LIMIT, "%s: the answer is longer than %zu bytes", url, asking->request->limit);
	default:
		return err_set(err, ERR_UNAVAILABLE, "%s: %s", url, curl_easy_strerror(code));
	}
}

bool asking_end(struct asking *asking, CURL *curl, CURLcode code, struct err *err)
{
	struct outgoing_answer *answer = asking->answer;
	long status = 0, sent = 0;
	char *type = NULL;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	snprintf(answer->content_type, sizeof answer->content_type, "%s", type == NULL ? "" : type);
	answer->status = (int)status;
	answer->sent = sent > 0 || asking->sendings > 1;
	return code == CURLE_OK || tell(code, asking, err);
}

/* --- where to --- */

static const struct outgoing_map *map_of(const struct outgoing *outgoing, const char *host)
{
	for (size_t i = 0; i < outgoing->maps_count; i++)
		if (strcasecmp(outgoing->maps[i].host, host) == 0)
			return &outgoing->maps[i];
	return NULL;
}

static bool is_allowed(const struct outgoing *outgoing, const char *host)
{
	for (size_t i = 0; i < outgoing->allowed_count; i++)
		if (strcmp(outgoing->allowed[i], "*") == 0 || strcasecmp(outgoing->allowed[i], host) == 0)
			return true;
	return false;
}

static bool redirect_to_map(CURLU *url, const struct outgoing_map *map, const char *host, struct asking *asking)
{
	char address[256], line[300];
	snprintf(address, sizeof address, "%s", map->address);
	char *colon = strrchr(address, ':');
	if (colon != NULL)
		*colon = '\0';
	bool good = curl_url_set(url, CURLUPART_SCHEME, "http", 0) == CURLUE_OK &&
				curl_url_set(url, CURLUPART_HOST, address, 0) == CURLUE_OK &&
				curl_url_set(url, CURLUPART_PORT, colon == NULL ? NULL : colon + 1, 0) == CURLUE_OK;
	snprintf(line, sizeof line, "Host: %s", host);
	asking->host = strdup(line);
	asking->trusted = true;
	return good && asking->host != NULL;
}

static bool place(const struct outgoing *outgoing, struct asking *asking, struct err *err)
{
	CURLU *url = curl_url();
	char *host = NULL, *whole = NULL;
	must(url != NULL);
	bool good = curl_url_set(url, CURLUPART_URL, asking->request->url, 0) == CURLUE_OK &&
				curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK;
	const struct outgoing_map *map = good ? map_of(outgoing, host) : NULL;
	if (map != NULL)
		good = redirect_to_map(url, map, host, asking);
	else if (good)
		asking->trusted = is_allowed(outgoing, host);
	good = good && curl_url_get(url, CURLUPART_URL, &whole, 0) == CURLUE_OK;
	asking->url = good ? strdup(whole) : NULL;
	curl_free(whole);
	curl_free(host);
	curl_url_cleanup(url);
	return good || err_set(err, ERR_INVALID, "%s: no URL of http or https", name_of(asking->request));
}

bool asking_init(struct asking *asking, const struct outgoing *outgoing, const struct outgoing_request *request,
				 struct outgoing_answer *answer, struct err *err)
{
	*asking = (struct asking){.request = request, .answer = answer};
	answer->body.limit = request->limit;
	return place(outgoing, asking, err);
}

void asking_fini(struct asking *asking)
{
	if (asking->headers != NULL)
		curl_slist_free_all(asking->headers);
	free(asking->url);
	free(asking->host);
}
