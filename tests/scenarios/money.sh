# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Runs and budgets: kept before a step is sent, settled with its result, stopped and topped up [flow.md 7].
. "$(dirname "$0")/lib.sh"

coproc models { exec "$root/tests/flow/llm_server"; }
servers+=("$models_PID")
read -r port <&"${models[0]}"
export COUNTERSIGN_FLOW_LLM_BASE_URL=http://127.0.0.1:$port/v1
start_server --http-map "stats.test=127.0.0.1:$port"
login

asked() { curl -s "http://127.0.0.1:$port/stats" | jq '.["/v1/chat/completions"] // 0'; }
start() { # TASKS MORE: a run of these tasks; its id
	api POST /api/v1/flow/runs "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"m\",\"version\":\"1.0.0\"},\"do\":$1}${2:-}}" | jq -r .result.run_id
}
ask() { # MODEL QUESTION MORE: a call
	printf '{"call":"llm","with":{"model":"%s","max_tokens":50,"cache":false,"messages":[{"role":"user","content":"%s"}]%s}}' "$1" "$2" "${3-}"
}
status() { api GET "/api/v1/flow/runs/$1" | jq -r '.result.status'; }
until_is() { # RUN STATUS
	for _ in $(seq 200); do
		[ "$(status "$1")" = "$2" ] && return 0
		sleep 0.05
	done
	api GET "/api/v1/flow/runs/$1" | jq -c '.result | [.status, .reason, .error]'
	return 1
}
figures() { # RUN: allocated, consumed and reserved micro-units of its budget
	api GET "/api/v1/flow/cost/budgets?scope=run&scope_id=$1" | jq -c '.result.items[0] | [.allocated_budget_micros, .consumed_budget_micros, .reserved_micros]'
}

run=$(start "[{\"a\":$(ask gpt-5+in50+out50 hi)}]" ',"budget":{"limit":"0.01","currency":"USD"},"wait_ms":5000')
check 'a call is paid from the budget of its run' same "$(figures "$run")" '[10000,563,0]'
check 'the run says what it cost' json "$(api GET "/api/v1/flow/runs/$run")" '[.result.status, .result.cost, .result.cost_micros]' '["completed","0.000563",563]'
check 'and the step' json "$(api GET "/api/v1/flow/runs/$run/steps")" '[.result.steps[0] | .cost, .deliveries]' '["0.000563",1]'
check 'and the entry, by model and step' json "$(api GET "/api/v1/flow/cost/workflow/$run/breakdown?by=step")" '[.result.breakdown[] | [.key, .cost]]' '[["/do/0/a","0.000563"]]'

before=$(asked)
run=$(start "[{\"a\":{\"set\":{\"x\":1}}},{\"b\":$(ask gpt-5+in50+out50 hi)}]" ',"budget":{"limit":"0.0001","currency":"USD"},"wait_ms":5000')
check 'a run whose budget has not enough is suspended' json "$(api GET "/api/v1/flow/runs/$run")" '[.result.status, .result.reason]' '["suspended","budget"]'
check 'nothing was called' same "$(asked)" "$before"
why=$(api GET "/api/v1/flow/runs/$run/why")
check 'it says which budget, and what would let it go on' json "$why" '[.result.waiting[0] | .kind, .step, (.detail | test("of this run, 0.0001 USD. has 0.0001 left")), (.unblock.path | test("/cost/budgets/[0-9a-f-]{36}/topup"))]' \
	'["budget","/do/1/b",true,true]'
check 'its budget is suspended' json "$(api GET "/api/v1/flow/cost/budgets?scope=run&scope_id=$run")" '.result.items[0].is_suspended'
api POST "$(jq -r '.result.waiting[0].unblock.path' <<<"$why")" "$(jq -c '.result.waiting[0].unblock.body' <<<"$why")" >/dev/null
check 'after just that it goes on' until_is "$run" completed
check 'where it stood' json "$(api GET "/api/v1/flow/runs/$run/steps")" '[.result.steps[] | [.name, .attempt]]' '[["a",1],["b",1]]'
check 'and the budget is not suspended any more' json "$(api GET "/api/v1/flow/cost/budgets?scope=run&scope_id=$run")" '.result.items[0] | [.is_suspended, .consumed_budget_micros]' '[false,563]'

paid='{"call":"http","with":{"method":"get","endpoint":"http://stats.test/stats"},"metadata":{"cost":{"amount":"5","currency":"USD"}}}'
run=$(start "[{\"a\":$paid}]" ',"budget":{"limit":"1","currency":"USD"},"wait_ms":5000')
why=$(api GET "/api/v1/flow/runs/$run/why")
api POST "$(jq -r '.result.waiting[0].unblock.path' <<<"$why")" "$(jq -c '.result.waiting[0].unblock.body' <<<"$why")" >/dev/null
check 'what would let it go on lets it end too, where a step costs all that it may' until_is "$run" completed

run=$(start "[{\"a\":{\"for\":{\"in\":\"\${ [range(12)] }\"},\"metadata\":{\"parallel\":{\"max\":12}},\"do\":[{\"b\":$(ask gpt-5+slow50+in50+out50 hi)}]}}]" ',"budget":{"limit":"0.003","currency":"USD"},"wait_ms":8000')
check 'parallel calls stop before the limit' json "$(figures "$run")" '.[1] + .[2] <= .[0]'
check 'with the run suspended' until_is "$run" suspended
budget=$(api GET "/api/v1/flow/cost/budgets?scope=run&scope_id=$run" | jq -r '.result.items[0].budget_id')
api POST "/api/v1/flow/cost/budgets/$budget/topup" '{"amount":"0.02","reason":"all of them"}' >/dev/null
check 'and all are done after a top-up' until_is "$run" completed
check 'each paid once' same "$(figures "$run")" '[23000,6756,0]'

run=$(start "[{\"a\":$(ask gpt-5+slow3000+in50+out50 hi)}]" ',"budget":{"limit":"0.01","currency":"USD"}')
once=$(start "[{\"a\":$(ask gpt-5+slow3000+in50+out50 hi | sed 's/}$/,"metadata":{"effect":"at-most-once"}}/')}]" ',"budget":{"limit":"0.01","currency":"USD"}')
sleep 0.3
kept=$(figures "$once" | jq '.[2]')
check 'a call under way is kept' json "$(figures "$run")" '.[1] == 0 and .[2] > 500'
stop_server KILL 2>/dev/null
start_server
login
check 'after a kill it is sent again' until_is "$run" completed
check 'and paid once' same "$(figures "$run")" '[10000,563,0]'
check 'what must not be sent twice is a fault' until_is "$once" faulted
check 'and all that was kept for it is spent' same "$(figures "$once")" "[10000,$kept,0]"

api POST /api/v1/flow/cost/budgets '{"scope":"agent","scope_id":"thrifty","allocated_budget":"0.0001","currency":"USD","on_exhausted":"fail"}' >/dev/null
run=$(start "[{\"a\":$(ask gpt-5+in50+out50 hi ',"budget":"thrifty"')}]" ',"wait_ms":5000')
check 'a budget that fails its steps does so' json "$(api GET "/api/v1/flow/runs/$run")" '[.result.status, .result.error.title]' '["faulted","Budget exceeded"]'
api POST /api/v1/flow/cost/budgets '{"scope":"agent","scope_id":"loose","allocated_budget":"0.0001","currency":"USD","on_exhausted":"warn"}' >/dev/null
run=$(start "[{\"a\":$(ask gpt-5+in50+out50 hi ',"budget":"loose"')}]" ',"wait_ms":5000')
check 'one that warns lets them be' json "$(api GET "/api/v1/flow/cost/budgets?scope=agent&scope_id=loose")" '.result.items[0] | [.consumed_budget_micros, .overspent]' '[563,"0.000463"]'
check 'and the run completes' until_is "$run" completed
api POST /api/v1/flow/cost/budgets '{"scope":"agent","scope_id":"euro","allocated_budget":"1","currency":"EUR"}' >/dev/null
run=$(start "[{\"a\":$(ask gpt-5 hi ',"budget":"euro"')}]" ',"wait_ms":5000')
check 'a price in another currency is a fault' json "$(api GET "/api/v1/flow/runs/$run")" '[.result.status, .result.error.title]' '["faulted","Wrong currency"]'

run=$(start '[{"a":{"run":{"shell":{"command":"echo x"}}}}]' ',"wait_ms":100' || true)
step='[{"a":{"call":"http","with":{"method":"get","endpoint":"http://127.0.0.1:1/"},"metadata":{"cost":{"amount":"${ .price }","currency":"USD"}}}}]'
run=$(start "$step" ',"input":{"price":"0.4"},"budget":{"limit":"0.5","currency":"USD"},"wait_ms":5000')
check 'what was not sent costs nothing' same "$(figures "$run")" '[500000,0,0]'
run=$(start "$step" ',"input":{"price":"0.6"},"budget":{"limit":"0.5","currency":"USD"},"wait_ms":5000')
check 'a step that says its cost is held back too' until_is "$run" suspended
run=$(start "$step" ',"input":{"price":-1},"wait_ms":5000')
check 'and a negative cost is a fault' json "$(api GET "/api/v1/flow/runs/$run")" '[.result.status, .result.error.title]' '["faulted","No cost"]'

run=$(start '[{"a":{"wait":{"hours":1}}}]' ',"wait_ms":100')
api POST /api/v1/flow/cost/budgets '{"scope":"workflow","scope_id":"t/m","allocated_budget":"1","currency":"USD"}' >/dev/null
api POST /api/v1/flow/cost/track '{"run_id":"'"$run"'","operation_type":"compute","cost":"1.5"}' >/dev/null
check 'runs of an exhausted budget stop' until_is "$run" suspended
check 'and name it' json "$(api GET "/api/v1/flow/runs/$run/why")" '.result.waiting[0] | [.kind, (.detail | endswith("is exhausted."))]' '["budget",true]'
budget=$(api GET '/api/v1/flow/cost/budgets?scope=workflow&scope_id=t/m' | jq -r '.result.items[0].budget_id')
stop_server KILL 2>/dev/null
start_server
login
check 'also after a restart' until_is "$run" suspended
api POST "/api/v1/flow/cost/budgets/$budget/topup" '{"amount":"1","reason":"more"}' >/dev/null
check 'until there is more' until_is "$run" waiting
check 'a threshold is raised once' json "$(api GET "/api/v1/flow/cost/budgets/$budget")" '[.result.events[].kind] | sort' '["budget.critical","budget.exhausted","budget.topup","budget.warning"]'
check 'the journal of the run is sound' json "$(api GET "/api/v1/flow/runs/$run/journal")" '[.result.rows[].kind]' '["run.started","task.entered","task.entered","run.suspended","run.resumed"]'

api POST /api/v1/flow/cost/track '{"run_id":"'"$run"'","operation_type":"compute","cost":"3.25"}' >/dev/null
check 'one of which more was spent than there was' until_is "$run" suspended
why=$(api GET "/api/v1/flow/runs/$run/why")
check 'says how much that is' json "$why" '.result.waiting[0] | [(.detail | test("of this workflow t/m, 2 USD. is exhausted")), .unblock.body.amount]' '[true,"2.750001"]'
api POST "$(jq -r '.result.waiting[0].unblock.path' <<<"$why")" "$(jq -c '.result.waiting[0].unblock.body' <<<"$why")" >/dev/null
check 'and goes on with just that' until_is "$run" waiting
api POST /api/v1/flow/cost/budgets '{"scope":"workflow","scope_id":"t/d","allocated_budget":"1","currency":"USD","window":"day"}' >/dev/null
run=$(api POST /api/v1/flow/runs '{"definition":{"document":{"dsl":"1.0.3","namespace":"t","name":"d","version":"1.0.0"},"do":'"$step"'},"input":{"price":"2"},"wait_ms":5000}' | jq -r .result.run_id)
check 'one of a day says when the next begins' json "$(api GET "/api/v1/flow/runs/$run/why")" '.result.waiting[0] | [(.detail | test("of this workflow t/d, 1 USD a day. has 1 left")), (.until | test("T00:00:00"))]' '[true,true]'
stop_server
