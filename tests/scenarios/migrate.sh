# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# `migrate` [P-12.2; platform.md 2]: the schema's steps, told and applied without serving.  (What a failed step leaves
# behind and what an older program says: store/migrate.)
. "$(dirname "$0")/lib.sh"
cs() {
	"$bin" "$@" --data "$work/data"
}
check 'no store: 1' exits 1 cs migrate
check 'which makes none' test ! -e "$work/data/store.db"
start_server
check 'a server has it: 5' exits 5 cs migrate
version=$(curl -fsS "$CS/version" | jq .result.schema_version)
stop_server
servers=()
check 'nothing is to be applied' grep -q 'nothing' <(cs migrate --dry-run)
check 'every step was' same "$(cs migrate --status --json | jq -s 'all(.applied)')" true
check 'the last is that of the server' same "$(cs migrate --status --json | jq -s '.[-1].number')" "$version"
check 'again changes nothing' json "$(cs migrate --json)" '.result | [.from,.to]' "[$version,$version]"
check 'not both' exits 2 cs migrate --status --dry-run
check 'a bad flag: 2' exits 2 cs migrate --now

# replay --since
check 'seals since a time: none' cs replay --since 2026-01-01T00:00:00Z
check 'a time needs an offset: 2' exits 2 cs replay --since 2026-01-01T00:00:00
