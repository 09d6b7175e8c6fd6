#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/notify.h"
#include "core/scratch.h"

static int listen_at(const char *path, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, size);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
	return fd;
}

static void must_hear(int fd, const char *state)
{
	char text[64] = "";
	assert_true(notify_send(state));
	ssize_t size = recv(fd, text, sizeof text - 1, 0);
	assert_int_equal(size, strlen(state));
	assert_string_equal(text, state);
	close(fd);
}

static void a_socket_in_the_file_system_hears_it(void **state)
{
	(void)state;
	char folder[SCRATCH_PATH], path[300];
	assert_true(scratch_make(folder, "notify", NULL));
	snprintf(path, sizeof path, "%s/notify", folder);
	int fd = listen_at(path, strlen(path));
	setenv("NOTIFY_SOCKET", path, 1);
	must_hear(fd, "READY=1");
	unlink(path);
	rmdir(folder);
	assert_false(notify_send("READY=1")); /* nobody there any more */
}

static void an_abstract_socket_hears_it(void **state)
{
	(void)state;
	char name[64];
	int size = snprintf(name, sizeof name, "@countersign-notify-%d", (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	name[0] = '\0';
	must_hear(listen_at(name, (size_t)size), "STOPPING=1");
}

static void nothing_is_sent_to_nobody(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_false(notify_send("READY=1"));
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_false(notify_send("READY=1"));
	char longest[200];
	memset(longest, 'x', sizeof longest - 1);
	longest[0] = '/';
	longest[sizeof longest - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	assert_false(notify_send("READY=1"));
}

static void the_watchdog_is_fed_twice_in_its_time(void **state)
{
	(void)state;
	char pid[16];
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_watchdog_us(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	assert_int_equal(notify_watchdog_us(), 15000000);
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	assert_int_equal(notify_watchdog_us(), 15000000);
	setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
	assert_int_equal(notify_watchdog_us(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "soon", 1);
	assert_int_equal(notify_watchdog_us(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_in_the_file_system_hears_it),
		cmocka_unit_test(an_abstract_socket_hears_it),
		cmocka_unit_test(nothing_is_sent_to_nobody),
		cmocka_unit_test(the_watchdog_is_fed_twice_in_its_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
