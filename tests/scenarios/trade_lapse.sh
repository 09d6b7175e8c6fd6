# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Approvals end while the server is dead: at its start what ended is dealt with, whatever the profile says; and an
# approval notes the nearest address that is no trusted proxy [trade.md 3, 14].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login
producer() { "$bin" producer "$@" --data "$work/data"; }
producer add engine --json >/dev/null
device=$("$bin" device add desk --secret-file secret --data "$work/data" 2>/dev/null | awk '$1 == "id" { print $2 }')
play() { "$bin" device simulate --server "$CS" --device "$device" --secret-file secret --steps "${1-1}" --pause 50; }
play >/dev/null

volume=10
# signal SECONDS [HEADER...]: one that waits, approved for that long; ids in $signal and $approval
signal() {
	local seconds=$1
	shift
	volume=$((volume + 1))
	printf '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"volume":0.%02d,"time":"%s"}' "$volume" \
		"$(date -u +%FT%T.%6NZ)" >signal.json
	signal=$(producer send signal.json --json | jq -r .result.id)
	approved=$(curl -sS "$CS/api/v1/approvals" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@" \
		-d "{\"signal_id\":\"$signal\",\"decision\":\"approved\",\"consent_version\":1,\"valid_for_seconds\":$seconds}")
}
state() { api GET "/api/v1/signals/$1" | jq -r .result.status; }
position() { api GET "/api/v1/positions?status=all&limit=200" | jq -c ".result.items[] | select(.signal_id == \"$1\") | [.status, .close_reason]"; }

signal 4
delivered=$signal
report=$(play 2)
check 'the order reached the broker' json "$report" .orders 1
signal 4
waiting=$signal
check 'another one waits for a terminal' same "$(state "$waiting")" approved
kill -KILL "$server"
wait "$server" 2>/dev/null
sleep 4.2
start_server && login
sleep 2
check 'approved, undelivered, lapsed while the server was dead: expired' same "$(state "$waiting")" expired
check 'a position open from it: to be closed, since the approval ended' same "$(position "$delivered")" '["close_requested","approval_expired"]'
check 'no terminal gets the one that lapsed' json "$(play)" .orders 0
rows() { api GET "/api/v1/audit?action=$1&limit=50" | jq '.result.items | length'; }
check 'each has one row in the chain' same "$(rows approval.lapse) $(rows signal.expire)" '1 1'
stop_server
check 'the audit chain is sound' "$bin" audit verify --data "$work/data"

# Behind a proxy.
play_fresh() { play >/dev/null; }
start_server && login && play_fresh
signal 60 -H 'X-Forwarded-For: 203.0.113.9'
check 'a proxy that nobody trusts cannot say who asked' json "$approved" .result.ip 127.0.0.1
stop_server
COUNTERSIGN_HTTP_TRUSTED_PROXIES='127.0.0.1, 198.51.100.0/24' start_server && login && play_fresh
signal 60 -H 'X-Forwarded-For: 192.0.2.66, 203.0.113.9, 198.51.100.7'
check 'behind trusted ones it is the nearest address that is not' json "$approved" .result.ip 203.0.113.9
