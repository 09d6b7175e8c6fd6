# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# sign.batch over the wire: many lines, a slow reader, one that leaves, a server that stops [sign.md 2.12, 10.2].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
export COUNTERSIGN_HTTP_WORKERS=3
start_server
login

lines() { # COUNT: designs at different wind speeds, one bad line among them
	local i
	for ((i = 0; i < $1; i++)); do
		if [ "$i" -eq 77 ]; then
			echo 'not json'
		else
			echo "{\"id\":$i,\"op\":\"sign.wind\",\"body\":{\"wind_speed_mph\":$((90 + i % 100)),\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":10}}"
		fi
	done
}
batch() { # [CURL ARGUMENTS]
	curl -sS "$CS/api/v1/sign/batch" -H "Authorization: Bearer $token" -H 'Content-Type: application/x-ndjson' "$@"
}

lines 2000 >in
batch --data-binary @in -D head -o out
check 'it comes by chunks' grep -qi '^transfer-encoding: chunked' head
check 'one answer a line' same "$(wc -l <out)" 2000
check 'in their order' same "$(jq -c 'if .status == 200 then .id else "bad" end' out | sed 's/"bad"/77/' | sha256sum)" "$(seq 0 1999 | sha256sum)"
check 'the bad one has its own problem' json "$(sed -n 78p out)" '[.id, .status, .envelope.code]' '[null,400,"json_invalid"]'
"$bin" call sign.batch <in >called
hashes() { jq -c '[.id, .status, .envelope.content_sha256, .envelope.inputs_sha256]' "$1"; }
check 'the command line says the same' same "$(hashes out | sha256sum)" "$(hashes called | sha256sum)"
check 'by HTTP/1.0 too' same "$(batch --http1.0 --data-binary @in | jq -c 'del(.envelope.timestamp, .envelope.trace)' | sha256sum)" \
	"$(jq -c 'del(.envelope.timestamp, .envelope.trace)' out | sha256sum)"

memory_kb() { awk '/^VmHWM/ {print $2}' "/proc/$server/status"; }
for ((i = 0; i < 15; i++)); do cat in; done >many # 60 MB of answers and more
before=$(memory_kb)
batch --data-binary @many --limit-rate 30M -o slow
check 'a slow reader gets all of it' same "$(wc -l <slow)" 30000
check 'and the server holds little of it' [ $(($(memory_kb) - before)) -lt 40000 ]
batch --data-binary @many --max-time 0.3 --limit-rate 1M -o /dev/null 2>/dev/null
check 'one that leaves does no harm' json "$(api GET /api/v1/packs)" '.result != null'

batch --data-binary @many --limit-rate 1M -o cut 2>curl.log &
reader=$!
sleep 0.5
stop_server
check 'the server stops under a reader' same $? 0
wait "$reader"
check 'who sees that its answer was cut' same $? 18
