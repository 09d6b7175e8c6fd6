#!/usr/bin/env python3
"""embed.py SYMBOL FILE... > out.c: the files as one const table {name, bytes, size}, for the binary to carry."""
import os
import sys


def main() -> None:
    symbol, files = sys.argv[1], sys.argv[2:]
    out = sys.stdout
    out.write('#include "core/embedded.h"\n\n')
    for index, path in enumerate(files):
        with open(path, "rb") as file:
            data = file.read()
        out.write(f"static const unsigned char bytes_{index}[] = {{\n")
        for start in range(0, len(data), 24):
            out.write(" ".join(f"{byte}," for byte in data[start:start + 24]) + "\n")
        out.write("0};\n")
    out.write(f"\nconst struct embedded {symbol}[] = {{\n")
    for index, path in enumerate(files):
        name = os.path.basename(path)
        out.write(f'\t{{"{name}", (const char *)bytes_{index}, sizeof bytes_{index} - 1}},\n')
    out.write("\t{0, 0, 0},\n};\n")


main()
