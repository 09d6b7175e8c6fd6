#include "expr/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/env.h"
#include "core/err.h"
#include "core/must.h"

enum {
	CHUNK = 64 * 1024,
	START_MS = 10000,              /* a machine under load loads a program slowly */
	END_TRIES = 100,               /* milliseconds between a closed socket and the end of its process */
	ANSWER_MAX = 64 * 1024 * 1024, /* bytes of a message: far more than output_bytes allows */
};

void process_init(struct process *process, const struct expr_config *config)
{
	*process = (struct process){.config = config, .fd = -1};
	buf_init(&process->in, ANSWER_MAX);
	buf_init(&process->out, 0);
}

void process_fini(struct process *process)
{
	process_stop(process);
	buf_fini(&process->in);
	buf_fini(&process->out);
}

int process_slot(const struct process *process, const char *text, size_t size, uint64_t hash)
{
	for (int i = 0; i < HELPER_SLOTS; i++) {
		const struct slot *slot = &process->slots[i];
		if (slot->text != NULL && slot->hash == hash && slot->size == size && memcmp(slot->text, text, size) == 0)
			return i;
	}
	return -1;
}

void process_drop(struct process *process, int slot)
{
	free(process->slots[slot].text);
	process->slots[slot] = (struct slot){0};
}

int process_claim(struct process *process, const char *text, size_t size, uint64_t hash)
{
	int best = 0;
	for (int i = 0; i < HELPER_SLOTS; i++)
		if (process->slots[i].used < process->slots[best].used)
			best = i;
	process_drop(process, best);
	char *copy = malloc(size + 1);
	must(copy != NULL);
	memcpy(copy, text, size);
	process->slots[best] = (struct slot){.text = copy, .size = size, .hash = hash, .used = ++process->uses};
	return best;
}

/* ---- start */

/*
 * Whatever program opens a pool is what its helpers run: the server, a test, a benchmark.  So the turn into a helper is
 * taken before any main, which then needs to know nothing of it.
 * glibc hands constructors what it hands main.
 */
__attribute__((constructor)) static void become_helper(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[0], HELPER_NAME) == 0 && strcmp(argv[1], HELPER_WORD) == 0)
		_exit(expr_helper());
}

static bool describe(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int fd)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	bool ok = posix_spawn_file_actions_adddup2(actions, fd, HELPER_FD) == 0;
	for (int standard = 0; standard < HELPER_FD; standard++)
		ok = ok && posix_spawn_file_actions_addopen(actions, standard, "/dev/null", O_RDWR, 0) == 0;
	ok = ok && posix_spawn_file_actions_addclosefrom_np(actions, HELPER_FD + 1) == 0;
	/* A group of its own: what a terminal sends to the server is not for the helper, which ends with its socket. */
	return ok && posix_spawnattr_setsigmask(attributes, &none) == 0 &&
		   posix_spawnattr_setsigdefault(attributes, &all) == 0 && posix_spawnattr_setpgroup(attributes, 0) == 0 &&
		   posix_spawnattr_setflags(attributes,
									POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) == 0;
}

static bool spawn(struct process *process, int fd)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char word[] = HELPER_WORD, name[] = HELPER_NAME;
	char *const arguments[] = {name, word, NULL}, *const environment[] = {NULL};
	must(posix_spawn_file_actions_init(&actions) == 0 && posix_spawnattr_init(&attributes) == 0);
	bool ok = describe(&actions, &attributes, fd) &&
			  posix_spawn(&process->pid, process->config->program, &actions, &attributes, arguments, environment) == 0;
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return ok;
}

static bool greet(struct process *process, struct err *err)
{
	struct helper_limits limits = {.memory_bytes = process->config->memory_bytes,
								   .output_bytes = process->config->output_bytes,
								   .cpu_ms = process->config->cpu_ms};
	struct wire_head head;
	const char *content;
	size_t begun = wire_begin(&process->out, WIRE_HELLO, WIRE_VERSION);
	buf_add(&process->out, &limits, sizeof limits);
	wire_end(&process->out, begun);
	if (!process_receive(process, START_MS, &head, &content, NULL))
		return err_set(err, ERR_UNAVAILABLE, "no helper for expressions can be had on this system");
	if (head.op == WIRE_HELLO && head.number == WIRE_VERSION)
		return true;
	process_stop(process);
	return err_set(err, ERR_UNAVAILABLE, "the helper for expressions is of another version");
}

bool process_start(struct process *process, struct err *err)
{
	int pair[2];
	must(process->pid == 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(err, ERR_UNAVAILABLE, "no socket for a helper: %s", strerror(errno));
	bool spawned = spawn(process, pair[1]);
	close(pair[1]);
	if (!spawned) {
		close(pair[0]);
		process->pid = 0;
		return err_set(err, ERR_UNAVAILABLE, "cannot start %s", process->config->program);
	}
	process->fd = pair[0];
	must(fcntl(process->fd, F_SETFL, O_NONBLOCK) == 0);
	return greet(process, err);
}

/* ---- end */

static void forget(struct process *process)
{
	close(process->fd);
	process->fd = -1;
	process->pid = 0;
	process->taken = 0;
	buf_fini(&process->in);
	buf_fini(&process->out);
	for (int i = 0; i < HELPER_SLOTS; i++)
		process_drop(process, i);
}

void process_stop(struct process *process)
{
	if (process->pid == 0)
		return;
	kill(process->pid, SIGKILL);
	while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(process);
}

/* Its socket is closed, so it should be gone: how did it end?  One that lingers is killed. */
static int bury(struct process *process)
{
	int status = 0;
	pid_t gone = 0;
	for (int i = 0; i < END_TRIES && gone == 0; i++) {
		gone = waitpid(process->pid, &status, WNOHANG);
		if (gone == 0)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	if (gone > 0)
		forget(process);
	else
		process_stop(process);
	return gone > 0 ? status : 0;
}

static bool tell_end(const struct expr_config *config, int status, struct err *err)
{
	int by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (by == SIGPROF)
		return err_set(err, ERR_EXPRESSION_LIMIT, "processor time: more than %u ms", config->cpu_ms);
	if (by == SIGKILL || (WIFEXITED(status) && WEXITSTATUS(status) == WIRE_EXIT_MEMORY))
		return err_set(err, ERR_EXPRESSION_LIMIT, "memory: more than %zu bytes", config->memory_bytes);
	if (by == SIGSEGV || by == SIGBUS)
		return err_set(err, ERR_EXPRESSION_LIMIT, "stack: nested or recursive too deep");
	return err_set(err, ERR_EXPRESSION, "jq itself failed on this expression");
}

/* ---- messages */

static bool take_message(struct process *process, struct wire_head *head, const char **content)
{
	size_t there = process->in.size - process->taken;
	if (there < WIRE_HEAD)
		return false;
	*head = wire_head(process->in.bytes + process->taken);
	if (there - WIRE_HEAD < head->size)
		return false;
	*content = process->in.bytes + process->taken + WIRE_HEAD;
	process->taken += WIRE_HEAD + head->size;
	return true;
}

static void send_some(struct process *process)
{
	struct buf *out = &process->out;
	ssize_t sent = send(process->fd, out->bytes, out->size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (sent <= 0)
		return; /* a helper that is gone shows when it is read from */
	out->size -= (size_t)sent;
	if (out->size > 0)
		memmove(out->bytes, out->bytes + sent, out->size);
}

/* False: nothing more will come. */
static bool receive_some(struct process *process)
{
	struct buf *in = &process->in;
	if (process->taken > 0) {
		in->size -= process->taken;
		memmove(in->bytes, in->bytes + process->taken, in->size);
		process->taken = 0;
	}
	char *room = buf_extend(in, CHUNK);
	if (room == NULL)
		return false;
	ssize_t got = recv(process->fd, room, CHUNK, MSG_DONTWAIT);
	in->size -= CHUNK - (size_t)(got > 0 ? got : 0);
	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

bool process_receive(struct process *process, unsigned wall_ms, struct wire_head *head, const char **content,
					 struct err *err)
{
	const struct env *env = env_real(); /* the helper's time is real, whatever the server's is */
	int64_t end = env_mono_us(env) + (int64_t)wall_ms * 1000;
	while (!take_message(process, head, content)) {
		int64_t left = (end - env_mono_us(env) + 999) / 1000;
		if (process->out.size > 0)
			send_some(process);
		struct pollfd ready = {.fd = process->fd, .events = process->out.size > 0 ? POLLIN | POLLOUT : POLLIN};
		int count = left > 0 ? poll(&ready, 1, (int)left) : 0;
		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0) {
			process_stop(process);
			return err_set(err, ERR_EXPRESSION_LIMIT, "wall time: more than %u ms", wall_ms);
		}
		if ((ready.revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive_some(process))
			return tell_end(process->config, bury(process), err);
	}
	return true;
}
