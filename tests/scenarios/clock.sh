# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The clock goes back by an hour: time is held, over a restart too; it is in the chain and in health; and
# `doctor --accept-clock` goes by the machine's clock again [P-12.4].
. "$(dirname "$0")/lib.sh"

told() { echo $(($(curl -fsS "$CS/api/v1/time" | jq .result.unix_ms) / 1000 - $(date +%s))); } # seconds ahead
between() {
	[ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || {
		echo "$1 is not between $2 and $3"
		return 1
	}
}
jumps() { "$bin" audit export --data "$work/data" | jq -rs 'map(select(.action=="clock.jump"))[] | "\(.meta.code) \((.meta.by_ms|tonumber)/60000|round)"'; }
# The store's mark as it would be had the clock been an hour ahead.
mark_ahead() {
	python3 -c 'import sqlite3, sys, time
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE settings SET value = ? WHERE name = ?", (str(int((time.time() + 3600) * 1e6)), "clock_mark"))
store.commit()' "$work/data/$1"
}
ahead() { # stop, an hour's step back, start
	stop_server
	servers=()
	mark_ahead "$(basename "$(ls "$work"/data/*.db | head -n 1)")"
	start_server
}

start_server && login
check 'at first it is the machine'"'"'s time' between "$(told)" -5 5
check 'no jump is recorded' same "$(jumps)" ''
ahead
check 'after a step back of an hour time is held' between "$(told)" 3580 3605
before=$(curl -fsS "$CS/api/v1/time" | jq .result.unix_ms)
sleep 1.2
check 'it stands still' same "$(curl -fsS "$CS/api/v1/time" | jq .result.unix_ms)" "$before"
check 'the chain tells of the step' same "$(jumps)" 'seen -60'
login
check 'health is degraded' json "$(curl -sS "$CS/health" -H "Authorization: Bearer $token")" \
	'[.result.status, .result.checks.clock.status] | join(" ")' 'degraded degraded'
api GET /api/v1/auth/me >/dev/null
check 'a token works meanwhile' same "$(cat "$work/status")" 200

check 'not by the network' same \
	"$(curl -sS -o /dev/null -w '%{http_code}' -X POST "$CS/api/v1/ops/clock/accept" -H "Authorization: Bearer $token")" 404
check 'doctor --accept-clock' grep -q 'lowered by 3[23]' <("$bin" doctor --accept-clock --data "$work/data")
check 'time is five minutes ahead' between "$(told)" 280 305
check 'that is in the chain' same "$(jumps | tail -n 1)" 'accepted -55'
check 'a second time changes nothing' grep -q 'nothing was changed' <("$bin" doctor --accept-clock --data "$work/data")
check 'the chain is sound' "$bin" audit verify --data "$work/data"

ahead
check 'held again' between "$(told)" 3580 3605
stop_server
servers=()
check 'off line too' grep -q 'lowered by 3[23]' <("$bin" doctor --accept-clock --data "$work/data")
start_server
check 'a restart keeps it' between "$(told)" 280 301
check 'the chain is sound, with rows that go back' "$bin" audit verify --data "$work/data"
