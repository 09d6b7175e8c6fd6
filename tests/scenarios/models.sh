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
unset COUNTERSIGN_FLOW_LLM_BASE_URL
answer=$(run "$(ask m)" --input '{"q":"hi"}')
check 'without an endpoint it is a fault of the configuration' json "$answer" '[.error.status, .error.title]' '[400,"No model endpoint"]'
