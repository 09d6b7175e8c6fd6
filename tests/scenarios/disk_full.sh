# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# A full disk [P-12.3]: writes answer 503 store_full, all else serves, recovery is automatic and nothing acknowledged is
# lost.  It wants a file system of its own and so the right to mount one.
. "$(dirname "$0")/lib.sh"
mkdir -m 700 "$work/data"
if ! mount -t tmpfs -o size=96m,mode=700 none "$work/data" 2>/dev/null; then
	echo 'skip no right to mount a small file system'
	exit 0
fi
clean_up() {
	kill -KILL "${servers[@]}" 2>/dev/null
	wait
	umount "$work/data"
}

echo 0 >"$work/count"
write() { # one; its status in $status and $work/status; ids of what was acknowledged in $work/kept
	local said count
	count=$(($(cat "$work/count") + 1))
	echo "$count" >"$work/count"
	said=$(curl -sS -D "$work/head" -w '\n%{http_code}' "$CS/api/v1/users" -H "Authorization: Bearer $token" \
		-H 'Content-Type: application/json' \
		-d "{\"email\":\"user$count@sign.example\",\"invite\":true,\"roles\":[\"viewer\"]}")
	status=$(tail -n 1 <<<"$said")
	said=$(head -n -1 <<<"$said")
	code=$(jq -r '.code // "-"' <<<"$said")
	if [ "$status" = 201 ]; then
		jq -r .result.user_id <<<"$said" >>"$work/kept"
	fi
}
answer() { # PATH: its status
	curl -sS -o /dev/null -w '%{http_code}' "$CS$1" -H "Authorization: Bearer $token"
}
eventually() { # WANT COMMAND...
	local want=$1 i
	shift
	for ((i = 0; i < 100; i++)); do
		[ "$("$@")" = "$want" ] && return 0
		sleep 0.1
	done
	same "$("$@")" "$want"
}
try_write() {
	write
	echo "$status"
}
all_kept() {
	local id
	while IFS= read -r id; do
		same "$(answer "/api/v1/users/$id")" 200 || return 1
	done <"$work/kept"
}

export COUNTERSIGN_RATE_ENABLED=false COUNTERSIGN_STORE_MIN_FREE_BYTES=16777216
start_server && login
write
check 'there is room: a write' same "$status" 201
fallocate -l "$(($(df --output=avail -B1 "$work/data" | tail -n 1) - 8000000))" "$work/data/filler"
check 'below min_free_bytes writes are refused' eventually 503 try_write
write
check 'as store_full' same "$code" store_full
check 'with a time to come back' grep -qi '^retry-after: [1-9]' "$work/head"
check 'reads serve' same "$(answer /api/v1/auth/me)" 200
check 'calculations serve' same "$(curl -sS -o /dev/null -w '%{http_code}' "$CS/api/v1/signage/common/cabinets/derive" \
	-H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
	-d '{"overall_height_ft":20,"cabinets":[{"width_ft":12,"height_ft":8,"z_offset_ft":12}]}')" 200
check 'metrics serve' same "$(answer /metrics)" 200
check 'health says so' eventually 503 answer /health
check 'and is not ready' same "$(answer /ready)" 503
check 'a backup is given up' exits 1 "$bin" backup "$work/data/backup" --data "$work/data" --quiet
check 'and leaves nothing' test ! -e "$work/data/backup/manifest.json"
rm "$work/data/filler"
check 'room again: writes serve by themselves' eventually 201 try_write
check 'and health' eventually 200 answer /health

stop_server
servers=()
export COUNTERSIGN_STORE_MIN_FREE_BYTES=0
start_server && login
head -c 200m /dev/zero >"$work/data/filler" 2>/dev/null
for ((i = 0; i < 400; i++)); do
	write
	[ "$status" = 201 ] || break
done
check 'not a byte left: refused as store_full' same "$status $code" '503 store_full'
check 'the server lives and reads' same "$(answer /api/v1/auth/me)" 200
rm "$work/data/filler"
check 'room again: writes serve by themselves, without a restart' eventually 201 try_write
check 'everything acknowledged is there' all_kept
stop_server
check 'it ends clean' same $? 0
servers=()
start_server && login
check 'and after a restart too' all_kept
stop_server
servers=()
check 'the chain is sound' "$bin" audit verify --data "$work/data"
