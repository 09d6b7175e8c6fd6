# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# What docs/security.md and docs/acceptance_platform.md promise is there: each test that they name exists, and each item
# of ASVS and tag of the platform has its row [ASVS 6.1.2, 7.1.1, 8.1.1].
. "$(dirname "${BASH_SOURCE[0]}")/../scenarios/lib.sh"
cd "$root" || exit 1
cat >"$work/look.py" <<'PY'
import os, re, sys

ITEMS = """1.2.4 1.2.5 1.3.6 2.2.1 2.2.2 2.3.3 2.3.4 2.3.5 2.4.1 3.4.1 3.4.6 4.1.1 4.1.3 4.1.4 4.2.1 5.2.1 5.2.2 5.2.6 5.3.2 5.4.1
5.4.2 5.4.3 6.1.1 6.3.1 6.2.1 6.2.4 6.2.5 6.2.8 6.2.9 6.2.11 6.3.8 6.4.1 6.4.3 6.5.1 6.5.5 6.1.2 7.1.1 8.1.1 7.2.3 7.2.4 7.3.1 7.3.2
7.4.1 7.4.2 7.4.5 7.5.1 7.5.2 8.2.1 8.2.2 8.2.3 8.3.2 8.4.1 9.1.1 9.1.3 9.2.1 9.2.3 11.4.2 12.1.1 13.3.1 14.2.1 16.2.5 16.3.1 16.3.2
16.4.1 16.4.2 16.5.1 16.5.3""".split()
TAGS = {1: 5, 2: 3, 3: 3, 4: 10, 5: 5, 6: 9, 7: 8, 8: 13, 9: 5, 10: 6, 11: 3, 12: 6}
bad = []

def exists(name, page):
    folder, _, rest = name.partition("/")
    places = {"sec": [f"tests/security/{rest}.sh"], "scn": [f"tests/scenarios/{rest}.sh"],
              "wire": [f"tests/wire/{rest}.vtc", f"tests/wire/front/{rest}.vtc"], "fuzz": [f"fuzz/{rest}.c"],
              "tests": [name, f"{name}.sh"], "tools": [name]}.get(folder, [f"src/{name}_test.c", f"src/{folder}/domain/{rest}_test.c"])
    if not any(os.path.exists(place) for place in places):
        bad.append(f"{page}: there is no {name}")

def named(text):
    """Numbers and tags that a row's first column covers: '6.2.1, .4', '3.4.1 to 3.4.6', 'P-9.1 to P-9.5'."""
    covered = set()
    for low, high in re.findall(r"([\d.P-]*\d)(?: to ([\d.P-]*\d))?", text):
        covered.add(low)
        if high:
            stem, first = low.rsplit(".", 1)
            covered |= {f"{stem}.{n}" for n in range(int(first), int(high.rsplit(".", 1)[1]) + 1)}
    stem = None
    for part in re.split(r",\s*", text):
        if match := re.match(r"([\d]+\.[\d]+)\.[\d]+", part):
            stem = match[1]
        elif match := re.match(r"\.(\d+)", part):
            covered.add(f"{stem}.{match[1]}")
    return covered

rows = {page: [[c.strip() for c in line.split("|")[1:-1]] for line in open(f"docs/{page}.md") if line.startswith("| ")]
        for page in ("security", "acceptance_platform")}
for row in rows["security"]:
    for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)+)`", row[-1]):
        exists(name, "security")
    folder = None
    for name in re.findall(r"`([^`]+)`", row[-1]):
        folder = os.path.dirname(name) or folder
        if name.endswith((".sh", ".vtc")) and not os.path.exists(name if "/" in name else f"{folder}/{name}") \
                and not os.path.exists(f"tests/security/{name}"):
            bad.append(f"security: there is no {name}")
for row in rows["acceptance_platform"]:
    for name in re.findall(r"(?<![\w/])((?:sec|scn|wire|fuzz|app|core|crypt|http|link|people|seal|sign|store|trade|flow)/[a-z_0-9]+)", row[-1]):
        exists(name, "acceptance_platform")
covered = set().union(*(named(row[0]) for row in rows["security"]))
bad += [f"security: no row for {item}" for item in ITEMS if item not in covered]
covered = set().union(*(named(row[0]) for row in rows["acceptance_platform"]))
bad += [f"acceptance_platform: no row for P-{section}.{n}" for section, last in TAGS.items() for n in range(1, last + 1)
        if f"P-{section}.{n}" not in covered]
bad += [f"acceptance_platform: no row for B{n}" for n in range(1, 27) if not any(re.search(rf"\bB{n}\b", row[0]) for row in rows["acceptance_platform"])]
for line in bad:
    print(line)
sys.exit(bool(bad))
PY
check 'each test that is named exists, and each item has a row' python3 "$work/look.py"
