#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expr/jail.h"

enum { REFUSED, ALLOWED, JAIL_FAILED };

/* In a child that shut the jail: 0 the call was refused, 1 it was not. */
static int in_jail(bool (*attempt)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct jail jail;
		if (!jail_enter(&jail) || !jail_allow(&jail, 64 << 20))
			_exit(JAIL_FAILED);
		_exit(attempt() ? ALLOWED : REFUSED);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static bool opens_a_file(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0;
}

static bool looks_at_a_file(void)
{
	struct stat seen;
	return stat("/etc/passwd", &seen) == 0 || access("/", F_OK) == 0;
}

static bool writes_a_file(void)
{
	return creat("/tmp/countersign-jail", 0600) >= 0 || mkdir("/tmp/countersign-jail.d", 0700) == 0;
}

static bool opens_a_socket(void)
{
	int pair[2];
	return socket(AF_INET, SOCK_STREAM, 0) >= 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0;
}

static bool forks(void)
{
	pid_t child = fork();
	if (child == 0)
		_exit(0);
	return child > 0;
}

static bool clones(void)
{
	return syscall(SYS_clone, SIGCHLD | 0x00010000, NULL, NULL, NULL, NULL) >= 0 || syscall(SYS_vfork) >= 0;
}

static bool executes(void)
{
	char *const arguments[] = {NULL};
	return execve("/bin/true", arguments, arguments) == 0;
}

static bool signals_another(void)
{
	return kill(getppid(), 0) == 0 || syscall(SYS_tgkill, 1, 1, 0) == 0 || syscall(SYS_kill, 1, 0) == 0;
}

static bool traces(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0) == 0;
}

static bool maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool makes_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page == MAP_FAILED || mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool lifts_a_limit(void)
{
	struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	return setrlimit(RLIMIT_NOFILE, &none) == 0 || setrlimit(RLIMIT_FSIZE, &none) == 0;
}

static bool opens_other_doors(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL) >= 0 || syscall(SYS_memfd_create, "x", 0) >= 0 ||
		   syscall(SYS_bpf, 0, NULL, 0) >= 0 || syscall(SYS_unshare, 0) == 0 || syscall(SYS_dup, 0) >= 0 ||
		   syscall(SYS_getppid) >= 0 || syscall(SYS_pidfd_open, 1, 0) >= 0;
}

static void test_refuses(void **state)
{
	(void)state;
	bool (*const attempts[])(void) = {
		opens_a_file, looks_at_a_file, writes_a_file,     opens_a_socket, forks,
		clones,       executes,        signals_another,   traces,         maps_code,
		makes_code,   lifts_a_limit,   opens_other_doors,
	};
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		int said = in_jail(attempts[i]);
		if (said != REFUSED)
			fail_msg("attempt %zu: %d", i, said);
	}
}

static bool works(void)
{
	char *memory = malloc(8 << 20);
	if (memory == NULL)
		return false;
	memset(memory, 1, 8 << 20);
	char last = memory[(8 << 20) - 1];
	free(memory);
	return last == 1;
}

/* The tests above would hold in a jail in which nothing works at all. */
static void test_allows(void **state)
{
	(void)state;
	assert_int_equal(in_jail(works), ALLOWED);
}

static bool spins(void)
{
	jail_hurry(20);
	volatile bool for_ever = true;
	while (for_ever)
		;
	return true;
}

static void test_hurries(void **state)
{
	(void)state;
	assert_int_equal(in_jail(spins), 1000 + SIGPROF);
}

static bool aborts(void)
{
	abort();
}

static void test_ends(void **state)
{
	(void)state;
	assert_int_equal(in_jail(aborts), 1000 + SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_allows),
		cmocka_unit_test(test_hurries),
		cmocka_unit_test(test_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
