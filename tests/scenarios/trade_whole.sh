# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A desk's whole way with the server dying by SIGKILL on it: a paper account and a live one side by side, an order
# between approval and delivery, between delivery and acknowledgement, approvals that lapse meanwhile, and a kill switch
# that outlives the process.  In the end the broker filled each order once, and nothing is left open [trade.md 1, 3, 6].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server
login
dies() { # [SECONDS]: killed, away for so long, back at another port
	kill -KILL "$server"
	wait "$server" 2>/dev/null
	sleep "${1-0}"
	start_server && login
}
"$bin" producer add engine --json --data "$work/data" >/dev/null
said=$(api POST /api/v1/devices/register '{"name":"desk"}')
jq -r .result.secret <<<"$said" >secret
device=$(jq -r .result.id <<<"$said")

# The broker's book: a row TICKET VOLUME MAGIC for each position it holds.
: >book
snapshot() {
	local at positions
	at=$(date -u +%FT%T.%6NZ)
	positions=$(awk '{ printf "%s{\"ticket\":\"%s\",\"symbol\":\"BTCUSD\",\"side\":\"buy\",\"volume\":%s,\"open_price\":60000,\"stop_loss\":59000,\"magic\":%s}", (NR > 1 ? "," : ""), $1, $2, $3 }' book)
	client POST /api/v1/client/snapshot "{\"taken_at\":\"$at\",\"account\":{\"login\":\"7001\",\"broker\":\"Sim\",\"server\":\"Demo\",\"currency\":\"USD\",\"leverage\":100,\"balance\":10000,\"equity\":10000,\"margin\":0,\"free_margin\":10000},\"quotes\":[{\"symbol\":\"BTCUSD\",\"bid\":60000,\"ask\":60000.5,\"time\":\"$at\"}],\"positions\":[$positions]}"
}
volume=10
signal() { # one of its own size; its id in $signal
	volume=$((volume + 1))
	printf '{"instrument":"BTCUSD","side":"buy","price":60000,"stop_loss":59000,"volume":0.%02d,"time":"%s"}' "$volume" \
		"$(date -u +%FT%T.%6NZ)" >signal.json
	sent=$("$bin" producer send signal.json --json --data "$work/data")
	signal=$(jq -r .result.id <<<"$sent")
}
approve() { # [SECONDS]: the latest signal, for so long; the approval's id in $approval
	decided=$(api POST /api/v1/approvals "{\"signal_id\":\"$signal\",\"decision\":\"approved\",\"consent_version\":1,\"valid_for_seconds\":${1-3600}}")
	approval=$(jq -r .result.id <<<"$decided")
}
poll() { client GET "/api/v1/client/poll${1-}"; }
fill() { # TICKET: the broker fills the order in the file `order`
	jq -r --arg ticket "$1" '.result.orders[0] | [$ticket, .volume, .magic] | join(" ")' order >>book
}
ack() { # TICKET
	client POST /api/v1/client/ack "{\"approval_id\":\"$approval\",\"status\":\"placed\",\"broker_ticket\":\"$1\",\"fill_price\":60000}"
}
status() { api GET "/api/v1/signals/$1" | jq -r .result.status; }
held() { api GET '/api/v1/positions?status=all&limit=200' | jq -c ".result.items[] | select(.signal_id == \"$1\") | [.status, .close_reason]"; }
close_all() { # what the terminal is told to close is closed at the broker
	client GET /api/v1/client/close-commands >commands
	jq -r '.result.commands[] | [.id, .broker_ticket] | join(" ")' commands >todo
	while read -r command ticket; do
		sed -i "/^$ticket /d" book
		client POST /api/v1/client/close-ack "{\"command_id\":\"$command\",\"status\":\"executed\",\"close_price\":60100,\"profit\":1}"
	done <todo
}

# --- on paper, before any terminal has told of an account ---
paper=$(api POST /api/v1/trading/accounts '{"login":"1","broker":"Countersign","server":"paper","kind":"paper"}' | jq -r .result.id)
bar() { api POST "/api/v1/trading/accounts/$paper/bars" '{"instrument":"BTCUSD","spread":1,"bars":[{"open":60000,"high":60000,"low":60000,"close":60000}]}'; }
bar >/dev/null
signal
on_paper=$signal
approve
dies
check 'paper: approved before the server died, filled after it' json "$(bar)" .result.filled 1
check 'paper: placed, and marked' json "$(api GET "/api/v1/signals/$on_paper")" '.result | [.status, .paper]' '["placed",true]'
snapshot >/dev/null
live=$(api GET /api/v1/trading/accounts | jq -r '.result.items[] | select(.paper | not) | .id')
check 'a live account is there beside it' json "$(api PUT "/api/v1/trading/accounts/$live/primary")" '.result | [.primary, .paper]' '[true,false]'

# --- dead between approval and delivery, between delivery and acknowledgement, and after it ---
signal
first=$signal
approve
dies
snapshot >/dev/null
poll >order
check 'approved, then dead: delivered once it is back' json "$(cat order)" '.result | [.count, .orders[0].signal_id]' "[1,\"$first\"]"
check 'and once only' json "$(poll)" .result.count 0
dies
check 'leased, then dead: given again to a terminal that starts' json "$(poll '?redeliver=1')" \
	".result.orders[0].delivery_id == \"$(jq -r '.result.orders[0].delivery_id' order)\""
fill 501
ack 501 >acked
dies
check 'acknowledged, then dead: the same answer' same "$(ack 501 | jq -Sc .result)" "$(jq -Sc .result acked)"
check 'one position, matched' json "$(snapshot)" '.result.reconciliation | [.matched, .unmatched]' '[1,0]'

# --- approvals lapse while it is dead: one delivered, one not ---
signal
lapsed=$signal
approve 4
poll >order
fill 502
ack 502 >/dev/null
snapshot >/dev/null
signal
waiting=$signal
approve 4
dies 4.2
sleep 2.2
check 'lapsed undelivered: expired' same "$(status "$waiting")" expired
check 'lapsed with a position open: to be closed' same "$(held "$lapsed")" '["close_requested","approval_expired"]'
check 'the one whose approval stands stays' same "$(held "$first")" '["open",null]'
check 'nothing is delivered late' json "$(poll)" .result.count 0
close_all >closed
check 'its close is acknowledged' json "$(cat closed)" .result.status executed
check 'and its signal closed' same "$(status "$lapsed")" closed

# --- the kill switch, with one order in the terminal's hands and one that waits ---
snapshot >/dev/null
signal
in_hand=$signal
approve
poll >order
check 'an order is in the terminal'\''s hands' json "$(cat order)" ".result.orders[0].signal_id == \"$in_hand\""
in_hand_approval=$approval
signal
withdrawn=$signal
approve
killed=$(api POST /api/v1/trading/kill '{"scope":"global","reason":"drill","close_positions":true}')
check 'killed: what waits is withdrawn, what is open is to be closed' json "$killed" \
	'.result | [.state, .deliveries_withdrawn, .positions_closing]' '["HALTED",1,2]'
dies
check 'dead and back it is halted' json "$(api GET /api/v1/trading/status)" .result.state HALTED
check 'withdrawn: cancelled' same "$(status "$withdrawn")" cancelled
check 'a terminal that starts is not told to send it' json "$(poll '?redeliver=1')" .result.count 0
approval=$in_hand_approval
fill 503
check 'but what it had sent is taken note of' json "$(ack 503)" .result.status placed
snapshot >/dev/null
check 'and closed' same "$(held "$in_hand")" '["close_requested","kill_switch"]'
close_all >closed
check 'exits pass while halted' json "$(jq -s . closed)" '[.[].result.status]' '["executed","executed"]'
signal
check 'entries do not' json "$sent" '.result | [.status, .risk.failed[0]]' '["blocked","trading_state"]'
bar >/dev/null
check 'paper is closed too' same "$(held "$on_paper")" '["closed","kill_switch"]'
check 'revived' json "$(api POST /api/v1/trading/revive '{"scope":"global","reason":"over"}')" .result.state ACTIVE
snapshot >/dev/null
signal
check 'entries pass again' json "$sent" .result.status pending

# --- what is left ---
check 'the broker holds nothing' same "$(cat book)" ''
check 'nor do we' json "$(api GET '/api/v1/positions?status=open')" '.result.items | length' 0
rows() { api GET "/api/v1/audit?action=$1&limit=200" | jq '.result.items | length'; }
check 'each position was opened, acknowledged and closed once' same \
	"$(rows position.open) $(rows execution.ack) $(rows position.close)" '4 4 4'
check 'each lapse has one row' same "$(rows approval.lapse) $(rows signal.expire)" '1 1'
stop_server
check 'the audit chain is sound' "$bin" audit verify --data "$work/data"
