# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A new program over every earlier schema's store [P-12.2]: no row is lost or changed but for what the steps say, the
# chain verifies, the newest schemas serve, and an older program refuses what a newer one made.
#
# Each sample is made here, by the steps up to its number and without the program: two rows in every table that the
# schema had, with the parents they refer to, and a chain of audit rows hashed by P-7.1's words.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

cat >sample.py <<'PY'
import hashlib, hmac, json, re, sqlite3, sys, time
from pathlib import Path

STEPS = sorted(Path(sys.argv[1]).glob("src/app/migrations/*.sql"))
NUMBERS = [int(step.name[:4]) for step in STEPS]
ROWS = 2
# The chain's own: its rows are made below, and nobody but a server can sign a checkpoint.
OWN = {"audit", "audit_personal", "audit_checkpoints", "audit_archiving"}
AT = int(time.time() * 1e6) - 3600 * 10**6
STORE = "01900000-0000-7000-8000-00000000abcd"
# Where a choice of states is, one in which nothing is under way: what is begun would go on once it is served.
IDLE = ["completed", "SUCCESS", "clean", "closed", "settled", "applied", "executed", "placed", "sent", "over", "fired",
        "resolved", "healthy", "archived", "cancelled", "rejected", "inactive", "ACTIVE", "ready"]
# Words that the program alone chooses, where a schema has no CHECK for them.
KNOWN = {"flow_runs.forked_from": None, "flow_runs.parent_run_id": None, "memories.packed": None,
         "flow_resources.body": "{}", "flow_resources.uri": "https://example.com/a", "flow_sinks.topics": "runs",
         "memories.memory_type": "observation", "users.roles": "viewer", "flow_definitions.definition":
         '{"document":{"dsl":"1.0.3","namespace":"t","name":"t","version":"1.0.0"},"do":[{"a":{"set":{"b":1}}}]}'}
LIST = {"source_ids", "approver_set", "approvers", "instruments", "currencies", "errors", "tags", "previous_hashes", "embedding",
        "features"}
OBJECT = re.compile(r"json|meta$|labels|inputs?$|result|packs$|data$|spec$|detail$|context|payload|content|settings"
                    r"|profile$|guards$|risk$|expected|actual|symbol_map|caller_state|goal|params|counters|answer")

def dialect(sql):
    for common, own in (("BIGINT", "INTEGER"), ("DOUBLE", "REAL"), ("BYTES", "BLOB")):
        sql = re.sub(rf"\b{common}\b", own, sql)
    sql = sql.replace(") STRICT CLUSTERED", ") STRICT, WITHOUT ROWID")
    return re.sub(r"CREATE FULLTEXT (\w+)", r"CREATE VIRTUAL TABLE \1 USING fts5(id UNINDEXED, doc, owner, body, "
                  r'tokenize = "unicode61 remove_diacritics 2")', sql)

def tables(db):
    """But for what holds words to search: that is made anew from the rows."""
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
    words = tuple(name for name, sql in rows if sql.startswith("CREATE VIRTUAL"))
    return [name for name, _ in rows if not words or not name.startswith(words)]

def options(sql, column):
    """What a CHECK allows for this column, the idle ones first."""
    found = re.search(r"\b%s\b[^,]*?(?:,[^,]*?)??CHECK \(%s IN \(([^)]*)\)" % (column, column), sql, re.S)
    if not found:
        return None
    values = [value.strip().strip("'") for value in found.group(1).split(",")]
    return sorted(values, key=lambda value: IDLE.index(value) if value in IDLE else len(IDLE))

def value_of(table, sql, column, kind, row, needed):
    choice = options(sql, column)
    if f"{table}.{column}" in KNOWN:
        return KNOWN[f"{table}.{column}"]
    if choice:
        chosen = choice[row % len(choice)] if choice[0] not in IDLE else choice[0]
        return int(chosen) if kind == "INTEGER" else chosen
    if kind == "INTEGER":
        return AT + row if column.endswith("_at") or column == "at" else 1 + row
    if kind == "REAL":
        return 0.5
    if kind == "BLOB":
        return b"\x01" * 31 + bytes([row])
    if column in LIST:
        return "[]"
    if column.endswith("sha256") or column.endswith("_hash") or column == "hash":
        return hashlib.sha256(f"{table} {column} {row}".encode()).hexdigest()
    if column.endswith("_id"):
        return "01900000-0000-7000-8000-%012x" % (int(hashlib.sha256(f"{table}{column}".encode()).hexdigest()[:8], 16) * 16 + row)
    if OBJECT.search(column):
        return "{}"
    return f"{table}-{column}-{row}" if needed else None

def fill_table(db, table, filled):
    if table in filled:
        return
    filled.add(table)
    for row in db.execute(f"PRAGMA foreign_key_list({table})").fetchall():
        fill_table(db, row[2], filled)
    sql = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
    columns = db.execute(f"PRAGMA table_info({table})").fetchall()
    parents = {row[3]: (row[2], row[4] or row[3]) for row in db.execute(f"PRAGMA foreign_key_list({table})")}
    unique = {name for index in db.execute(f"PRAGMA index_list({table})") if index[2]
              for (_, _, name) in db.execute(f"PRAGMA index_info({index[1]})")}
    for row in range(1 if any(column[1] == "one" for column in columns) else ROWS):
        values = {}
        for _, name, kind, needed, preset, key in columns:
            if name in parents:
                parent, column = parents[name]
                found = db.execute(f"SELECT {column} FROM {parent} ORDER BY 1").fetchall()
                values[name] = None if parent == table else found[row % len(found)][0]
            elif preset is None or key or name in unique:
                values[name] = value_of(table, sql, name, kind, row, needed or key)
        names = [name for name in values]
        db.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                   [values[name] for name in names])

def jcs(value):  # of texts, whole numbers and objects of them
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

def commitment(key, value):
    return "p1:" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]

def chain(db):
    before = hashlib.sha256(f"countersign-audit-v1:{STORE}:main".encode()).hexdigest()
    columns = [row[1] for row in db.execute("PRAGMA table_info(audit)")]
    user, key = db.execute("SELECT user_id, erasure_key FROM users ORDER BY 1").fetchone()
    for seq in range(1, 4):
        row = {"stream": "main", "seq": seq, "at": AT + seq, "actor": "local", "role": "admin", "action": "server.start",
               "target_kind": None, "target_id": None, "status": "success",
               "ip": commitment(key, "192.0.2.7"), "user_agent": commitment(key, "curl"),
               "request_id": None, "meta": {}, "prev_hash": before}
        before = hashlib.sha256(jcs(row).encode()).hexdigest()
        stored = dict(row, hash=before, meta=jcs(row["meta"]), account_id=None)
        names = [name for name in columns if name in stored]
        db.execute(f"INSERT INTO audit ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                   [stored[name] for name in names])
        db.execute("INSERT INTO audit_personal (stream, seq, user_id, ip, user_agent, at) VALUES ('main', ?, ?, "
                   "'192.0.2.7', 'curl', ?)", (seq, user, AT + seq))

def make(folder, upto):
    Path(folder).mkdir(mode=0o700)
    db = sqlite3.connect(f"{folder}/store.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=OFF")
    db.executescript("CREATE TABLE store_meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;"
                     "CREATE TABLE store_migrations (number INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
                     " sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT;")
    db.execute("INSERT INTO store_meta VALUES ('store_id', ?)", (STORE,))
    filled = {"store_meta", "store_migrations"} | OWN
    db.execute("PRAGMA foreign_keys=OFF")
    for step in STEPS:
        if int(step.name[:4]) > upto:
            break
        text = step.read_text()
        db.executescript(dialect(text))
        db.execute("INSERT INTO store_migrations VALUES (?, ?, ?, ?)",
                   (int(step.name[:4]), step.stem[5:], hashlib.sha256(text.encode()).hexdigest(), AT))
    db.execute("BEGIN")
    for table in tables(db):
        fill_table(db, table, filled)
    chain(db)
    db.execute("COMMIT")
    broken = db.execute("PRAGMA foreign_key_check").fetchall()
    empty = [table for table in tables(db) if not db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]]
    db.close()
    return broken, empty

def read(folder):
    db = sqlite3.connect(f"file:{folder}/store.db?mode=ro", uri=True)
    whole = {}
    for table in tables(db):
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
        whole[table] = [dict(zip(columns, row)) for row in db.execute(f"SELECT * FROM {table}")]
    checked = db.execute("PRAGMA integrity_check").fetchone()[0], db.execute("PRAGMA foreign_key_check").fetchall()
    db.close()
    return whole, checked
PY
cat >upgrade.py <<'PY'
import json, subprocess, sys
from collections import Counter
import sample

PROGRAM = sys.argv[2]
# What a step did to rows on purpose: where they went, under which names, and what nobody reads any more.
MOVED = {
    "project_dispatches": ("tasks", {"dispatch_id": "task_id", "project_id": "subject_id"}),
    "project_tasks": ("tasks", {"dispatch_id": "task_id", "project_id": "subject_id"}),
    "settled_tasks": ("tasks", {"done_at": "created_at"}),
}
GONE = {("sessions", "previous_hashes"), ("project_dispatches", "seal_sha256"), ("project_tasks", "seal_sha256"),
        ("project_tasks", "effect_key")}

def program(folder, *words):
    return subprocess.run([PROGRAM, *words, "--data", folder], capture_output=True, text=True)

def kept(table, rows, after):
    """Every row that was there is there, each value of it too."""
    into, names = MOVED.get(table, (table, {}))
    if into not in after:
        return f"{table} is not there"
    there = set(after[into][0]) if after[into] else set()
    columns = [name for name in rows[0] if (table, name) not in GONE]
    lost = [name for name in columns if names.get(name, name) not in there]
    if lost:
        return f"{table} has lost {lost}"
    was = Counter(tuple(row[name] for name in columns) for row in rows)
    now = Counter(tuple(row[names.get(name, name)] for name in columns) for row in after[into])
    return f"{table}: {list((was - now))[:1]}" if was - now else None

bad = []
for upto in sample.NUMBERS:
    folder = f"data-{upto}"
    broken, empty = sample.make(folder, upto)
    if broken or set(empty) - {"audit_checkpoints", "audit_archiving"}:
        bad.append(f"{upto}: the sample has {broken} broken and {empty} empty")
    before, _ = sample.read(folder)
    done = program(folder, "migrate", "--json")
    if done.returncode != 0 or json.loads(done.stdout)["result"]["to"] != sample.NUMBERS[-1]:
        bad.append(f"{upto}: {done.returncode} {done.stdout} {done.stderr}")
        continue
    after, checked = sample.read(folder)
    if checked != ("ok", []):
        bad.append(f"{upto}: {checked}")
    for table, rows in before.items():
        why = kept(table, rows, after) if rows and table != "store_migrations" else None
        if why:
            bad.append(f"{upto}: {why}")
    verified = program(folder, "audit", "verify")
    if verified.returncode != 0 or "OK" not in verified.stdout:
        bad.append(f"{upto}: audit verify {verified.returncode} {verified.stdout} {verified.stderr}")
    print(f"# {upto}: {sum(map(len, before.values()))} rows of {len(before)} tables")
for line in bad:
    print("bad", line)
sys.exit(bool(bad))
PY
check 'every earlier schema: all rows and the chain are there' python3 upgrade.py "$root" "$bin"

# --- served ---

local_get() { # PATH: its status, asked by the control socket
	curl -sS -o "$work/said" -w '%{http_code}' --unix-socket "$work/data/control.sock" "http://localhost$1"
}

# Every list and every other question without a name in its path; rows are the sample's, and answers fit their schemas.
lists_answer() {
	local path status bad=0 asked=0
	while read -r path; do
		status=$(local_get "$path")
		case $status in
		2?? | 304) asked=$((asked + 1)) ;;
		4??) ;; # it wants a parameter, or somebody else than the operator
		*)
			echo "$path: $status $(head -c 300 "$work/said")"
			bad=1
			;;
		esac
	done < <("$bin" openapi | jq -r '.paths | to_entries[] | select(.value.get and (.key | contains("{") | not)) | .key' |
		grep -vE '^/api/v1/(events|signals/stream|health)')
	echo "$asked answered"
	[ "$bad" -eq 0 ] && [ "$asked" -ge 60 ]
}

for upto in 1 40 68; do
	rm -rf data
	python3 -c "import sys; sys.path.insert(0, '.'); import sample; sample.make('data', $upto)" "$root"
	start_server || exit 1
	check "schema $upto serves" curl -fsS -o /dev/null "$CS/ready"
	check 'and is healthy' test "$(curl -sS "$CS/health" | jq -r .result.status)" != unhealthy
	check 'its lists answer' lists_answer
	# two viewers, and the admin of the variables: there was none
	check 'the people are there' same "$("$bin" user list --json --data data | jq -s length)" 3
	check 'the chain goes on and verifies' grep -q OK <("$bin" audit verify --data data)
	stop_server
	check 'the chain verifies with personal values' grep -q OK <("$bin" audit verify --data data)
done

# --- refused ---

python3 - <<'PY'
import sqlite3
db = sqlite3.connect("data/store.db")
db.execute("INSERT INTO store_migrations VALUES (9999, 'later', 'x', 1)")
db.commit()
PY
refused() { # COMMAND...: exit 1, and says which version it is and which it knows
	exits 1 timeout 30 "$bin" "$@" --data data 2>said && grep -q 'schema version 9999' said && grep -q "knows only $newest" said
}
newest=$(basename "$(ls -1 "$root"/src/app/migrations/*.sql | tail -n 1)" | cut -c1-4 | sed 's/^0*//')
sum=$(sqlite3 data/store.db .dump 2>/dev/null | sha256sum)
check 'a store of a newer program is refused by serve' refused serve --listen 127.0.0.1:0
check 'by migrate too' refused migrate
check 'and by a look at the chain' refused audit verify
check 'it stays as it was' same "$(sqlite3 data/store.db .dump 2>/dev/null | sha256sum)" "$sum"
