# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Market hours, news windows and performance from outside, by the letter of trade.md 8 and 9.5: each figure is worked out
# here from what the positions say.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login
ask() { api "$@"; }

# --- 8: hours ---

hours() { # INSTRUMENT TIME: [open, session, reason, next_open, next_close]
	ask POST /api/v1/trade/market_hours "{\"instrument\":\"$1\",\"time\":\"$2\"}" |
		jq -c '.result | [.open, .session, .reason, .next_open, .next_close]'
}
at() { # NAME INSTRUMENT TIME WANT
	check "$1" same "$(hours "$2" "$3")" "$4"
}
z() { echo "$1:00.000000Z"; }
at 'fx opens on Sunday at 17:00 in New York' EURUSD "$(z 2026-01-04T22:00)" \
	"[true,\"fx\",\"open\",\"$(z 2026-01-11T22:00)\",\"$(z 2026-01-09T22:00)\"]"
at 'and on Friday at 17:00 it is closed' EURUSD "$(z 2026-01-09T22:00)" \
	"[false,\"fx\",\"outside_hours\",\"$(z 2026-01-11T22:00)\",\"$(z 2026-01-16T22:00)\"]"
at 'metals have a break each day' GOLD "$(z 2026-01-06T22:30)" \
	"[false,\"metals\",\"daily_break\",\"$(z 2026-01-06T23:00)\",\"$(z 2026-01-07T22:00)\"]"
at 'London before its clock changes' UK100 "$(z 2026-03-27T08:00)" \
	"[true,\"london\",\"open\",\"$(z 2026-03-30T07:00)\",\"$(z 2026-03-27T16:30)\"]"
at 'and the Monday after: an hour earlier' UK100 "$(z 2026-03-30T07:00)" \
	"[true,\"london\",\"open\",\"$(z 2026-03-31T07:00)\",\"$(z 2026-03-30T15:30)\"]"
at 'closes are exclusive' UK100 "$(z 2026-03-30T15:30)" \
	"[false,\"london\",\"outside_hours\",\"$(z 2026-03-31T07:00)\",\"$(z 2026-03-31T15:30)\"]"
at 'an offset of a half hour' NIFTY "$(z 2026-06-03T03:45)" \
	"[true,\"asia\",\"open\",\"$(z 2026-06-04T03:45)\",\"$(z 2026-06-03T10:00)\"]"
at 'today can still open' US30 "$(z 2026-06-03T08:00)" \
	"[false,\"us\",\"outside_hours\",\"$(z 2026-06-03T13:30)\",\"$(z 2026-06-03T20:00)\"]"
at 'Christmas' US30 "$(z 2026-12-25T15:00)" '[false,"us","holiday","2026-12-28T14:30:00.000000Z","2026-12-28T21:00:00.000000Z"]'
at 'what is always open' BTCUSD "$(z 2026-12-25T15:00)" '[true,"crypto","open",null,null]'
check 'local time has the offset of the session' json \
	"$(ask POST /api/v1/trade/market_hours '{"instrument":"GER40","time":"2026-07-01T07:00:00Z"}')" \
	.result.local_time 2026-07-01T09:00:00.000000+02:00
check 'an instrument that is none: 422' json "$(ask POST /api/v1/trade/market_hours '{"instrument":"GOLDEN","time":"2026-07-01T07:00:00Z"}')" \
	'.errors[0].code' unknown_instrument

# --- 8: news windows ---

window() { # MEMBERS
	ask POST /api/v1/blocklist "{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2199-01-01T00:00:00Z\",\"title\":\"news\",$1}"
}
check 'a window of a name that nothing has: 422' json "$(window '"instruments":["XAUSUD"]')" \
	'.errors[0] | [.pointer, .code] == ["/instruments/0", "unknown_instrument"]'
check 'a currency in small letters: 422' json "$(window '"currencies":["usd"]')" '.errors[0] | [.pointer, .code] == ["/currencies/0", "format"]'
check 'neither: 422' json "$(window '"instruments":[]')" '.errors[0].code' required
made=$(window '"instruments":["GOLD"]')
check 'by alias: 201' same "$(cat status) $(jq -rc '.result | keys_unsorted' <<<"$made")" \
	'201 ["id","from","to","instruments","currencies","title","created_at"]'
check 'it is in the list' json "$(ask GET /api/v1/blocklist)" ".result.items | map(.id) == [$(jq .result.id <<<"$made")]"

# --- 9.5: two positions on paper, one won and one lost ---

"$bin" producer add engine --json --data "$work/data" >/dev/null
account=$(ask POST /api/v1/trading/accounts '{"login":"1","broker":"Countersign","server":"paper","kind":"paper"}' | jq -r .result.id)
bars() { # OPEN HIGH LOW CLOSE
	ask POST "/api/v1/trading/accounts/$account/bars" \
		"{\"instrument\":\"BTCUSD\",\"spread\":1,\"bars\":[{\"open\":$1,\"high\":$2,\"low\":$3,\"close\":$4}]}" >/dev/null
}
send() { # INSTRUMENT PRICE STOP TARGET VOLUME: the answer
	printf '{"instrument":"%s","side":"buy","price":%s,"stop_loss":%s,"take_profit":%s,"volume":%s,"time":"%s"}' "$@" \
		"$(date -u +%FT%T.%6NZ)" >signal.json
	"$bin" producer send signal.json --json --data "$work/data"
}
check 'the window of GOLD refuses XAUUSD' json "$(send XAUUSD 1950 1940 1960 0.01)" '.result | .status == "blocked" and any(.risk.failed[]; . == "news_window")'
check 'it is taken out' same "$(ask DELETE "/api/v1/blocklist/$(jq -r .result.id <<<"$made")" && cat status)" 204
bars 60000 60000 60000 60000
trade() { # PRICE STOP TARGET VOLUME, then a bar that ends it: HIGH LOW
	signal=$(send BTCUSD "$1" "$2" "$3" "$4" | jq -r .result.id)
	ask POST /api/v1/approvals "{\"signal_id\":\"$signal\",\"decision\":\"approved\",\"consent_version\":1}" >/dev/null
	bars 60000 60000 60000 60000
	bars 60000 "$5" "$6" 60000
}
trade 60000 59000 61000 0.1 62000 60000
trade 60000 59500 61000 0.05 60000 59000
closed=$(ask GET '/api/v1/positions?status=closed')
check 'both are closed' json "$closed" '[.result.items[].close_reason] == ["stop_loss", "take_profit"]'
profits=$(jq -c '[.result.items[].profit] | reverse' <<<"$closed")
sum=$(jq -n "$profits | add * 100 | round / 100")
first=$(jq -n "$profits[0]")
check 'one won and one lost' json "$profits" '.[0] > 0 and .[1] < 0'

get() { ask GET "/api/v1/analytics/$1"; }
equity=$(get 'equity?kind=paper&window=30')
today=$(date -u +%F)
check 'equity: a point a calendar day, thirty of them' json "$equity" ".result.points | length == 30 and .[-1].date == \"$today\" and
	([.[].date | strptime(\"%Y-%m-%d\") | mktime] | [.[1:], .[:-1]] | transpose | all(.[0] - .[1] == 86400))"
check 'filled forward from the initial balance' json "$equity" ".result.points | (.[:-1] | all(.equity == 10000 and .drawdown == 0)) and
	.[-1].equity == 10000 + $sum"
check 'the total is of the initial balance' json "$equity" ".result | .final_equity == 10000 + $sum and .trades == 2 and .unknown_profits == 0 and
	((.total_return - $sum / 10000) | fabs) < 1e-6"
check 'another initial balance' json "$(get 'equity?kind=paper&window=30&initial_balance=500')" ".result | .initial_balance == 500 and .final_equity == 500 + $sum"
check 'an unknown window: 422' json "$(get 'equity?window=31')" '.errors[0].pointer' /window
check 'metrics are those of trade.metrics' json "$(get 'metrics?kind=paper&window=30')" ".result | keys == [\"benchmark\",\"buckets\",\"drawdowns\",
	\"returns\",\"rolling\",\"series\",\"trades\"] and .trades.count == 2 and .trades.wins == 1 and .trades.gross_profit == $first and .trades.net_profit == $sum"
hour=$(jq -r '.result.items[0].closed_at[11:13] | tonumber' <<<"$closed")
check 'buckets: every hour, both of them in their own' json "$(get 'buckets?kind=paper&window=30')" ".result.buckets.hour | length == 24 and
	(map(.count) | add) == 2 and .[$hour].count >= 1 and (map(select(.count == 0)) | all(.win_rate == null))"
check 'rolling: thirty days at a time' json "$(get 'rolling?kind=paper&window=90')" '.result.rolling | .window == 30 and (.return | length) == 61'
fall=$(get 'drawdown?kind=paper&window=30')
check 'drawdown' json "$fall" '.result | .max_drawdown == 0 and .current_drawdown == 0 and (.points | length) == 30 and (.points[0] | keys) == ["date", "drawdown"]'
check 'live positions: none, abstained with 200' same "$(get 'equity?kind=live' | jq -r '[.result, .assumptions[0].code] | @csv') $(cat status)" ',"abstain.no_data" 200'

# --- 9.5: files and links ---

get 'export?kind=paper&format=csv&window=all' >file.csv
check 'a desk that is all on paper means that' json "$(get equity)" '.result | [.kind, .trades] == ["paper", 2]'
check 'a file: a row a trade, closed in order' same "$(tr -d '\r' <file.csv | cut -d, -f10 | tail -n +2 | jq -sc .)" "$profits"
check 'with ticket and prices' grep -q '^trade,account,ticket,.*entry_price' file.csv
check 'as JSON' json "$(get 'export?kind=paper&format=json&window=all')" ".redacted == false and [.trades[].profit] == $profits"
get 'export?kind=paper&format=png' >file.png
check 'as a picture' same "$(head -c 8 file.png | od -An -tx1 | tr -d ' ')" 89504e470d0a1a0a
link() { ask POST /api/v1/exports "$1"; }
made=$(link '{"format":"json"}')
check 'a link: id, share_url, expires_at' same "$(cat status) $(jq -c '.result | [has("id"), has("share_url"), has("expires_at")]' <<<"$made")" '201 [true,true,true]'
expires=$(($(date -d "$(jq -r .result.expires_at <<<"$made")" +%s) - $(date +%s)))
check 'for 24 hours' test "$expires" -gt 86300 -a "$expires" -le 86400
url=$(jq -r .result.share_url <<<"$made")
shared=$(curl -sS -w '\n%{http_code}' "$CS${url#"$CS"}")
check 'once, to anybody, redacted' json "$(head -n 1 <<<"$shared")" '.redacted and ([.trades[].trade] == ["TRADE_1", "TRADE_2"])'
check 'no account, ticket or level in it' json "$(head -n 1 <<<"$shared")" '[.trades[] | has("account") or has("ticket") or has("entry_price") or has("stop_loss")] | any | not'
check 'then 410' same "$(curl -sS -o /dev/null -w '%{http_code}' "$CS${url#"$CS"}")" 410
check 'an unknown one: 404' same "$(curl -sS -o /dev/null -w '%{http_code}' "$CS/api/v1/exports/share/nobody")" 404
for bad in '"expires_in_hours":169' '"expires_in_hours":0' '"max_accesses":101' '"max_accesses":0'; do
	check "422: $bad" json "$(link "{\"format\":\"csv\",$bad}")" '.errors[0].code' range
done
made=$(link '{"format":"csv","max_accesses":100,"redact":false}')
url=$(jq -r .result.share_url <<<"$made")
check 'revoked: 204' same "$(ask DELETE "/api/v1/exports/$(jq -r .result.id <<<"$made")" && cat status)" 204
check 'then 410' same "$(curl -sS -o /dev/null -w '%{http_code}' "$CS${url#"$CS"}")" 410

# --- 9.5: shown to everybody ---

public() { curl -sS -o said -w '%{http_code}' "$CS/api/v1/public/performance/desk/$1"; }
check 'off at first: 404' same "$(public summary)" 404
check 'no delay is refused' json "$(ask PUT /api/v1/trade/public '{"enabled":true,"slug":"desk","delay_minutes":0}')" '.errors[0].code' range
check 'switched on, with a day of delay' json "$(ask PUT /api/v1/trade/public '{"enabled":true,"slug":"desk"}')" .result.delay_minutes 1440
check 'what was closed just now is not told' same "$(public summary) $(jq -r .result said)" '200 null'
check 'switched off it is gone' json "$(ask PUT /api/v1/trade/public '{"enabled":false,"slug":"desk"}')" .result.enabled false
check '404' same "$(public equity)" 404
