#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/err.h"
#include "link/mail.h"

/* --- a server of mail that stands in for one connection --- */

static struct stand_in {
	int listener;
	char url[64];
	const char *refuses, *says; /* the command that gets this answer instead of a good one */
	char heard[8192];
	size_t size;
	pthread_t thread;
} server;

static void say(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static const char *good_answer(const char *line)
{
	if (strncmp(line, "DATA", 4) == 0)
		return "354 go on\r\n";
	return strncmp(line, "QUIT", 4) == 0 ? "221 bye\r\n" : "250 fine\r\n";
}

static bool answer(int fd, const char *line, bool *data)
{
	bool refused = server.refuses != NULL && strncmp(line, server.refuses, strlen(server.refuses)) == 0;
	say(fd, refused ? server.says : good_answer(line));
	*data = !refused && strncmp(line, "DATA", 4) == 0;
	return strncmp(line, "QUIT", 4) != 0;
}

static void *serve(void *self)
{
	int fd = accept(server.listener, NULL, NULL);
	FILE *in = fdopen(fd, "r");
	char line[1024];
	bool data = false;
	(void)self;
	say(fd, "220 stand-in\r\n");
	while (fgets(line, sizeof line, in) != NULL) {
		server.size += (size_t)snprintf(server.heard + server.size, sizeof server.heard - server.size, "%s", line);
		if (data && strcmp(line, ".\r\n") != 0)
			continue;
		if (!answer(fd, data ? "end" : line, &data))
			break;
	}
	fclose(in);
	return NULL;
}

static void start(const char *refuses, const char *says)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof in;
	server = (struct stand_in){.refuses = refuses, .says = says, .listener = socket(AF_INET, SOCK_STREAM, 0)};
	assert_int_equal(bind(server.listener, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(server.listener, 1), 0);
	assert_int_equal(getsockname(server.listener, (struct sockaddr *)&in, &size), 0);
	snprintf(server.url, sizeof server.url, "smtp://127.0.0.1:%d", ntohs(in.sin_port));
	assert_int_equal(pthread_create(&server.thread, NULL, serve, NULL), 0);
}

static void stop(void)
{
	pthread_join(server.thread, NULL);
	close(server.listener);
}

static bool send_one(const char *text, struct err *err)
{
	const struct mail_server to = {.url = server.url, .from = "robot@sign.example"};
	return mail_send(&to, "ada@else.example", text, strlen(text), err);
}

/* --- tests --- */

/* RFC 5321 4.1.1, 4.5.2: the envelope, and a line that begins with a dot gets another. */
static void test_sends(void **state)
{
	struct err err;
	(void)state;
	start(NULL, NULL);
	if (!send_one("Subject: x\r\n\r\nOne\r\n.\r\n.two\r\n", &err))
		fail_msg("%s", err.message);
	stop();
	assert_non_null(strstr(server.heard, "MAIL FROM:<robot@sign.example>"));
	assert_non_null(strstr(server.heard, "RCPT TO:<ada@else.example>\r\n"));
	assert_non_null(strstr(server.heard, "Subject: x\r\n\r\nOne\r\n..\r\n..two\r\n.\r\n"));
}

static void test_refusals(void **state)
{
	static const struct {
		const char *refuses, *says;
		enum err_kind kind;
	} rows[] = {
		{"RCPT", "550 no such user\r\n", ERR_INVALID},
		{"MAIL", "553 not you\r\n", ERR_INVALID},
		{"end", "554 spam\r\n", ERR_INVALID},
		{"RCPT", "450 grey\r\n", ERR_UNAVAILABLE},
		{"end", "452 disk is full\r\n", ERR_UNAVAILABLE},
		{"MAIL", "530 log in\r\n", ERR_UNAVAILABLE},
		{"DATA", "421 good night\r\n", ERR_UNAVAILABLE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err err = {.kind = ERR_NONE};
		start(rows[i].refuses, rows[i].says);
		assert_false(send_one("Subject: x\r\n\r\nOne\r\n", &err));
		stop();
		if (err.kind != rows[i].kind)
			fail_msg("%s: %s: %s", rows[i].refuses, rows[i].says, err.message);
	}
}

static void test_nobody_there(void **state)
{
	struct err err;
	struct mail_server to = {.url = "smtp://127.0.0.1:1", .from = "robot@sign.example"};
	(void)state;
	assert_false(mail_send(&to, "ada@else.example", "x", 1, &err));
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(mail_ping(&to, &err));
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(mail_send(&to, "ada@else.example>\r\nRCPT TO:<eve@else.example", "x", 1, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	start(NULL, NULL);
	to.url = server.url;
	assert_true(mail_ping(&to, &err));
	stop();
	assert_non_null(strstr(server.heard, "NOOP\r\n"));
}

/* A server that offers no TLS gets no mail where TLS is wanted. */
static void test_tls_wanted(void **state)
{
	struct err err;
	(void)state;
	start(NULL, NULL);
	const struct mail_server to = {.url = server.url, .from = "robot@sign.example", .tls = true};
	assert_false(mail_send(&to, "ada@else.example", "secret", 6, &err));
	stop();
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_null(strstr(server.heard, "secret"));
	assert_null(strstr(server.heard, "RCPT"));
}

static void test_forms(void **state)
{
	static const char *const urls[] = {"smtp://localhost", "smtps://mail.example:465", "smtp://me@[::1]:587"};
	static const char *const no_urls[] = {"",       "smtp://",    "http://mail.example", "mail.example:25",
										  "smtp:x", "smtp://a b", "smtp://:25",          "smtp://[::1"};
	static const char *const good[] = {"a@b", "a.b+c@d.example", "\xc3\xa9@d.example"};
	static const char *const bad[] = {"", "a", "@b", "a@", "a@b@c", "a b@c", "a\n@c", "<a@b>", "a@b,c", "\xff@b"};
	(void)state;
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_true(mail_url_valid(urls[i]));
	for (size_t i = 0; i < sizeof no_urls / sizeof *no_urls; i++)
		if (mail_url_valid(no_urls[i]))
			fail_msg("%s", no_urls[i]);
	assert_true(mail_url_tells("smtp://me:secret@mail.example:587"));
	assert_false(mail_url_tells("smtp://me@mail.example:587"));
	assert_false(mail_url_tells("smtp://[::1]:587"));
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(mail_address_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (mail_address_valid(bad[i]))
			fail_msg("%s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sends),      cmocka_unit_test(test_refusals), cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_tls_wanted), cmocka_unit_test(test_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
