#include "flow/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/scratch.h"
#include "core/utf8.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/process_call.h"
#include "flow/domain/trouble.h"

enum {
	ARGUMENTS_MAX = 256,
	CPU_S = 3600,
	FILES_MAX = 256,
	FILE_BYTES = 1 << 30,
	STREAM_MAX = DATUM_MAX / 2, /* bytes of an output; more ends the process */
	KILLED = 128,
	LOOK_US = 20000, /* whether one has ended that nobody waits for */
};

struct process {
	struct arena arena;
	char folder[SCRATCH_PATH];
	pid_t pid;
	int in, out, err;
	struct buf stdout_text, stderr_text, input;
	size_t written;
	int64_t deadline_ms;
	int code;
	bool timed_out, too_long;
	const struct process_wait *wait;
};

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- what is run --- */

static const char *text_of(struct process *process, const struct json *value)
{
	if (value->kind == JS_STRING)
		return value->text;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_json(&jw, value);
	const char *copy = arena_dup(&process->arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

/* Who carries out code that is given as a text, and the name that such code has there; NULL: it takes none. */
static const struct interpreter {
	const char *program, *flag, *name;
} interpreters[PROCESS_LANGUAGES] = {
	[PROCESS_SH] = {"sh", "-c", "sh"},
	[PROCESS_JS] = {"node", "-e", "script"},
	[PROCESS_PYTHON] = {"python3", "-c", NULL},
};

static char *program_of(struct process *process, const struct interpreter *interpreter)
{
	static const char *const folders[] = {"/usr/local/bin", "/usr/bin", "/bin"};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char *path = arena_printf(&process->arena, "%s/%s", folders[i], interpreter->program);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

/* NULL: there is no such interpreter. */
static char **argument_list(struct process *process, const struct interpreter *interpreter, const char *code,
							const struct json *arguments)
{
	char **list = arena_array(&process->arena, ARGUMENTS_MAX + 5, sizeof *list);
	size_t count = 0;
	list[count++] = program_of(process, interpreter);
	list[count++] = arena_dup(&process->arena, interpreter->flag);
	list[count++] = arena_dup(&process->arena, code);
	if (interpreter->name != NULL)
		list[count++] = arena_dup(&process->arena, interpreter->name);
	if (list[0] == NULL)
		return NULL;
	bool given = arguments != NULL && arguments->kind == JS_ARRAY;
	for (uint32_t i = 0; given && i < arguments->count && i < ARGUMENTS_MAX; i++)
		list[count++] = arena_dup(&process->arena, text_of(process, &arguments->items[i]));
	return list;
}

static char **environment_list(struct process *process, const struct json *environment)
{
	uint32_t given = environment == NULL || environment->kind != JS_OBJECT ? 0 : environment->count;
	char **list = arena_array(&process->arena, given + 2, sizeof *list);
	size_t count = 0;
	list[count++] = arena_dup(&process->arena, "PATH=/usr/local/bin:/usr/bin:/bin");
	for (uint32_t i = 0; i < given; i++)
		list[count++] = arena_printf(&process->arena, "%s=%s", environment->members[i].name,
									 text_of(process, &environment->members[i].value));
	return list;
}

/* --- the child --- */

static void limit(int resource, rlim_t value)
{
	const struct rlimit both = {.rlim_cur = value, .rlim_max = value};
	setrlimit((__rlimit_resource_t)resource, &both);
}

/* Between fork and exec: only calls that are safe there. */
static _Noreturn void become(const struct process *process, char **arguments, char **environment, const int pipes[3])
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setpgid(0, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, CPU_S);
	limit(RLIMIT_NOFILE, FILES_MAX);
	limit(RLIMIT_FSIZE, FILE_BYTES);
	for (int i = 0; i < 3; i++)
		if (dup2(pipes[i], i) < 0)
			_exit(KILLED - 1);
	close_range(3, ~0U, 0);
	if (chdir(process->folder) != 0)
		_exit(KILLED - 1);
	execve(arguments[0], arguments, environment);
	_exit(KILLED - 1);
}

static bool spawn(struct process *process, char **arguments, char **environment, const int theirs[3])
{
	process->pid = fork();
	if (process->pid == 0)
		become(process, arguments, environment, theirs);
	return process->pid > 0;
}

static bool start(struct process *process, char **arguments, char **environment)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		return false;
	const int theirs[3] = {in[0], out[1], err[1]};
	bool started = spawn(process, arguments, environment, theirs);
	for (int i = 0; i < 3; i++)
		close(theirs[i]);
	process->in = in[1];
	process->out = out[0];
	process->err = err[0];
	fcntl(process->in, F_SETFL, O_NONBLOCK);
	return started;
}

/* Nobody reads what it writes, and it may outlive us: it needs nothing of ours. */
static bool start_alone(struct process *process, char **arguments, char **environment)
{
	int in = memfd_create("stdin", MFD_CLOEXEC), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	const int theirs[3] = {in, null, null};
	bool given = in >= 0 && null >= 0 &&
				 write(in, buf_text(&process->input), process->input.size) == (ssize_t)process->input.size &&
				 lseek(in, 0, SEEK_SET) == 0;
	bool started = given && spawn(process, arguments, environment, theirs);
	if (in >= 0)
		close(in);
	if (null >= 0)
		close(null);
	return started;
}

/* --- the parent --- */

static void shut(int *file)
{
	if (*file >= 0)
		close(*file);
	*file = -1;
}

static void take(struct process *process, int *file, struct buf *text)
{
	char bytes[16384];
	ssize_t got = read(*file, bytes, sizeof bytes);
	if (got <= 0) {
		shut(file);
		return;
	}
	buf_add(text, bytes, (size_t)got);
	if (text->size > STREAM_MAX)
		process->too_long = true;
}

static void give(struct process *process)
{
	size_t left = process->input.size - process->written;
	ssize_t gone = left == 0 ? 0 : write(process->in, buf_text(&process->input) + process->written, left);
	if (gone > 0)
		process->written += (size_t)gone;
	if (gone < 0 ? errno != EAGAIN : process->written == process->input.size)
		shut(&process->in);
}

/* None once nobody waits for it. */
static int64_t time_left_ms(const struct process *process)
{
	return process->wait->given_up(process->wait->self) ? 0 : process->deadline_ms - now_ms();
}

/* One round of waiting; false: out of time, too much, or all pipes are closed. */
static bool listen_once(struct process *process)
{
	struct pollfd files[3] = {{process->in, POLLOUT, 0}, {process->out, POLLIN, 0}, {process->err, POLLIN, 0}};
	int64_t left = time_left_ms(process);
	if (process->out < 0 && process->err < 0)
		return false;
	if (left <= 0) {
		process->timed_out = true;
		return false;
	}
	if (poll(files, 3, (int)(left < 1000 ? left : 1000)) < 0 && errno != EINTR)
		return false;
	if (files[0].revents != 0)
		give(process);
	if (files[1].revents != 0)
		take(process, &process->out, &process->stdout_text);
	if (files[2].revents != 0)
		take(process, &process->err, &process->stderr_text);
	return !process->too_long;
}

/* Its pipes may be closed while it still works. */
static void await_end(struct process *process)
{
	int status;
	pid_t ended;
	while ((ended = waitpid(process->pid, &status, WNOHANG)) == 0) {
		if (process->timed_out || process->too_long || time_left_ms(process) <= 0) {
			process->timed_out = !process->too_long;
			kill(-process->pid, SIGKILL);
			waitpid(process->pid, &status, 0);
			break;
		}
		usleep(1000);
	}
	kill(-process->pid, SIGKILL); /* what it left behind in its group */
	process->code = WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
}

/* --- the answer --- */

static void add_stream(struct jw *jw, const struct buf *text)
{
	datum_add_bytes(jw, buf_text(text), text->size);
}

static void write_output(struct jw *jw, const struct process *process, enum ir_returns returns)
{
	switch (returns) {
	case IR_RETURN_STDOUT:
		add_stream(jw, &process->stdout_text);
		break;
	case IR_RETURN_STDERR:
		add_stream(jw, &process->stderr_text);
		break;
	case IR_RETURN_CODE:
		jw_int(jw, process->code);
		break;
	case IR_RETURN_ALL:
		jw_object(jw);
		jw_member_int(jw, "code", process->code);
		jw_key(jw, "stdout");
		add_stream(jw, &process->stdout_text);
		jw_key(jw, "stderr");
		add_stream(jw, &process->stderr_text);
		jw_object_end(jw);
		break;
	case IR_RETURN_NONE:
		jw_null(jw);
		break;
	}
}

static struct datum *answer(struct process *process, enum ir_returns returns, struct trouble *trouble)
{
	bool codes = returns == IR_RETURN_CODE || returns == IR_RETURN_ALL;
	if (process->timed_out)
		trouble_set(trouble, TROUBLE_TIMEOUT, "Timeout", "The process did not end in time and was killed.");
	else if (process->too_long)
		trouble_set(trouble, TROUBLE_RUNTIME, "Output too long", "The process wrote more than %d bytes.", STREAM_MAX);
	else if (process->code != 0 && !codes)
		trouble_set(trouble, TROUBLE_RUNTIME, "Process failed", "The process ended with code %d.%s%.300s",
					process->code, process->stderr_text.size > 0 ? " " : "",
					utf8_valid(buf_text(&process->stderr_text), process->stderr_text.size)
						? buf_text(&process->stderr_text)
						: "");
	else {
		struct buf text;
		struct jw jw;
		buf_init(&text, 0);
		jw_init(&jw, &text);
		write_output(&jw, process, returns);
		return datum_take_buf(&text);
	}
	return NULL;
}

static void set_input(struct process *process, const struct json *given)
{
	if (given == NULL || given->kind == JS_NULL)
		return;
	buf_adds(&process->input, text_of(process, given));
}

static bool begin(struct process *process, const struct json *request, struct trouble *trouble,
				  bool (*start_it)(struct process *process, char **arguments, char **environment))
{
	struct err err;
	const char *command = json_text(request, "command"), *language = json_text(request, "language");
	enum process_language spoken = command != NULL || language == NULL ? PROCESS_SH : process_language(language);
	if (command == NULL)
		command = json_text(request, "code");
	if (command == NULL)
		return trouble_set(trouble, TROUBLE_EXPRESSION, "No command", "The command of a process is a text.");
	char **arguments = spoken == PROCESS_LANGUAGES
						   ? NULL
						   : argument_list(process, &interpreters[spoken], command, json_get(request, "arguments"));
	if (arguments == NULL)
		return trouble_set(trouble, TROUBLE_CONFIGURATION, "No interpreter",
						   "Nothing here carries out scripts of “%.100s”.", language == NULL ? "sh" : language);
	char **environment = environment_list(process, json_get(request, "environment"));
	set_input(process, json_get(request, "stdin"));
	if (!scratch_make(process->folder, "run", &err))
		return trouble_set(trouble, TROUBLE_RUNTIME, "Process not started", "%s", err.message);
	if (!start_it(process, arguments, environment))
		return trouble_set(trouble, TROUBLE_RUNTIME, "Process not started", "%s", strerror(errno));
	return true;
}

static bool run(struct process *process, const struct json *request, struct trouble *trouble)
{
	if (!begin(process, request, trouble, start))
		return false;
	while (listen_once(process))
		;
	await_end(process);
	return true;
}

static void init(struct process *process, const struct process_wait *wait)
{
	*process =
		(struct process){.in = -1, .out = -1, .err = -1, .deadline_ms = now_ms() + wait->timeout_ms, .wait = wait};
	arena_init(&process->arena, 16 << 20);
	buf_init(&process->stdout_text, 0);
	buf_init(&process->stderr_text, 0);
	buf_init(&process->input, 0);
}

static void fini(struct process *process)
{
	shut(&process->in);
	shut(&process->out);
	shut(&process->err);
	if (process->folder[0] != '\0')
		scratch_remove(process->folder);
	buf_fini(&process->input);
	buf_fini(&process->stdout_text);
	buf_fini(&process->stderr_text);
	arena_fini(&process->arena);
}

struct datum *process_run(const struct ir_task *task, struct datum *request, const struct process_wait *wait,
						  struct trouble *trouble)
{
	struct process process;
	struct datum *output = NULL;
	init(&process, wait);
	if (run(&process, datum_tree(request), trouble))
		output = answer(&process, task->process.returns, trouble);
	fini(&process);
	return output;
}

struct process *process_send_off(struct datum *request, const struct process_wait *wait, struct trouble *trouble)
{
	struct process *process = malloc(sizeof *process);
	must(process != NULL);
	init(process, wait);
	if (begin(process, datum_tree(request), trouble, start_alone))
		return process;
	fini(process);
	free(process);
	return NULL;
}

void process_leave(struct process *process)
{
	int status;
	pid_t ended;
	while ((ended = waitpid(process->pid, &status, WNOHANG)) == 0 && !process->wait->given_up(process->wait->self))
		usleep(LOOK_US);
	if (ended == 0)
		process->folder[0] = '\0'; /* it goes on there */
	fini(process);
	free(process);
}
