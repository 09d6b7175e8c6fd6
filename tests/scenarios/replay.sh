# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154,SC2119
# What a replay says of a seal: identical, different with the differences, not replayable and why [P-6.5].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server && login
example=$("$bin" call --schema sign.cabinets | jq -c .example)
curl -sS -X POST "$CS/api/v1/signage/common/cabinets/derive" -H "Authorization: Bearer $token" -H 'Countersign-Seal: true' \
	-H 'Content-Type: application/json' -d "$example" >sealed.json
seals=$(api GET /api/v1/seals)
seal=$(jq -r '.result.items[0].seal_sha256' <<<"$seals")
check 'the seal has its hash as ETag' same \
	"$(curl -sS -o /dev/null -D - "$CS/api/v1/seals/$seal" -H "Authorization: Bearer $token" | grep -i '^etag:' | tr -d '\r')" \
	"ETag: \"$seal\""
check 'a pack that no seal names is not used' json "$(api GET /api/v1/packs)" '[.result.items[].used] | any' false
said=$(api POST "/api/v1/seals/$seal/replay")
check 'as it was made: identical' json "$said" '[.result.outcome, .result.differences]' '["identical",[]]'
stop_server

# Somebody with the disk in hand changes what was calculated: one figure of the inputs, in the store.
python3 -c 'import sqlite3, sys, json
store = sqlite3.connect(sys.argv[1])
inputs = json.loads(store.execute("SELECT inputs FROM seals").fetchone()[0])
inputs["cabinets"][0]["width_ft"] += 1
store.execute("UPDATE seals SET inputs = ?", (json.dumps(inputs, separators=(",", ":"), sort_keys=True),))
store.commit()' data/store.db
start_server && login
said=$(api POST "/api/v1/seals/$seal/replay")
check 'over HTTP it is different' json "$said" '[.code, .result.outcome, .result.reason]' '[null,"different",null]'
check 'with a status of 200' same "$(cat status)" 200
check 'where, what was and what is' json "$said" \
	'.result.differences | length > 0 and all(.[]; (.pointer | startswith("/")) and .was != .is and has("was") and has("is"))'
check 'and both versions' json "$said" '.result.sealed_by.version == .result.replayed_by.version and (.result.sealed_by.version | length > 0)'
check 'the metric counts it' grep -q '^countersign_replays_total{outcome="different"} 1' <(curl -sS "$CS/metrics")
check 'the command ends with 4' exits 4 "$bin" replay "$seal" --data data
check 'all of them by the server: 4' exits 4 "$bin" replay --all --data data
check 'those of later: none' same "$("$bin" replay --since 2100-01-01T00:00:00Z --data data --json; echo $?)" 0
check 'and says it' json "$("$bin" replay "$seal" --data data --json)" '.result.outcome' different
stop_server
check 'without a server too: 4' exits 4 "$bin" replay --all --data data

# What was received was never computed.
python3 -c 'import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE seals SET operation = NULL")
store.commit()' data/store.db
start_server && login
check 'what was not computed is not replayable' json "$(api POST "/api/v1/seals/$seal/replay")" \
	'[.result.outcome, .result.reason]' '["not_replayable","not_computed"]'
check 'and the command ends with 3' exits 3 "$bin" replay "$seal" --data data
