#include "app/commands.h"
#include "app/fact.h"

#include <stdlib.h>
#include <string.h>

#include "app/config.h"
#include "app/device_commands.h"
#include "app/flow_commands.h"
#include "app/flow_ctk.h"
#include "app/flow_run.h"
#include "app/people_commands.h"
#include "app/producer_commands.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/jw.h"
#include "version.h"

static const struct cli_option call_options[] = {
	{"list", NULL, "Name every operation; with --json its schemas and an example", false},
	{"schema", "OPERATION", "Show the schemas of one operation and an example", false},
	{"packs", "DIR", "Folder of further packs (default: the installation's, where there is one)", false},
	{"out", "FILE", "Where the picture of a chart goes; -: to standard output, instead of the envelope", false},
	{NULL, NULL, NULL, false},
};

static const struct cli_option origin_options[] = {
	{"origin", NULL, "Say where each value came from", false},
	{NULL, NULL, NULL, false},
};

static const struct cli_option serve_options[] = {
	{"listen", "A:P", "Address to serve on", true},
	{"mode", "development|production", "production refuses unsafe settings", false},
	{"http-map", "HOST=IP:PORT", "Workflows ask this address in place of HOST, by plain http", true},
	{NULL, NULL, NULL, false},
};

static const struct cli_option init_options[] = {
	{"admin-email", "E", "E-mail address of the first admin", false},
	{"admin-password-file", "F", "File whose first line is the password", false},
	{NULL, NULL, NULL, false},
};

static const struct cli_option migrate_options[] = {
	{"status", NULL, "Name every step and whether it was applied; change nothing", false},
	{"dry-run", NULL, "Name the steps that would be applied; change nothing", false},
	{NULL, NULL, NULL, false},
};

static const struct cli_option replay_options[] = {
	{"all", NULL, "Recompute every seal: of the store, or by a running server those of the first account", false},
	{"since", "T", "Of these those made at that time or later, as 2026-01-01T00:00:00Z", false},
	{NULL, NULL, NULL, false},
};

static const struct cli_option verify_options[] = {
	{"jwks", "F", "Key set to verify with, as /.well-known/jwks.json; default: this installation's own", false},
	{NULL, NULL, NULL, false},
};

static const struct cli_option audit_verify_options[] = {
	{"archives", "DIR", "Begin with the archives in this folder", false},
	{"checkpoint", "F", "A signed checkpoint that was kept elsewhere: the chain must still hold it", true},
	{NULL, NULL, NULL, false},
};

static const struct cli_option audit_export_options[] = {
	{"from", "T", "Rows of that time or later, as 2026-01-01T00:00:00Z", false},
	{"to", "T", "Rows before that time", false},
	{"stream", "S", "Rows of one stream; a server has one, main", false},
	{NULL, NULL, NULL, false},
};
static const struct cli_option doctor_options[] = {
	{"accept-clock", NULL, "The machine's clock was wrong and is right now: go by it again", false},
	{NULL, NULL, NULL, false},
};
static const struct cli_option backup_options[] = {
	{"incremental", NULL, "Add to the backup that DIR holds: only new blobs are copied", false},
	{"passphrase-file", "F", "File whose first line seals the keys; needed in production", false},
	{NULL, NULL, NULL, false},
};

static const struct cli_option restore_options[] = {
	{"passphrase-file", "F", "File whose first line opens the keys", false},
	{NULL, NULL, NULL, false},
};

const struct cli_command cli_commands[] = {
	{"serve", "[--listen A:P]… [--mode M]", "Run the server",
	 "Makes the data folder when it is absent.  Ends with 0 on SIGTERM or SIGINT, after requests under way have "
	 "ended.\n"
	 "COUNTERSIGN_ADMIN_EMAIL and COUNTERSIGN_ADMIN_PASSWORD (in production COUNTERSIGN_ADMIN_PASSWORD_FILE) make the "
	 "first admin on a fresh folder.",
	 serve_options, 0, 0, command_serve},
	{"init", "[--admin-email E --admin-password-file F]", "Make the data folder, its keys and the first admin", NULL,
	 init_options, 0, 0, command_init},
	{"migrate", "[--status | --dry-run]", "Bring the store's schema up to date, without serving",
	 "A server does so by itself at its start.  A store of a newer program is refused (exit 1); while a server runs, "
	 "exit 5.",
	 migrate_options, 0, 0, command_migrate},
	{"call", "OPERATION < BODY.json | --list | --schema OPERATION", "Run a pure operation: JSON body in, envelope out",
	 "Needs no data folder and no network.  Exit codes: 0 a result, 2 refused (a problem document on standard "
	 "output),\n"
	 "3 the operation abstained.",
	 call_options, 0, 1, command_call},
	{"replay", "SEAL | --all | --since T", "Recompute a sealed result and compare",
	 "Prints identical, different (pointer, was, is) or not_replayable (reason).  Exit codes: 0 identical, 4 "
	 "different,\n"
	 "3 not replayable.",
	 replay_options, 0, 1, command_replay},
	{"audit verify", "[FILE] [--archives DIR] [--checkpoint F]", "Verify the audit chain of a store or of an export",
	 "Prints streams, rows and checkpoints and OK, or the first bad row.  Exit codes: 0 sound, 4 not.\n"
	 "A checkpoint of another machine (audit.checkpoint_dir, or `audit checkpoint --json`) shows what the chain alone "
	 "cannot: a tail that was cut, or a chain that was rebuilt.",
	 audit_verify_options, 0, 1, command_audit_verify},
	{"audit archive", "", "Put rows past audit.retention_days into files of DATA/archive",
	 "A running server does so by itself, once an hour.", NULL, 0, 0, command_audit_archive},
	{"audit export", "[--from T] [--to T] [--stream S]", "Write the audit chain as NDJSON",
	 "Of a part of the time the rows are linked by the hashes around them, so that it verifies as well.",
	 audit_export_options, 0, 0, command_audit_export},
	{"audit checkpoint", "", "Sign the head of the audit chain now",
	 "With --json {statement, signature}: keep it on another machine, where it shows a chain that was cut or rebuilt.",
	 NULL, 0, 0, command_audit_checkpoint},
	{"verify", "RECEIPT [--jwks F]", "Verify the receipt of a countersignature, off line",
	 "RECEIPT is the text, a file, or - for standard input.  Exit codes: 0 genuine, 4 not.", verify_options, 1, 1,
	 command_verify},
	{"packs list", "", "Name every pack of constants with version and SHA-256", NULL, NULL, 0, 0, command_packs_list},
	{"packs show", "NAME [VERSION]", "Print a pack as it is", NULL, NULL, 1, 2, command_packs_show},
	{"packs verify", "", "Load every pack and run its self-check", NULL, NULL, 0, 0, command_packs_verify},
	{"packs add", "FILE", "Add a pack to the installation",
	 "Refused when the name and version exist with other bytes, or when the pack fails its self-check.", NULL, 1, 1,
	 command_packs_add},
	{"packs import-aisc", "FILE", "Make a pack of the published shapes from the workbook saved as CSV",
	 "A damaged row is named by its line and nothing is imported.", NULL, 1, 1, command_packs_import_aisc},
	{"backup", "DIR [--incremental] [--passphrase-file F]", "Copy store, blobs, packs and keys, while serving",
	 "DIR must be empty, or hold an earlier backup and --incremental be given.  The manifest is written last: a folder "
	 "without it is no backup.",
	 backup_options, 1, 1, command_backup},
	{"restore", "DIR --data NEW [--passphrase-file F]", "Make a data folder from a backup",
	 "NEW must be absent or empty.  Every file is compared with the manifest, then the audit chain is verified with "
	 "the "
	 "checkpoint that the manifest holds.  Exit codes: 0 restored, 4 the backup is not what was backed up.",
	 restore_options, 1, 1, command_restore},
	{"doctor", "[--accept-clock]", "Examine this installation", "Exit codes: 0 sound, 4 a fault was found.",
	 doctor_options, 0, 0, command_doctor},
	{"bench", "[NAME]", "Measure this binary on this machine, with ratios",
	 "NAME is write, audit, replay, token or gate; without one, all.  Each is measured five times beside a named peer "
	 "in "
	 "the same run; the medians count.  Writes go to a folder of their own in the data folder, or in TMPDIR where "
	 "there "
	 "is none.  A budget that is not kept is told and is no failure.",
	 NULL, 0, 1, command_bench},
	{"openapi", "", "Print the OpenAPI document", NULL, NULL, 0, 0, command_openapi},
	{"flow run", "FILE [--input FILE|JSON]", "Run a workflow definition to its end, without a server",
	 "Prints {status, output, error}; with --json also run_id, tasks and events.  Exit 0 completed, 1 faulted, 2 "
	 "refused, 3 "
	 "cancelled or suspended, 5 out of time.",
	 flow_run_options, 1, 1, command_flow_run},
	{"flow ctk", "DIR", "Run the features of a conformance kit", "Prints how many scenarios hold, as n/m.",
	 flow_ctk_options, 1, 1, command_flow_ctk},
	{"flow validate", "FILE", "Check a workflow definition, without a server",
	 "Prints {valid, form, problems}.  Exit codes: 0 valid, 2 not.", NULL, 1, 1, command_flow_validate},
	{"flow status", "ID", "Show a run of a server",
	 "Exit codes as of `flow run`: 0 completed or under way, 1 faulted, 3 cancelled or suspended.", flow_read_options,
	 1, 1, command_flow_status},
	{"flow list", "[--status S] [--workflow NS/NAME] [--label K:V]", "Name the runs of a server, the newest first",
	 "With --json one object a line.", flow_list_options, 0, 0, command_flow_list},
	{"flow why", "ID", "Say what a run waits for, and what would let it go on",
	 "With --json, as every command about one run, the whole answer of the server.", flow_read_options, 1, 1,
	 command_flow_why},
	{"flow journal", "ID", "Print the rows of a run's journal", "One JSON object a line.", flow_read_options, 1, 1,
	 command_flow_journal},
	{"flow cancel", "ID [--reason TEXT]", "End a run; what it waits for is given up", NULL, flow_order_options, 1, 1,
	 command_flow_cancel},
	{"flow pause", "ID [--reason TEXT]", "Let a run finish what is under way, then stand still", NULL,
	 flow_order_options, 1, 1, command_flow_pause},
	{"flow retry", "ID [--reason TEXT]", "Execute the faulted step of a run anew", NULL, flow_order_options, 1, 1,
	 command_flow_retry},
	{"flow fork", "ID [--from-step PATH]", "Start a new run that begins with what this one did", NULL,
	 flow_fork_options, 1, 1, command_flow_fork},
	{"flow replay", "ID [--mode MODE]", "Recompute a run from its journal and compare, or execute it once more",
	 "Exit codes: 0, or 1 where a step came out otherwise.", flow_replay_options, 1, 1, command_flow_replay},
	{"flow resume", "ID [--reason TEXT]", "Let a paused run go on", NULL, flow_order_options, 1, 1,
	 command_flow_resume},
	{"user add", "EMAIL --role R[,R] [--password-file F|--invite]", "Make a person's login at the running server", NULL,
	 user_add_options, 1, 1, command_user_add},
	{"user list", "", "Name everybody of every account", NULL, NULL, 0, 0, command_user_list},
	{"user show", "EMAIL|ID", "Show one person", NULL, NULL, 1, 1, command_user_show},
	{"user lock", "EMAIL|ID [--reason TEXT]", "Refuse logins of a person for people.lock_s",
	 "As five wrong passwords would; sessions go on.  To end them too: user suspend.", user_reason_options, 1, 1,
	 command_user_lock},
	{"user unlock", "EMAIL|ID", "Forget the failed logins of a person", NULL, user_reason_options, 1, 1,
	 command_user_unlock},
	{"user suspend", "EMAIL|ID --reason TEXT", "End all sessions of a person and let them in no more", NULL,
	 user_reason_options, 1, 1, command_user_suspend},
	{"user activate", "EMAIL|ID", "Let a person in again", NULL, user_reason_options, 1, 1, command_user_activate},
	{"user deactivate", "EMAIL|ID", "Let a person in no more, without blame", NULL, user_reason_options, 1, 1,
	 command_user_deactivate},
	{"user role", "EMAIL|ID R[,R]", "Give a person these roles instead of those they have", NULL, user_role_options, 1,
	 2, command_user_role},
	{"user passwd", "EMAIL|ID [--password-file F]", "Set a password, or send a token to set one", NULL,
	 user_passwd_options, 1, 1, command_user_passwd},
	{"user sessions", "EMAIL|ID [--end]", "Name the sessions of a person, or end all of them",
	 "With --json one object a line.", user_sessions_options, 1, 1, command_user_sessions},
	{"key create", "NAME --scope S,… [--user E] [--expires 90d]", "Make an API key; it is shown once", NULL,
	 key_create_options, 1, 1, command_key_create},
	{"key list", "", "Name the API keys of the first account", NULL, NULL, 0, 0, command_key_list},
	{"key revoke", "ID|PREFIX|NAME", "Revoke an API key at once", NULL, NULL, 1, 1, command_key_revoke},
	{"keys rotate", "access|receipt|checkpoint|master", "Sign with a new key of the server's own",
	 "access: the old key verifies for people.access_ttl_s more.  receipt and checkpoint: for ever, and they stay "
	 "published.\n"
	 "master: seals every secret in the store anew; the server has to be stopped.",
	 NULL, 1, 1, command_keys_rotate},
	{"producer add", "NAME [--kind K]", "Register a strategy engine at the running server",
	 "Its secret is shown once, and kept in DATA/clients for `producer sign` and `producer send`.",
	 producer_add_options, 1, 1, command_producer_add},
	{"producer list", "", "Name every producer, newest first", NULL, NULL, 0, 0, command_producer_list},
	{"producer rotate", "NAME|ID [--overlap SECONDS]", "Give a producer a new secret", NULL, producer_rotate_options, 1, 1,
	 command_producer_rotate},
	{"producer revoke", "NAME|ID", "Delete a producer; its signals stay", NULL, NULL, 1, 1, command_producer_revoke},
	{"producer sign", "--body F [--path TARGET]", "Print the headers of a signed request", NULL, producer_sign_options,
	 0, 0, command_producer_sign},
	{"producer send", "F", "Sign a signal and send it",
	 "Exit codes: 0 taken in, 2 refused (the problem document on standard output), 5 no server.", producer_send_options,
	 1, 1, command_producer_send},
	{"device add", "NAME [--account ID]", "Register a terminal at the running server",
	 "Its secret is shown once; with --secret-file it is written there instead, for its owner's eyes only.",
	 device_add_options, 1, 1, command_device_add},
	{"device list", "", "Name every terminal, newest first", NULL, NULL, 0, 0, command_device_list},
	{"device revoke", "NAME|ID", "Let a terminal in no more, for ever", NULL, NULL, 1, 1, command_device_revoke},
	{"device sign", "--device ID --secret-file F [--method M] [--path TARGET] [--body F]",
	 "Print the headers of a terminal's request", NULL, device_sign_options, 0, 0, command_device_sign},
	{"device simulate", "--server URL --device ID --secret-file F [--script F] [--seed N]",
	 "Play a terminal with a broker, ticks and faults",
	 "The script has a fault a line: partial_fill, slippage P, manual_close, stop_out, disconnect AT FOR, disconnect "
	 "fill, "
	 "duplicate_ack, clock_ahead S, replay, crash_before_ack, symbol_suffix T, gap P.  The report is JSON on standard "
	 "output: orders filled at the broker, deliveries, acknowledgements, what the server refused.\n"
	 "Prices move by the seed.  Symbols: BTCUSD, ETHUSD, XAUUSD, EURUSD.",
	 device_simulate_options, 0, 0, command_device_simulate},
	{"config show", "[--origin]", "Print the configuration in force",
	 "Every key with its range and default: docs/reference/configuration.md, or the man page.", origin_options, 0, 0,
	 command_config_show},
	{"completions", "bash|zsh|fish", "Print a shell's completion script",
	 "bash: countersign completions bash > /etc/bash_completion.d/countersign", NULL, 1, 1, command_completions},
	{"manual", "[commands|configuration|errors|audit|roles]",
	 "Print the man page, countersign(8), or a page of the reference",
	 "countersign manual | man -l -\nA page is Markdown, as it stands in docs/reference.", NULL, 0, 1, command_manual},
	{"version", "", "Print the version", NULL, NULL, 0, 0, command_version},
	{"help", "[COMMAND]", "Tell what the commands do", NULL, NULL, 0, 2, command_help},
	{NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};

int command_version(const struct cli *cli)
{
	struct fact fact;
	if (!cli->json) {
		printf("countersign %s (%s)\n", APP_VERSION, APP_GIT_SHA);
		return CLI_DONE;
	}
	struct jw *result = fact_begin(&fact);
	jw_member_str(result, "version", APP_VERSION);
	jw_member_str(result, "git_sha", APP_GIT_SHA);
	jw_member_str(result, "compiler", __VERSION__);
	return fact_end(&fact, CLI_DONE);
}

int command_help(const struct cli *cli)
{
	char *words[4] = {(char *)(uintptr_t) "countersign"};
	int count = 1;
	for (int i = 0; i < cli->count; i++)
		words[count++] = (char *)(uintptr_t)cli->args[i];
	words[count++] = (char *)(uintptr_t) "--help";
	return cli_main(count, words);
}

static const char *const origin_names[] = {"default", "file", "environment", "flag"};

/* {"key": value}, or {} where there is none. */
static void write_one(struct buf *buf, const struct config *config, size_t i)
{
	const struct field_table one = {.fields = &config_table.fields[i], .count = 1, .size = config_table.size};
	struct jw jw;
	buf_reset(buf);
	jw_init(&jw, buf);
	field_write(&jw, &one, config, FIELD_INPUTS);
}

/* The value in what write_one wrote; NULL: there is none. */
static const char *value_of(const struct buf *one, const char *key, int *size)
{
	size_t before = strlen(key) + 4; /* {"key": */
	*size = one->size > before ? (int)(one->size - before - 1) : 0;
	return *size > 0 ? one->bytes + before : NULL;
}

static void print_line(const struct buf *one, const char *key, const char *origin)
{
	struct buf line;
	struct jw jw;
	int size;
	const char *value = value_of(one, key, &size);
	buf_init(&line, 0);
	jw_init(&jw, &line);
	jw_object(&jw);
	jw_member_str(&jw, "key", key);
	jw_key(&jw, "value");
	if (value != NULL)
		jw_raw(&jw, value, (size_t)size);
	else
		jw_null(&jw);
	jw_member_str(&jw, "origin", origin);
	jw_object_end(&jw);
	puts(buf_text(&line));
	buf_fini(&line);
}

static void print_row(const struct buf *one, const char *key, const char *origin)
{
	int size;
	const char *value = value_of(one, key, &size);
	printf("%-36s  %.*s", key, value != NULL ? size : 1, value != NULL ? value : "-");
	printf(origin != NULL ? "  # %s\n" : "\n", origin);
}

static int print_config(const struct cli *cli, const struct config *config, const enum config_origin *origins)
{
	struct buf buf;
	buf_init(&buf, 0);
	for (size_t i = 0; i < config_table.count; i++) {
		const char *key = field_name(&config_table.fields[i]), *origin = origin_names[origins[i]];
		write_one(&buf, config, i);
		if (cli->json)
			print_line(&buf, key, origin);
		else
			print_row(&buf, key, cli_option(cli, "origin") != NULL ? origin : NULL);
	}
	buf_fini(&buf);
	return CLI_DONE;
}

int command_config_show(const struct cli *cli)
{
	struct arena arena;
	struct config config;
	arena_init(&arena, ARENA_REQUEST_CAP);
	enum config_origin *origins = arena_array(&arena, config_table.count, sizeof *origins);
	int code = CLI_INVALID;
	if (config_of_cli(cli, &arena, &config, origins))
		code = print_config(cli, &config, origins);
	arena_fini(&arena);
	return code;
}
