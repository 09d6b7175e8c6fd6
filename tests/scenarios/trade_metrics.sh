# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Each figure that operators watch of the desk moves when its thing happens, and none of them names a user, an account
# or a ticket [trade.md 11].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login
"$bin" producer add engine --json --data "$work/data" >/dev/null
said=$(api POST /api/v1/devices/register '{"name":"desk"}')
jq -r .result.secret <<<"$said" >secret
device=$(jq -r .result.id <<<"$said")
sample() { # NAME[{LABELS}]: its value
	curl -fsS "$CS/metrics" | awk -v name="countersign_$1" '{ value = $NF; sub(/ [^ ]*$/, ""); if ($0 == name) print value }'
}
counted() { # NAME[{LABELS}] VALUE
	check "$1" same "$(sample "$1")" "$2"
}
some() { # NAME
	check "$1, some" test "$(sample "$1" | cut -d. -f1)" -ge 1
}
snapshot() { # EQUITY [POSITIONS]
	local at
	at=$(date -u +%FT%T.%6NZ)
	client POST /api/v1/client/snapshot "{\"taken_at\":\"$at\",\"account\":{\"login\":\"7001\",\"broker\":\"Sim\",\"server\":\"Demo\",\"currency\":\"USD\",\"leverage\":100,\"balance\":10000,\"equity\":$1,\"margin\":0,\"free_margin\":$1},\"quotes\":[{\"symbol\":\"BTCUSD\",\"bid\":60000,\"ask\":60000.5,\"time\":\"$at\"}],\"positions\":[${2-}]}"
}
signal() { # PRICE VOLUME: its id in $signal
	printf '{"instrument":"BTCUSD","side":"buy","price":%s,"stop_loss":59000,"volume":%s,"time":"%s"}' "$1" "$2" \
		"$(date -u +%FT%T.%6NZ)" >signal.json
	sent=$("$bin" producer send signal.json --json --data "$work/data")
	signal=$(jq -r .result.id <<<"$sent")
}
decide() { # DECISION MORE
	api POST /api/v1/approvals "{\"signal_id\":\"$signal\",\"decision\":\"$1\",\"consent_version\":1$2}" >decided
}

api PUT /api/v1/notifications/settings '{"email":true}' >/dev/null
snapshot 10000 >/dev/null
counted mt5_snapshots_total 1
counted reconciliation_seconds_count 1
counted 'trading_state{scope="global"}' 0

# --- signals in, blocked, refused ---
signal 60000 0.1
counted 'signals_ingested_total{instrument="BTCUSD",side="buy"}' 1
counted 'signal_status_total{status="pending"}' 1
counted signals_create_seconds_count 1
decide rejected ',"reason":"no"'
counted 'approvals_total{decision="rejected"}' 1
counted approval_latency_seconds_count 1
signal 66000 0.11
check 'far from the market: blocked' json "$sent" '.result.risk.failed | index("price_collar") != null'
counted 'risk_block_total{rule="price_collar"}' 1
echo '{"instrument":"NOPE"}' >signal.json
"$bin" producer send signal.json --json --data "$work/data" >/dev/null 2>&1
counted 'signals_refused_total{code="invalid"}' 1
curl -sS -o refused "$CS/api/v1/signals" -H 'Content-Type: application/json' -d '{}'
counted 'signals_refused_total{code="unauthenticated"}' 1
signal 60000 0.12
api POST /api/v1/countersignatures "$(api GET '/api/v1/countersign-requests?status=open' |
	jq -c '.result.items[0] | {request_id, seal_sha256, decision: "reject", reason: "no", consent_version: 1}')" >decided
check 'rejected at the general door' json "$(api GET "/api/v1/signals/$signal")" .result.status rejected
counted 'approvals_total{decision="rejected"}' 2
counted approval_latency_seconds_count 2

# --- delivered, filled beside the price, lapsed, closed ---
signal 60000 0.13
decide approved ',"valid_for_seconds":4'
counted 'approvals_total{decision="approved"}' 1
client GET /api/v1/client/poll >order
counted 'ea_requests_total{endpoint="poll"}' 1
counted ea_poll_seconds_count 1
counted 'deliveries_total{state="leased"}' 1
magic=$(jq .result.orders[0].magic order)
client POST /api/v1/client/ack "{\"approval_id\":\"$(jq -r .result.id decided)\",\"status\":\"placed\",\"broker_ticket\":\"501\",\"fill_price\":60010}" >/dev/null
client POST /api/v1/client/ack '{"approval_id":"x"}' >/dev/null
counted 'ea_errors_total{endpoint="ack",code="invalid"}' 1
curl -sS -o refused "$CS/api/v1/client/poll"
counted 'ea_errors_total{endpoint="poll",code="unauthenticated"}' 1
snapshot 10000 "{\"ticket\":\"501\",\"symbol\":\"BTCUSD\",\"side\":\"buy\",\"volume\":0.13,\"open_price\":60010,\"stop_loss\":59000,\"magic\":$magic}" >/dev/null
counted 'reconciliation_divergences_total{kind="entry_slippage"}' 1
sleep 6
counted 'approvals_lapsed_total{action="close"}' 1
client GET /api/v1/client/close-commands >commands
client POST /api/v1/client/close-ack "{\"command_id\":\"$(jq -r .result.commands[0].id commands)\",\"status\":\"executed\",\"close_price\":60000,\"profit\":-1}" >/dev/null
counted 'positions_closed_total{reason="approval_expired"}' 1
counted 'signal_status_total{status="closed"}' 1

# --- states, guards, pictures, letters ---
api PATCH /api/v1/trading/pause '{"reason":"drill"}' >/dev/null
counted trading_paused_total 1
counted 'trading_state{scope="global"}' 1
api PATCH /api/v1/trading/resume '{"reason":"over"}' >/dev/null
counted trading_resumed_total 1
snapshot 7900 >/dev/null
counted 'guard_triggers_total{guard="drawdown"}' 1
for _ in 1 2; do
	api POST /api/v1/charts/candles '{"rows":[{"time":"2026-01-05","open":1,"high":2,"low":1,"close":2}]}' >chart
done
counted 'media_render_total{type="candles"}' 1
counted 'media_render_seconds_count{type="candles"}' 1
counted 'media_cache_hits_total{type="candles"}' 1
for ((i = 0; i < 100; i++)); do
	[ -n "$(sample 'notifications_total{channel="email",result="sent"}')" ] && break
	sleep 0.1
done
some 'notifications_total{channel="email",result="sent"}'

# --- what stands in labels ---
curl -fsS "$CS/metrics" >page
check 'no label names a user, an account, a signal or a ticket' exits 1 \
	grep -E '"[^"]*([0-9a-f]{8}-[0-9a-f]{4}-|@)[^"]*"|"(501|7001)"' page
