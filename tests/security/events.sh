# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Events: P-8.11; behaviour 18: resume without gap over a restart.  Who may read what, and for how long.
settings='SSE_MAX_STREAMS=4 PUBLIC_URL=http://events.example'
. "$(dirname "$0")/lib.sh"
new_user amy@events.example '"engineer"'
amy_id=$user
sign_in amy@events.example "$password"
amy=$token

listeners=()
listen() { # NAME BEARER TARGET [CURL ARGUMENT...]: into $work/NAME
	local name=$1 bearer=$2 target=$3
	shift 3
	curl -sN "$CS$target" ${bearer:+-H "Authorization: Bearer $bearer"} "$@" -D "$work/$name.head" >"$work/$name" 2>/dev/null &
	listeners+=($!)
	for _ in $(seq 100); do
		[ -s "$work/$name.head" ] && return
		sleep .05
	done
}
clean_up() {
	kill "${listeners[@]}" 2>/dev/null
}
hears() { # NAME TEXT
	for _ in $(seq 100); do
		grep -qF -- "$2" "$work/$1" && return 0
		sleep .05
	done
	cat "$work/$1"
	return 1
}
ends() { # NAME: of the last listener
	for _ in $(seq 200); do
		kill -0 "${listeners[-1]}" 2>/dev/null || return 0
		sleep .05
	done
	return 1
}
upload() { # NAME
	printf %s "$1" >"$work/one.txt"
	curl -sS "$CS/api/v1/uploads" -H "Authorization: Bearer $amy" -F "file=@$work/one.txt;filename=$1.txt" -o "$work/said"
	file=$(jq -r .result.file_id "$work/said")
}
ids() { # NAME
	grep '^id: ' "$work/$1" | cut -d' ' -f2
}
streams() {
	curl -sS "$CS/metrics" | sed -n 's/^countersign_sse_streams //p'
}

ask GET /api/v1/events
gives 'not without a login' 401 unauthenticated
as "$amy" GET '/api/v1/events?topics=nonsense'
gives 'no such topic' 422 invalid
as "$amy" GET '/api/v1/events?topics=signals'
gives 'nor one that is not hers' 403 forbidden
as "$amy" GET /api/v1/events '' -H 'Last-Event-ID: x'
gives 'an id is a number' 400 header_invalid
as "$amy" GET /api/v1/events '' -H 'Accept: application/json'
gives 'only as a stream' 406 not_acceptable

listen first "$amy" '/api/v1/events?topics=files,countersign'
check 'it is a stream of events' grep -qi '^content-type: text/event-stream' "$work/first.head"
upload one
check 'what happens is told' hears first "$file"
check 'by its name' hears first 'event: file.created'
data=$(grep '^data: ' "$work/first" | head -n 1 | cut -c7-)
check 'as a cloud event' json "$data" '[.specversion,.type,.data.file_id,.data.filename,.data.state]' "[\"1.0\",\"file.created\",\"$file\",\"one.txt\",\"clean\"]"
seen=$(ids first | tail -n 1)
check 'one stream is open' same "$(streams)" 1

ask POST /api/v1/auth/register '{"email":"eve@else.example","password":"'"$password"'"}'
sign_in eve@else.example "$password"
eve=$token
listen eve "$eve" /api/v1/events
upload two
check 'the first hears of the second' hears first two.txt
as "$amy" DELETE "/api/v1/files/$file" '' -H "If-Match: $(curl -sSI "$CS/api/v1/files/$file" -H "Authorization: Bearer $amy" | sed -n 's/^ETag: //Ip' | tr -d '\r')"
gives 'a file goes' 204
check 'and that is told' hears first 'event: file.deleted'
sleep .3
check "another account hears nothing of it" same "$(grep -c '^event:' "$work/eve")" 0

listen again "$amy" /api/v1/events -H "Last-Event-ID: $seen"
check 'what was missed comes first' hears again two.txt
check 'without a gap and in order' hears again file.deleted
check 'by the same numbers' same "$(ids again | tr '\n' ' ')" "$((seen + 1)) $((seen + 2)) "
listen query "$amy" "/api/v1/events?topics=files&last_event_id=$seen"
check 'or by the query' hears query two.txt
as "$amy" GET /api/v1/events
gives 'no more than there is room for' 503 overloaded

# Tickets
as "$amy" POST /api/v1/events/tickets
gives 'a ticket' 201
ticket=$(member .ticket)
check 'for 30 seconds' json "$said" .result.expires_in 30
kill "${listeners[-1]}" "${listeners[-2]}"
for _ in $(seq 100); do [ "$(streams)" = 2 ] && break; sleep .05; done
check 'who leaves is noticed' same "$(streams)" 2
listen ticket '' "/api/v1/events?topics=files&ticket=$ticket"
upload three
check 'a ticket listens' hears ticket three.txt
ask GET "/api/v1/events?ticket=$ticket"
gives 'once' 401 token_invalid
ask GET "/api/v1/files?ticket=$ticket"
gives 'and nowhere else' 401 unauthenticated
check 'it is in no log' same "$(grep -cF "$ticket" "$work/server.log")" 0

# Rights are those of this moment.
as "$admin" GET "/api/v1/users/$amy_id"
as "$admin" PATCH "/api/v1/users/$amy_id" '{"roles":["trader"]}' -H "If-Match: $(header etag)"
gives 'she becomes a trader' 200
listen trader "$amy" '/api/v1/events?topics=signals,files'
check 'and may hear of signals' grep -q '^HTTP/1.1 200' "$work/trader.head"
as "$admin" DELETE "/api/v1/users/$amy_id/sessions"
gives 'her sessions end' 204
check 'and so does her stream' hears trader 'event: revoked'
check 'at once' ends trader
check 'all of them' hears ticket 'event: revoked'

# A restart
sign_in amy@events.example "$password"
amy=$token
listen last "$amy" /api/v1/events -H "Last-Event-ID: 999999"
check 'a number from elsewhere starts afresh' hears last 'event: reset'
newest=$(ids last | tail -n 1)
upload four
check 'and goes on from there' hears last four.txt
kill -TERM "$server"
check 'the server says good-bye' hears last 'event: bye'
wait "$server"
start_server
listen resumed "$amy" /api/v1/events -H "Last-Event-ID: $newest"
check 'a restart loses nothing' hears resumed four.txt
check 'and repeats nothing' same "$(ids resumed | head -n 1)" $((newest + 1))

# One user is not all of them: P-8.11 has places for many.
stop_server
COUNTERSIGN_SSE_MAX_STREAMS=20 start_server
sign_in amy@events.example "$password"
amy=$token
for i in 1 2 3 4 5 6 7 8; do
	listen "crowd$i" "$amy" /api/v1/events
done
check 'one may listen eight times' same "$(streams)" 8
as "$amy" GET /api/v1/events '' --max-time 5
gives 'and no more, though there is room' 503 overloaded
listen eve2 "$eve" /api/v1/events
check 'for others' grep -q '^HTTP/1.1 200' "$work/eve2.head"
kill "${listeners[-2]}"
for _ in $(seq 100); do [ "$(streams)" = 8 ] && break; sleep .05; done
listen back "$amy" /api/v1/events
check 'who leaves one may open another' grep -q '^HTTP/1.1 200' "$work/back.head"
