#include "expr/jail.h"

#include <errno.h>
#include <malloc.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(SANITIZED)
enum { MEMORY_IS_COUNTED = 0 }; /* a sanitizer maps terabytes and has an allocator of its own */
#else
enum { MEMORY_IS_COUNTED = 1 };
#endif

static const int allowed[] = {
	SCMP_SYS(read),         SCMP_SYS(write),          SCMP_SYS(brk),
	SCMP_SYS(munmap),       SCMP_SYS(mremap),         SCMP_SYS(madvise),
	SCMP_SYS(futex),        SCMP_SYS(exit),           SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
	SCMP_SYS(sigaltstack),  SCMP_SYS(setitimer),      SCMP_SYS(getpid),
	SCMP_SYS(gettid),       SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday),
	SCMP_SYS(sched_yield),
};

/* The kernel counts private writable pages as data; what malloc holds is a part of them. */
static size_t data_bytes(void)
{
	unsigned long size, resident, shared, text, lib, data;
	FILE *file = fopen("/proc/self/statm", "re");
	if (file == NULL)
		return 0;
	int got = fscanf(file, "%lu %lu %lu %lu %lu %lu", &size, &resident, &shared, &text, &lib, &data);
	fclose(file);
	return got == 6 ? data * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

static size_t malloc_bytes(void)
{
	struct mallinfo2 info = mallinfo2();
	return info.arena + info.hblkhd;
}

static bool limit(__rlimit_resource_t what, rlim_t most)
{
	return setrlimit(what, &(struct rlimit){.rlim_cur = most, .rlim_max = most}) == 0;
}

static bool allow_calls(scmp_filter_ctx filter)
{
	bool ok = true;
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	/* memory without a file and without code */
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
								SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0;
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
								SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	/* its own limit of memory, and abort() */
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0),
								SCMP_A1(SCMP_CMP_EQ, RLIMIT_DATA)) == 0;
	return ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
								  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid())) == 0;
}

static bool filter_calls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (filter == NULL)
		return false;
	bool ok = allow_calls(filter) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok;
}

bool jail_enter(struct jail *jail)
{
	size_t data = data_bytes(), taken = malloc_bytes();
	jail->base = data > taken ? data - taken : 0;
	return data > 0 && prctl(PR_SET_DUMPABLE, 0) == 0 && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
		   limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, 0) && limit(RLIMIT_MEMLOCK, 0) && filter_calls();
}

bool jail_allow(const struct jail *jail, size_t bytes)
{
	struct rlimit most;
	if (!MEMORY_IS_COUNTED)
		return true;
	if (getrlimit(RLIMIT_DATA, &most) != 0)
		return false;
	most.rlim_cur = jail->base + malloc_bytes() + bytes;
	return setrlimit(RLIMIT_DATA, &most) == 0;
}

bool jail_hurry(unsigned ms)
{
	struct timeval time = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
	return setitimer(ITIMER_PROF, &(struct itimerval){.it_value = time}, NULL) == 0;
}
