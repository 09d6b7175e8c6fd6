#include "app/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/spell.h"

enum { ARGS_MAX = 64, HELP_WIDTH = 100 };

const struct cli_exit_row cli_exits[] = {
	{CLI_DONE, "Done, identical, valid"},
	{CLI_FAILED, "Failed: input or output, the store, something unexpected"},
	{CLI_INVALID, "Invalid input or usage; call prints a problem document"},
	{CLI_ABSTAINED, "Abstained, or not replayable"},
	{CLI_WRONG, "Verified and found wrong"},
	{CLI_UNREACHABLE, "The store is locked, the server cannot be reached, or a deadline passed"},
	{0, NULL},
};

const struct cli_option cli_global_options[] = {
	{"data", "DIR", "Data folder (default var/data)", false},
	{"config", "FILE", "Configuration file", false},
	{"json", NULL, "Answer as an envelope, or as NDJSON for lists", false},
	{"quiet", NULL, "No messages on stderr", false},
	{"help", NULL, "Show this help", false},
	{NULL, NULL, NULL, false},
};

const char *cli_option(const struct cli *cli, const char *name)
{
	const char *value = NULL;
	for (int i = 0; i < cli->options_count; i++)
		if (strcmp(cli->options[i].name, name) == 0)
			value = cli->options[i].value;
	return value;
}

int cli_fail(const struct cli *cli, enum cli_exit code, const char *format, ...)
{
	if (cli->quiet)
		return (int)code;
	va_list args;
	va_start(args, format);
	fputs("countersign: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return (int)code;
}

bool cli_read(const char *path, size_t limit, struct buf *buf, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "rb");
	if (file == NULL)
		return err_set(err, ERR_IO, "cannot read %s: %s", path, strerror(errno));
	char chunk[65536];
	size_t got;
	while (buf->size <= limit && (got = fread(chunk, 1, sizeof chunk, file)) > 0)
		buf_add(buf, chunk, got);
	bool whole = !ferror(file);
	if (!standard)
		fclose(file);
	if (!whole || !buf_ok(buf))
		return err_set(err, ERR_IO, "cannot read %s whole", standard ? "standard input" : path);
	if (buf->size > limit)
		return err_set(err, ERR_BODY_TOO_LARGE, "the input has more than %zu bytes", limit);
	return true;
}

bool cli_write(FILE *stream, const char *bytes, size_t size)
{
	return fwrite(bytes, 1, size, stream) == size && fflush(stream) == 0;
}

static bool has_words(const struct cli_command *command, int argc, char **argv, int *words)
{
	const char *second = strchr(command->name, ' ');
	size_t first = second != NULL ? (size_t)(second - command->name) : strlen(command->name);
	if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], command->name, first) != 0)
		return false;
	*words = second != NULL ? 2 : 1;
	return second == NULL || (argc > 1 && strcmp(argv[1], second + 1) == 0);
}

static const struct cli_command *find_command(int argc, char **argv, int *words)
{
	const struct cli_command *found = NULL;
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
		int count;
		if (has_words(command, argc, argv, &count) && (found == NULL || count > *words)) {
			found = command;
			*words = count;
		}
	}
	return found;
}

static const struct cli_option *find_option(const struct cli_option *options, const char *name, size_t size)
{
	for (; options != NULL && options->name != NULL; options++)
		if (strlen(options->name) == size && strncmp(options->name, name, size) == 0)
			return options;
	return NULL;
}

static void print_options(FILE *out, const struct cli_option *options)
{
	for (; options != NULL && options->name != NULL; options++) {
		char left[80];
		snprintf(left, sizeof left, "--%s%s%s", options->name, options->value != NULL ? " " : "",
				 options->value != NULL ? options->value : "");
		fprintf(out, "  %-28s %s\n", left, options->doc);
	}
}

/* Paragraphs, folded at the last space before the edge. */
static void print_folded(FILE *out, const char *text)
{
	while (*text != '\0') {
		size_t line = strcspn(text, "\n"), size = line;
		if (size > HELP_WIDTH)
			for (size = HELP_WIDTH; size > 0 && text[size] != ' ';)
				size--;
		size = size > 0 ? size : line;
		fprintf(out, "%.*s\n", (int)size, text);
		text += size;
		text += size < line ? strspn(text, " ") : *text == '\n';
	}
}

static void print_usage(FILE *out, const struct cli_command *command)
{
	fprintf(out, "Usage: countersign %s%s%s\n\n%s\n", command->name, command->arguments[0] != '\0' ? " " : "",
			command->arguments, command->summary);
	if (command->doc != NULL) {
		fputc('\n', out);
		print_folded(out, command->doc);
	}
	if (command->options != NULL) {
		fputs("\nOptions:\n", out);
		print_options(out, command->options);
	}
	fputs("\nEvery command also takes:\n", out);
	print_options(out, cli_global_options);
}

static bool begins_with_word(const char *name, const char *word)
{
	size_t size = strlen(word);
	return strncmp(name, word, size) == 0 && (name[size] == ' ' || name[size] == '\0');
}

/* All commands, or those of a group. */
static void print_overview(FILE *out, const char *group)
{
	fprintf(out, "Usage: countersign %s%sCOMMAND [ARGUMENTS]\n\nCommands:\n", group != NULL ? group : "",
			group != NULL ? " " : "");
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		if (group == NULL || begins_with_word(command->name, group))
			fprintf(out, "  %-18s %s\n", command->name, command->summary);
	if (group == NULL) {
		fputs("\nEvery command also takes:\n", out);
		print_options(out, cli_global_options);
		fputs("\nExit codes:\n", out);
		for (const struct cli_exit_row *row = cli_exits; row->meaning != NULL; row++)
			fprintf(out, "  %d  %s\n", row->code, row->meaning);
	}
	fputs("\ncountersign help COMMAND tells more of one.\n", out);
}

static int usage_error(const struct cli *cli, const char *format, const char *what)
{
	char text[400];
	snprintf(text, sizeof text, format, what);
	cli_fail(cli, CLI_INVALID, "%s", text);
	if (!cli->quiet && cli->command != NULL)
		fprintf(stderr, "Usage: countersign %s%s%s\ncountersign help %s tells more.\n", cli->command->name,
				cli->command->arguments[0] != '\0' ? " " : "", cli->command->arguments, cli->command->name);
	return CLI_INVALID;
}

/* The second words of a group of commands, as flow has them; 0: the word begins none. */
static size_t name_group(struct buf *names, const char *word)
{
	size_t size = strlen(word), count = 0;
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		if (strncmp(command->name, word, size) == 0 && command->name[size] == ' ')
			buf_addf(names, "%s%s", count++ > 0 ? ", " : "", command->name + size + 1);
	return count;
}

/* The name of a command that `words` come near, or NULL. */
static const char *meant_command(int count, char **words)
{
	char given[2 * SPELL_MAX];
	struct spell one, both;
	snprintf(given, sizeof given, "%s %s", words[0], count > 1 ? words[1] : "");
	spell_init(&one, words[0]);
	spell_init(&both, given);
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		spell_offer(strchr(command->name, ' ') != NULL ? &both : &one, command->name);
	return spell_meant(count > 1 && both.far < one.far ? &both : &one);
}

static int unknown_command(int count, char **words)
{
	const struct cli none = {.count = 0};
	struct buf names;
	buf_init(&names, 0);
	bool second = count > 1 && words[1][0] != '-';
	bool group = name_group(&names, words[0]) > 0;
	const char *meant = group && !second ? NULL : meant_command(second ? 2 : 1, words);
	struct buf said;
	buf_init(&said, 0);
	if (group && !second)
		buf_addf(&said, "%s alone is no command", words[0]);
	else
		buf_addf(&said, "unknown %s %s%s%s", words[0][0] == '-' ? "option" : "command", words[0], group ? " " : "",
				 group ? words[1] : "");
	if (meant != NULL)
		buf_addf(&said, "; did you mean %s?", meant);
	if (group)
		buf_addf(&said, "%s there is %s %s", meant != NULL ? "" : ";", words[0], buf_text(&names));
	else if (meant == NULL)
		buf_adds(&said, "; countersign --help names them");
	cli_fail(&none, CLI_INVALID, "%s", buf_text(&said));
	buf_fini(&said);
	buf_fini(&names);
	return CLI_INVALID;
}

static int unknown_option(const struct cli *cli, const char *given)
{
	char name[SPELL_MAX + 1], what[3 * SPELL_MAX];
	const struct cli_option *lists[] = {cli->command != NULL ? cli->command->options : NULL, cli_global_options};
	struct spell spell;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(given + strspn(given, "-"), "="), given + strspn(given, "-"));
	spell_init(&spell, name);
	for (size_t i = 0; i < 2; i++)
		for (const struct cli_option *option = lists[i]; option != NULL && option->name != NULL; option++)
			spell_offer(&spell, option->name);
	const char *meant = spell_meant(&spell);
	snprintf(what, sizeof what, "%.*s%s%s%s", SPELL_MAX, given, meant != NULL ? "; did you mean --" : "",
			 meant != NULL ? meant : "", meant != NULL ? "?" : "");
	return usage_error(cli, "unknown option %s", what);
}

static void take_global(struct cli *cli, const char *name, const char *value)
{
	if (strcmp(name, "data") == 0)
		cli->data = value;
	else if (strcmp(name, "config") == 0)
		cli->config = value;
	else if (strcmp(name, "json") == 0)
		cli->json = true;
	else if (strcmp(name, "quiet") == 0)
		cli->quiet = true;
}

/* One argument that begins with "--".  Returns how many arguments it took, 0 when it is refused. */
static int take_option(struct cli *cli, int left, char **argv, bool *help)
{
	const char *name = argv[0] + 2, *equals = strchr(name, '=');
	size_t size = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct cli_option *global = find_option(cli_global_options, name, size);
	const struct cli_option *option = global;
	if (option == NULL && cli->command != NULL)
		option = find_option(cli->command->options, name, size);
	if (option == NULL && cli->command == NULL)
		return 1; /* nobody knows whether it takes a value: the command is told to be unknown */
	if (option == NULL) {
		unknown_option(cli, argv[0]);
		return 0;
	}
	if (cli->options_count == CLI_OPTIONS_MAX || (option->value == NULL && equals != NULL)) {
		usage_error(cli, equals != NULL ? "this option takes no value: %s" : "too many options: %s", argv[0]);
		return 0;
	}
	const char *value = "";
	int taken = 1;
	if (option->value != NULL) {
		if (equals == NULL && left < 2) {
			usage_error(cli, "a value is missing after %s", argv[0]);
			return 0;
		}
		value = equals != NULL ? equals + 1 : argv[1];
		taken = equals != NULL ? 1 : 2;
	}
	*help = *help || strcmp(option->name, "help") == 0;
	if (global != NULL)
		take_global(cli, option->name, value);
	cli->options[cli->options_count].name = option->name;
	cli->options[cli->options_count++].value = value;
	return taken;
}

static int show_help(int count, char **words)
{
	int used;
	const struct cli_command *command = find_command(count, words, &used);
	bool named = count > 0 && words[0][0] != '-';
	struct buf names;
	buf_init(&names, 0);
	bool known = !named || command != NULL || name_group(&names, words[0]) > 0;
	buf_fini(&names);
	if (!known || (named && command == NULL && count > 1 && words[1][0] != '-'))
		return unknown_command(count, words);
	if (command != NULL)
		print_usage(stdout, command);
	else
		print_overview(stdout, named ? words[0] : NULL);
	return CLI_DONE;
}

/* Options that every command takes may stand before it.  Returns how many arguments that were, -1 when one is refused.
 */
static int take_leading(struct cli *cli, int argc, char **argv)
{
	bool help = false;
	int at = 1;
	while (at < argc && strncmp(argv[at], "--", 2) == 0 && strncmp(argv[at], "--help", 6) != 0) {
		const char *name = argv[at] + 2;
		if (find_option(cli_global_options, name, strcspn(name, "=")) == NULL)
			break;
		int taken = take_option(cli, argc - at, argv + at, &help);
		if (taken == 0)
			return -1;
		at += taken;
	}
	return at - 1;
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {.count = 0};
	int words = 0, leading = take_leading(&cli, argc, argv);
	if (leading < 0)
		return CLI_INVALID;
	argc -= leading;
	argv += leading;
	char *usual[] = {argv[0], NULL, NULL}; /* as everybody knows them */
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		usual[1] = (char *)(uintptr_t) "version";
	else if (argc == 2 && strcmp(argv[1], "-h") == 0)
		usual[1] = (char *)(uintptr_t) "help";
	argv = usual[1] != NULL ? usual : argv;
	cli.command = argc > 1 ? find_command(argc - 1, argv + 1, &words) : NULL;
	const char *args[ARGS_MAX];
	bool help = argc < 2, only_args = false;
	for (int i = 1 + words; i < argc;) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
			i++;
		} else if (!only_args && strcmp(argv[i], "-h") == 0) {
			help = true;
			i++;
		} else if (!only_args && argv[i][0] == '-' && argv[i][1] != '-' && argv[i][1] != '\0' && cli.command != NULL) {
			return unknown_option(&cli, argv[i]);
		} else if (!only_args && strncmp(argv[i], "--", 2) == 0) {
			int taken = take_option(&cli, argc - i, argv + i, &help);
			if (taken == 0)
				return CLI_INVALID;
			i += taken;
		} else if (cli.count == ARGS_MAX && cli.command == NULL) {
			return unknown_command(argc - 1, argv + 1);
		} else if (cli.count == ARGS_MAX) {
			return usage_error(&cli, "too many arguments%s", "");
		} else {
			args[cli.count++] = argv[i++];
		}
	}
	cli.args = args;
	if (help)
		return show_help(argc - 1, argv + 1);
	if (cli.command == NULL)
		return unknown_command(argc - 1, argv + 1);
	if (cli.count < cli.command->args_min || cli.count > cli.command->args_max)
		return usage_error(&cli,
						   cli.count < cli.command->args_min ? "an argument is missing%s" : "too many arguments%s", "");
	return cli.command->run(&cli);
}
