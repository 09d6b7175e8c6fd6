# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The desk's rates, each with its burst, its refill and nobody else's in it; and what is never limited [trade.md 11].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
for class in PRODUCER DEVICE APPROVAL CHART SHARE REFUSED; do
	export "COUNTERSIGN_TRADE_RATE_${class}_PER_MIN=60"
done
start_server
login

# bursts N COMMAND...: N requests in a row are let in, and those that a token a second lets in while they are sent; then
# 429, whose body is in $work/limited.
bursts() {
	local burst=$1 count=0 began=$SECONDS
	shift
	"$@" >limited
	while ! grep -q '"rate_limited"' limited && [ "$count" -lt 200 ]; do
		count=$((count + 1))
		"$@" >limited
	done
	[ "$count" -ge "$burst" ] && [ "$count" -le $((burst + SECONDS - began + 1)) ] || {
		echo "$count in $((SECONDS - began)) s"
		return 1
	}
}

register() { # NAME: its id in $device, its secret in $work/secret.NAME
	api POST /api/v1/devices/register "{\"name\":\"$1\"}" >said
	jq -r .result.secret said >"secret.$1"
	jq -r .result.id said
}
as() { # NAME ID METHOD TARGET [BODY]
	cp "secret.$1" secret
	device=$2
	client "${@:3}"
}
one=$(register one)
two=$(register two)

check 'a terminal: a fifth of a minute at once' bursts 12 as one "$one" GET /api/v1/client/poll
check 'it is told the time all the same' json "$(cat limited)" 'has("server_time")'
check 'another terminal is another' json "$(as two "$two" GET /api/v1/client/poll)" .result.count 0
for _ in 1 2 3; do
	as one "$one" GET /api/v1/client/close-commands >closes
	as one "$one" POST /api/v1/client/close-ack '{"command_id":"x","status":"failed","error":"e"}' >closed
done
check 'what to close is never limited' json "$(cat closes)" .result.count 0
check 'nor what became of it' json "$(cat closed)" .code not_found
sleep 1.1
check 'a second later there is one more' json "$(as one "$one" GET /api/v1/client/poll)" .result.count 0

producer() { # NAME: its id in $producer, its secret in $key
	said=$(api POST /api/v1/producers "{\"name\":\"$1\",\"kind\":\"hmac\"}")
	producer=$(jq -r .result.id <<<"$said") key=$(jq -r .result.secret <<<"$said")
}
send() { # a signal with everything wrong but its signature
	local at
	at=$(date -u +%FT%T.%6NZ)
	curl -s "$CS/api/v1/signals" -H 'Content-Type: application/json' -H "X-Producer-Id: $producer" -H "X-Timestamp: $at" \
		-H "X-Signature: $(printf 'METHOD:POST\nENDPOINT:/api/v1/signals\nTIMESTAMP:%s\nPRODUCER_ID:%s\nBODY_SHA256:%s' \
			"$at" "$producer" "$(printf '{}' | openssl dgst -sha256 -binary | base64)" |
			openssl dgst -sha256 -hmac "$key" -binary | base64)" -d '{}'
}
producer first
check 'a producer: a fifth of a minute at once' bursts 12 send
producer second
check 'another producer is another' json "$(send)" .code invalid
key=wrong
check 'wrong signatures: half, of an address' bursts 30 send
check 'and they stop nobody else there' json "$(as one "$one" GET /api/v1/client/close-commands)" .result.count 0

approve() { api POST /api/v1/approvals '{"signal_id":"x","decision":"approved","consent_version":1}'; }
check 'approvals: a third' bursts 20 approve
check 'and what closes a position is none' json "$(api POST /api/v1/positions/x/close '{"reason":"r"}')" .code not_found
check 'pictures: a quarter' bursts 15 api GET "/api/v1/charts/$(printf '%064d' 0).png"
shared() { curl -s "$CS/api/v1/exports/share/x"; }
check 'links: half, of an address' bursts 30 shared
check 'public pages are in the same bucket' json "$(curl -s "$CS/api/v1/public/performance/x/summary")" .code rate_limited
check 'and nothing else is' json "$(api GET /api/v1/signals)" '.result.items | length' 0
