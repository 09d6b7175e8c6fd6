# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Signal in, countersigned, delivered to a terminal once, seen at the broker, closed: each fault of the terminal in its
# turn, and in the end every order at the broker is an approval that was placed [trade.md 1, 4.4, 14].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

ask() { api "$@"; }
producer() { "$bin" producer "$@" --data "$work/data"; }
producer add engine --json >/dev/null

# device NAME: its id in $device, its secret in the file $device_secret
device() {
	local said
	said=$(ask POST /api/v1/devices/register "{\"name\":\"$1\"}")
	device=$(jq -r .result.id <<<"$said") device_secret=$work/$1.secret
	jq -r .result.secret <<<"$said" >"$device_secret"
}
# play SEED [FAULTS [STEPS]]: a terminal's report; the broker's side begins anew each time.  Faults are divided by commas.
play() {
	tr ',' '\n' <<<"${2-}" >script
	"$bin" device simulate --server "$CS" --device "$device" --secret-file "$device_secret" --seed "$1" \
		--script script --steps "${3-5}" --pause 50
}
volume=10
# signal: one that risk takes, on a market that is always open; its id in $signal
signal() {
	volume=$((volume + 1))
	printf '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"volume":0.%02d,"time":"%s"}' "$volume" \
		"$(date -u +%FT%T.%6NZ)" >signal.json
	sent=$(producer send signal.json --json)
	signal=$(jq -r .result.id <<<"$sent")
}
approve() {
	ask POST /api/v1/approvals "{\"signal_id\":\"$signal\",\"decision\":\"approved\",\"consent_version\":1}"
}
state() { ask GET "/api/v1/signals/$signal" | jq -r .result.status; }
positions() { ask GET "/api/v1/positions?status=$1&limit=200" | jq '.result.items | length'; }

signal
check 'before a terminal has told of an account, a signal is blocked' json "$sent" .result.status blocked
device first
report=$(play 1)
check 'a terminal tells of its account' json "$report" '.errors == {} and .snapshots == 5 and .guards == "normal"'
check 'judged again it waits' json "$(ask POST "/api/v1/signals/$signal/recheck")" .result.status pending
check 'a person sees it' json "$(ask GET /api/v1/approvals/pending)" ".result.items[0].id == \"$signal\""
for i in $(seq 50); do
	approve >"approve.$i" &
	approvals[i]=$!
done
wait "${approvals[@]}"
check 'of 50 approvals at once one counts' same "$(cat approve.* | jq -r 'select(.result.decision == "approved") | .result.id' | wc -l)" 1
check 'the others know why' same "$(cat approve.* | jq -r 'select(.code == "already_decided") | .code' | wc -l)" 49
report=$(play 2)
check 'the order reaches the broker once' json "$report" '[.delivered, .orders, .acknowledged] == [1, 1, 1]'
check 'and its position is seen' json "$report" .reconciliation.matched 1
check 'the signal is placed' same "$(state)" placed
report=$(play 3 '' 1) # another broker's book: it is gone there
sleep 5.2
report=$(play 3 '' 1)
check 'gone without a deal it is closed by the broker' json "$(ask GET "/api/v1/positions?status=closed&limit=1")" \
	'.result.items[0] | [.close_reason, .profit]' '["broker",null]'
check 'the signal is closed' same "$(state)" closed

# run NAME FAULTS [STEPS]: a signal approved, a terminal with those faults; closed by hand or by us in the end
run() {
	signal
	approve >/dev/null
	report=$(play 7 "$2" "${3-6}")
	check "$1: one order at the broker" json "$report" '[.orders, .magics] == [1, 1]'
	check "$1: placed" same "$(state | grep -cE 'placed|closed')" 1
}
run crash_before_ack 'crash_before_ack,stop_out'
check 'a stop-out is told apart' json "$(ask GET "/api/v1/positions?status=closed&limit=1")" '.result.items[0].close_reason' stop_out
run 'the answer lost after the fill' 'disconnect fill,stop_out'
run duplicate_ack 'duplicate_ack,stop_out'
check 'the repetition was answered as before' json "$report" .repeated 1
run clock_ahead 'clock_ahead 7200,stop_out'
check 'the clock was corrected after one refusal' json "$report" '.errors' '{"timestamp_skew":1}'
run replay 'replay,stop_out'
check 'a nonce is good once' json "$report" .replayed '401 nonce_replayed'
run partial_fill 'partial_fill,stop_out'
check 'a partial fill is a divergence' json "$(ask GET '/api/v1/reconciliation/divergences?limit=10')" \
	'any(.result.items[]; .kind == "partial_fill")'
run slippage 'slippage 20,stop_out'
check 'slippage is a divergence' json "$(ask GET '/api/v1/reconciliation/divergences?limit=10')" \
	'any(.result.items[]; .kind == "entry_slippage")'
run manual_close 'manual_close' 8
check 'closed by hand is told apart' json "$(ask GET "/api/v1/positions?status=closed&limit=1")" '.result.items[0].close_reason' manual
run disconnect 'disconnect 1 2,stop_out'

# A day that opened far from yesterday's close: nothing is opened in it.
signal
approve >/dev/null
report=$(play 7 'gap 12' 3)
check 'gap: no order reaches the broker' json "$report" '[.orders, .delivered]' '[0,0]'
check 'gap: the guard fired once for each of the four symbols' json "$(ask GET '/api/v1/audit?action=guard.trigger')" '.result.items | length' 4
report=$(play 7 'stop_out' 6)
check 'gap: over, the order goes' json "$report" '[.orders, .magics]' '[1,1]'

# A broker that spells symbols otherwise.
account=$(ask GET /api/v1/trading/accounts | jq -r '.result.items[0].id')
check 'the account has a map' json "$(ask PATCH "/api/v1/trading/accounts/$account" '{"symbol_map":{"BTCUSD":"BTCUSD.m"}}')" \
	.result.symbol_map.BTCUSD BTCUSD.m
run symbol_suffix 'symbol_suffix .m,stop_out'
ask PATCH "/api/v1/trading/accounts/$account" '{"symbol_map":{}}' >/dev/null
check 'no order of ours was taken for a manual trade' json "$(ask GET '/api/v1/reconciliation/events?limit=200')" \
	'any(.result.items[]; .kind == "manual_trade") | not'

# A person closes; the kill switch lets exits pass.
signal
approve >/dev/null
ask POST /api/v1/trading/kill '{"scope":"global","reason":"drill"}' >kill.json
check 'a kill withdraws what no terminal has had' json "$(cat kill.json)" .result.deliveries_withdrawn 1
check 'the signal is cancelled' same "$(state)" cancelled
check 'entries are refused' json "$(signal && echo "$sent")" '[.result.status, .result.risk.failed[0]]' '["blocked","trading_state"]'
check 'a second kill is no fault' json "$(ask POST /api/v1/trading/kill '{"scope":"global","reason":"again","close_positions":true}')" .result.state HALTED
check 'revived' json "$(ask POST /api/v1/trading/revive '{"scope":"global","reason":"over"}')" .result.state ACTIVE

placed=$(ask GET '/api/v1/signals?limit=200' | jq '[.result.items[] | select(.status == "placed" or .status == "closed")] | length')
check 'orders at the broker are approvals placed' same "$(($(positions closed) + $(positions open)))" "$placed"
check 'a signal tells its whole way' json "$(ask GET "/api/v1/signals/$signal/timeline")" '.result.items[0].event' signal.created
stop_server
check 'the audit chain is sound' "$bin" audit verify --data "$work/data"
