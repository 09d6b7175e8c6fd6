# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Memories of agents: in steps of a workflow, and many at once [flow.md 2.7, 6].
. "$(dirname "$0")/lib.sh"

cd "$work" || exit 1
run() { # TASKS [ARGUMENT...]
	printf 'document: {dsl: "1.0.3", namespace: t, name: t, version: 1.0.0}\ndo: %s\n' "$1" >run.yaml
	"$bin" flow run run.yaml --json "${@:2}"
}
answer=$(run '[{a: {call: memory.add, with: {agent_id: scout, content: "The gate opens at six", tags: [gate]}}}, {b: {call: memory.add, with: {agent_id: scout, content: "The café is closed"}}},
  {c: {call: memory.search, with: {agent_id: scout, text: CAFE}, output: {as: ".memories[0]"}}}, {d: {call: memory.get, with: {memory_id: "${ .memory_id }"}, output: {as: "{content, tier, access_count}"}}}]')
check 'steps store, search and read memories' json "$answer" '[.status, .output]' '["completed",{"content":"The café is closed","tier":"l1","access_count":1}]'
answer=$(run '[{a: {for: {in: "${ [range(5)] }"}, metadata: {parallel: {max: 5}}, do: [{b: {call: memory.add, with: {agent_id: scout, content: "one fact"}, output: {as: .memory_id}}}]}}]')
check 'the same fact five times at once is one memory' json "$answer" '.output | unique | length' 1
answer=$(run '[{a: {call: memory.add, with: {agent_id: scout, content: "", importance_score: 2}}}]')
check 'what is no memory is a fault' json "$answer" '[.error.status, .error.title]' '[400,"Invalid memory"]'
answer=$(run '[{a: {call: memory.get, with: {memory_id: 01a1fdee-0954-7694-95f1-fd4c9f8f83a7}}}]')
check 'and so is one that is not there' json "$answer" '[.error.status, .error.detail]' '[500,"There is no such memory."]'
printf 'workflow_id: m\nversion: 1.0.0\nname: m\nsteps:\n- {step_id: a, type: memory, params: {call: memory.add, with: {agent_id: scout, content: x}}}\n' >dag.yaml
check 'a step of the DAG form says which call' exits 0 "$bin" flow validate dag.yaml
