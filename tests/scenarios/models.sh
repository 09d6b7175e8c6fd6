# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Steps that ask models, against a stand-in of an OpenAI-compatible endpoint [flow.md 2.7, 6, 7].
. "$(dirname "$0")/lib.sh"

coproc models { exec "$root/tests/flow/llm_server"; }
servers+=("$models_PID")
read -r port <&"${models[0]}"
export COUNTERSIGN_FLOW_LLM_BASE_URL=http://127.0.0.1:$port/v1

cd "$work" || exit 1
head='document: {dsl: "1.0.3", namespace: t, name: t, version: 1.0.0}'
run() { # DEFINITION [ARGUMENT...]
	printf '%s\n%s\n' "$head" "$1" >run.yaml
	"$bin" flow run run.yaml --json "${@:2}"
}
ask() { # MODEL MORE
	printf 'do: [{a: {call: llm, with: {model: "%s", messages: [{role: user, content: "${ .q }"}]%s}}}]' "$1" "${2:-}"
}
answer=$(run "$(ask gpt-5+in100+out50)" --input '{"q":"hi"}')
check 'a model answers, and what it took is priced' json "$answer" '[.status, .output.text, .output.cost_micros, .output.usage.prompt_tokens]' \
	'["completed","HI",625,100]'
answer=$(run "$(ask gpt-5+in100+hit40+out50)" --input '{"q":"hi"}')
check 'what the provider had in its cache is priced apart' json "$answer" .output.cost 0.00058
answer=$(run "$(ask gpt-5+stream+in100+out50)" --input '{"q":"a longer question"}')
check 'a stream is put together' json "$answer" '[.output.text, .output.cost_micros]' '["A LONGER QUESTION",625]'
answer=$(run "$(ask m+e429)" --input '{"q":"hi"}')
check 'a refusal is told with its status' json "$answer" '[.status, .error.status, .error.detail]' '["faulted",429,"HTTP 429: failed with 429"]'
answer=$(run "do: [{a: {try: $(ask m+e503x2 | cut -c5-), catch: {retry: {delay: {milliseconds: 5}, limit: {attempt: {count: 3}}}}}}]" --input '{"q":"hi"}')
check 'and tried again where the author says so' json "$answer" '[.status, ([.tasks[] | select(.reference | endswith("/a/try/0/a")) | .attempt])]' '["completed",[1,2,3]]'
answer=$(run "$(ask m+broken)" --input '{"q":"hi"}')
check 'what is no completion is said so' json "$answer" .error.title 'No chat completion'
answer=$(run "$(ask m+cut)" --input '{"q":"hi"}')
check 'a stream that breaks off too' json "$answer" .error.detail 'The endpoint answered with a stream that broke off.'
answer=$(run "$(ask m+slow2000 | sed 's/}}]$/, timeout: {after: {milliseconds: 100}}}}]/')" --input '{"q":"hi"}')
check 'a slow model is a time-out' json "$answer" '[.error.status, .error.instance]' '[408,"/do/0/a"]'
answer=$(run "$(ask m ', temperature: 3')" --input '{"q":"hi"}')
check 'a wrong argument is refused' json "$answer" '[.status, .problems[0].code]' '["refused","range"]'
answer=$(run "$(ask m ', temperature: "${ 3 }"')" --input '{"q":"hi"}')
check 'also where it is seen only when it runs' json "$answer" '[.status, .error.detail]' '["faulted","temperature is out of range."]'
answer=$(COUNTERSIGN_FLOW_LLM_BASE_URL=http://127.0.0.1:9/v1 COUNTERSIGN_FLOW_LLM_ROUTES="other-=http://127.0.0.1:$port/v1/" run "$(ask other-m)" --input '{"q":"hi"}')
check 'a route asks another endpoint' json "$answer" .output.text HI
echo "k3y-of-models" >key
check 'a key is sent' json "$(COUNTERSIGN_FLOW_LLM_KEY_FILE=$PWD/key run "$(ask m)" --input '{"q":"hi"}' && curl -s "http://127.0.0.1:$port/stats")" \
	'.["Bearer k3y-of-models"] // empty' 1

# --- answers that are kept ---
twice="do: [{a: {call: llm, with: {model: gpt-5+in50+out50, messages: [{role: user, content: q}]}}}, {b: {call: llm, with: {model: gpt-5+in50+out50, messages: [{role: user, content: q}]}, output: {as: '\${ {cached, cost, text} }'}}}]"
answer=$(run "$twice")
check 'the same question is answered from memory, and free' json "$answer" .output '{"cached":true,"cost":"0","text":"Q"}'
asked() { curl -s "http://127.0.0.1:$port/stats" | jq '.["/v1/chat/completions"]'; }
before=$(asked)
many='do: [{a: {for: {in: "${ [range(8)] }"}, metadata: {parallel: {max: 8}}, do: [{b: {call: llm, with: {model: m+slow200, messages: [{role: user, content: many}]}, output: {as: .cached}}}]}}]'
check 'of equal questions at once one is asked' json "$(run "$many")" '[.output[] | select(. == false)] | length' 1
check 'and no more' same "$(asked)" $((before + 1))
warm="do: [{a: {for: {in: '\${ [1, 2] }'}, do: [{b: {call: llm, with: {model: m, temperature: TEMPERATURE, cache: CACHE, messages: [{role: user, content: warm}]}, output: {as: .cached}}}]}}]"
check 'answers that are meant to differ are not kept' json "$(run "$(sed 's/TEMPERATURE/0.31/; s/CACHE/true/' <<<"$warm")")" .output false
check 'unless the author insists' json "$(run "$(sed 's/TEMPERATURE/0.31/; s/CACHE/force/' <<<"$warm")")" .output true
check 'or not at all' json "$(run "$(sed 's/TEMPERATURE/0/; s/CACHE/false/' <<<"$warm")")" .output false
alike='do: [{a: {call: llm, with: {model: m, messages: [{role: user, content: "what is the tallest tower of the old town of Prague"}]}}}, {b: {call: llm, with: {model: m, messages: [{role: user, content: "what is the tallest tower of the old town of prague?"}]}, output: {as: "${ [.cached, .text] }"}}}]'
check 'a question of like meaning has its answer' json "$(COUNTERSIGN_FLOW_EMBEDDING_BASE_URL=http://127.0.0.1:$port/v1 run "$alike")" .output \
	'[true,"WHAT IS THE TALLEST TOWER OF THE OLD TOWN OF PRAGUE"]'
check 'where there is an endpoint of embeddings' json "$(run "$alike")" '.output[0]' false
start_server
login
body='{"definition":{"document":{"dsl":"1.0.3","namespace":"t","name":"k","version":"1.0.0"},"do":[{"a":{"call":"llm","metadata":{"cache_tags":["news"]},"with":{"model":"gpt-5+in50+out50","messages":[{"role":"user","content":"kept"}]}}}]},"wait_ms":5000}'
api POST /api/v1/flow/runs "$body" >/dev/null
stop_server
start_server
login
run_id=$(api POST /api/v1/flow/runs "$body" | jq -r .result.run_id)
check 'an answer outlives a restart' json "$(api GET "/api/v1/flow/runs/$run_id")" '[.result.output.cached, .result.cost]' '[true,"0"]'
check 'what it saved is booked' json "$(api GET "/api/v1/flow/cost/workflow/$run_id/breakdown?by=model")" '[.result.breakdown[] | .cost, .saved]' '["0","0.000563"]'
check 'and counted' json "$(api GET /api/v1/flow/cache)" '[.result.levels[1] | .level, .hits, .entries, .saved_micros, .ttl_s]' '["l2",1,1,563,3600]'
check 'to forget one says what' json "$(api POST /api/v1/flow/cache/invalidate '{}')" '.errors[0].pointer' /all
check 'answers are forgotten by a tag' json "$(api POST /api/v1/flow/cache/invalidate '{"tag":"news"}')" .result.invalidated 1
run_id=$(api POST /api/v1/flow/runs "$body" | jq -r .result.run_id)
check 'and asked for again' json "$(api GET "/api/v1/flow/runs/$run_id")" .result.output.cached false

# --- how they are [flow.md 11] ---
stop_server
COUNTERSIGN_FLOW_EMBEDDING_BASE_URL=http://127.0.0.1:9/v1 start_server
login
row() { curl -s "$CS/health" | jq -c "[.result.checks.$1.status, .result.checks.$1.required]"; }
becomes_row() { # NAME STATUS
	for _ in $(seq 100); do
		same "$(row "$1" | jq -r '.[0] // ""')" "$2" >/dev/null && return 0
		sleep 0.05
	done
	row "$1"
	return 1
}
check 'models and embeddings have rows of health' same "$(row llm)$(row embedding)" '["healthy",false]["healthy",false]'
check 'nobody is told of runs: no row' same "$(row sinks)" '[null,null]'
for i in $(seq 5); do api POST /api/v1/flow/runs "${body//kept/question $i}" >/dev/null; done
check 'five vectors that could not be had open the breaker' becomes_row embedding degraded
check 'which is not that of the models' same "$(row llm)" '["healthy",false]'
for _ in $(seq 5); do api POST /api/v1/flow/runs "${body//gpt-5+in50+out50/m+e503}" >/dev/null; done
check 'five answers that were none open theirs' becomes_row llm degraded
sink=$(api POST /api/v1/flow/sinks '{"url":"https://127.0.0.1:9/hook"}' | jq -r .result.sink_id)
check 'somebody is to be told' becomes_row sinks healthy
api POST /api/v1/flow/runs '{"definition":{"document":{"dsl":"1.0.3","namespace":"t","name":"h","version":"1.0.0"},"do":[{"a":{"set":{"x":1}}}]},"wait_ms":1000}' >/dev/null
check 'and cannot be' becomes_row sinks degraded
api DELETE "/api/v1/flow/sinks/$sink" >/dev/null
check 'any more' becomes_row sinks ''
check 'a person says that models are back' json "$(api POST /api/v1/flow/breakers/llm/reset)" .result.state closed
check 'and they are' becomes_row llm healthy
stop_server
start_server
login

# --- plans [flow.md 8] ---
sound='{"nodes":[{"node_id":"r","name":"Trip"},{"node_id":"a","parent_id":"r","name":"Pay","duration_s":30},{"node_id":"b","parent_id":"r","name":"Ride","duration_s":300}],"dependencies":[{"from":"a","to":"b"}]}'
round='{"nodes":[{"node_id":"r"},{"node_id":"a","parent_id":"r"},{"node_id":"b","parent_id":"r"}],"dependencies":[{"from":"a","to":"b"},{"from":"b","to":"a"}]}'
tasks=/api/v1/flow/tasks/decompositions
goal() { jq -nc --argjson say "$1" --argjson more "${2:-{\}}" '{goal: {name: "Trip", params: {say: $say}}, planner: "llm", model: "gpt-5+say+in100+out50"} + $more'; }
answer=$(api POST $tasks "$(goal "[$round, $sound]")")
check 'a model plans a goal, and mends what was wrong' json "$answer" '[.result.planner | .name, .asked, .cost_micros]' '["llm",2,1250]'
id=$(jq -r .result.decomposition_id <<<"$answer")
check 'its plan is one like any other' json "$(api GET "$tasks/$id/plan")" '[.result | .valid, .critical_path_s]' '[true,330]'
check 'prompt and answer are kept' json "$(api GET "$tasks/$id")" '[.result.asks[] | (.answer | fromjson | .nodes | length), .problems[0].message]' '[3,"a -> b -> a",3,null]'
seal=$(jq -r .result.planner.plan_sha256 <<<"$answer")
answer=$(api POST $tasks "$(goal "[$round, $sound]")")
check 'the same goal has the same plan, from the answers that are kept' json "$answer" '[.result.planner | .plan_sha256, .cost_micros]' "[\"$seal\",0]"
check 'what is never sound is refused with its problems' json "$(api POST $tasks "$(goal '["no"]')")" '[.code, (.errors[] | .pointer, .code)]' \
	'["invalid","/goal","no_plan","/answer","json_invalid"]'
budget=$(api POST /api/v1/flow/cost/budgets '{"scope":"agent","scope_id":"planner","allocated_budget":"0.01","currency":"USD"}' | jq -r .result.budget_id)
before=$(asked)
answer=$(api POST $tasks "$(goal "[$sound]" '{"agent_id":"planner","max_tokens":100000}')")
check 'a budget that has not enough is named' json "$answer" '[.status, .code, .budget_id, .available]' "[402,\"budget_exceeded\",\"$budget\",\"0.01\"]"
check 'and nobody was asked' same "$(asked)" "$before"
answer=$(api POST $tasks "$(goal "[$sound]" '{"agent_id":"planner","max_tokens":100}')")
check 'one that has enough pays' json "$(api GET "/api/v1/flow/cost/budgets/$budget")" '[.result.consumed_budget, .result.reserved]' '["0.000625","0"]'
stop_server
unset COUNTERSIGN_FLOW_LLM_BASE_URL
answer=$(run "$(ask m)" --input '{"q":"hi"}')
check 'without an endpoint it is a fault of the configuration' json "$answer" '[.error.status, .error.title]' '[400,"No model endpoint"]'
