# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# audit archive [P-7.7]: rows past their retention go to a file that the chain names; what is left verifies alone, and
# with the archives from the first row on; a file that was changed is found.
. "$(dirname "$0")/lib.sh"
cs() { "$bin" "$@" --data "$work/data"; }
later() { # DAYS: the store's clock
	python3 -c 'import sqlite3, sys, time
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE settings SET value = ? WHERE name = ?", (str(int((time.time() + int(sys.argv[2]) * 86400) * 1e6)), "clock_mark"))
store.commit()' "$(ls "$work"/data/*.db | head -n 1)" "$1"
}
rows() { sed -n 's/.* rows \([0-9]*\) .*/\1/p' <<<"$1"; }

export COUNTERSIGN_AUDIT_RETENTION_DAYS=365
start_server && login
api POST /api/v1/users '{"email":"ann@sign.example","invite":true,"roles":["viewer"]}' >/dev/null
check 'nothing is old enough' grep -q 'no row is past' <(cs audit archive)
stop_server
servers=()
before=$(rows "$(cs audit verify)")

later 400
check 'a year later, without a server' grep -q 'main-1-' <(cs audit archive)
file=$(basename "$(ls "$work"/data/archive/*)")
check 'one file' same "$(ls "$work/data/archive" | wc -l)" 1
check 'for its owner only' same "$(stat -c %a "$work/data/archive/$file")" 600
after=$(cs audit verify)
check 'what is left verifies' grep -q OK <<<"$after"
check 'and is the row that says so' same "$(cs audit export | jq -rs 'map(select(.action))[0] | "\(.action) \(.meta.from) \(.meta.rows)"')" \
	"audit.archive 1 $before"
check 'its hash is in it' same "$(cs audit export | jq -rs 'map(select(.action))[0].meta.sha256')" \
	"$(sha256sum "$work/data/archive/$file" | cut -d' ' -f1)"
check 'with the archives: every row' same "$(rows "$(cs audit verify --archives "$work/data/archive")")" $((before + 1))
cs audit export >"$work/chain.ndjson"
check 'an export too' grep -q OK <(cs audit verify "$work/chain.ndjson" --archives "$work/data/archive")
check 'and alone' grep -q OK <(cs audit verify "$work/chain.ndjson")
if command -v zstd >/dev/null; then
	zstd -dcq "$work/data/archive/$file" >"$work/archive.ndjson"
	check 'the file itself verifies' grep -q OK <(cs audit verify "$work/archive.ndjson")
fi

start_server && login
check 'the server serves on' api GET /api/v1/audit
cs audit export | jq -c --argjson gone $((before + 2)) 'select(.seq == null or .seq > $gone)' >"$work/cut.ndjson"
check 'rows that go without a word are found' exits 4 cs audit verify "$work/cut.ndjson"
check 'the chain goes on over the seam' grep -q OK <(cs audit verify --archives "$work/data/archive")
check 'a backup has the archives' cs backup "$work/backup" --quiet
check 'in the manifest' grep -q "archive/$file" "$work/backup/manifest.json"
stop_server
servers=()
later 800
start_server
check 'a second one, by the server' grep -q '^main-' <(cs audit archive)
check 'both verify, one after the other' grep -q OK <(cs audit verify --archives "$work/data/archive")
check 'the chain is sound' cs audit verify
printf x >>"$work/data/archive/$file"
check 'a changed file is found' exits 4 cs audit verify --archives "$work/data/archive"
