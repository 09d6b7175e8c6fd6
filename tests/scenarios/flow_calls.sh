# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# What runs of a server may ask, and what is left alone when it fails [flow.md 10, 11, 12; P-10.4].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

coproc stub_server { exec "$root/tests/flow/stub_server"; }
servers+=("$stub_server_PID")
read -r stub <&"${stub_server[0]}"
get() { api GET "$1"; }
post() { api POST "$1" "$2"; }
printf '{"token":"s3cret"}' >secrets.json
chmod 600 secrets.json

COUNTERSIGN_FLOW_ALLOW_SHELL=true COUNTERSIGN_FLOW_SECRETS_FILE=$work/secrets.json start_server \
	--http-map "api.test=127.0.0.1:$stub" --http-map "bad.test=127.0.0.1:$stub" || exit 1
login

# run TASKS [MORE]: start and wait; the answer's result in $answer.
run() {
	answer=$(post /api/v1/flow/runs "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"s\",\"name\":\"s\",
		\"version\":\"1.0.0\"},${2:-}\"do\":$1},\"wait_ms\":5000}" | jq -c .result)
}
call() { # HOST PATH
	printf '[{"c":{"call":"http","with":{"method":"get","endpoint":"https://%s%s"}%s}}]' "$1" "$2" "${3:-}"
}

run "$(call api.test /status/200)"
check 'a mapped host is asked' json "$answer" .status completed
run '[{"c":{"call":"http","with":{"method":"get","endpoint":"http://127.0.0.1:'"$stub"'/status/200"}}}]'
check 'an address of its own is refused' json "$answer" '[.status, .error.title, .error.status]' \
	'["faulted","Address not allowed",500]'
run '[{"s":{"run":{"shell":{"command":"printf hello"}}}}]'
check 'shell, as the configuration allows it' json "$answer" .output hello
run '[{"s":{"input":{"from":"${ {t: $secrets.token} }"},"set":{"size":"${ .t | length }"}}}]' '"use":{"secrets":["token"]},'
check 'a secret of the server' json "$answer" .output '{"size":6}'
run '[{"s":{"run":{"script":{"language":"python","code":"1"}}}}]'
check 'scripts are not allowed' json "$(post /api/v1/flow/workflows/validate '{"definition":{"document":{"dsl":"1.0.3",
	"namespace":"s","name":"s","version":"1.0.0"},"do":[{"s":{"run":{"script":{"language":"python","code":"1"}}}}]}}')" \
	'.result.problems[0].code' script_disabled

for ((i = 0; i < 5; i++)); do
	run "$(call bad.test /status/503)"
done
check 'five failures' json "$answer" '[.status, .error.status]' '["faulted",503]'
check 'open' json "$(get /api/v1/flow/breakers)" '.result.items[] | select(.target == "bad.test") | .state' open
answer=$(post /api/v1/flow/runs "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"s\",\"name\":\"s\",
	\"version\":\"1.0.0\"},\"do\":$(call bad.test /status/200)},\"wait_ms\":300}" | jq -c .result)
id=$(jq -r .run_id <<<"$answer")
check 'the next one waits' json "$answer" .status waiting
check 'and says why' json "$(get "/api/v1/flow/runs/$id/why")" '.result.waiting[0] | [.kind, .unblock.path]' \
	'["breaker","/api/v1/flow/breakers/bad.test/reset"]'
run "$(call bad.test /status/200 ',"timeout":{"after":{"seconds":5}}')"
check 'without time it faults' json "$answer" '[.status, .error.status, .error.title]' '["faulted",503,"Breaker open"]'
check 'counted' grep -q 'countersign_flow_breakers{state="open"} 1' <<<"$(curl -fsS "$CS/metrics")"
kill -KILL "$server"
wait "$server" 2>/dev/null
COUNTERSIGN_FLOW_ALLOW_SHELL=true start_server --http-map "bad.test=127.0.0.1:$stub" || exit 1
login
check 'still open after a crash' json "$(get /api/v1/flow/breakers?state=open)" '.result.items[0].target' bad.test
check 'reset' json "$(post /api/v1/flow/breakers/bad.test/reset '{"reason":"mended"}')" .result.state closed
for ((i = 0; i < 100; i++)); do
	answer=$(get "/api/v1/flow/runs/$id" | jq -c .result)
	[ "$(jq -r .status <<<"$answer")" = completed ] && break
	sleep 0.1
done
check 'who waited goes on' json "$answer" .status completed
