# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154,SC2119
# The audit chain over HTTP: filters, pages without gap, whose rows, checkpoints [P-7.6].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login
get() { curl -sS -H "Authorization: Bearer ${2-$token}" "$CS$1"; }

for i in 1 2 3 4 5; do
	api POST /api/v1/projects "{\"name\":\"P$i\"}" >/dev/null
done
all=$(get '/api/v1/audit?limit=500')
check 'rows come newest first' json "$all" '.result.items | [.[].seq] == ([.[].seq] | sort | reverse) and length > 5'
check 'the alias gives the same' same "$(get '/api/v1/audit/logs?limit=500' | jq -c '[.result.items[1:][].hash]')" \
	"$(get '/api/v1/audit?limit=500' | jq -c '[.result.items[1:][].hash]')"
check 'by action' json "$(get '/api/v1/audit?action=project.created')" '[.result.items[].action] | length == 5 and (unique | length == 1)'
check 'by status' json "$(get '/api/v1/audit?status=failure')" '.result.items == []'
check 'an unknown status: 422' json "$(get '/api/v1/audit?status=maybe')" .code invalid
check 'a time without offset: 422' json "$(get '/api/v1/audit?from=2026-01-01T00:00:00')" '.errors[0].code' time_zone_missing
check 'before 1971 nothing' json "$(get '/api/v1/audit?to=1971-01-01T00:00:00Z')" '.result.items == []'
check 'the address in clear' json "$(get '/api/v1/audit?action=project.created&limit=1')" '.result.items[0].ip' 127.0.0.1

cursor='' seen=''
for ((i = 0; i < 20; i++)); do
	page=$(get "/api/v1/audit?action=project.created&limit=2${cursor:+&cursor=$cursor}")
	seen+=$(jq -r '.result.items[].seq' <<<"$page")$'\n'
	cursor=$(jq -r '.result.next_cursor // empty' <<<"$page")
	[ -n "$cursor" ] || break
done
check 'pages have each row once' same "$(grep . <<<"$seen" | sort -u | wc -l) $(grep -c . <<<"$seen")" '5 5'
page=$(get '/api/v1/audit?action=project.created&limit=2')
check 'a cursor of another filter' json "$(get "/api/v1/audit?limit=2&cursor=$(jq -r .result.next_cursor <<<"$page")")" .code cursor_invalid

api POST /api/v1/users '{"email":"own@example.com","password":"correct horse 42","roles":["viewer"],"must_change_password":false}' >/dev/null
stranger=$(curl -sS -H 'Content-Type: application/json' -d '{"email":"new@example.com","password":"correct horse 43"}' \
	"$CS/api/v1/auth/register" >/dev/null; curl -sS -H 'Content-Type: application/json' \
	-d '{"email":"new@example.com","password":"correct horse 43"}' "$CS/api/v1/auth/login" | jq -r .result.access_token)
check 'an owner sees their own account only' json "$(get /api/v1/audit "$stranger")" \
	'[.result.items[].account_id] | unique | length == 1'
check 'and none of another by its id' json "$(get "/api/v1/audit?action=project.created" "$stranger")" '.result.items == []'
check 'there is a checkpoint' json "$(get /api/v1/audit/checkpoints)" \
	'.result.items | length >= 1 and (.[0].statement.hash == .[0].hash)'
kid=$(get /api/v1/audit/checkpoints | jq -r '.result.items[0].key_id')
check 'its key is published' json "$(curl -sS "$CS/.well-known/jwks.json")" "any(.keys[]; .kid == \"$kid\")"

# an account's own export: its rows whole, links for the others'
get /api/v1/audit/export "$stranger" >own.ndjson
account=$(get /api/v1/auth/me "$stranger" | jq -r .result.account_id)
check 'an owner exports their account' json "$(head -n 1 own.ndjson)" ".export.account_id == \"$account\""
check 'with their rows' same "$(jq -r 'select(.hash) | .account_id' own.ndjson | sort -u)" "$account"
check 'and nothing of others' exits 1 grep -q project.created own.ndjson
check 'it verifies off line, checkpoints too' json "$("$bin" audit verify own.ndjson --json)" '.result | .ok and .rows >= 1 and .checkpoints >= 1'
row=$(grep -n '"action"' own.ndjson | head -n 1 | cut -d: -f1)
sed "${row}s/success/failure/" own.ndjson >bad.ndjson
check 'a changed row is found: 4' exits 4 "$bin" audit verify bad.ndjson
sed '1s/"account_id":"[^"]*"/"account_id":null/' own.ndjson >bad.ndjson
check 'it does not pass for a whole one: 4' exits 4 "$bin" audit verify bad.ndjson
hash=$(jq -r 'select(.link) | .link.hash' own.ndjson | head -n 1)
sed "s/$hash/${hash//[0-9]/a}/" own.ndjson >bad.ndjson
check 'a changed link is found: 4' exits 4 "$bin" audit verify bad.ndjson
get /api/v1/audit/export >whole.ndjson
check 'an admin exports all' json "$("$bin" audit verify whole.ndjson --json)" '.result | .ok and .rows > 10'
check 'without links' exits 1 grep -q '^{"link"' whole.ndjson

# of some time only: rows are linked by the hashes around them [platform.md 2, P-7.6]
middle=$(get '/api/v1/audit?action=project.created' | jq -r '.result.items[2].at')
get "/api/v1/audit/export?from=$middle" >late.ndjson
check 'an export says its time' json "$(head -n 1 late.ndjson)" ".export.from == \"$middle\" and .export.to == null"
check 'it begins there' json "$(grep '"action"' late.ndjson | head -n 1)" "[.action, (.seq > 1)]" '["project.created",true]'
check 'and verifies' json "$("$bin" audit verify late.ndjson --json)" '.result | .ok and .rows >= 3'
get "/api/v1/audit/export?to=$middle" >early.ndjson
check 'the other half too' json "$("$bin" audit verify early.ndjson --json)" '.result | .ok and .rows >= 3 and .checkpoints >= 1'
check 'no row is in both' same "$(jq -r 'select(.action) | .seq' early.ndjson late.ndjson | sort | uniq -d)" ''
row=$(grep -n '"action"' late.ndjson | head -n 1 | cut -d: -f1)
sed "${row}s/success/failure/" late.ndjson >bad.ndjson
check 'a changed row of it: 4' exits 4 "$bin" audit verify bad.ndjson
sed "$((row + 1))d" late.ndjson >bad.ndjson
check 'a row taken out of it: 4' exits 4 "$bin" audit verify bad.ndjson
check 'the command gives the same' same \
	"$("$bin" audit export --data data --from "$middle" --stream main | grep '"project.created"')" "$(grep '"project.created"' late.ndjson)"
check 'with an offset of the reader' same \
	"$("$bin" audit export --data data --to "$(TZ=Asia/Tokyo date -d "$middle" +%FT%T.%6N%:z)" | jq -s -c '[.[] | select(.action) | .seq]')" \
	"$(jq -s -c '[.[] | select(.action) | .seq]' early.ndjson)"
check 'a stream that is not there is empty' json "$("$bin" audit export --data data --stream other | head -n 1)" '.export.stream' other
check 'no such time: 2' exits 2 "$bin" audit export --data data --from yesterday
check 'over HTTP too' json "$(get '/api/v1/audit/export?from=yesterday')" '[.code, .errors[0].pointer]' '["invalid","/from"]'
check 'no such option: 2' exits 2 "$bin" audit export --data data --since 2026-01-01T00:00:00Z

made=$("$bin" audit checkpoint --data data --json)
check 'a checkpoint on demand' json "$made" '.result | .statement.version == 1 and (.signature | length == 128)'
check 'is in the list' json "$(get '/api/v1/audit/checkpoints?limit=1')" ".result.items[0].statement == $(jq -c .result.statement <<<"$made")"
check 'and is a row itself' json "$(get '/api/v1/audit?action=audit.checkpoint')" '.result.items | length == 1'
stop_server
check 'without a server too' json "$("$bin" audit checkpoint --data data --json)" ".result.statement.seq > $(jq .result.statement.seq <<<"$made")"
check 'no folder: 1, and none is made' exits 1 "$bin" audit checkpoint --data nowhere
check 'the chain holds' "$bin" audit verify --data data

# a checkpoint that was kept elsewhere shows a tail that was cut, which the chain alone cannot [P-7.4]
kept=$("$bin" audit checkpoint --data data --json)
echo "$kept" >kept.json
"$bin" audit export --data data >whole.ndjson
check 'a kept checkpoint holds' json "$("$bin" audit verify whole.ndjson --checkpoint kept.json --json)" .result.ok
check 'of a store too, and two of them' json "$(echo "$made" >older.json; "$bin" audit verify --data data --checkpoint kept.json --checkpoint older.json --json)" .result.ok
seq=$(jq .result.statement.seq <<<"$kept")
jq -c "select((.seq // 0) < $seq and (.checkpoint.seq // 0) < $seq)" whole.ndjson >cut.ndjson
check 'a cut tail verifies by itself' json "$("$bin" audit verify cut.ndjson --json)" .result.ok
check 'but not with the checkpoint: 4' exits 4 "$bin" audit verify cut.ndjson --checkpoint kept.json
check 'and says which row is gone' json "$("$bin" audit verify cut.ndjson --checkpoint kept.json --json)" \
	".result | [.seq, .reason] == [$seq, \"a checkpoint knows a row that is not there\"]"
jq -c '.result.statement.hash |= ("0" * 64)' <<<"$kept" >forged.json
check 'a forged one: 4' exits 4 "$bin" audit verify whole.ndjson --checkpoint forged.json
"$bin" init --data elsewhere --quiet >/dev/null && "$bin" audit checkpoint --data elsewhere --json >foreign.json
check 'one of another store: 4' json "$("$bin" audit verify --data data --checkpoint foreign.json --json)" \
	'.result | [.ok, .reason] == [false, "a checkpoint is of another store"]'
check 'what is no checkpoint: 2' exits 2 "$bin" audit verify whole.ndjson --checkpoint whole.ndjson
check 'a file that is not there: 1' exits 1 "$bin" audit verify whole.ndjson --checkpoint nowhere.json
