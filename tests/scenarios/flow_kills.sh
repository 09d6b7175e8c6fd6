# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Many runs and long ones: 200 under repeated kill -9, one of 100,000 steps, one of a day [flow.md 14].
. "$(dirname "$0")/lib.sh"
coproc stub { exec "$root/tests/flow/stub_server"; }
servers+=("$stub_PID")
read -r port <&"${stub[0]}"
cd "$work" || exit 1
export COUNTERSIGN_RATE_ENABLED=false

serve() { start_server --http-map "x.test=127.0.0.1:$port" && login; }
definition() { # NAME TASKS
	printf '{"document":{"dsl":"1.0.3","namespace":"t","name":"%s","version":"1.0.0"},"do":[%s]}' "$1" "$2"
}
call() { # NAME: a call with an effect, whose output is its input
	printf '{"%s":{"call":"http","with":{"method":"post","endpoint":"http://x.test/count/%s"},"output":{"as":"${ $input }"}}}' "$1" "$1"
}
pause='{"wait":{"milliseconds":300}}'
how_many() { api GET "/api/v1/flow/runs?status=$1&limit=500" | jq '.result.items | length'; }
until_there_are() { # COUNT STATUS
	for ((i = 0; i < 600; i++)); do
		[ "$(how_many "$2")" -ge "$1" ] && return 0
		sleep 0.1
	done
	api GET '/api/v1/flow/runs?limit=500' | jq -c '[.result.items[] | [.status, .reason]] | group_by(.) | map([.[0], length])'
	return 1
}

# --- 200 runs of three effects each, and a server that is killed again and again ---
serve || exit 1
many=$(definition many "$(call one),{\"p\":$pause},$(call two),{\"q\":$pause},$(call three),{\"last\":{\"set\":{\"twice\":\"\${ .n * 2 }\"}}}")
for n in $(seq 200); do
	api POST /api/v1/flow/runs "{\"definition\":$many,\"input\":{\"n\":$n}}" >/dev/null
	if [ "$((n % 40))" -eq 0 ]; then
		stop_server KILL 2>/dev/null
		serve || exit 1
	fi
done
for _ in 1 2 3; do
	sleep "0.$((RANDOM % 5 + 1))"
	stop_server KILL 2>/dev/null
	serve || exit 1
done
check '200 runs end after their server was killed eight times' until_there_are 200 completed
ended=$(api GET '/api/v1/flow/runs?status=completed&limit=500' | jq -c '[.result.items[].run_id]')
outputs=$(for id in $(jq -r '.[]' <<<"$ended"); do api GET "/api/v1/flow/runs/$id" | jq .result.output.twice; done | jq -sc sort)
check 'each with the output of an undisturbed one' same "$outputs" "$(seq 200 | jq -sc 'map(. * 2)')"
for name in one two three; do
	seen=$(curl -sS "http://127.0.0.1:$port/seen/$name")
	check "effect $name has one key in each run" json "$seen" length 200
	echo "# $name: $(jq '[.[]] | add' <<<"$seen") requests"
done

# --- 100,000 steps, and a kill in the middle ---
long=$(definition long '{"l":{"for":{"each":"i","in":"${ [range(50000)] }"},"do":[{"a":{"set":{"n":"${ $i }"}}},{"b":{"set":{"n":"${ .n + 1 }"}}}]}}')
id=$(api POST /api/v1/flow/runs "{\"definition\":$long}" | jq -r .result.run_id)
sleep 1
stop_server KILL 2>/dev/null
serve || exit 1
check 'a run of 100,000 steps ends' until_there_are 201 completed
run=$(api GET "/api/v1/flow/runs/$id")
check 'with all of them' json "$run" '[.result.status, .result.output, .result.steps_total]' '["completed",{"n":50000},100001]'
stop_server
check 'the chain verifies' "$bin" audit verify --data "$work/data"

# --- a day, on a clock that jumps ---
cat >day.yaml <<'YAML'
document: {dsl: '1.0.3', namespace: t, name: day, version: 1.0.0}
do:
- hours:
    for: {each: hour, in: '${ [range(24)] }'}
    do:
    - rest: {wait: {minutes: 59}}
    - work:
        try:
        - fail: {raise: {error: {type: urn:t, status: 503, title: not yet}}}
        catch:
          retry: {delay: {seconds: 30}, limit: {attempt: {count: 2}}}
          do:
          - note: {set: {hours: '${ $hour + 1 }'}}
YAML
day=$("$bin" flow run day.yaml --virtual-time --json)
check 'a run of 24 hours takes no day' json "$day" '[.status, .output]' '["completed",{"hours":24}]'
