#include <stdio.h>
#include <string.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/manual.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/jw.h"
#include "version.h"

/* --- the man page --- */

/* Text of a man page: backslashes doubled, a dot or apostrophe that begins a line kept from being a request. */
static void roff(struct buf *out, const char *text)
{
	bool fresh = true;
	for (const char *at = text; *at != '\0'; at++) {
		if (fresh && (*at == '.' || *at == '\''))
			buf_adds(out, "\\&");
		if (*at == '\\')
			buf_adds(out, "\\e");
		else if (*at == '-')
			buf_adds(out, "\\-");
		else
			buf_addc(out, *at);
		fresh = *at == '\n';
	}
}

static void roff_options(struct buf *out, const struct cli_option *options)
{
	for (; options != NULL && options->name != NULL; options++) {
		buf_addf(out, ".TP\n\\fB\\-\\-");
		roff(out, options->name);
		buf_adds(out, "\\fR");
		if (options->value != NULL) {
			buf_adds(out, " \\fI");
			roff(out, options->value);
			buf_adds(out, "\\fR");
		}
		buf_addc(out, '\n');
		roff(out, options->doc);
		buf_addc(out, '\n');
	}
}

static void roff_command(struct buf *out, const struct cli_command *command)
{
	buf_adds(out, ".SS \"");
	roff(out, command->name);
	if (command->arguments[0] != '\0') {
		buf_addc(out, ' ');
		roff(out, command->arguments);
	}
	buf_adds(out, "\"\n");
	roff(out, command->summary);
	buf_adds(out, ".\n");
	if (command->doc != NULL) {
		buf_adds(out, ".PP\n");
		roff(out, command->doc);
		buf_addc(out, '\n');
	}
	roff_options(out, command->options);
}

void manual_default(struct buf *out, const struct field *field)
{
	struct config defaults;
	struct buf text;
	struct jw jw;
	const struct field_table one = {.fields = field, .count = 1, .size = config_table.size};
	field_defaults(&config_table, &defaults);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	field_write(&jw, &one, &defaults, FIELD_INPUTS);
	/* {"name":value} */
	const char *colon = strstr(buf_text(&text), "\":");
	if (colon != NULL && text.size > 2)
		buf_addf(out, "%.*s", (int)(text.bytes + text.size - 1 - (colon + 2)), colon + 2);
	buf_fini(&text);
}

static void roff_default(struct buf *out, const struct field *field)
{
	struct buf text;
	buf_init(&text, 0);
	manual_default(&text, field);
	if (text.size > 0) {
		buf_adds(out, " Default ");
		roff(out, buf_text(&text));
		buf_addc(out, '.');
	}
	buf_fini(&text);
}

/* What a value may be: "one of a, b", "1 to 64 s", "a list of 1 to 16"; nothing where the kind says it all. */
void manual_limits(struct buf *out, const struct field *field)
{
	if (field->kind == FIELD_ENUM) {
		buf_adds(out, "one of ");
		for (const char *const *option = field->options; *option != NULL; option++)
			buf_addf(out, "%s%s", option == field->options ? "" : ", ", *option);
	} else if (field->kind == FIELD_BOOL) {
		buf_adds(out, "true or false");
	} else if (field->many && field->counted) {
		buf_addf(out, "a list of %zu to %zu", field->count_min, field->count_max);
	} else if (field->kind == FIELD_INT && field->ranged) {
		buf_addf(out, "%.16g to %.16g%s%s", field->min, field->max, field->unit != NULL ? " " : "",
				 field->unit != NULL ? field->unit : "");
	} else {
		buf_adds(out, "text");
	}
}

static void roff_limits(struct buf *out, const struct field *field)
{
	struct buf text;
	buf_init(&text, 0);
	manual_limits(&text, field);
	buf_addc(out, ' ');
	roff(out, buf_text(&text));
	buf_addc(out, '.');
	buf_fini(&text);
}

static void roff_config(struct buf *out)
{
	for (size_t i = 0; i < config_table.count; i++) {
		const struct field *field = &config_table.fields[i];
		char variable[96];
		buf_adds(out, ".TP\n\\fB");
		roff(out, field_name(field));
		buf_adds(out, "\\fR\n");
		if (field->doc != NULL) {
			roff(out, field->doc);
			buf_addc(out, '.');
		}
		roff_limits(out, field);
		roff_default(out, field);
		buf_addf(out, "\n(%s)\n", config_variable(field_name(field), variable));
	}
}

const struct manual_variable manual_variables[] = {
	{"COUNTERSIGN_A_B_C", "The key a.b_c of the configuration; lists are comma-separated"},
	{"COUNTERSIGN_CONFIG", "The configuration file, where --config names none"},
	{"COUNTERSIGN_ADMIN_EMAIL", "Address of the first admin, on a fresh data folder"},
	{"COUNTERSIGN_ADMIN_PASSWORD", "Its password; not in production"},
	{"COUNTERSIGN_ADMIN_PASSWORD_FILE", "File whose first line is that password, or cred:NAME"},
	{NULL, NULL},
};

void manual_page(struct buf *out)
{
	buf_addf(out, ".TH COUNTERSIGN 8 \"\" \"countersign %s\" \"System Administration\"\n", APP_VERSION);
	buf_adds(out, ".SH NAME\ncountersign \\- make machine\\-made decisions accountable\n"
				  ".SH SYNOPSIS\n\\fBcountersign\\fR \\fICOMMAND\\fR [\\fIARGUMENTS\\fR]\n"
				  ".SH DESCRIPTION\nComputes an answer, seals it with a content hash, waits for a person who has the "
				  "right to countersign it, carries the action out exactly once, and keeps a record that anyone can "
				  "verify.\n.PP\nData goes to standard output, messages to standard error.\n.SH COMMANDS\n");
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		roff_command(out, command);
	buf_adds(out, ".SH OPTIONS OF EVERY COMMAND\n");
	roff_options(out, cli_global_options);
	buf_adds(out, ".SH CONFIGURATION\nOne YAML file (\\fB\\-\\-config\\fR, else \\fBCOUNTERSIGN_CONFIG\\fR, else "
				  "/etc/countersign/countersign.yaml if present), then environment variables, then flags: later "
				  "wins.\n");
	roff_config(out);
	buf_adds(out, ".SH ENVIRONMENT\n");
	for (const struct manual_variable *variable = manual_variables; variable->name != NULL; variable++) {
		buf_addf(out, ".TP\n%s\n", variable->name);
		roff(out, variable->doc);
		buf_adds(out, ".\n");
	}
	buf_adds(out, ".SH EXIT STATUS\n");
	for (const struct cli_exit_row *row = cli_exits; row->meaning != NULL; row++) {
		buf_addf(out, ".TP\n%d\n", row->code);
		roff(out, row->meaning);
		buf_adds(out, ".\n");
	}
	buf_adds(out, ".SH FILES\n.TP\n/etc/countersign/countersign.yaml\nConfiguration.\n.TP\n/var/lib/countersign\n"
				  "Data folder of the packaged service.\n");
}

/* --- completions --- */

/* The words that may follow what `command` names; two-word commands are completed one word at a time. */
static void option_words(struct buf *out, const struct cli_option *options, const char *before)
{
	for (; options != NULL && options->name != NULL; options++)
		buf_addf(out, "%s--%s", before, options->name);
}

static bool first_of_its_word(const struct cli_command *command)
{
	size_t size = strcspn(command->name, " ");
	for (const struct cli_command *other = cli_commands; other < command; other++)
		if (strcspn(other->name, " ") == size && strncmp(other->name, command->name, size) == 0)
			return false;
	return true;
}

static void first_words(struct buf *out)
{
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		if (first_of_its_word(command))
			buf_addf(out, "%s%.*s", command == cli_commands ? "" : " ", (int)strcspn(command->name, " "),
					 command->name);
}

/* The second words of `audit`: "verify export". */
static bool second_words(struct buf *out, const struct cli_command *first)
{
	size_t size = strcspn(first->name, " ");
	bool any = false;
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		if (strncmp(command->name, first->name, size) == 0 && command->name[size] == ' ') {
			buf_addf(out, "%s%s", any ? " " : "", command->name + size + 1);
			any = true;
		}
	return any;
}

static void case_lines(struct buf *out, const char *variable)
{
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
		buf_addf(out, "\t'%s') %s='", command->name, variable);
		option_words(out, command->options, command->options != NULL ? " " : "");
		buf_adds(out, "' ;;\n");
	}
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
		if (strchr(command->name, ' ') == NULL || !first_of_its_word(command))
			continue;
		buf_addf(out, "\t'%.*s') %s='", (int)strcspn(command->name, " "), command->name, variable);
		second_words(out, command);
		buf_adds(out, "' ;;\n");
	}
}

static void bash(struct buf *out)
{
	buf_adds(out, "# bash completion for countersign; made by: countersign completions bash\n"
				  "_countersign() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} words='' globals='");
	option_words(out, cli_global_options, " ");
	buf_adds(out, "'\n\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\tmapfile -t COMPREPLY < <(compgen -W '");
	first_words(out);
	buf_adds(
		out,
		"' -- \"$word\")\n\t\treturn\n\tfi\n\tlocal key=${COMP_WORDS[1]}\n"
		"\t[ \"$COMP_CWORD\" -gt 2 ] && case \" ${COMP_WORDS[2]}\" in ' -'*) ;; *) key+=\" ${COMP_WORDS[2]}\" ;; esac\n"
		"\tcase $key in\n");
	case_lines(out, "words");
	buf_adds(out, "\t*) key=${COMP_WORDS[1]} ;;\n\tesac\n"
				  "\tmapfile -t COMPREPLY < <(compgen -W \"$words$globals\" -f -- \"$word\")\n}\n"
				  "complete -F _countersign countersign\n");
}

/* _describe splits at the first colon, so a colon in the summary would be no harm but a quote is. */
static void zsh_quoted(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *text);
}

static void zsh(struct buf *out)
{
	buf_adds(out, "#compdef countersign\n# zsh completion for countersign; made by: countersign completions zsh\n"
				  "local words_of='' globals='");
	option_words(out, cli_global_options, " ");
	buf_adds(out, "' key=$words[2]\nlocal -a first=(\n");
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		if (first_of_its_word(command)) {
			buf_addf(out, "\t'%.*s:", (int)strcspn(command->name, " "), command->name);
			zsh_quoted(out, strchr(command->name, ' ') != NULL ? "Several commands" : command->summary);
			buf_adds(out, "'\n");
		}
	buf_adds(out, ")\nif (( CURRENT == 2 )); then\n\t_describe command first\n\treturn\nfi\n"
				  "if (( CURRENT > 3 )) && [[ $words[3] != -* ]]; then\n\tkey+=\" $words[3]\"\nfi\n"
				  "case $key in\n");
	case_lines(out, "words_of");
	buf_adds(out, "esac\ncompadd -- ${=words_of} ${=globals}\n_files\n");
}

static void fish_text(struct buf *out, const char *text)
{
	buf_addc(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '\'');
}

static void fish_options(struct buf *out, const char *condition, const struct cli_option *options)
{
	for (; options != NULL && options->name != NULL; options++) {
		buf_addf(out, "complete -c countersign %s -l %s%s -d ", condition, options->name,
				 options->value != NULL ? " -r" : "");
		fish_text(out, options->doc);
		buf_addc(out, '\n');
	}
}

static void fish(struct buf *out)
{
	char condition[200];
	buf_adds(out, "# fish completion for countersign; made by: countersign completions fish\n");
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
		int first = (int)strcspn(command->name, " ");
		bool two = command->name[first] == ' ';
		if (first_of_its_word(command)) {
			buf_addf(out, "complete -c countersign -n __fish_use_subcommand -a %.*s -d ", first, command->name);
			fish_text(out, two ? "Several commands" : command->summary);
			buf_addc(out, '\n');
		}
		if (two) {
			buf_addf(out, "complete -c countersign -n '__fish_seen_subcommand_from %.*s' -a %s -d ", first,
					 command->name, command->name + first + 1);
			fish_text(out, command->summary);
			buf_addc(out, '\n');
		}
		snprintf(condition, sizeof condition, "-n '__fish_seen_subcommand_from %.*s%s%s'", first, command->name,
				 two ? "; and __fish_seen_subcommand_from " : "", two ? command->name + first + 1 : "");
		fish_options(out, condition, command->options);
	}
	fish_options(out, "", cli_global_options);
}

static const struct {
	const char *name;
	void (*write)(struct buf *out);
} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

bool manual_completions(const char *shell, struct buf *out)
{
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
		if (strcmp(shells[i].name, shell) == 0) {
			shells[i].write(out);
			return true;
		}
	return false;
}

/* --- the commands --- */

static int print(const struct cli *cli, struct buf *text)
{
	bool written = buf_ok(text) && cli_write(stdout, buf_text(text), text->size);
	buf_fini(text);
	return written ? CLI_DONE : cli_fail(cli, CLI_FAILED, "cannot write to standard output");
}

int command_completions(const struct cli *cli)
{
	struct buf text;
	buf_init(&text, 0);
	if (!manual_completions(cli->args[0], &text)) {
		buf_fini(&text);
		return cli_fail(cli, CLI_INVALID, "completions: \"%s\" is none of bash, zsh, fish", cli->args[0]);
	}
	return print(cli, &text);
}

int command_manual(const struct cli *cli)
{
	struct buf text;
	buf_init(&text, 0);
	if (cli->count == 0)
		manual_page(&text);
	else if (!manual_markdown(cli->args[0], &text)) {
		buf_fini(&text);
		return cli_fail(cli, CLI_INVALID, "manual: \"%s\" is none of commands, configuration, errors, audit, roles",
						cli->args[0]);
	}
	return print(cli, &text);
}
