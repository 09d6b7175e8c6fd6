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
#include "link/clamd.h"

/* --- a scanner that stands in --- */

static struct stand_in {
	int listener;
	char address[32];
	const char *says; /* NULL: nothing, and it waits for the end */
	size_t limit;     /* it speaks after so many bytes of pieces */
	unsigned char got[200000];
	size_t size;
	pthread_t thread;
} scanner;

static void *serve(void *self)
{
	struct stand_in *s = self;
	int fd = accept(s->listener, NULL, NULL);
	ssize_t got;
	while (s->size < s->limit && (got = read(fd, s->got + s->size, s->limit - s->size)) > 0)
		s->size += (size_t)got;
	if (s->says != NULL)
		assert_int_equal(write(fd, s->says, strlen(s->says) + 1), strlen(s->says) + 1);
	else
		while (read(fd, s->got, 1) > 0)
			;
	close(fd);
	return NULL;
}

static void start(const char *says, size_t limit)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof in;
	scanner = (struct stand_in){.says = says, .limit = limit, .listener = socket(AF_INET, SOCK_STREAM, 0)};
	assert_int_equal(bind(scanner.listener, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(scanner.listener, 1), 0);
	assert_int_equal(getsockname(scanner.listener, (struct sockaddr *)&in, &size), 0);
	snprintf(scanner.address, sizeof scanner.address, "tcp:127.0.0.1:%d", ntohs(in.sin_port));
	assert_int_equal(pthread_create(&scanner.thread, NULL, serve, &scanner), 0);
}

static void stop(void)
{
	close(scanner.listener);
	pthread_join(scanner.thread, NULL);
}

static _Atomic bool given_up;

struct bytes {
	size_t size, fail_at;
};

static bool give(void *self, int64_t offset, void *bytes, size_t size, size_t *got, struct err *err)
{
	const struct bytes *b = self;
	if (b->fail_at > 0 && (size_t)offset >= b->fail_at)
		return err_set(err, ERR_IO, "cannot read");
	*got = b->size - (size_t)offset < size ? b->size - (size_t)offset : size;
	memset(bytes, 'x', *got);
	return true;
}

static bool scan(struct bytes *b, int timeout_ms, struct clamd_answer *answer, struct err *err)
{
	const struct clamd_source source = {.read = give, .self = b, .give_up = &given_up};
	return clamd_scan(scanner.address, &source, timeout_ms, answer, err);
}

/* --- tests --- */

/* [P-9.4] clamd(8), INSTREAM: the command, pieces with their length in network order, an empty piece. */
static void test_pieces(void **state)
{
	struct bytes b = {.size = 65536 + 3};
	struct clamd_answer answer;
	struct err err;
	(void)state;
	start("stream: OK", 10 + 4 + 65536 + 4 + 3 + 4);
	assert_true(scan(&b, 10000, &answer, &err));
	stop();
	assert_int_equal(answer.verdict, CLAMD_CLEAN);
	assert_memory_equal(scanner.got, "zINSTREAM\0\0\1\0\0x", 15);
	assert_memory_equal(scanner.got + 14 + 65536, "\0\0\0\3xxx\0\0\0\0", 11);
}

static void test_verdicts(void **state)
{
	struct bytes b = {.size = 1};
	struct clamd_answer answer;
	struct err err;
	(void)state;
	start("stream: Eicar-Signature FOUND", 19);
	assert_true(scan(&b, 10000, &answer, &err));
	stop();
	assert_int_equal(answer.verdict, CLAMD_INFECTED);
	assert_string_equal(answer.detail, "Eicar-Signature");
	start("hello", 19);
	assert_false(scan(&b, 10000, &answer, &err));
	stop();
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

/* It has a limit of its own, says so and hangs up while we still send. */
static void test_refuses_midway(void **state)
{
	struct bytes b = {.size = 50 << 20};
	struct clamd_answer answer = {.verdict = CLAMD_CLEAN};
	struct err err = {.kind = ERR_NONE};
	(void)state;
	start("INSTREAM size limit exceeded. ERROR", 100000);
	if (scan(&b, 10000, &answer, &err)) {
		assert_int_equal(answer.verdict, CLAMD_REFUSED);
		assert_string_equal(answer.detail, "INSTREAM size limit exceeded.");
	} else {
		assert_int_equal(err.kind, ERR_UNAVAILABLE); /* the kernel may drop what was said with the connection */
	}
	stop();
}

static void test_failures(void **state)
{
	struct bytes b = {.size = 200000, .fail_at = 65536}, one = {.size = 1};
	struct clamd_answer answer;
	struct err err;
	(void)state;
	start(NULL, 1 << 17);
	assert_false(scan(&b, 10000, &answer, &err));
	stop();
	assert_int_equal(err.kind, ERR_IO);
	start(NULL, 19);
	assert_false(scan(&one, 100, &answer, &err));
	stop();
	assert_int_equal(err.kind, ERR_DEADLINE);
	given_up = true;
	start(NULL, 19);
	assert_false(scan(&one, 10000, &answer, &err));
	stop();
	given_up = false;
	assert_int_equal(err.kind, ERR_DRAINING);
	assert_false(scan(&one, 1000, &answer, &err)); /* nobody listens any more */
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
}

static void test_understands(void **state)
{
	static const struct {
		const char *said;
		int verdict; /* -1: not understood */
		const char *detail;
	} rows[] = {
		{"stream: OK", CLAMD_CLEAN, ""},
		{"stream: Win.Test.EICAR_HDB-1 FOUND", CLAMD_INFECTED, "Win.Test.EICAR_HDB-1"},
		{"stream: a\nb FOUND", CLAMD_INFECTED, "ab"},
		{"stream: OK FOUND", CLAMD_INFECTED, "OK"},
		{"INSTREAM size limit exceeded. ERROR", CLAMD_REFUSED, "INSTREAM size limit exceeded."},
		{"UNKNOWN COMMAND", -1, NULL},
		{"stream: ", -1, NULL},
		{"stream: OKAY", -1, NULL},
		{"stream:  FOUND", -1, NULL},
		{"OK", -1, NULL},
		{"", -1, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct clamd_answer answer;
		assert_int_equal(clamd_understand(rows[i].said, strlen(rows[i].said), &answer), rows[i].verdict >= 0);
		if (rows[i].verdict >= 0) {
			assert_int_equal(answer.verdict, rows[i].verdict);
			assert_string_equal(answer.detail, rows[i].detail);
		}
	}
}

static void test_addresses(void **state)
{
	(void)state;
	static const char *const good[] = {"unix:/run/clamav/clamd.ctl", "tcp:localhost:3310", "tcp:[::1]:3310"};
	static const char *const bad[] = {"",          "unix:",        "tcp:",     "tcp:localhost", "tcp::3310",
									  "tcp:a:b",   "tcp:::1:3310", "tcp:[]:1", "tcp:a:123456",  "http://a",
									  "/run/clamd"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(clamd_address_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (clamd_address_valid(bad[i]))
			fail_msg("%s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pieces),   cmocka_unit_test(test_verdicts),    cmocka_unit_test(test_refuses_midway),
		cmocka_unit_test(test_failures), cmocka_unit_test(test_understands), cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
