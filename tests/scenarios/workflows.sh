# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Workflow definitions: checked on the command line [flow.md 2.2, 12].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

cat >hello.yaml <<'EOF'
document: {dsl: '1.0.3', namespace: demo, name: hello, version: 1.0.0}
do:
- greet: {set: {text: '${ "Hello \(.name)" }'}}
EOF
cat >wrong.yaml <<'EOF'
document: {dsl: '1.0.3', namespace: demo, name: wrong, version: 1.0.0}
do:
- a: {set: {x: '${ .a + }', y: '${ env }'}, then: nowhere}
- b: {call: grpc, wiht: {}}
EOF
echo 'workflow_id: w
version: 1.0.0
name: W
steps: [{step_id: a, depends_on: [b]}, {step_id: b, depends_on: [a]}]' >circle.yaml
printf 'a: &x 1\nb: *x\n' >alias.yaml

valid=$("$bin" flow validate hello.yaml)
check 'a sound definition is valid' json "$valid" '[.valid, .form, .problems]' '[true,"dsl",[]]'
check 'and ends with 0' exits 0 "$bin" flow validate hello.yaml
refused=$("$bin" flow validate wrong.yaml)
check 'another one ends with 2' same $? 2
check 'all problems are told at once, in the order of the text' json "$refused" '[.problems[] | [.pointer, .code]]' \
	'[["/do/0/a/set/x","expression_syntax"],["/do/0/a/set/y","expression_forbidden"],["/do/0/a/then","then_unknown_task"],["/do/1/b/call","unsupported_grpc"],["/do/1/b/wiht","unknown_property"]]'
check 'a circle is told with its path' json "$("$bin" flow validate circle.yaml)" \
	'[.form, .problems[0].code, .problems[0].message]' '["dag","dag_cycle","a -> b -> a"]'
check 'aliases are refused with their line' json "$("$bin" flow validate - <alias.yaml)" \
	'[.valid, .form, .problems[0].code, .problems[0].line]' '[false,null,"yaml_alias",1]'
check 'a file that is not there is wrong usage' exits 2 "$bin" flow validate nowhere.yaml

start_server
login
flow() { # METHOD PATH [BODY]
	api "$1" "/api/v1/flow/workflows$2" "${@:3}"
}
yaml() { # PATH FILE [CURL ARGUMENTS]
	curl -sS "$CS$1" -H "Authorization: Bearer $token" -H 'Content-Type: application/yaml' --data-binary @"$2" "${@:3}"
}
made=$(yaml /api/v1/flow/workflows hello.yaml)
check 'YAML is registered and published' json "$made" '.result | [.namespace, .name, .version, .state, .form]' \
	'["demo","hello","1.0.0","published","dsl"]'
check 'its hash is of the bytes' json "$made" .result.definition_sha256 "$(sha256sum <hello.yaml | cut -d' ' -f1)"
check 'the same bytes again are no second version' same \
	"$(yaml /api/v1/flow/workflows hello.yaml -o /dev/null -w '%{http_code}')" 200
sed 's/Hello/Good day/' hello.yaml >other.yaml
check 'other bytes of a published version are refused' json "$(yaml /api/v1/flow/workflows other.yaml)" .code version_exists
check 'a refused definition tells everything' json "$(yaml /api/v1/flow/workflows wrong.yaml)" \
	'[.code, (.errors | length), .errors[0].pointer]' '["definition_refused",5,"/do/0/a/set/x"]'
check 'validating answers 200 either way' json "$(yaml /api/v1/flow/workflows/validate wrong.yaml)" \
	'.result | [.valid, .form, (.problems | length), .tasks]' '[false,"dsl",5,null]'
check 'and tells what a sound one uses' json "$(yaml /api/v1/flow/workflows/validate hello.yaml)" \
	'.result | [.valid, .tasks, .features]' '[true,1,["set"]]'
definition='{"document":{"dsl":"1.0.3","namespace":"demo","name":"hello","version":"1.1.0","tags":{"team":"a"}},"do":[{"w":{"wait":"PT5S"}},{"s":{"set":{"x":1}}}]}'
check 'a draft is made of JSON' json "$(flow POST '' "{\"definition\":$definition,\"publish\":false}")" .result.state draft
check 'a draft may change' json "$(flow POST '' "{\"definition\":${definition/PT5S/PT7S},\"publish\":false}")" .result.state draft
check 'members in another order are the same definition' json \
	"$(flow POST '' "$(jq -c '{publish: false, definition: {do: .do, document: .document}}' <<<"${definition/PT5S/PT7S}")")" .result.state draft
check 'latest is the published one' json "$(flow GET /demo/hello)" '.result | [.version, (.versions | map(.version))]' \
	'["1.0.0",["1.1.0","1.0.0"]]'
check 'it is published' json "$(flow POST /demo/hello/versions/1.1.0/publish)" .result.state published
check 'and read with its definition' json "$(flow GET /demo/hello/versions/1.1.0)" .result.definition.do '[{"w":{"wait":"PT7S"}},{"s":{"set":{"x":1}}}]'
check 'its graph' json "$(flow GET /demo/hello/versions/1.1.0/graph)" \
	'.result | [(.nodes | length), .edges, .critical_path, .max_parallelism, .min_time_s]' \
	'[2,[{"from":"/do/0/w","to":"/do/1/s"}],["/do/0/w","/do/1/s"],1,7]'
check 'a published version is not deleted' json "$(flow DELETE /demo/hello/versions/1.1.0)" '[.code, .current_status, .allowed]' \
	'["transition_refused","published",["deprecate","archive"]]'
check 'lists know namespace, state and tag' json \
	"$(flow GET '?namespace=demo&state=published&tag=team:a')" '[.result.items[].version]' '["1.1.0"]'
check 'the DAG form on its older path' json "$(api POST /api/v3/workflows '{"workflow_id":"w","version":"1.0.0","name":"W","steps":[{"step_id":"a"},{"step_id":"b","depends_on":["a"]}]}')" \
	'.result | [.workflow_id, .namespace, .form, (.steps | length)]' '["w","dag","dag",2]'
check 'is read there' json "$(api GET /api/v3/workflows/w/1.0.0)" '.result.definition.steps | length' 2
check 'and listed alone' json "$(api GET /api/v3/workflows/list)" '[.result.items[].name]' '["w"]'
check 'checked again' json "$(api POST /api/v3/workflows/w/validate)" '.result | [.valid, .tasks]' '[true,2]'
check 'archived' json "$(api POST /api/v3/workflows/w/archive)" .result.state archived
check 'nobody else sees it' json "$(flow GET /other/hello)" .code not_found

cat >strict.yaml <<'EOF'
document: {dsl: '1.0.3', namespace: demo, name: strict, version: 1.0.0}
do:
- a:
    input: {schema: {document: {type: object, required: [n], properties: {n: {type: integer}}}}}
    set: {twice: '${ .n * 2 }'}
EOF
check 'a schema that holds lets the task run' json "$("$bin" flow run strict.yaml --input '{"n":4}')" '[.status, .output.twice]' \
	'["completed",8]'
check 'one that does not faults it' json "$("$bin" flow run strict.yaml --input '{"n":"x"}')" \
	'[.status, .error.status, .error.instance, (.error.type | sub(".*/"; ""))]' '["faulted",400,"/do/0/a","validation"]'
