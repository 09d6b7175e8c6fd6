# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Runs of workflows: the conformance kit, features of our own, and a server killed in the middle [flow.md 2, 3, 12, 15].
# Begins first: it takes long.
. "$(dirname "$0")/lib.sh"

coproc stub { exec "$root/tests/flow/stub_server"; }
servers+=("$stub_PID")
read -r port <&"${stub[0]}"
maps=(--http-map "petstore.swagger.io=127.0.0.1:$port" --http-map "httpbin.org=127.0.0.1:$port" --http-map "x.test=127.0.0.1:$port")

kit=$root/../shared/ctk
if [ -d "$kit" ]; then
	check 'the conformance kit holds whole' same "$("$bin" flow ctk "$kit" --quiet "${maps[@]}" 2>&1)" 21/21
else
	echo 'skip the conformance kit is not here'
fi
own=$("$bin" flow ctk "$root/tests/flow/features" --quiet "${maps[@]}" 2>&1)
count=$(cat "$root"/tests/flow/features/*.feature | grep -c '^ *Scenario:')
check "our own features hold, $count of them" same "$own" "$count/$count"

cd "$work" || exit 1
head='document: {dsl: "1.0.3", namespace: t, name: t, version: 1.0.0}'
run() { # DEFINITION [ARGUMENT...]
	printf '%s\n%s\n' "$head" "$1" >run.yaml
	"$bin" flow run run.yaml --json "${maps[@]}" "${@:2}"
}
flaky='do: [{a: {try: [{b: {call: http, with: {method: post, endpoint: "http://x.test/flaky/f/2"}}}], catch: {errors: {with: {status: 503}}, retry: {delay: {milliseconds: 5}}}}}]'
answer=$(run "$flaky")
check 'a call is tried again until it is answered' json "$answer" '[.status, .output.tries, ([.tasks[] | select(.name == "b") | .attempt])]' \
	'["completed",3,[1,2,3]]'
call() { # PATH MORE: a call that is tried again
	echo 'do: [{a: {try: [{b: {call: http, with: {method: post, endpoint: "http://x.test/'"$1"'"}'"$2"'}}], catch: {retry: {delay: {milliseconds: 5}, limit: {attempt: {count: 5}}}}}}]'
}
answer=$(run "$(call hang/h/2 ', timeout: {after: {milliseconds: 200}}')")
check 'a call that may have been carried out is the same attempt by the same key' json "$answer" \
	'[.status, .output, ([.tasks[] | select(.name == "b") | [.attempt, .status]])]' '["completed",{"keys":1,"requests":3},[[1,"completed"]]]'
answer=$(run "$(call gateway/g/2 '')")
check 'as it is after the 504 of a gateway' json "$answer" '[.output.keys, .output.requests]' '[1,3]'
answer=$(run "$(call gateway/o/2 ', metadata: {effect: at-most-once}')")
check 'but at most once is sent once' json "$answer" '[.status, .error.title]' '["faulted","Effect unknown"]'
answer=$(run "$(call flaky/n/2 '')")
check 'an answer that refuses ends the attempt' json "$answer" '[[.tasks[] | select(.name == "b") | .attempt]]' '[[1,2,3]]'
answer=$(run 'do: [{a: {call: http, with: {method: get, endpoint: "http://127.0.0.1:'"$port"'/"}}}]')
check 'an address of this machine is not asked' json "$answer" '[.status, .error.title]' '["faulted","Address not allowed"]'
answer=$(run 'do: [{a: {call: http, with: {method: get, endpoint: "http://x.test/slow/3000"}, timeout: {after: {milliseconds: 100}}}}]')
check 'a slow answer is a time-out' json "$answer" '[.status, .error.status, .error.instance]' '["faulted",408,"/do/0/a"]'
secret='use: {secrets: [token]}
do: [{a: {call: http, with: {method: get, endpoint: {uri: "http://x.test/echo", authentication: {bearer: {token: "${ $secrets.token }"}}}}, output: {as: .headers.authorization}}}]'
answer=$(run "$secret" --secret 'token="s3cret-token"' --store kept)
check 'a secret is sent' json "$answer" .output 'Bearer s3cret-token'
check 'and written nowhere but where the author copied it' same \
	"$(python3 -c 'import sqlite3
lines = [line for (rows,) in sqlite3.connect("kept/store.db").execute("SELECT lines FROM flow_journal") for line in rows.split("\n")]
print(sum("task.intent" in line for line in lines), sum("s3cret" in line and "task.intent" in line for line in lines))')" '1 0'
answer=$(run "${secret/\[token\]/[other]}" --secret 'token="s3cret-token"' --secret 'other=1')
check 'one that the workflow does not list is not its own' json "$answer" '[.error.status, .error.title]' '[403,"Secret not allowed"]'
check 'nor one that is not there' json "$(run "$secret")" '[.error.status, .error.title, .error.instance]' '[403,"No such secret","/do/0/a"]'
answer=$(run 'use: {secrets: [token]}
do: [{a: {input: {from: "${ {t: $secrets.token} }"}, do: [{b: {set: {x: 1}}}]}}]' --secret 'token="x"')
check 'what is not there yet is said' json "$answer" '[.error.status, .error.title, .error.instance]' '[400,"Not there yet","/do/0/a"]'
python='do: [{a: {run: {script: {language: python, arguments: {who: "${ .n }", o: {a: [1, null]}}, code: "import sys; print(who, o, sys.argv[1])"}}}}]'
check 'scripts of other languages are refused' json "$(run "$python")" '.problems[0].code' script_disabled
check 'unless the configuration names them' json "$(COUNTERSIGN_FLOW_ALLOW_SCRIPTS=js,python run "$python" --input "{\"n\":\"a 'b' \\\"c\\\"\"}")" \
	'.output | rtrimstr("\n")' "a 'b' \"c\" {'a': [1, None]} a 'b' \"c\""
if [ -x /usr/bin/node ]; then
	check 'so does JavaScript' json "$(COUNTERSIGN_FLOW_ALLOW_SCRIPTS=js run 'do: [{a: {run: {script: {language: js, arguments: {greetings: "${ . }"}, code: "console.log(greetings)"}}}}]' --input '"Hello"')" \
		'.output | rtrimstr("\n")' Hello
fi
check 'an interpreter that nobody has is no surprise' json "$(COUNTERSIGN_FLOW_ALLOW_SCRIPTS=ruby run 'do: [{a: {run: {script: {language: ruby, code: x}}}}]')" \
	'[.error.status, .error.title]' '[400,"No interpreter"]'
check 'an address that the environment allows is asked' json "$(COUNTERSIGN_FLOW_ALLOW_NET=127.0.0.1 run 'do: [{a: {call: http, with: {method: get, endpoint: "http://127.0.0.1:'"$port"'/nothing"}}}]')" \
	'.error.title != "Address not allowed"'
answer=$(run 'do: [{a: {wait: {seconds: 20}}}]' --timeout 0.3)
check 'out of time ends with 5' exits 5 run 'do: [{a: {wait: {seconds: 20}}}]' --timeout 0.3
check 'and says how it stands' json "$answer" .status waiting
check 'a fault ends with 1' exits 1 run 'do: [{a: {raise: {error: {type: "urn:x", status: 500, title: t}}}}]'
check 'a refused definition ends with 2' exits 2 run 'do: [{a: {set: {x: 1}, then: nowhere}}]'
first=$(run 'do: [{a: {call: sign.wind, with: {wind_speed_mph: 115, exposure: C, height_ft: 20, sign_height_ft: 8, sign_width_ft: 12}, output: {as: .result.force_lb}}}]')
check 'a pure operation of the house is a step' json "$first" .output 3732.718

# --- a server that is killed ---
start_server
login
steps=$(for i in $(seq 0 39); do printf '{"s%d":{"set":"${ . + [%d] }"}},{"w%d":{"wait":{"milliseconds":3}}},' "$i" "$i" "$i"; done)
body='{"definition":{"document":{"dsl":"1.0.3","namespace":"t","name":"long","version":"1.0.0"},"do":['${steps%,}']},"input":[]}'
ids=()
for _ in 1 2 3 4 5 6; do
	ids+=("$(api POST /api/v1/flow/runs "$body" | jq -r .result.run_id)")
done
for _ in 1 2 3; do
	sleep "0.0$((RANDOM % 9 + 1))"
	stop_server KILL 2>/dev/null
	start_server
done
login
settled() {
	for _ in $(seq 200); do
		[ "$(api GET '/api/v1/flow/runs?status=completed&limit=100' | jq '.result.items | length')" -ge "$1" ] && return 0
		sleep 0.05
	done
	api GET '/api/v1/flow/runs' | jq -c '[.result.items[] | [.status, .seq, .error]]'
	return 1
}
check 'every run ends after the server was killed three times' settled 6
wanted=$(seq 0 39 | jq -sc .)
for id in "${ids[@]}"; do
	output=$(api GET "/api/v1/flow/runs/$id" | jq -c .result.output)
	rows=$(api GET "/api/v1/flow/runs/$id/journal" | jq -c '[.result.rows[].seq] == [range(1; (.result.rows | length) + 1)]')
	check "with the output of an undisturbed one and a journal without gaps" same "$output $rows" "$wanted true" || break
done
said=$("$bin" flow status "${ids[0]}" --json --data "$work/data")
check 'flow status shows one, exit 0' json "$said" .result.status completed
check 'flow journal prints its rows' same "$("$bin" flow journal "${ids[0]}" --data "$work/data" | jq -c .seq | tail -1)" "$(jq .result.seq <<<"$said")"
check 'a run of nobody is not found' json "$(api GET /api/v1/flow/runs/01a1fdee-0954-7694-95f1-fd4c9f8f83a7)" .code not_found
run_id=$(api POST /api/v1/flow/runs '{"definition":{"document":{"dsl":"1.0.3","namespace":"t","name":"w","version":"1.0.0"},"do":[{"a":{"wait":{"hours":1}}}]},"wait_ms":100,"labels":{"team":"red"}}' | jq -r .result.run_id)
check 'a waiting run says why' json "$(api GET "/api/v1/flow/runs/$run_id/why")" '[.result.status, .result.waiting[0].kind, .result.waiting[0].step]' \
	'["waiting","timer","/do/0/a"]'
api POST "/api/v1/flow/runs/$run_id/pause" '{}' >/dev/null
check 'a paused one too, with what unblocks it' json "$(api GET "/api/v1/flow/runs/$run_id/why")" \
	'[.result.waiting[0].kind, (.result.waiting[0].unblock.path | endswith("/resume"))]' '["paused",true]'
check 'flow why says so to people' exits 0 grep -q 'unblock: POST /api/v1/flow/runs/' <("$bin" flow why "$run_id" --data "$work/data")
check 'flow status ends with 3' exits 3 "$bin" flow status "$run_id" --data "$work/data"
check 'pausing it twice is refused, with what is allowed' json "$(api POST "/api/v1/flow/runs/$run_id/pause" '{}')" \
	'[.code, .current_status, .allowed]' '["transition_refused","suspended",["cancel","resume"]]'
check 'it goes on' json "$(api POST "/api/v1/flow/runs/$run_id/resume" '{}')" .result.status waiting
check 'it is found by its label' json "$(api GET '/api/v1/flow/runs?label=team:red')" '.result.items | length' 1
check 'it pauses and resumes by command' json "$("$bin" flow pause "$run_id" --json --data "$work/data"; "$bin" flow resume "$run_id" --json --data "$work/data")" .result.status "suspended
waiting"
check 'it is cancelled' json "$("$bin" flow cancel "$run_id" --reason enough --json --data "$work/data")" .result.status cancelled
check 'and its step with it' json "$(api GET "/api/v1/flow/runs/$run_id/steps")" '[.result.steps[].status]' '["cancelled"]'
key=(-H 'Idempotency-Key: "one-run"' -H "Authorization: Bearer $token" -H 'Content-Type: application/json')
small='{"definition":{"document":{"dsl":"1.0.3","namespace":"t","name":"k","version":"1.0.0"},"do":[{"a":{"set":{"x":1}}}]}}'
one=$(curl -sS "$CS/api/v1/flow/runs" "${key[@]}" -d "$small" | jq -r .result.run_id)
two=$(curl -sS "$CS/api/v1/flow/runs" "${key[@]}" -d "$small" | jq -r .result.run_id)
check 'a start repeated by its key is one run' same "$one" "$two"
stop_server
