# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A desk on paper: a signal is approved, filled inside, closed by its target, analysed; no terminal is given anything
# [trade.md 12].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login

ask() { api "$@"; }
"$bin" producer add engine --json --data "$work/data" >/dev/null
made=$(ask POST /api/v1/trading/accounts '{"login":"1","broker":"Countersign","server":"paper","kind":"paper"}')
check 'an account on paper is opened' json "$made" '.result | [.kind, .paper, .primary, .balance] == ["paper", true, true, 10000]'
account=$(jq -r .result.id <<<"$made")
# bars OPEN HIGH LOW CLOSE
bars() {
	ask POST "/api/v1/trading/accounts/$account/bars" \
		"{\"instrument\":\"BTCUSD\",\"spread\":1,\"bars\":[{\"open\":$1,\"high\":$2,\"low\":$3,\"close\":$4}]}"
}
check 'a bar is its price' json "$(bars 60000 60000 60000 60000)" '.result | [.bars, .filled] == [1, 0]'
printf '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"take_profit":61000,"volume":0.1,"time":"%s"}' \
	"$(date -u +%FT%T.%6NZ)" >signal.json
sent=$("$bin" producer send signal.json --json --data "$work/data")
check 'risk takes the signal, which is marked' json "$sent" '.result | [.status, .paper] == ["pending", true]'
signal=$(jq -r .result.id <<<"$sent")
ask POST /api/v1/devices/register '{"name":"desk"}' >device.json
jq -r .result.secret device.json >secret
check 'the approval is marked' json \
	"$(ask POST /api/v1/approvals "{\"signal_id\":\"$signal\",\"decision\":\"approved\",\"consent_version\":1}")" \
	'.result | [.signal_status, .paper] == ["approved", true]'
report=$("$bin" device simulate --server "$CS" --device "$(jq -r .result.id device.json)" --secret-file secret --seed 1 \
	--script /dev/null --steps 3 --pause 50)
check 'no terminal is given it' json "$report" '[.delivered, .orders] == [0, 0]'
check 'but its prices filled it' json "$(ask GET /api/v1/positions)" '.result.items[0] | [.paper, .status] == [true, "open"]'
check 'the next bar reaches the target' json "$(bars 60000 62000 60000 61500)" '.result | [.closed] == [1]'
check 'at the price that was asked for' json "$(ask GET /api/v1/positions)" \
	'.result.items[0] | [.close_reason, .close_price, .status] == ["take_profit", 61000, "closed"]'
check 'the signal is closed' json "$(ask GET "/api/v1/signals/$signal")" .result.status closed
check 'paper money is not mixed with real' json "$(ask GET '/api/v1/analytics/equity')" .result null
check 'and there when asked for' json "$(ask GET '/api/v1/analytics/equity?kind=paper')" '.result | [.kind, .trades] == ["paper", 1]'
check 'the chain is sound' "$bin" audit verify --data "$work/data"
