#!/usr/bin/env python3
"""embed.py SYMBOL FILE... > out.c: the files as one const table {name, bytes, size}, for the binary to carry."""
import os
import sys

BYTES_A_LINE = 96
PLAIN = {byte: chr(byte) for byte in range(0x20, 0x7F)} | {ord('"'): '\\"', ord("\\"): "\\\\", ord("?"): "\\?"}


def literal(data: bytes) -> str:
    """A string: a compiler reads it in a tenth of the time that a list of numbers takes."""
    return '"' + "".join(PLAIN.get(byte) or f"\\{byte:03o}" for byte in data) + '"'


def main() -> None:
    symbol, files = sys.argv[1], sys.argv[2:]
    out = sys.stdout
    out.write('#include "core/embedded.h"\n\n')
    for index, path in enumerate(files):
        with open(path, "rb") as file:
            data = file.read()
        out.write(f"static const char bytes_{index}[] = {literal(data[:BYTES_A_LINE])}")
        for start in range(BYTES_A_LINE, len(data), BYTES_A_LINE):
            out.write("\n\t" + literal(data[start:start + BYTES_A_LINE]))
        out.write(";\n")
    out.write(f"\nconst struct embedded {symbol}[] = {{\n")
    for index, path in enumerate(files):
        name = os.path.basename(path)
        out.write(f'\t{{"{name}", bytes_{index}, sizeof bytes_{index} - 1}},\n')
    out.write("\t{0, 0, 0},\n};\n")


main()
