# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# What bad input gets [flow.md 2.2, 13]: by `flow validate`, by validation and by registration over HTTP, the same words.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
start_server || exit 1
login
post() { api POST "$1" "$2"; }
get() { api GET "$1"; }

head='document: {dsl: "1.0.3", namespace: t, name: t, version: 1.0.0}\n'
while IFS='|' read -r code pointer line text; do
	[ "${text:0:1}" = + ] && text=$head${text:1}
	printf '%b\n' "$text" >d.yaml
	want="[\"$code\",\"$pointer\",$line]"
	filter="[.code, .pointer, .line] | select(.[0] == \"$code\")"
	said=$("$bin" flow validate d.yaml)
	status=$?
	# On the caller's own machine shell is allowed.
	if [ "$code" != shell_disabled ]; then
		check "flow validate: $code" same "$status $(jq -c "first(.problems[] | $filter)" <<<"$said")" "2 $want"
		check "flow run: $code" exits 2 "$bin" flow run d.yaml --quiet
	fi
	body=$(jq -Rs '{definition: .}' <d.yaml)
	said=$(post /api/v1/flow/workflows/validate "$body")
	check "validated: $code" json "$said" "first(.result.problems[] | $filter)" "$want"
	said=$(curl -sS "$CS/api/v1/flow/workflows" -H "Authorization: Bearer $token" -H 'Content-Type: application/yaml' \
		--data-binary @d.yaml)
	check "registered: $code" json "$said" "[.status, .code, first(.errors[] | select(.code == \"$code\") |
		[.pointer, (.message | startswith(\"line $line: \"))])]" "[422,\"definition_refused\",[\"$pointer\",true]]"
done <<'ROWS'
unsupported_grpc|/do/0/a/call|2|+do: [{a: {call: grpc, with: {}}}]
unsupported_asyncapi|/do/0/a/call|3|+do:\n- a: {call: asyncapi, with: {}}
unsupported_a2a|/do/0/a/call|4|+do:\n- a:\n    call: a2a
unsupported_container|/do/0/a/run/container|2|+do: [{a: {run: {container: {image: x}}}}]
unsupported_language|/evaluate/language|2|+evaluate: {language: js}\ndo: []
script_disabled|/do/0/a/run/script/language|2|+do: [{a: {run: {script: {language: js, code: "1"}}}}]
script_disabled|/do/0/a/run/script/language|2|+do: [{a: {run: {script: {language: python, code: "1"}}}}]
shell_disabled|/do/0/a/run/shell|2|+do: [{a: {run: {shell: {command: ls}}}}]
stdio_disabled|/do/0/a/with/transport/stdio|2|+do: [{a: {call: mcp, with: {method: tools/list, transport: {stdio: {command: x}}}}}]
then_unknown_task|/do/0/a/then|4|+do:\n- a: {set: {x: 1},\n    then: nowhere}
switch_two_defaults|/do/0/a/switch/1|5|+do:\n- a: {switch: [\n  {x: {then: end}},\n  {y: {then: end}}]}
unknown_reference|/do/0/a/call|2|+do: [{a: {call: nofunc}}]
unknown_reference|/do/0/a/call|2|+do: [{a: {call: "f:1.0.0@nocatalog"}}]
unknown_reference|/do/0/a/raise/error|2|+do: [{a: {raise: {error: nope}}}]
unknown_reference|/do/0/a/catch/retry|2|+do: [{a: {try: [], catch: {retry: nope}}}]
unknown_property|/do/0/a/foo|2|+do: [{a: {set: {x: 1}, foo: 1}}]
expression_syntax|/do/0/a/set/x|3|+do:\n- a: {set: {x: "${ .a + }"}}
expression_syntax|/do/0/a/if|2|+do: [{a: {if: ".a +", set: {x: 1}}}]
expression_forbidden|/do/0/a/set/x|2|+do: [{a: {set: {x: "${ env }"}}}]
expression_forbidden|/do/0/a/set/x|2|+do: [{a: {set: {x: "${ input }"}}}]
duplicate_task|/do/1/a|4|+do:\n- a: {set: {x: 1}}\n- a: {set: {x: 1}}
required|/do|1|document: {dsl: "1.0.3", namespace: t, name: t, version: 1.0.0}
type|/do/0/a/set|2|+do: [{a: {set: 1}}]
enum|/do/0/a/with/output|2|+do: [{a: {call: http, with: {method: get, endpoint: "http://x", output: bytes}}}]
range|/do/0/a/wait/seconds|2|+do: [{a: {wait: {seconds: -1}}}]
format|/document/version|1|document: {dsl: "1.0.3", namespace: t, name: t, version: one}\ndo: []
dsl_version|/document/dsl|2|document:\n  dsl: "1.1.0"\n  namespace: t\n  name: t\n  version: 1.0.0\ndo: []
dsl_version|/document/dsl|1|document: {dsl: "0.9.0", namespace: t, name: t, version: 1.0.0}\ndo: []
yaml_syntax||2|a: [1,
yaml_alias||1|a: &x 1
yaml_alias||2|a: 1\nb: *x
yaml_tag||1|a: !foo 1
duplicate_key||2|a: 1\na: 2
dag_cycle|/steps/0/depends_on|5|workflow_id: x\nversion: 1.0.0\nname: x\nsteps:\n- {step_id: a, depends_on: [b]}\n- {step_id: b, depends_on: [a]}
unknown_dependency|/steps/0/depends_on/0|2|{workflow_id: x, version: 1.0.0, name: x, steps: [\n{step_id: a, depends_on: [zz]}]}
duplicate_task|/steps/1/step_id|3|{workflow_id: x, version: 1.0.0, name: x, steps: [\n{step_id: a},\n{step_id: a}]}
not_an_ancestor|/steps/1/params/x|3|{workflow_id: x, version: 1.0.0, name: x, steps: [\n{step_id: a},\n{step_id: b, type: set, params: {x: "${{ steps.a.output.y }}"}}]}
ROWS

# --- section 13, the other rows ---

definition='{"document":{"dsl":"1.0.3","namespace":"t","name":"strict","version":"1.0.0"},"input":{"schema":{"document":
	{"type":"object","required":["n"]}}},"do":[{"a":{"set":{"x":1}}}]}'
post /api/v1/flow/workflows "{\"definition\":$definition,\"publish\":false}" >/dev/null
check 'a draft is not started' json "$(post /api/v1/flow/runs '{"namespace":"t","name":"strict","version":"1.0.0"}')" \
	'[.status, .code]' '[409,"not_active"]'
post /api/v1/flow/workflows/t/strict/versions/1.0.0/publish '{}' >/dev/null
run='{"namespace":"t","name":"strict","input":{},"wait_ms":3000}'
check 'input that breaks the schema: a run that faulted' json "$(post /api/v1/flow/runs "$run")" \
	'.result | [.status, (.error.type | split("/") | last), .error.instance]' '["faulted","validation","/input"]'
before=$(get '/api/v1/flow/runs?limit=200' | jq '.result.items | length')
check 'strict: 422' json "$(post '/api/v1/flow/runs?strict=1' "$run")" .status 422
check 'and no run' same "$(get '/api/v1/flow/runs?limit=200' | jq '.result.items | length')" "$before"
post /api/v1/flow/workflows/t/strict/versions/1.0.0/archive '{}' >/dev/null
check 'an archived version is not started' json "$(post /api/v1/flow/runs '{"namespace":"t","name":"strict","version":"1.0.0"}')" \
	'[.status, .code]' '[409,"not_active"]'
for kind in runs workflows/t schedules; do # malformed, unknown: nobody learns which
	texts=$(for id in nonsense 01a1ff56-1cb3-724e-8add-c01c154cfa59 0; do
		api GET "/api/v1/flow/$kind/$id" | jq -c '[.status, .code, .detail]'
	done | sort -u)
	check "unknown and malformed ids of $kind: 404, the same text" same \
		"$(wc -l <<<"$texts") $(jq -c .[0:2] <<<"$texts")" '1 [404,"not_found"]'
done
id=$(post /api/v1/flow/runs "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":
	\"1.0.0\"},\"do\":[{\"a\":{\"set\":{\"x\":1}}}]},\"wait_ms\":3000}" | jq -r .result.run_id)
check 'an operation in the wrong state' json "$(post "/api/v1/flow/runs/$id/resume" '{}')" \
	'[.status, .code, .current_status, .allowed]' '[409,"transition_refused","completed",[]]'
