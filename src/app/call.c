#include "app/commands.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config.h"
#include "app/ops.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/problem.h"
#include "core/spell.h"
#include "core/stamp.h"
#include "expr/expr.h"
#include "seal/op.h"
#include "seal/pack.h"
#include "sign/batch.h"
#include "version.h"

/* One `call`: everything it opens, in the order it is closed. */
struct call {
	const struct cli *cli;
	struct app_ops ops;
	struct packs *packs;
	struct expr_pool *exprs;
	struct arena arena;
	struct buf out;
	char now[STAMP_TEXT];
};

static int print_problem(struct call *call, const struct err *err, const struct faults *faults)
{
	struct problem problem = problem_of(err, faults);
	problem.timestamp = call->now;
	problem.version = APP_VERSION;
	problem.git_sha = APP_GIT_SHA;
	struct jw jw;
	buf_reset(&call->out);
	jw_init(&jw, &call->out);
	problem_write(&jw, &problem);
	buf_addc(&call->out, '\n');
	cli_write(stdout, buf_text(&call->out), call->out.size);
	return err_status(problem.kind) >= 500 ? CLI_FAILED : CLI_INVALID;
}

/* The picture beside the answer, to a file or, with "-", to standard output.  False: told. */
static bool write_attached(struct call *call, const char *path, const struct op_answer *answer)
{
	if (answer->attached == NULL) {
		cli_fail(call->cli, CLI_INVALID, "this operation gives no file; leave --out away");
		return false;
	}
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdout : fopen(path, "we");
	bool written = file != NULL && cli_write(file, answer->attached, answer->attached_size);
	if (file != NULL && !standard) {
		struct stat about;
		bool regular = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode);
		written = fclose(file) == 0 && written;
		if (!written && regular)
			unlink(path); /* half a picture is none */
	}
	if (!written)
		cli_fail(call->cli, CLI_FAILED, "cannot write %s", path);
	return written;
}

static int answer(struct call *call, const struct op *op, const struct json *body)
{
	const struct op_context context = {
		.packs = call->packs,
		.exprs = call->exprs,
		.envelope = {.version = APP_VERSION, .git_sha = APP_GIT_SHA, .route = op->path, .timestamp = call->now},
	};
	struct op_answer answer;
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	if (!op_run(op, &context, body, &call->arena, &answer, &faults, &err))
		return print_problem(call, &err, &faults);
	const char *out = cli_option(call->cli, "out");
	if (out != NULL && !answer.abstained && !write_attached(call, out, &answer))
		return CLI_FAILED;
	if (out != NULL && strcmp(out, "-") == 0)
		return answer.abstained ? CLI_ABSTAINED : CLI_DONE;
	if (!cli_write(stdout, answer.envelope, answer.envelope_size) || !cli_write(stdout, "\n", 1))
		return cli_fail(call->cli, CLI_FAILED, "cannot write to standard output");
	return answer.abstained ? CLI_ABSTAINED : CLI_DONE;
}

static int run_op(struct call *call, const struct op *op)
{
	struct buf body;
	struct err err = {.kind = ERR_NONE};
	const struct json *json;
	if (op->memory_max > call->arena.cap)
		call->arena.cap = op->memory_max;
	buf_init(&body, 0);
	bool read = cli_read("-", op->body_max != 0 ? op->body_max : OP_BODY_MAX, &body, &err) &&
				json_parse(&call->arena, buf_text(&body), body.size,
						   op->limits != NULL ? op->limits : &json_body_limits, &json, &err);
	int code = read ? answer(call, op, json) : print_problem(call, &err, NULL);
	buf_fini(&body);
	return code;
}

static void write_op(struct jw *jw, const struct op *op)
{
	jw_object(jw);
	jw_member_str(jw, "operation", op->name);
	jw_member_str(jw, "summary", op->summary);
	jw_member_str(jw, "path", op->path);
	jw_key(jw, "input_schema");
	field_schema(jw, op->input, FIELD_SCHEMA_INPUT);
	jw_key(jw, "result_schema");
	field_schema(jw, op->output, FIELD_SCHEMA_OUTPUT);
	jw_key(jw, "example");
	jw_raw(jw, op->example, strlen(op->example));
	jw_object_end(jw);
}

static int list(struct call *call)
{
	struct jw jw;
	for (size_t i = 0; i < call->ops.count; i++) {
		const struct op *op = call->ops.ops[i];
		jw_init(&jw, &call->out);
		if (call->cli->json)
			write_op(&jw, op);
		else
			buf_addf(&call->out, "%-24s %s", op->name, op->summary);
		buf_addc(&call->out, '\n');
	}
	return cli_write(stdout, buf_text(&call->out), call->out.size) ? CLI_DONE : CLI_FAILED;
}

static int schema(struct call *call, const struct op *op)
{
	struct jw jw;
	jw_init(&jw, &call->out);
	write_op(&jw, op);
	buf_addc(&call->out, '\n');
	return cli_write(stdout, buf_text(&call->out), call->out.size) ? CLI_DONE : CLI_FAILED;
}

/* A line longer than a batch takes is read to its end and answered as too long: only its first bytes are kept. */
static int run_batch(struct call *call)
{
	enum { KEPT = BATCH_LINE_MAX + 1 };
	const struct op_context context = {
		.packs = call->packs,
		.exprs = call->exprs,
		.envelope = {.version = APP_VERSION, .git_sha = APP_GIT_SHA, .timestamp = call->now},
	};
	struct batch batch;
	struct buf line;
	bool written = true;
	int c = 0;
	batch_init(&batch, call->ops.ops, call->ops.count, &context);
	buf_init(&line, 0);
	while (written && c != EOF) {
		for (c = getc_unlocked(stdin); c != '\n' && c != EOF; c = getc_unlocked(stdin))
			if (line.size < KEPT)
				buf_addc(&line, (char)c);
		if (c == EOF && line.size == 0)
			break;
		batch_line(&batch, buf_text(&line), line.size, &call->out);
		written = cli_write(stdout, buf_text(&call->out), call->out.size);
		buf_reset(&line);
	}
	buf_fini(&line);
	batch_fini(&batch);
	if (!written || ferror(stdin) || fflush(stdout) != 0)
		return cli_fail(call->cli, CLI_FAILED, "cannot read standard input or write to standard output");
	return CLI_DONE;
}

/* The constants of --packs, else of the installation where there is one: the answer is then its server's. */
static int open_packs(struct call *call)
{
	const char *folder = cli_option(call->cli, "packs");
	struct config config;
	struct err err;
	if (folder == NULL && !config_of_cli(call->cli, &call->arena, &config, NULL))
		return CLI_INVALID;
	if (!app_packs_open(&call->ops, folder != NULL ? folder : config.packs.folder, &call->packs, &err))
		return cli_fail(call->cli, CLI_FAILED, "%s", err.message);
	return CLI_DONE;
}

static const char *meant_operation(const struct call *call, const char *name)
{
	struct spell spell;
	spell_init(&spell, name);
	for (size_t i = 0; i < call->ops.count; i++)
		spell_offer(&spell, call->ops.ops[i]->name);
	return spell_meant(&spell);
}

static int dispatch(struct call *call)
{
	const char *shown = cli_option(call->cli, "schema");
	const char *name = shown != NULL ? shown : call->cli->count > 0 ? call->cli->args[0] : NULL;
	if (cli_option(call->cli, "list") != NULL)
		return list(call);
	if (name == NULL)
		return cli_fail(call->cli, CLI_INVALID, "name an operation; `countersign call --list` shows them");
	bool batch = shown == NULL && strcmp(name, "sign.batch") == 0;
	const struct op *op = app_ops_find(&call->ops, name);
	struct err err;
	if (op == NULL && !batch) {
		const char *meant = meant_operation(call, name);
		err_set(&err, ERR_NOT_FOUND, "There is no operation %.80s; %s%s%s`countersign call --list` names all.", name,
				meant != NULL ? "did you mean " : "", meant != NULL ? meant : "", meant != NULL ? "? " : "");
		return print_problem(call, &err, NULL);
	}
	if (shown != NULL)
		return schema(call, op);
	int code = open_packs(call); /* only an operation that runs needs the constants */
	if (code != CLI_DONE)
		return code;
	if (!expr_open(NULL, &call->exprs, &err))
		return cli_fail(call->cli, CLI_FAILED, "%s", err.message);
	return batch ? run_batch(call) : run_op(call, op);
}

int command_call(const struct cli *cli)
{
	struct call call = {.cli = cli};
	app_ops_init(&call.ops);
	arena_init(&call.arena, ARENA_REQUEST_CAP);
	buf_init(&call.out, 0);
	stamp_format(call.now, env_wall_us(env_real()));
	int code = dispatch(&call);
	buf_fini(&call.out);
	arena_fini(&call.arena);
	expr_close(call.exprs);
	packs_free(call.packs);
	return code;
}
