# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# `countersign flow …`: what each command prints, on which stream, and how it ends [flow.md 12; platform.md 2].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# ends STATUS STDOUT STDERR COMMAND...: all three; STDOUT and STDERR are patterns of grep, '' means nothing is said.
ends() {
	# shellcheck disable=SC2034
	local want=$1 out=$2 err=$3 status=0
	shift 3
	"$@" >out.txt 2>err.txt || status=$?
	same "$status" "$want" || return 1
	for stream in out err; do
		if [ -z "${!stream}" ]; then
			[ ! -s "$stream.txt" ] || { echo "std$stream: $(cat $stream.txt)"; return 1; }
		else
			grep -q -- "${!stream}" "$stream.txt" || { echo "std$stream: $(cat $stream.txt)"; return 1; }
		fi
	done
}
flow=("$bin" flow)
define() { printf 'document: {dsl: "1.0.3", namespace: t, name: t, version: 1.0.0}\n%s\n' "$2" >"$1"; }
define ok.yaml 'do: [{a: {set: {x: 1}}}]'
define wait.yaml 'do: [{a: {wait: {hours: 1}}}]'
define bad.yaml 'do: [{a: {set: {x: 1}, then: nowhere}}]'
define fault.yaml "do: [{a: {raise: {error: {type: 'urn:x', status: 500, title: t}}}}]"

# --- without a server ---
check 'a command that is none says which there are' ends 2 '' 'unknown command flow nonsense; there is flow run, .*validate' "${flow[@]}" nonsense
check 'and so with options of its own' ends 2 '' 'unknown command flow nonsense' "${flow[@]}" nonsense --server http://x --json
check 'flow alone too' ends 2 '' 'flow alone is no command; there is flow run' "${flow[@]}"
check 'other groups too' ends 2 '' 'unknown command user nonsense; there is user add' "$bin" user nonsense
check 'a word that is no command' ends 2 '' 'unknown command nonsense; countersign --help' "$bin" nonsense
check 'help of the group' ends 0 'flow status' '' "${flow[@]}" --help
check 'completed' ends 0 '^{"status":"completed","output":{"x":1},"error":null}$' '' "${flow[@]}" run ok.yaml
check 'faulted' ends 1 '"status":"faulted"' '' "${flow[@]}" run fault.yaml
check 'refused' ends 2 '"status":"refused".*then_unknown_task' '' "${flow[@]}" run bad.yaml
check 'out of time' ends 5 '"status":"waiting"' '' "${flow[@]}" run wait.yaml --timeout 0.2
check 'a file that is not there' ends 2 '' 'cannot read none.yaml' "${flow[@]}" run none.yaml
check 'no file' ends 2 '' 'an argument is missing' "${flow[@]}" run
check 'an option that is none' ends 2 '' 'unknown option --nonsense' "${flow[@]}" run ok.yaml --nonsense
check 'an input that is no JSON' ends 2 '' '--input: there is no such file, and it is no JSON' "${flow[@]}" run ok.yaml --input '{bad'
check 'a time that is none' ends 2 '' '--timeout: soon is no number of seconds above 0' "${flow[@]}" run ok.yaml --timeout soon
check 'no time at all' ends 2 '' '--timeout: 0 is no number' "${flow[@]}" run ok.yaml --timeout 0
check 'a seed that is none' ends 2 '' '--seed: abc is no whole number' "${flow[@]}" run ok.yaml --seed abc
check 'valid' ends 0 '^{"valid":true,"form":"dsl","problems":\[\]}$' '' "${flow[@]}" validate ok.yaml
check 'not valid' ends 2 '"valid":false.*"pointer":"/do/0/a/then"' '' "${flow[@]}" validate bad.yaml
check 'no store, so no server' ends 1 '' 'there is no store in ' "${flow[@]}" list --data "$work/none"

# --- of a server ---
start_server
login
here=(--data "$work/data")
begin() { # TASKS: a run's id
	api POST /api/v1/flow/runs "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"$1\",\"version\":\"1.0.0\"},\"do\":[$2]},\"wait_ms\":200}" |
		jq -r .result.run_id
}
run=$(begin long '{"a":{"wait":{"hours":1}}}')
check 'status of one that waits' ends 0 '^status  *waiting$' '' "${flow[@]}" status "$run" "${here[@]}"
check 'as the envelope' json "$("${flow[@]}" status "$run" --json "${here[@]}")" '[.result.run_id, .result.status, .envelope_version]' "[\"$run\",\"waiting\",\"1.0\"]"
check 'why' ends 0 '^timer  /do/0/a  since .* until ' '' "${flow[@]}" why "$run" "${here[@]}"
check 'why as the envelope' json "$("${flow[@]}" why "$run" --json "${here[@]}")" '[.result.waiting[].kind]' '["timer"]'
check 'the journal is a line a row' json "$("${flow[@]}" journal "$run" "${here[@]}" | jq -sc .)" '[.[].seq]' '[1,2,3]'
check 'pause' ends 0 '^status  *suspended$' '' "${flow[@]}" pause "$run" --reason lunch "${here[@]}"
check 'status of one that stands still' ends 3 '^reason  *paused$' '' "${flow[@]}" status "$run" "${here[@]}"
check 'why says the reason' ends 0 'stands still: lunch' '' "${flow[@]}" why "$run" "${here[@]}"
check 'pause twice' ends 2 '"code":"transition_refused"' 'the server answered 409' "${flow[@]}" pause "$run" "${here[@]}"
check 'resume' ends 0 '^status  *waiting$' '' "${flow[@]}" resume "$run" "${here[@]}"
check 'fork' ends 0 '^status  *\(pending\|running\|waiting\)$' '' "${flow[@]}" fork "$run" "${here[@]}"
check 'cancel' ends 0 '^status  *cancelled$' '' "${flow[@]}" cancel "$run" --reason enough "${here[@]}"
check 'status of one that was cancelled' ends 3 '^status  *cancelled$' '' "${flow[@]}" status "$run" "${here[@]}"
faulted=$(begin bad "{\"a\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"broken\"}}}}")
check 'status of one that faulted' ends 1 '"title":"broken"' '' "${flow[@]}" status "$faulted" "${here[@]}"
check 'why it faulted' ends 0 'unblock: POST /api/v1/flow/runs/.*/retry' '' "${flow[@]}" why "$faulted" "${here[@]}"
check 'retry' ends 0 "^run_id  *$faulted$" '' "${flow[@]}" retry "$faulted" "${here[@]}"
good=$(begin good '{"a":{"set":{"x":1}}}')
check 'replay' ends 0 '^match_percentage  100$' '' "${flow[@]}" replay "$good" "${here[@]}"
check 'list' ends 0 "^$good  completed .* t/good 1.0.0$" '' "${flow[@]}" list "${here[@]}"
check 'list by status, a line of JSON each' json "$("${flow[@]}" list --status cancelled --json "${here[@]}" | jq -sc .)" '[.[].run_id]' "[\"$run\"]"
check 'list by workflow' json "$("${flow[@]}" list --workflow t/bad --json "${here[@]}" | jq -sc .)" '[.[].run_id]' "[\"$faulted\"]"
check 'list by what is no status' ends 2 '"code"' 'the server answered 422' "${flow[@]}" list --status nonsense "${here[@]}"
check 'an id that is none' ends 2 '' 'x/../y is no id of a run' "${flow[@]}" status x/../y "${here[@]}"
check 'a run of nobody' ends 2 '"code":"not_found"' 'the server answered 404' "${flow[@]}" status 01a1fdee-0954-7694-95f1-fd4c9f8f83a7 "${here[@]}"

# --- of another server, by a key or a token ---
"$bin" key create command --scope flow.read,flow.operate --json "${here[@]}" | jq -r .result.key >key
printf '%s\n' "$token" >token
away=(--server "$CS" --data "$work/none")
check 'by an API key' ends 0 '^status  *completed$' '' "${flow[@]}" status "$good" "${away[@]}" --key-file key
check 'by an access token' ends 0 '^status  *completed$' '' "${flow[@]}" status "$good" "${away[@]}" --key-file token
check 'an address that ends with a slash' ends 0 '^status  *completed$' '' "${flow[@]}" status "$good" --server "$CS/" --key-file key
check 'by neither' ends 2 '"status":401' 'Give the file of an API key' "${flow[@]}" status "$good" "${away[@]}"
check 'a key that is none' ends 2 '"status":401' 'the server answered 401' "${flow[@]}" status "$good" "${away[@]}" --key-file ok.yaml
check 'a server that is not there' ends 5 '' 'countersign: ' "${flow[@]}" status "$good" --server "http://127.0.0.1:$(free_port)" --key-file key
stop_server
