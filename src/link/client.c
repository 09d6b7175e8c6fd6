#include "link/client.h"

#include "core/buf.h"
#include "core/err.h"
#include "link/curl.h"
#include "link/ready.h"

static size_t take(char *bytes, size_t size, size_t count, void *self)
{
	struct buf *body = self;
	buf_add(body, bytes, size * count);
	return buf_ok(body) ? size * count : 0;
}

static enum err_kind kind_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_DEADLINE;
	case CURLE_WRITE_ERROR:
		return ERR_LIMIT;
	default:
		return ERR_UNAVAILABLE;
	}
}

static void set_request(CURL *curl, const struct client_request *request, struct buf *body)
{
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
	if (request->socket != NULL)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, request->socket);
	if (request->body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_size);
	}
}

bool client_ask(const struct client_request *request, int *status, struct buf *body, struct err *err)
{
	if (!curl_ready(err))
		return false;
	CURL *curl = curl_easy_init();
	if (curl == NULL)
		return err_set(err, ERR_LIMIT, "no memory for a request");
	struct curl_slist *headers =
		request->body != NULL ? curl_slist_append(NULL, "Content-Type: application/json") : NULL;
	for (const char *const *header = request->headers; header != NULL && *header != NULL; header++)
		headers = curl_slist_append(headers, *header);
	body->limit = request->limit;
	set_request(curl, request, body);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	CURLcode code = curl_easy_perform(curl);
	long answered = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answered);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK)
		return err_set(err, kind_of(code), "%s: %s", request->url, curl_easy_strerror(code));
	*status = (int)answered;
	return true;
}
