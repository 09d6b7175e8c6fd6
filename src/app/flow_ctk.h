/* `countersign flow ctk DIR`: the conformance kit of the workflow language, and features like its own [flow.md 15]. */
#ifndef CS_APP_FLOW_CTK_H
#define CS_APP_FLOW_CTK_H

#include "app/cli.h"

extern const struct cli_option flow_ctk_options[];
int command_flow_ctk(const struct cli *cli);

#endif
