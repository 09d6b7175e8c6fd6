#include "link/mail.h"

#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/utf8.h"
#include "link/authority.h"
#include "link/curl.h"
#include "link/ready.h"

enum { ADDRESS_MAX = 254, BRACKETED = ADDRESS_MAX + 3 };

/* --- addresses --- */

bool mail_address_valid(const char *address)
{
	size_t size = strlen(address);
	const char *at = strrchr(address, '@');
	if (size > ADDRESS_MAX || at == NULL || at == address || at[1] == '\0' ||
		memchr(address, '@', (size_t)(at - address)))
		return false;
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)address[i] <= 0x20 || address[i] == 0x7f || strchr("<>,;\"\\", address[i]) != NULL)
			return false;
	return utf8_valid(address, size);
}

bool mail_url_valid(const char *url)
{
	char host[AUTHORITY_MAX];
	if (strncmp(url, "smtp://", 7) != 0 && strncmp(url, "smtps://", 8) != 0)
		return false;
	for (const char *at = url; *at != '\0'; at++)
		if ((unsigned char)*at <= 0x20 || *at == 0x7f)
			return false;
	return authority_host(url, host);
}

bool mail_url_tells(const char *url)
{
	const char *from = strstr(url, "://"), *at = from != NULL ? strrchr(from, '@') : NULL;
	return at != NULL && memchr(from + 3, ':', (size_t)(at - from - 3)) != NULL;
}

bool mail_is_here(const char *url)
{
	char host[AUTHORITY_MAX];
	return url != NULL && authority_host(url, host) &&
		   (strncmp(host, "127.", 4) == 0 || strcmp(host, "[::1]") == 0 || strcmp(host, "localhost") == 0);
}

/* --- talking --- */

struct reading {
	const char *at;
	size_t left;
};

static size_t give(char *bytes, size_t size, size_t count, void *self)
{
	struct reading *r = self;
	size_t part = size * count < r->left ? size * count : r->left;
	memcpy(bytes, r->at, part);
	r->at += part;
	r->left -= part;
	return part;
}

static size_t drop(char *bytes, size_t size, size_t count, void *self)
{
	(void)bytes;
	(void)self;
	return size * count;
}

static void set_server(CURL *curl, const struct mail_server *server)
{
	bool login = server->password != NULL || strchr(server->url, '@') != NULL;
	bool must_tls = server->tls || (login && !mail_is_here(server->url));
	curl_easy_setopt(curl, CURLOPT_URL, server->url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)MAIL_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)MAIL_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(must_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	if (mail_is_here(server->url)) { /* its certificate names the machine, if anything */
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
	}
	if (server->password != NULL)
		curl_easy_setopt(curl, CURLOPT_PASSWORD, server->password);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
}

/* A 5yz is for good (RFC 5321 4.2.1), but what is said of a login is said of us and not of the mail. */
static bool is_final(CURLcode code, long said)
{
	bool login = code == CURLE_LOGIN_DENIED || said == 530 || said == 534 || said == 535 || said == 538;
	return said >= 500 && said < 600 && !login;
}

static bool outcome(CURL *curl, CURLcode code, struct err *err)
{
	long said = 0;
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &said);
	if (code == CURLE_OK)
		return true;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, ERR_DEADLINE, "the server of mail does not answer in time");
	if (is_final(code, said))
		return err_set(err, ERR_INVALID, "the server of mail refuses it: it said %ld", said);
	return err_set(err, ERR_UNAVAILABLE, "the server of mail does not take it now: %s (it said %ld)",
				   curl_easy_strerror(code), said);
}

bool mail_send(const struct mail_server *server, const char *to, const char *message, size_t size, struct err *err)
{
	char from[BRACKETED], rcpt[BRACKETED];
	struct reading reading = {message, size};
	if (!mail_address_valid(to))
		return err_set(err, ERR_INVALID, "the address is none to which mail can be sent");
	if (!curl_ready(err))
		return false;
	snprintf(from, sizeof from, "<%s>", server->from);
	snprintf(rcpt, sizeof rcpt, "<%s>", to);
	CURL *curl = curl_easy_init();
	struct curl_slist *list = curl_slist_append(NULL, rcpt);
	if (curl == NULL || list == NULL) {
		curl_slist_free_all(list);
		curl_easy_cleanup(curl);
		return err_set(err, ERR_UNAVAILABLE, "there is no memory for a mail");
	}
	set_server(curl, server);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, list);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	bool sent = outcome(curl, curl_easy_perform(curl), err);
	curl_slist_free_all(list);
	curl_easy_cleanup(curl);
	return sent;
}

bool mail_ping(const struct mail_server *server, struct err *err)
{
	if (!curl_ready(err))
		return false;
	CURL *curl = curl_easy_init();
	if (curl == NULL)
		return err_set(err, ERR_UNAVAILABLE, "there is no memory to ask");
	set_server(curl, server);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)MAIL_PING_MS);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "NOOP");
	bool answered = outcome(curl, curl_easy_perform(curl), err);
	curl_easy_cleanup(curl);
	return answered || (err != NULL && err->kind == ERR_INVALID);
}
