# What scenarios share; a scenario is bash and begins with:  . "$(dirname "$0")/lib.sh"
# It gets $root (the checkout), $bin (the program) and $work (an empty folder, removed at the end), and says one line
# per case through `check`.
# shellcheck shell=bash disable=SC2034
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
bin=$root/build/countersign
work=$(mktemp -d "${TMPDIR:-/tmp}/countersign scenario.XXXXXX") # with a space, on purpose
failures=0
servers=()
unset "${!COUNTERSIGN_@}" http_proxy HTTP_PROXY
export COUNTERSIGN_HTTP_CHECK_ANSWERS=true # each answer fits its operation's schema, or it is 500
export COUNTERSIGN_PEOPLE_BCRYPT_COST=10   # a quarter of the usual time
trap end_scenario EXIT

end_scenario() {
	local status=$? pid
	if declare -F clean_up >/dev/null; then # of the scenario
		clean_up
	fi
	for pid in "${servers[@]}"; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	cd / && rm -rf "$work"
	if [ "$status" -eq 0 ] && [ "$failures" -gt 0 ]; then
		status=1
	fi
	exit "$status"
}

# check NAME COMMAND...: one case; what a failing command said follows it.
check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok $name"
	else
		echo "not ok $name"
		printf '# failed: %s\n%s\n' "$*" "$said" | head -n 60 | sed '2,$s/^/#   /'
		failures=$((failures + 1))
		return 1
	fi
}

# exits STATUS COMMAND...: true when the command ends so.
exits() {
	local want=$1 status=0
	shift
	"$@" || status=$?
	[ "$status" -eq "$want" ] || {
		echo "exit status $status instead of $want"
		return 1
	}
}

# same A B
same() {
	[ "$1" = "$2" ] || {
		printf 'got:  %s\nwant: %s\n' "$1" "$2"
		return 1
	}
}

# json TEXT FILTER [WANT]: what jq finds is WANT, or without it, true.
json() {
	same "$(jq -rc "$2" <<<"$1" 2>&1)" "${3-true}"
}

# free_port: a port nobody listens on, and that no scenario running beside this one will take (servers share ports).
free_port() {
	local port
	while :; do
		port=$((20000 + ${SCENARIO_LANE:-0} * 3000 + RANDOM % 3000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# start_server [ARGUMENT...]: serve $work/data on a free port; sets $CS, $CS_EMAIL, $CS_PASSWORD and $server.
start_server() {
	local port
	port=$(free_port)
	CS=http://127.0.0.1:$port CS_EMAIL=admin@localhost CS_PASSWORD=scenario-pass-1
	COUNTERSIGN_ADMIN_EMAIL=$CS_EMAIL COUNTERSIGN_ADMIN_PASSWORD=$CS_PASSWORD \
		"$bin" serve --data "$work/data" --listen "127.0.0.1:$port" "$@" >>"$work/server.log" 2>&1 &
	server=$!
	servers+=("$server")
	for ((i = 0; i < 400; i++)); do
		if curl -fsS -o /dev/null "$CS/ready" 2>/dev/null; then
			return 0
		fi
		kill -0 "$server" 2>/dev/null || break
		sleep 0.05
	done
	tail -n 20 "$work/server.log"
	return 1
}

# stop_server [SIGNAL]: end it and take its exit status.
stop_server() {
	kill "-${1:-TERM}" "$server"
	wait "$server"
}

# login: an access token in $token.
login() {
	token=$(curl -fsS "$CS/api/v1/auth/login" -H 'Content-Type: application/json' \
		-d "{\"email\":\"$CS_EMAIL\",\"password\":\"$CS_PASSWORD\"}" | jq -er '.access_token // .result.access_token')
}

# api METHOD PATH [BODY]: the answer's body on stdout, its status in $work/status.
api() {
	local body=()
	if [ $# -gt 2 ]; then
		body=(-H 'Content-Type: application/json' -d "$3")
	fi
	curl -sS -X "$1" "$CS$2" -H "Authorization: Bearer ${token-}" "${body[@]}" -o - -w '%{stderr}%{http_code}' \
		2>"$work/status"
}

# client METHOD TARGET [BODY]: a request of terminal $device, whose secret is in $work/secret; signed anew each time.
client() {
	local at body=${3-} nonce
	nonce=k-$BASHPID-$RANDOM-$(date +%s%N)
	at=$(date -u +%FT%T.%6NZ)
	curl -s -X "$1" -H "X-Device-Id: $device" -H "X-Nonce: $nonce" -H "X-Timestamp: $at" \
		-H "X-Signature: $(printf '%s|%s|%s|%s|%s|%s' "$1" "$2" "$body" "$device" "$nonce" "$at" | openssl dgst -sha256 \
			-hmac "$(cat "$work/secret")" -binary | base64)" -H 'Content-Type: application/json' ${body:+-d "$body"} "$CS$2"
}
