/*
 * Preloaded before a program of ours: each SQL text that it prepares is appended once to the file $SPY_OUT, with a NUL
 * behind it.  So a test sees the statements as the store gets them, whatever pieces they were put together from.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEEN_MAX 16384 /* texts of one program: some 2,000 */

struct sqlite3;
struct sqlite3_stmt;
typedef int prepare_fn(struct sqlite3 *, const char *, int, unsigned, struct sqlite3_stmt **, const char **);
prepare_fn sqlite3_prepare_v3;

static uint64_t hash(const char *text)
{
	uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
	for (; *text != '\0'; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return h | 1;
}

static int is_new(const char *sql)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static uint64_t seen[SEEN_MAX];
	uint64_t h = hash(sql);
	size_t at = h % SEEN_MAX;
	pthread_mutex_lock(&lock);
	while (seen[at] != 0 && seen[at] != h)
		at = (at + 1) % SEEN_MAX;
	int found = seen[at] == h;
	seen[at] = h;
	pthread_mutex_unlock(&lock);
	return !found;
}

static void tell(const char *sql)
{
	const char *path = getenv("SPY_OUT");
	int fd = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	size_t size = strlen(sql) + 1; /* O_APPEND: one write is one record, whoever else writes */
	if (fd < 0 || write(fd, sql, size) != (ssize_t)size)
		abort();
	close(fd);
}

int sqlite3_prepare_v3(struct sqlite3 *db, const char *sql, int size, unsigned flags, struct sqlite3_stmt **stmt,
					   const char **tail)
{
	prepare_fn *next;
	*(void **)&next = dlsym(RTLD_NEXT, "sqlite3_prepare_v3");
	if (is_new(sql))
		tell(sql);
	return next(db, sql, size, flags, stmt, tail);
}
