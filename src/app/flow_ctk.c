#include "app/flow_ctk.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/scratch.h"
#include "seal/pack.h"

/*
 * The conformance kit of the workflow language: features in Gherkin, of a small vocabulary [flow.md 15].  Each scenario
 * is a `flow run` of its own, by the same binary, so that what is tested is what users run.
 */

enum { FILES_MAX = 1000, MAPS_MAX = 32, TEXT_MAX = 16 << 20, SCOPE = 256 << 20 };

const struct cli_option flow_ctk_options[] = {
	{"http-map", "HOST=IP:PORT", "Ask this address in place of HOST, by plain http", true},
	{NULL, NULL, NULL, false},
};

struct suite {
	const struct cli *cli;
	struct arena arena;
	char folder[SCRATCH_PATH];
	unsigned passed, scenarios;
};

/* One scenario, as far as it was read and done. */
struct scenario {
	struct suite *suite;
	const char *name, *file;
	const char *definition;
	const struct json *input, *events, *result;
	const char *with; /* a further definition, or NULL */
	bool failed;
};

/* --- text --- */

static const char *after(const char *text, const char *prefix)
{
	size_t size = strlen(prefix);
	return strncmp(text, prefix, size) == 0 ? text + size : NULL;
}

/* The step's own words: without indentation and without Given, When, Then, And, But. */
static const char *words_of(const char *line)
{
	static const char *const keywords[] = {"Given ", "When ", "Then ", "And ", "But "};
	line += strspn(line, " \t");
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords;) {
		const char *rest = after(line, keywords[i]);
		i = rest != NULL ? 0 : i + 1;
		line = rest != NULL ? rest + strspn(rest, " \t") : line;
	}
	if (strncmp(line, "given ", 6) == 0)
		line += 6;
	return line;
}

static char *next_line(char **text)
{
	char *line = *text;
	if (line == NULL || *line == '\0')
		return NULL;
	char *end = strchr(line, '\n');
	*text = end == NULL ? line + strlen(line) : end + 1;
	if (end != NULL)
		*end = '\0';
	size_t size = strlen(line);
	if (size > 0 && line[size - 1] == '\r')
		line[size - 1] = '\0';
	return line;
}

static bool is_fence(const char *line)
{
	return strncmp(line + strspn(line, " \t"), "\"\"\"", 3) == 0;
}

/* A doc string, without the indentation that all its lines share.  NULL: none follows. */
static char *doc_string(struct suite *suite, char **text)
{
	char *at = *text, *line = next_line(&at);
	if (line == NULL || !is_fence(line)) {
		if (line != NULL && at > line && at[-1] == '\0')
			at[-1] = '\n';
		return NULL;
	}
	char *lines[4096];
	size_t count = 0, indent = SIZE_MAX;
	while ((line = next_line(&at)) != NULL && !is_fence(line) && count < sizeof lines / sizeof *lines) {
		size_t lead = strspn(line, " ");
		if (line[lead] != '\0' && lead < indent)
			indent = lead;
		lines[count++] = line;
	}
	*text = at;
	struct buf joined;
	buf_init(&joined, 0);
	for (size_t i = 0; i < count; i++)
		buf_addf(&joined, "%s\n", strlen(lines[i]) >= indent ? lines[i] + indent : "");
	char *copy = arena_dup(&suite->arena, buf_text(&joined));
	buf_fini(&joined);
	return copy;
}

static const struct json *yaml_value(struct suite *suite, const char *text)
{
	const struct json *json = NULL;
	struct err err;
	return text != NULL && yaml_parse(&suite->arena, text, strlen(text), &json, &err) ? json : NULL;
}

/* --- running --- */

static const char *json_text_of(struct suite *suite, const struct json *json)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_json(&jw, json);
	const char *copy = arena_dup(&suite->arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

/* What the run came to, for who asks why a step does not hold. */
static void tell_result(const struct scenario *scenario)
{
	static const char *const members[] = {"status", "output", "error"};
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const struct json *member = json_get(scenario->result, members[i]);
		if (member != NULL && member->kind != JS_NULL)
			fprintf(stderr, "  %s: %.2000s\n", members[i], json_text_of(scenario->suite, member));
	}
}

static void fail(struct scenario *scenario, const char *step)
{
	if (!scenario->failed)
		fprintf(stderr, "not ok %s: %s: %s\n", scenario->file, scenario->name, step);
	if (!scenario->failed && scenario->result != NULL)
		tell_result(scenario);
	scenario->failed = true;
}

static bool write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");
	bool good = file != NULL && fputs(text, file) >= 0;
	return file != NULL && fclose(file) == 0 && good;
}

static size_t add_file(struct scenario *scenario, const char *option, const char *name, const char *text, char **list,
					   size_t count)
{
	struct suite *suite = scenario->suite;
	char *path = arena_printf(&suite->arena, "%s/%s", suite->folder, name);
	if (!write_file(path, text))
		fail(scenario, "no room for its files");
	list[count++] = arena_dup(&suite->arena, option);
	list[count++] = path;
	return count;
}

static size_t arguments(struct scenario *scenario, const char *definition, const char *input, char **list)
{
	struct suite *suite = scenario->suite;
	const char *const fixed[] = {"countersign", "flow", "run",    definition,
								 "--input",     input,  "--json", "--virtual-time"};
	size_t count = 0;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		list[count++] = arena_dup(&suite->arena, fixed[i]);
	for (int i = 0; i < suite->cli->options_count && i < MAPS_MAX; i++) {
		if (strcmp(suite->cli->options[i].name, "http-map") != 0)
			continue;
		list[count++] = arena_dup(&suite->arena, "--http-map");
		list[count++] = arena_dup(&suite->arena, suite->cli->options[i].value);
	}
	if (scenario->events != NULL)
		count = add_file(scenario, "--events", "events.json", json_text_of(suite, scenario->events), list, count);
	if (scenario->with != NULL)
		count = add_file(scenario, "--with", "with.yaml", scenario->with, list, count);
	list[count] = NULL;
	return count;
}

/* The output of a child of this binary. */
static const char *ask_child(struct suite *suite, char **list)
{
	int pipes[2];
	struct buf output;
	buf_init(&output, TEXT_MAX);
	if (pipe(pipes) != 0)
		return NULL;
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		close_range(3, ~0U, 0);
		execv("/proc/self/exe", list);
		_exit(127);
	}
	close(pipes[1]);
	char bytes[65536];
	for (ssize_t got; (got = read(pipes[0], bytes, sizeof bytes)) > 0;)
		buf_add(&output, bytes, (size_t)got);
	close(pipes[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	const char *copy = arena_dup(&suite->arena, buf_text(&output));
	buf_fini(&output);
	return copy;
}

static void execute(struct scenario *scenario)
{
	static const struct json_limits limits = {.depth = 200, .values = 1000000};
	struct suite *suite = scenario->suite;
	const char *definition = arena_printf(&suite->arena, "%s/definition.yaml", suite->folder);
	const char *input = arena_printf(&suite->arena, "%s/input.json", suite->folder);
	char *list[20 + 2 * MAPS_MAX];
	struct err err;
	arguments(scenario, definition, input, list);
	if (scenario->definition == NULL || !write_file(definition, scenario->definition) ||
		!write_file(input, scenario->input == NULL ? "null" : json_text_of(suite, scenario->input))) {
		fail(scenario, "nothing to execute");
		return;
	}
	const char *answer = ask_child(suite, list);
	if (answer == NULL || !json_parse(&suite->arena, answer, strlen(answer), &limits, &scenario->result, &err))
		fail(scenario, "the workflow was not executed");
}

/* --- expectations --- */

static bool has_status(const struct scenario *scenario, const char *status)
{
	const char *found = json_text(scenario->result, "status");
	return found != NULL && strcmp(found, status) == 0;
}

/* 'a.b.c' in the output. */
static const struct json *property(const struct scenario *scenario, const char *path, size_t size)
{
	const struct json *at = json_get(scenario->result, "output");
	const char *end = path + size;
	while (at != NULL && path < end) {
		size_t length = strcspn(path, ".");
		char name[256] = "";
		length = length < (size_t)(end - path) ? length : (size_t)(end - path);
		if (length < sizeof name)
			memcpy(name, path, length);
		at = json_get(at, name);
		path += length + 1;
	}
	return at;
}

static bool has_properties(const struct scenario *scenario, const char *list)
{
	for (const char *open = strchr(list, '\''); open != NULL;) {
		const char *close = strchr(open + 1, '\'');
		if (close == NULL || property(scenario, open + 1, (size_t)(close - open) - 1) == NULL)
			return false;
		open = strchr(close + 1, '\'');
	}
	return true;
}

/* Every member that is expected, and maybe others. */
static bool includes(const struct json *found, const struct json *expected)
{
	if (found == NULL || expected == NULL || expected->kind != JS_OBJECT)
		return false;
	for (uint32_t i = 0; i < expected->count; i++) {
		const struct json *member = json_get(found, expected->members[i].name);
		if (member == NULL || !json_same(member, &expected->members[i].value))
			return false;
	}
	return true;
}

/* The place of a task in the order of starting; -1: it did not start. */
static int place_of(const struct scenario *scenario, const char *name, size_t size, int *last)
{
	const struct json *tasks = json_get(scenario->result, "tasks");
	int found = -1, place = 0;
	for (uint32_t i = 0; tasks != NULL && i < tasks->count; i++) {
		const char *task = json_text(&tasks->items[i], "name"), *status = json_text(&tasks->items[i], "status");
		if (strcmp(status, "skipped") == 0)
			continue;
		if (found < 0 && strlen(task) == size && strncmp(task, name, size) == 0)
			found = place;
		place++;
	}
	*last = place - 1;
	return found;
}

static bool runs_in_order(const struct scenario *scenario, const char *step)
{
	const char *rest = strstr(step, " should run ");
	int last, place = place_of(scenario, step, (size_t)(rest - step), &last);
	rest += strlen(" should run ");
	const char *other = after(rest, "after ");
	if (other != NULL) {
		int before = place_of(scenario, other, strlen(other), &last);
		return before >= 0 && place > before;
	}
	return strcmp(rest, "first") == 0 ? place == 0 : strcmp(rest, "last") == 0 && place == last;
}

static bool has_value(struct scenario *scenario, const char *rest, const char *doc)
{
	const char *end = strchr(rest, '\'');
	if (end == NULL)
		return false;
	const struct json *found = property(scenario, rest, (size_t)(end - rest));
	const char *count = after(end, "' property containing ");
	if (count != NULL)
		return found != NULL && (found->kind == JS_ARRAY || found->kind == JS_OBJECT) &&
			   (long)found->count == atol(count);
	const struct json *expected = yaml_value(scenario->suite, doc);
	return found != NULL && expected != NULL && json_same(found, expected);
}

static bool completes_with(struct scenario *scenario, const char *doc)
{
	const struct json *output = json_get(scenario->result, "output"), *expected = yaml_value(scenario->suite, doc);
	return has_status(scenario, "completed") && output != NULL && expected != NULL && json_same(output, expected);
}

static bool faults_with(struct scenario *scenario, const char *doc)
{
	return has_status(scenario, "faulted") &&
		   includes(json_get(scenario->result, "error"), yaml_value(scenario->suite, doc));
}

static bool holds(struct scenario *scenario, const char *step, const char *doc)
{
	const char *rest;
	if (strcmp(step, "the workflow should complete") == 0)
		return has_status(scenario, "completed");
	if (strcmp(step, "the workflow should complete with output:") == 0)
		return completes_with(scenario, doc);
	if (strcmp(step, "the workflow should fault") == 0)
		return has_status(scenario, "faulted");
	if (strcmp(step, "the workflow should fault with error:") == 0)
		return faults_with(scenario, doc);
	if ((rest = after(step, "the workflow output should have properties ")) != NULL)
		return has_properties(scenario, rest);
	if ((rest = after(step, "the workflow output should have a '")) != NULL)
		return has_value(scenario, rest, doc);
	return strstr(step, " should run ") != NULL && runs_in_order(scenario, step);
}

/* --- features --- */

static void do_step(struct scenario *scenario, const char *step, char *doc)
{
	if (strcmp(step, "a workflow with definition:") == 0)
		scenario->definition = doc;
	else if (strcmp(step, "the workflow input is:") == 0)
		scenario->input = yaml_value(scenario->suite, doc);
	else if (strcmp(step, "the events are:") == 0)
		scenario->events = yaml_value(scenario->suite, doc);
	else if (strcmp(step, "a further workflow with definition:") == 0)
		scenario->with = doc;
	else if (strcmp(step, "the workflow is executed") == 0)
		execute(scenario);
	else if (!holds(scenario, step, doc))
		fail(scenario, step);
}

static void end_scenario(struct scenario *scenario)
{
	if (scenario->name == NULL)
		return;
	scenario->suite->scenarios++;
	if (scenario->result == NULL)
		fail(scenario, "it was not executed");
	if (!scenario->failed)
		scenario->suite->passed++;
	if (!scenario->failed && !scenario->suite->cli->quiet)
		fprintf(stderr, "ok %s: %s\n", scenario->file, scenario->name);
	arena_reset(&scenario->suite->arena);
}

static void do_feature(struct suite *suite, const char *file, char *text)
{
	struct scenario scenario = {.suite = suite, .file = file};
	for (char *line; (line = next_line(&text)) != NULL;) {
		const char *words = words_of(line), *name = after(words, "Scenario:");
		if (name != NULL) {
			end_scenario(&scenario);
			scenario = (struct scenario){.suite = suite, .file = file, .name = name + strspn(name, " ")};
		} else if (scenario.name != NULL && *words != '\0' && *words != '#') {
			char *doc = doc_string(suite, &text);
			do_step(&scenario, words, doc);
		}
	}
	end_scenario(&scenario);
}

static bool do_file(struct suite *suite, const char *folder, const char *name, struct err *err)
{
	char path[4096 + 300];
	struct buf text;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	buf_init(&text, TEXT_MAX);
	bool good = cli_read(path, TEXT_MAX, &text, err);
	if (good && text.size > 0)
		do_feature(suite, name, text.bytes);
	buf_fini(&text);
	return good;
}

static int is_feature(const struct dirent *entry)
{
	size_t size = strlen(entry->d_name), suffix = strlen(".feature");
	return size > suffix && strcmp(entry->d_name + size - suffix, ".feature") == 0;
}

static bool do_folder(struct suite *suite, const char *folder, struct err *err)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_feature, alphasort);
	bool good = count >= 0;
	for (int i = 0; i < count; i++) {
		good = good && do_file(suite, folder, entries[i]->d_name, err);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return good || err_set(err, ERR_IO, "%s cannot be read", folder);
}

static int tell(struct suite *suite)
{
	printf("%u/%u\n", suite->passed, suite->scenarios);
	return suite->passed == suite->scenarios && suite->scenarios > 0 ? CLI_DONE : CLI_FAILED;
}

int command_flow_ctk(const struct cli *cli)
{
	struct suite suite = {.cli = cli};
	struct err err;
	char folder[4096];
	snprintf(folder, sizeof folder, "%s/features", cli->args[0]);
	if (access(folder, R_OK) != 0)
		snprintf(folder, sizeof folder, "%s", cli->args[0]);
	if (!scratch_make(suite.folder, "ctk", &err))
		return cli_fail(cli, CLI_FAILED, "%s", err.message);
	arena_init(&suite.arena, SCOPE);
	int code = do_folder(&suite, folder, &err) ? tell(&suite) : cli_fail(cli, CLI_INVALID, "%s", err.message);
	arena_fini(&suite.arena);
	scratch_remove(suite.folder);
	return code;
}
