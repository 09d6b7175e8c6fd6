#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "app/config.h"
#include "app/manual.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "http/error_help.h"
#include "people/roles.h"
#include "seal/audit.h"

/* Pages of docs/reference in Markdown, made of the tables that the program itself goes by; tools/reference keeps them.
 */

/* One line of text in a cell: a bar would end it. */
static void cell(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '|')
			buf_adds(out, "\\|");
		else
			buf_addc(out, *text == '\n' ? ' ' : *text);
}

static void begin(struct buf *out, const char *title)
{
	buf_addf(out, "<!-- Made by tools/reference; do not edit. -->\n# %s\n\n", title);
}

/* --- commands --- */

static void add_options(struct buf *out, const struct cli_option *options)
{
	buf_adds(out, "\n| option | what |\n|---|---|\n");
	for (; options->name != NULL; options++) {
		buf_addf(out, "| `--%s%s", options->name, options->value != NULL ? " " : "");
		cell(out, options->value != NULL ? options->value : "");
		buf_adds(out, "` | ");
		cell(out, options->doc);
		buf_addf(out, "%s |\n", options->repeats ? "; repeats" : "");
	}
}

static void add_command(struct buf *out, const struct cli_command *command)
{
	buf_addf(out, "\n## %s\n\n`countersign %s%s%s`\n\n%s.\n", command->name, command->name,
			 command->arguments[0] != '\0' ? " " : "", command->arguments, command->summary);
	if (command->doc != NULL)
		buf_addf(out, "\n%s\n", command->doc);
	if (command->options != NULL)
		add_options(out, command->options);
}

static void commands(struct buf *out)
{
	begin(out, "Commands");
	buf_adds(out,
			 "Data goes to standard output, messages to standard error. `countersign help COMMAND` tells the same.\n\n"
			 "| exit | meaning |\n|---|---|\n");
	for (const struct cli_exit_row *row = cli_exits; row->meaning != NULL; row++)
		buf_addf(out, "| %d | %s |\n", row->code, row->meaning);
	buf_adds(out, "\nEvery command takes:\n");
	add_options(out, cli_global_options);
	for (const struct cli_command *command = cli_commands; command->name != NULL; command++)
		add_command(out, command);
}

/* --- configuration --- */

static void add_key(struct buf *out, const struct field *field)
{
	char variable[96];
	buf_addf(out, "| `%s`<br>`%s` | ", field_name(field), config_variable(field_name(field), variable));
	manual_limits(out, field);
	buf_adds(out, " | ");
	struct buf value;
	buf_init(&value, 0);
	manual_default(&value, field);
	if (value.size > 0) {
		buf_addc(out, '`');
		cell(out, buf_text(&value));
		buf_addc(out, '`');
	}
	buf_fini(&value);
	buf_adds(out, " | ");
	cell(out, field->doc != NULL ? field->doc : "");
	buf_adds(out, " |\n");
}

static void configuration(struct buf *out)
{
	begin(out, "Configuration");
	buf_adds(
		out,
		"One YAML file (`--config`, else `COUNTERSIGN_CONFIG`, else `/etc/countersign/countersign.yaml` if present), "
		"then environment variables, then flags: later wins. A key `a.b` is `a: {b: …}`, or `a.b: …`. An unknown key, "
		"a "
		"wrong type or a value out of range is refused at start, all faults at once. Keys whose name ends in `_file` "
		"take "
		"a path, or `cred:NAME` for a systemd credential. `countersign config show --origin` tells what is in "
		"force.\n\n"
		"| key | what it may be | default | what |\n|---|---|---|---|\n");
	for (size_t i = 0; i < config_table.count; i++)
		add_key(out, &config_table.fields[i]);
	buf_adds(out, "\n| variable | what |\n|---|---|\n");
	for (const struct manual_variable *variable = manual_variables; variable->name != NULL; variable++)
		buf_addf(out, "| `%s` | %s |\n", variable->name, variable->doc);
}

/* --- errors --- */

/* Several kinds may be one code at one status. */
static bool told_before(enum err_kind kind)
{
	for (enum err_kind before = ERR_NONE + 1; before < kind; before++)
		if (err_status(before) == err_status(kind) && strcmp(err_code(before), err_code(kind)) == 0)
			return true;
	return false;
}

static const struct {
	const char *code, *meaning;
} faults[] = {
	{"required", "The member has to be there"},
	{"type", "Another JSON type; the sentence says which"},
	{"range", "A number out of its range; with the bounds and the unit"},
	{"number_range", "An integer beyond 2^53, which JSON's readers do not keep"},
	{"length", "Too short or too long a text"},
	{"count", "Too few or too many elements"},
	{"enum", "None of the words that are listed"},
	{"format", "A text of another form: a time, an address, an identifier"},
	{"time_zone_missing", "A time without an offset"},
	{"unknown_field", "No member of this object; a near one is named"},
	{"read_only", "Set by the server"},
	{"conflict", "Contradicts another member"},
	{"not_allowed", "Not together with what else was said"},
};

static void errors(struct buf *out)
{
	begin(out, "Errors");
	buf_adds(
		out,
		"Every refusal is a problem document (RFC 9457) with a `code`: programs go by it, people by `detail`. "
		"`errors` has, for faults of a body, the place as a JSON Pointer, a code and a sentence. Again: may the same "
		"request succeed later?\n\n| code | status | title | again | what to do |\n|---|---|---|---|---|\n");
	for (enum err_kind kind = ERR_NONE + 1; kind < ERR_KINDS; kind++) {
		if (told_before(kind))
			continue;
		buf_addf(out, "| `%s` | %d | ", err_code(kind), err_status(kind));
		cell(out, err_title(kind));
		buf_addf(out, " | %s | ", err_retryable(kind) ? "yes" : "no");
		cell(out, error_help(err_code(kind), err_status(kind)));
		buf_adds(out, " |\n");
	}
	buf_adds(
		out,
		"\n## Codes of `errors[]`\n\nThose that all operations share; others name a rule of one operation, and their "
		"sentence says it.\n\n| code | meaning |\n|---|---|\n");
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		buf_addf(out, "| `%s` | %s |\n", faults[i].code, faults[i].meaning);
}

/* --- actions of the audit chain --- */

static const char *const meta_names[AUDIT_METAS] = {
#define X(name) [AUDIT_META_##name] = #name,
#include "seal/audit_meta.h"
#undef X
};

static const struct {
	const char *action, *target;
	uint64_t meta;
} actions[] = {
#define M(name) (1ULL << AUDIT_META_##name)
#define X(name, action, target, meta) {action, target, meta},
#include "seal/audit_actions.h"
#undef X
#undef M
};

static void audit(struct buf *out)
{
	begin(out, "Actions of the audit chain");
	buf_adds(
		out,
		"`GET /api/v1/audit?action=…` finds them. `meta` always has `account_id`, and of these what is known; what a "
		"row holds beside it: [audit.md](../audit.md#the-bytes).\n\n| action | target | meta |\n|---|---|---|\n");
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		buf_addf(out, "| `%s` | %s | ", actions[i].action, actions[i].target);
		bool any = false;
		for (int bit = 0; bit < AUDIT_METAS; bit++)
			if ((actions[i].meta & 1ULL << bit) != 0) {
				buf_addf(out, "%s%s", any ? ", " : "", meta_names[bit]);
				any = true;
			}
		buf_adds(out, " |\n");
	}
}

/* --- roles --- */

static void roles(struct buf *out)
{
	char names[PERMISSIONS_TEXT], *save = NULL;
	begin(out, "Roles and permissions");
	buf_adds(
		out,
		"Who may do what. A person has one or more roles; an API key has some of its maker's permissions, at each use "
		"those that its maker still has. Which permission an operation asks for: its `x-permission` in the OpenAPI "
		"document. `admin` acts in every account, all others in their own. `trade.ingest` is a producer's and "
		"`trade.device` a terminal's: no person has these two.\n\n| permission |");
	for (const char *const *name = role_person_names; *name != NULL; name++)
		buf_addf(out, " %s |", *name);
	buf_adds(out, "\n|---|");
	for (const char *const *name = role_person_names; *name != NULL; name++)
		buf_adds(out, ":-:|");
	buf_addc(out, '\n');
	permissions_format(permissions_of(ROLES_PERSON), names);
	for (char *permission = strtok_r(names, ",", &save); permission != NULL; permission = strtok_r(NULL, ",", &save)) {
		buf_addf(out, "| `%s` |", permission);
		for (const char *const *name = role_person_names; *name != NULL; name++)
			buf_adds(out, role_permits(role_named(*name), permission) ? " ● |" : " |");
		buf_addc(out, '\n');
	}
}

static const struct {
	const char *name;
	void (*write)(struct buf *out);
} pages[] = {
	{"commands", commands}, {"configuration", configuration}, {"errors", errors}, {"audit", audit}, {"roles", roles}};

bool manual_markdown(const char *page, struct buf *out)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
		if (strcmp(pages[i].name, page) == 0) {
			pages[i].write(out);
			return true;
		}
	return false;
}
