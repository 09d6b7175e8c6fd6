# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The desk's other doors: a charting service's URL, the stream of events, a terminal that waits [trade.md 2.4, 4.3].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

hook=$(api POST /api/v1/producers '{"name":"charts","kind":"url_token","ip_allow":["127.0.0.1"]}' | jq -r .result.hook_url)
shut=$(api POST /api/v1/producers '{"name":"shut","kind":"url_token"}' | jq -r .result.hook_url)
call() { curl -s -o answer -w '%{http_code}' -H 'Content-Type: text/plain' -d "$2" "$CS$1"; }
alert='{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"volume":0.01}'

curl -sN -H "Authorization: Bearer $token" "$CS/api/v1/signals/stream" >stream &
stream=$!
sleep 0.5
check 'a charting service sends JSON as plain text' same "$(call "$hook" "$alert")" 201
check 'and is told apart' json "$(cat answer)" '.result | [.authenticity, .status]' '["url_token","blocked"]'
signal=$(jq -r .result.id answer)
check 'the same minute again is the same signal' same "$(call "$hook" "$alert")" 409
check 'another token is unknown' same "$(call "${hook%?}" "$alert")" 404
check 'not from everywhere' same "$(call "$shut" "$alert")" 403
sleep 0.5
check 'the stream tells of it' grep -q '^event: signal.created' stream
check 'by the number of its event' grep -q '^id: [0-9]' stream
kill "$stream"
wait "$stream" 2>/dev/null
check 'and goes on where it ended' same \
	"$(curl -sN -m 1 -H "Authorization: Bearer $token" -H 'Last-Event-ID: 0' "$CS/api/v1/signals/stream" | grep -c '^event: signal.created')" 1
check 'nobody else hears it' same "$(curl -s -o /dev/null -w '%{http_code}' "$CS/api/v1/signals/stream")" 401

# A terminal that waits is told at once when somebody approves.
said=$(api POST /api/v1/devices/register '{"name":"desk"}')
jq -r .result.secret <<<"$said" >secret
device=$(jq -r .result.id <<<"$said")
"$bin" device simulate --server "$CS" --device "$device" --secret-file secret --seed 1 --steps 1 >report
check 'judged again it waits' json "$(api POST "/api/v1/signals/$signal/recheck")" .result.status pending
ask_waiting() {
	local at target='/api/v1/client/poll?wait=5'
	at=$(date -u +%FT%T.%6NZ)
	curl -s -H "X-Device-Id: $device" -H "X-Nonce: w-$1" -H "X-Timestamp: $at" -H "X-Signature: $(printf 'GET|%s||%s|w-%s|%s' \
		"$target" "$device" "$1" "$at" | openssl dgst -sha256 -hmac "$(cat secret)" -binary | base64)" "$CS$target"
}
ask_waiting 1 >waited &
waiting=$!
sleep 0.5
check 'nothing is there yet' test ! -s waited
api POST /api/v1/approvals "{\"signal_id\":\"$signal\",\"decision\":\"approved\",\"consent_version\":1}" >/dev/null
wait "$waiting"
check 'the order comes to who waits' json "$(cat waited)" ".result.orders[0].signal_id == \"$signal\""
curl -s "$CS/metrics" >metrics
check 'operators see figures' grep -q '^countersign_signals_ingested_total{instrument="BTCUSD",side="buy"} 1$' metrics
check 'of terminals too' grep -q '^countersign_ea_requests_total{endpoint="poll"} [1-9]' metrics
stop_server
check 'the audit chain is sound' "$bin" audit verify --data "$work/data"

# The platform's own profile limits every tenant [trade.md 7].
printf '{"max_order_size":0.01,"on_lapse":"keep","quorum":9}' >limits.json
export COUNTERSIGN_TRADE_PROFILE_FILE=$work/limits.json
check 'a profile with faults ends the start' exits 2 "$bin" serve --data "$work/data" --listen 127.0.0.1:0
check 'and they are told' grep -q 'limits.json: /' <("$bin" serve --data "$work/data" --listen 127.0.0.1:0 2>&1)
printf '{"max_order_size":0.01}' >limits.json
start_server
login
etag=$(curl -sD - -o /dev/null -H "Authorization: Bearer $token" "$CS/api/v1/risk/profile" | tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')
said=$(curl -s -X PUT -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -H "If-Match: $etag" \
	-d '{"max_order_size":2}' "$CS/api/v1/risk/profile")
check 'a tenant may set more' json "$said" '[.result.max_order_size, .warnings[0].code]' '[2,"platform_limits"]'
hook=$(api POST /api/v1/producers '{"name":"limited","kind":"url_token","ip_allow":["127.0.0.1"]}' | jq -r .result.hook_url)
bigger=${alert/60000/60001}
call "$hook" "${bigger/0.01/0.02}" >/dev/null
check 'the tighter holds' json "$(cat answer)" \
	'.result.risk.checks[] | select(.name == "order_size") | [.limit, .status]' '[0.01,"fail"]'
stop_server
