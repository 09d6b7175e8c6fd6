# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# All faults of a body or a query are told at once [P-8.2]: what a table can say of a member (`"priority": 99`, an unknown one) and
# what only the handler knows (a member that another one asks for, a time that lies behind, a money that is none).
. "$(dirname "$0")/lib.sh"
start_server || exit 1
login
id=019a0000-0000-7000-8000-000000000000
while IFS='|' read -r method path want body; do
	[ -n "$method" ] || continue
	said=$(api "$method" "$path" ${body:+"${body//ID/$id}"})
	check "$method $path" json "$said" '[.status, ([.errors[].pointer] | unique | join(" "))]' "[422,\"$want\"]"
done <<'ROWS'
POST|/api/v1/flow/runs|/budget/limit /labels /priority /seed|{"definition":"x","priority":99,"seed":-1,"labels":7,"budget":{"limit":0,"currency":"USD"}}
POST|/api/v3/workflows/execute|/labels /priority|{"workflow_id":"w","labels":7,"priority":99}
POST|/api/v1/flow/runs/bulk|/filter/created_before /filter/workflow /limit|{"action":"cancel","limit":0,"filter":{"workflow":"one","created_before":"soon"}}
POST|/api/v1/flow/schedules|/enabled /kind /workflow|{"workflow":"oneword","kind":"never","spec":"* * * * *","enabled":"yes"}
POST|/api/v1/flow/sinks|/nope /url|{"url":"ftp://x","nope":1}
POST|/api/v1/flow/cost/track|/metadata /model /operation_type|{"operation_type":"x","cost":"1","model":"","metadata":3}
POST|/api/v1/flow/cost/estimate|/model /provider|{"provider":"","model":"no such","tokens":{"input":1}}
POST|/api/v1/flow/cost/budgets|/allocated_budget /currency /nope /tz|{"scope":"tenant","allocated_budget":"x","currency":"usd","tz":"Mars","nope":1}
PATCH|/api/v1/flow/cost/budgets/ID|/allocated_budget /nope|{"allocated_budget":"x","nope":1}
POST|/api/v1/flow/cost/budgets/ID/topup|/amount /nope /reason|{"amount":"x","nope":1}
POST|/api/v1/flow/cost/reservations|/amount /run_id /ttl_s|{"amount":"x","ttl_s":-1}
POST|/api/v1/flow/memory/working|/content /embedding/vector /expires_at /importance_score|{"agent_id":"a","content":"","importance_score":7,"expires_at":"2001-01-01T00:00:00Z","embedding":{"model":"m","vector":[0,0]}}
POST|/api/v1/flow/memory/search|/agent_id /nope /query_embedding|{"mode":"vector","nope":1}
POST|/api/v1/flow/checkpoints|/failed_steps /nope /run_id|{"failed_steps":"x","nope":1}
POST|/api/v1/countersign-requests|/expires_at /kind /quorum /seal_sha256|{"kind":"approval","seal_sha256":"x","quorum":0,"expires_at":"2001-01-01T00:00:00Z"}
POST|/api/v1/quote|/kind /sign_height_ft /wind_speed_mph|{"height_ft":10,"sign_height_ft":20,"sign_width_ft":8,"kind":"x"}
POST|/api/v1/flow/tasks/decompositions|/goal /library /nodes /nodes/1/node_id /planner_ /state|{"planner":"htn","planner_":1,"max_nodes":1,"state":7,"nodes":[{"node_id":"a"},{"node_id":"a"}]}
POST|/api/v1/sign/site|/exposure /lon /nope /packs/nobody|{"lat":1,"exposure":"E","packs":{"nobody":"v1"},"nope":1}
GET|/api/v1/audit?limit=0&from=soon&to=later|/from /limit /to|
GET|/api/v1/audit/export?from=soon&stream=|/from /stream|
ROWS
