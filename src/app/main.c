#include <string.h>

#include "app/cli.h"
#include "expr/expr.h"

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "expr-helper") == 0)
		return expr_helper(); /* a helper of our own, before anything is started */
	return cli_main(argc, argv);
}
