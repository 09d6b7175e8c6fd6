# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# What the documents show works: the sh blocks of each page, pasted in order into one bash, end with 0 and no request is
# refused; links and anchors lead somewhere; the reference is what the program says.  A block that needs something of the
# reader's own (another machine, a model) is fenced as bash.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export COUNTERSIGN_RATE_ENABLED=false
check 'docs/reference is what the program says' "$root/tools/reference" --check

cat >links.py <<'PY'
import os, re, subprocess, sys
from urllib.parse import unquote

root = sys.argv[1]
os.chdir(root)
pages = [os.path.join(folder, name) for top in (".",) for folder, folders, names in os.walk(top)
         if not re.match(r"\./(build|var|\.|fuzz/corpus)", folder) for name in names if name.endswith(".md")]

def prose(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)

def anchors(page):
    found = set()
    for title in re.findall(r"^#+ +(.*)", prose(open(page).read()), flags=re.M):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", title).replace(" ", "-"))
    return found

bad = []
for page in pages:
    text = prose(open(page).read())
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|srcset)="([^"]+)"', text)
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
        if not os.path.exists(target):
            bad.append(f"{page}: {link} is not there")
        elif anchor and anchor not in anchors(target):
            bad.append(f"{page}: {link}: no such heading")
    # files that the text names in words
    for name in re.findall(r"`((?:docs|examples|tests|tools|clients|packs|debian|packaging|src|bench|sim|fuzz|flows)/[\w./-]*\w)`", text):
        if "CHANGELOG" not in page and not re.search(r"NAME|/X\b|/name_|/folder/", name) and not os.path.exists(name) and not os.path.exists(name + "_test.c") and not os.path.exists(name + ".c"):
            bad.append(f"{page}: `{name}` is not there")
told = set(re.findall(r"`(countersign_\w+|process_\w+)`", open("docs/reference/metrics.md").read()))
for page in pages:
    if page.startswith(("./docs/guide", "./docs/operations", "./docs/runbook", "./README")):
        for name in re.findall(r"\b(countersign_[a-z0-9_]+|process_[a-z]+_[a-z_]+)", open(page).read()):
            if not any(re.sub(r"_(bucket|sum|count)$", "", name) == one or name == one for one in told):
                bad.append(f"{page}: there is no metric {name}")
pictures = {name for name in os.listdir("docs/pictures")}
shown = {os.path.basename(name) for page in pages for name in re.findall(r"pictures/[\w.-]+", open(page).read())}
bad += [f"docs/pictures/{name}: no page shows it" for name in sorted(pictures - shown)]

def leads_to(page):
    text = open(page).read()
    return {os.path.normpath(os.path.join(os.path.dirname(page), link.partition("#")[0]))
            for link in re.findall(r"\]\(([^)\s]+\.md[^)\s]*)\)", text) if ":" not in link}

reached, todo = set(), ["README.md"]
while todo:
    page = todo.pop()
    if page not in reached and os.path.exists(page):
        reached.add(page)
        todo += leads_to(page)
bad += [f"{page}: the README leads nowhere to it" for page in map(os.path.normpath, pages) if page.startswith("docs/") and page not in reached]
print("\n".join(bad))
sys.exit(bool(bad))
PY
check 'links, anchors and named files are there' python3 links.py "$root"

# A folder like a checkout that ./run serves from.
for name in build docs examples; do
	ln -s "$root/$name" "$name"
done
mkdir var
ln -s ../data var/data
start_server || exit 1
printf 'CS=%q\nCS_EMAIL=%q\nCS_PASSWORD=%q\n' "$CS" "$CS_EMAIL" "$CS_PASSWORD" >var/quickstart.env
check 'a browser is shown from / to the reference' same "$(curl -sS -H 'Accept: text/html,*/*;q=0.8' -o /dev/null \
	-w '%{http_code} %{redirect_url}' "$CS/")" "303 $CS/docs"
check 'a program is told' json "$(curl -sS "$CS/")" .result.docs /docs
echo fail-with-body >.curlrc
blocks() { # PAGE: a script of its blocks
	echo 'set -eo pipefail'
	awk '/^```/ { if (inside) printf "echo 1 >>pasted\n"; inside = !inside && /^```sh$/; next } inside' "$1"
}
for page in "$root"/docs/guide/*.md "$root"/docs/audit.md; do
	name=$(basename "$page" .md)
	wanted=$(grep -c '^```sh$' "$page")
	[ "$wanted" -gt 0 ] || continue
	: >pasted
	blocks "$page" >paste.sh
	check "$name: $wanted blocks" env CURL_HOME="$work" bash paste.sh
	check "$name: each was pasted" same "$(wc -l <pasted)" "$wanted"
done

# docs/verify.py finds what was changed, cut out or signed by somebody else.
altered() { # SED'S WORDS: the export that audit.md made, with a change
	sed "$1" chain.ndjson >altered.ndjson
	! cmp -s chain.ndjson altered.ndjson && exits 1 python3 docs/verify.py altered.ndjson
}
check 'verify.py: a changed row' altered '5s/"action":"[a-z.]*"/"action":"nothing.happened"/'
check 'verify.py: a row that is gone' altered 5d
check 'verify.py: a signature of nobody' altered '/"checkpoint":{/s/"signature":"../"signature":"zz/;s/"signature":"zz/"signature":"00/'

# What all that made happen has its name in events.md.
cat >events.py <<'PY'
import re, sys

named = set()
for line in open(sys.argv[1]):
    base = None
    for token in re.findall(r"`([\w.-]+)`", line.replace(".v1`", "`")) if line.startswith("| `") else []:
        if token.startswith(".") and base:
            named.add(base + token)
        elif "." in token or "_" in token or token.islower():
            base = token.rpartition(".")[0]
            named.add(token)
def known(event):
    event = event.removesuffix(".v1")
    noun, _, verb = event.rpartition(".")
    kinds = ("approval", "stamp", "step", "release")
    return event in named or noun in kinds and f"KIND.{verb}" in named or noun.startswith("projects.") and f"NAME.{verb}" in named
events = {line.split()[1] for line in sys.stdin if line.startswith("event: ")}
strange = sorted(event for event in events if not known(event))
print(f"# {len(events)} events: {' '.join(sorted(events))}")
print("not in events.md:", strange)
sys.exit(bool(strange) or len(events) < 15)
PY
login
curl -sSN --max-time 3 "$CS/api/v1/events" -H "Authorization: Bearer $token" -H 'Last-Event-ID: 1' >stream 2>/dev/null
check 'what happened meanwhile is named in events.md' python3 events.py "$root/docs/guide/events.md" <stream
