/*
 * The commands, one function each; their rows are in commands.c.  Each returns an enum cli_exit.
 */
#ifndef CS_APP_COMMANDS_H
#define CS_APP_COMMANDS_H

#include "app/cli.h"

int command_serve(const struct cli *cli);
int command_init(const struct cli *cli);
int command_migrate(const struct cli *cli);
int command_replay(const struct cli *cli);
int command_audit_verify(const struct cli *cli);
int command_audit_archive(const struct cli *cli);
int command_audit_export(const struct cli *cli);
int command_audit_checkpoint(const struct cli *cli);
int command_verify(const struct cli *cli);
int command_backup(const struct cli *cli);
int command_restore(const struct cli *cli);
int command_doctor(const struct cli *cli);
int command_bench(const struct cli *cli);
int command_openapi(const struct cli *cli);
int command_call(const struct cli *cli);
int command_version(const struct cli *cli);
int command_completions(const struct cli *cli);
int command_manual(const struct cli *cli);
int command_help(const struct cli *cli);
int command_packs_list(const struct cli *cli);
int command_packs_show(const struct cli *cli);
int command_packs_verify(const struct cli *cli);
int command_packs_add(const struct cli *cli);
int command_packs_import_aisc(const struct cli *cli);
int command_config_show(const struct cli *cli);

#endif
