# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The server dies by SIGKILL between each two steps of an order's way, and in the middle of each: in the end there is
# one signal, one position, one acknowledgement, one audit row of each [trade.md 14].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

# dies: the server is killed and comes back, at another port.
dies() {
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	start_server && login
}
# cut COMMAND...: the request is under way when the server dies; then it is made again.
cut() {
	"$@" >/dev/null 2>&1 &
	local asking=$!
	sleep "0.00$((RANDOM % 8))"
	kill -KILL "$server"
	wait "$server" "$asking" 2>/dev/null
	start_server && login
	"$@"
}
producer() { "$bin" producer "$@" --data "$work/data"; }
post() { producer send signal.json --json 2>/dev/null; }
approve() { api POST /api/v1/approvals "{\"signal_id\":\"$signal\",\"decision\":\"approved\",\"consent_version\":1}"; }
poll() { client GET /api/v1/client/poll; }
again() { client GET '/api/v1/client/poll?redeliver=1'; }
ack() { client POST /api/v1/client/ack "{\"approval_id\":\"$approval\",\"status\":\"placed\",\"broker_ticket\":\"501\",\"fill_price\":60000}"; }
close_it() { api POST "/api/v1/positions/$position/close" '{"reason":"enough"}'; }
commands() { client GET /api/v1/client/close-commands; }
close_ack() { client POST /api/v1/client/close-ack "{\"command_id\":\"$command\",\"status\":\"executed\",\"close_price\":60100,\"profit\":1}"; }
# snapshot [POSITIONS]
snapshot() {
	local at
	at=$(date -u +%FT%T.%6NZ)
	client POST /api/v1/client/snapshot "{\"taken_at\":\"$at\",\"account\":{\"login\":\"7001\",\"broker\":\"Sim\",\"server\":\"Demo\",\"currency\":\"USD\",\"leverage\":100,\"balance\":10000,\"equity\":10000,\"margin\":0,\"free_margin\":10000},\"quotes\":[{\"symbol\":\"BTCUSD\",\"bid\":60000,\"ask\":60000.5,\"time\":\"$at\"}],\"positions\":[${1-}]}"
}
rows() { api GET "/api/v1/audit?action=$1&limit=100" | jq '.result.items | length'; }

producer add engine --json >/dev/null
said=$(api POST /api/v1/devices/register '{"name":"desk"}')
jq -r .result.secret <<<"$said" >secret
device=$(jq -r .result.id <<<"$said")
cut snapshot >/dev/null
printf '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"volume":0.01,"external_id":"once","time":"%s"}' \
	"$(date -u +%FT%T.%6NZ)" >signal.json
cut post >sent
said=$(cat sent)
signal=$(jq -r '.result.id // .signal_id' <<<"$said")
dies
check 'sent again it was there before' json "$(post)" '[.code, .signal_id]' "[\"duplicate_signal\",\"$signal\"]"
snapshot >/dev/null
[ "$(api GET "/api/v1/signals/$signal" | jq -r .result.status)" = pending ] ||
	api POST "/api/v1/signals/$signal/recheck" >/dev/null
cut approve >decided
said=$(cat decided)
check 'one decision counts' test "$(jq -r '.result.decision // .code' <<<"$said" | grep -cE 'approved|already_decided')" = 1
dies
check 'approved again it was decided before' json "$(approve)" .code already_decided
approval=$(api GET "/api/v1/approvals" | jq -r '.result.items[0].id')
snapshot >/dev/null
cut poll >first
dies
check 'a plain poll gives nothing twice' json "$(poll)" '.result.count' 0
again >second
check 'what was leased is given again when it starts' json "$(cat second)" ".result.orders[0].approval_id == \"$approval\""
check 'under the same name' json "$(again)" ".result.orders[0].delivery_id == \"$(jq -r '.result.orders[0].delivery_id' second)\""
cut ack >third
dies
check 'acknowledged again the answer is the same' same "$(ack | jq -Sc .result)" "$(jq -Sc .result third)"
position=$(jq -r .result.position_id third)
held='{"ticket":"501","symbol":"BTCUSD","side":"buy","volume":0.01,"open_price":60000,"stop_loss":59000}'
cut snapshot "$held" >/dev/null
dies
snapshot "$held" >/dev/null
check 'the position is seen' json "$(api GET "/api/v1/positions/$position")" '.result | [.status, .matched]' '["open","ticket"]'
cut close_it >/dev/null
dies
check 'closed again it was asked for before' json "$(close_it)" .status 409
command=$(commands | jq -r '.result.commands[0].id')
check 'one command, however often it is asked for' json "$(commands)" '.result | [.count, .commands[0].id]' "[1,\"$command\"]"
cut close_ack >fourth
dies
check 'and acknowledged once' same "$(close_ack | jq -Sc .result)" "$(jq -Sc .result fourth)"
check 'the position is closed' json "$(api GET "/api/v1/positions/$position")" '.result | [.status, .close_reason]' '["closed","user"]'
check 'one signal, closed' json "$(api GET /api/v1/signals)" '[.result.items[].status]' '["closed"]'
check 'one position' json "$(api GET '/api/v1/positions?status=all')" '.result.items | length' 1
for action in signal.create approval.create delivery.lease execution.ack position.open position.close_request position.close; do
	check "one audit row of $action" same "$(rows "$action")" 1
done
stop_server
check 'the audit chain is sound' "$bin" audit verify --data "$work/data"
