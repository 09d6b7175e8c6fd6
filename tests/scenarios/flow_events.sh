# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Events in and out of runs, and runs that run others: over HTTP, and over a server that is killed [flow.md 2.1, 3.4].
. "$(dirname "$0")/lib.sh"

start_server
login
doc() { printf '{"dsl":"1.0.3","namespace":"t","name":"%s","version":"1.0.0"}' "$1"; }
begin() { # NAME DO: the id of a run that has come to rest
	api POST /api/v1/flow/runs '{"definition":{"document":'"$(doc "$1")"',"do":'"$2"'},"wait_ms":200}' | jq -r .result.run_id
}
event() { # ID TYPE DATA
	printf '{"specversion":"1.0","id":"%s","source":"urn:shop","type":"%s","data":%s}' "$1" "$2" "$3"
}
status() { api GET "/api/v1/flow/runs/$1" | jq -r .result.status; }
becomes() { # RUN STATUS
	for _ in $(seq 100); do
		[ "$(status "$1")" = "$2" ] && return 0
		sleep 0.05
	done
	api GET "/api/v1/flow/runs/$1"
	return 1
}

# --- in ---
order='[{"a":{"listen":{"to":{"all":[{"with":{"type":"made"},"correlate":{"o":{"from":".data.o"}}},{"with":{"type":"paid"},"correlate":{"o":{"from":".data.o"}}}]}}}}]'
run_id=$(begin order "$order")
check 'a run that listens waits' same "$(status "$run_id")" waiting
check 'and says for what, and what would unblock it' json "$(api GET "/api/v1/flow/runs/$run_id/why")" \
	'[.result.waiting[0].kind, .result.waiting[0].step, .result.waiting[0].unblock.path, .result.waiting[0].unblock.body.type]' \
	'["event","/do/0/a","/api/v1/flow/events","made"]'
check 'an event is taken' json "$(api POST /api/v1/flow/events "$(event 1 made '{"o":7}')")" .result '{"accepted":1,"duplicates":0}'
check 'once' json "$(api POST /api/v1/flow/events "$(event 1 made '{"o":7}')")" .result '{"accepted":0,"duplicates":1}'
opened() { api GET "/api/v1/flow/runs/$1/why" | jq -e '.result.waiting[0].unblock.body.type == "'"$2"'"' >/dev/null; }
for _ in $(seq 40); do opened "$run_id" paid && break; sleep 0.05; done
check 'then it waits for the other one' opened "$run_id" paid
stop_server KILL 2>/dev/null
start_server
login
check 'a server that was killed knows what it listens to' opened "$run_id" paid
check 'a batch is taken' json "$(curl -sS "$CS/api/v1/flow/events" -H "Authorization: Bearer $token" \
	-H 'Content-Type: application/cloudevents-batch+json' -d "[$(event 2 paid '{"o":8}'),$(event 3 paid '{"o":7}')]")" .result.accepted 2
check 'the one that correlates ends it' becomes "$run_id" completed
check 'with both' json "$(api GET "/api/v1/flow/runs/$run_id")" .result.output '[{"o":7},{"o":7}]'

run_id=$(begin raw '[{"a":{"listen":{"to":{"one":{"with":{"type":"text"}}},"read":"raw"}}}]')
curl -sS "$CS/api/v1/flow/events" -H "Authorization: Bearer $token" -H 'ce-specversion: 1.0' -H 'ce-id: b1' -H 'ce-source: urn:b' \
	-H 'ce-type: text' -H 'Content-Type: application/json' -d '{ "n" : 1.50 }' >/dev/null
check 'an event in headers and a body is heard' becomes "$run_id" completed
check 'its data as they came' json "$(api GET "/api/v1/flow/runs/$run_id")" .result.output '["{ \"n\" : 1.50 }"]'
check 'what is no event is refused with all that is wrong' json "$(api POST /api/v1/flow/events '[{"id":1},7]')" \
	'[.status, [.errors[].pointer]]' '[422,["/0/specversion","/0/id","/0/source","/0/type","/1"]]'

# --- events that came while the server was down to the run ---
run_id=$(begin count '[{"a":{"listen":{"to":{"any":[{"with":{"type":"n"}}],"until":"length == 40"}}}}]')
for i in $(seq 40); do
	api POST /api/v1/flow/events "$(event "n$i" n "$i")" >/dev/null
	if [ $((i % 13)) = 0 ]; then
		stop_server KILL 2>/dev/null
		start_server
		login
	fi
done
check 'forty events and a server killed three times' becomes "$run_id" completed
check 'each is heard once, in order' json "$(api GET "/api/v1/flow/runs/$run_id")" ".result.output == [range(1; 41)]" true

late() { # WAIT SINCE: a run whose listener begins after another task that extends it
	api POST /api/v1/flow/runs '{"definition":{"document":'"$(doc late)"',"use":{"extensions":[{"x":{"extend":"listen","before":[{"w":{"wait":{"milliseconds":'"$1"'}}}]}}]},
		"do":[{"a":{"listen":{"to":{"one":{"with":{"type":"late"}}}}'"$2"'}}]}}' | jq -r .result.run_id
}
run_id=$(late 300 '')
sleep 1
api POST /api/v1/flow/events "$(event l1 late 1)" >/dev/null
check 'a listener hears that begins after its extension has waited' becomes "$run_id" completed
run_id=$(late 1500 '')
until [ "$(api GET "/api/v1/flow/runs/$run_id" | jq -r .result.status)" = waiting ]; do sleep 0.05; done
api POST /api/v1/flow/events "$(event l2 late 2)" >/dev/null
check 'what comes while its extension waits is heard too' becomes "$run_id" completed
check 'and from when on it says' becomes "$(late 1 ',"metadata":{"since":"PT1H"}')" completed

# --- runs that run others ---
api POST /api/v1/flow/workflows '{"definition":{"document":'"$(doc child)"',"do":[{"a":{"listen":{"to":{"one":{"with":{"type":"go"}}}}}}]}}' >/dev/null
parent='[{"a":{"run":{"workflow":{"namespace":"t","name":"child"}}}}]'
run_id=$(begin parent "$parent")
why=$(api GET "/api/v1/flow/runs/$run_id/why")
child=$(jq -r '.result.waiting[0].unblock.path | split("/")[5]' <<<"$why")
check 'a run waits for another' json "$why" '.result.waiting[0].kind' subflow
check 'which knows whose it is' json "$(api GET "/api/v1/flow/runs/$child")" '[.result.parent, .result.status]' "[\"$run_id\",\"waiting\"]"
stop_server KILL 2>/dev/null
start_server
login
api POST /api/v1/flow/events "$(event g1 go '"gone"')" >/dev/null
check 'its end is the end of both, over a killed server' becomes "$run_id" completed
check 'with its output' json "$(api GET "/api/v1/flow/runs/$run_id")" .result.output '["gone"]'
run_id=$(begin parent "$parent")
child=$(api GET "/api/v1/flow/runs/$run_id/why" | jq -r '.result.waiting[0].unblock.path | split("/")[5]')
api POST "/api/v1/flow/runs/$run_id/cancel" '{"reason":"enough"}' >/dev/null
check 'cancelled with the run that waits for it' becomes "$child" cancelled
run_id=$(begin parent "$parent")
child=$(api GET "/api/v1/flow/runs/$run_id/why" | jq -r '.result.waiting[0].unblock.path | split("/")[5]')
api POST "/api/v1/flow/runs/$child/cancel" '{}' >/dev/null
check 'a run whose sub-run was cancelled is at fault' becomes "$run_id" faulted
stop_server
