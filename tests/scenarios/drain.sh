# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# SIGTERM [P-12.5]: listeners close, requests under way end, streams hear "bye", the chain ends with a checkpoint, exit 0;
# what does not end in drain_s is cut; a second signal stops at once.
. "$(dirname "$0")/lib.sh"
body='{"sign":{"width_ft":4,"height_ft":8}}'

half() { # a request whose body is half there, on descriptor 4
	exec 4<>"/dev/tcp/127.0.0.1/${CS##*:}"
	printf 'POST /api/v1/seals/none/replay HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%s\r\n%s: %d\r\n\r\n%s' \
		"$token" 'Content-Type: application/json' Content-Length "${#body}" "${body:0:9}" >&4
	sleep 0.3 # it is read
}
gone() { # the server has ended; how, in $ended
	ended=0
	wait "$server" || ended=$?
	servers=()
}
refuses() { # connections
	local i
	for ((i = 0; i < 100; i++)); do
		(exec 5<>"/dev/tcp/127.0.0.1/${CS##*:}") 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}
# The last row of the chain is the stop, and the last checkpoint is of that row.
ends_well() {
	local rows
	rows=$("$bin" audit export --data "$work/data") || return 1
	same "$(jq -rs '[(map(select(.action))[-1] | .action, .seq), map(select(.checkpoint))[-1].checkpoint.seq] | join(" ")' <<<"$rows")" \
		"$(jq -rs 'map(select(.action))[-1] | "server.stop \(.seq) \(.seq)"' <<<"$rows")"
}

export COUNTERSIGN_HTTP_DRAIN_S=20
start_server && login
curl -sN "$CS/api/v1/events?topics=files" -H "Authorization: Bearer $token" >"$work/events" &
listener=$!
half
kill -TERM "$server"
check 'no new connection' refuses
printf '%s' "${body:9}" >&4
check 'a request under way is answered' grep -q '^HTTP/1.1 [24]' <(head -n 1 <&4)
exec 4>&-
gone
check 'the server ends with 0' same "$ended" 0
wait "$listener"
check 'a stream heard bye' grep -qx 'event: bye' <(tr -d '\r' <"$work/events")
check 'the chain ends with the stop and its checkpoint' ends_well
check 'the chain is sound' "$bin" audit verify --data "$work/data"

export COUNTERSIGN_HTTP_DRAIN_S=1
start_server && login
half
kill -TERM "$server"
gone
check 'what does not end is cut, and the server ends with 0' same "$ended" 0
exec 4>&-

# logins that are past their deadline are still being hashed when the server stops
start_server --config <(printf 'http:\n  deadline_s: 1\npeople:\n  bcrypt_threads: 1\n')
for _ in $(seq 20); do
	curl -sS -o /dev/null "$CS/api/v1/auth/login" -H 'Content-Type: application/json' \
		-d "{\"email\":\"$CS_EMAIL\",\"password\":\"$CS_PASSWORD\"}" &
done
sleep 1.5
kill -TERM "$server"
wait "$server"
check 'logins that nobody waits for do no harm to the end' same "$?" 0

export COUNTERSIGN_HTTP_DRAIN_S=600
start_server && login
new=$(curl -sS "$CS/api/v1/users" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
	-d '{"email":"kept@sign.example","password":"lavender tram 88 kite","roles":["viewer"]}' | jq -r .result.user_id)
half
kill -TERM "$server"
check 'it waits' refuses
kill -0 "$server" && kill -TERM "$server"
gone
check 'a second signal stops at once' same "$ended" 143
exec 4>&-
start_server && login
api GET "/api/v1/users/$new" >/dev/null
check 'what was acknowledged before is there' same "$(cat "$work/status")" 200
stop_server
servers=()
check 'and the chain is sound' "$bin" audit verify --data "$work/data"
