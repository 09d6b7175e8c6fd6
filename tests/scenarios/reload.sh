# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# SIGHUP reads log, rate and cors anew; a bad file changes nothing [P-3.1]; what was done is in the chain [P-7.2].
. "$(dirname "$0")/lib.sh"

configure() { # LINES
	printf '%s\n' "$@" >"$work/countersign.yaml"
}
header() { # NAME CURL-ARGUMENT...
	local name=$1
	shift
	curl -sS -D - -o /dev/null "$@" "$CS/api/v1/auth/me" -H "Authorization: Bearer $token" | tr -d '\r' |
		sed -n "s/^$name: //Ip"
}
origin() { header Access-Control-Allow-Origin -H "Origin: $1"; }
reload() { # PATTERN: of the line that the log ends with
	: >"$work/server.log"
	kill -HUP "$server"
	for ((i = 0; i < 100; i++)); do
		grep -q "$1" "$work/server.log" && return 0
		sleep 0.05
	done
	cat "$work/server.log"
	return 1
}
last_reload() { "$bin" audit export --data "$work/data" | jq -rs 'map(select(.action=="config.reload"))[-1] | "\(.status) \(.meta.code)"'; }

configure 'rate: {read_per_min: 600}' 'cors: {allow: ["https://one.example"]}' 'log: {level: info}'
start_server --config "$work/countersign.yaml" && login
check 'before: the limit of the file' same "$(header RateLimit-Policy)" '"read";q=600;w=60'
check 'before: its origin' same "$(origin https://one.example)" https://one.example
check 'before: no other' same "$(origin https://two.example)" ''

configure 'rate: {read_per_min: 1200}' 'cors: {allow: ["https://two.example"]}' 'log: {level: debug, format: json}'
check 'SIGHUP' reload 'was read again'
check 'the limit is another' same "$(header RateLimit-Policy)" '"read";q=1200;w=60'
check 'the origin is another' same "$(origin https://two.example)" https://two.example
check 'the old one is gone' same "$(origin https://one.example)" ''
check 'the log has the other form' jq -es 'map(select(.msg == "request")) | length > 0' "$work/server.log"
check 'the chain tells of it' same "$(last_reload)" 'success reloaded'

configure 'rate: {read_per_min: many}' 'cors: {allow: ["https://three.example"]}'
check 'a bad file is refused' reload 'is not valid; the old one stays'
check 'and nothing of it is used: the limit' same "$(header RateLimit-Policy)" '"read";q=1200;w=60'
check 'nor its good lines' same "$(origin https://three.example)$(origin https://two.example)" https://two.example
check 'the chain tells of that too' same "$(last_reload)" 'failure kept'

configure 'rate: {enabled: false}' 'log: {level: warn}'
kill -HUP "$server"
for ((i = 0; i < 100; i++)); do
	[ -z "$(header RateLimit-Policy)" ] && break
	sleep 0.05
done
check 'limits can be switched off' same "$(header RateLimit-Policy)" ''
: >"$work/server.log"
header Date >/dev/null
check 'a higher level says less' same "$(cat "$work/server.log")" ''
check 'the chain is sound' "$bin" audit verify --data "$work/data"
stop_server
check 'it ends clean' same $? 0
servers=()
