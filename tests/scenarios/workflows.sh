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
