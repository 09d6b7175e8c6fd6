# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Metrics [P-11.2]: counted from what was committed, base units, no label without bounds.
. "$(dirname "$0")/../security/lib.sh"

sample() { # NAME{LABELS}: its value, or nothing
	curl -fsS "$CS/metrics" | sed -n "s|^countersign_$1 ||p"
}
new_user ann@sign.example '"engineer"'
new_user bob@sign.example '"approver"'
check 'a login that succeeded' same "$(sample 'auth_events_total{event="login",outcome="success"}')" 1
ask POST /api/v1/auth/login '{"email":"nobody@sign.example","password":"a b c d e f"}'
check 'one that failed' same "$(sample 'auth_events_total{event="login",outcome="failure"}')" 1
check 'rows of the chain' same "$(sample 'audit_rows_total{action="user.create",status="success"}')" 2

sign_in ann@sign.example "$password"
ann=$token
sign_in bob@sign.example "$password"
bob=$token
as "$ann" POST /api/v1/signage/common/cabinets/derive \
	'{"overall_height_ft":20,"cabinets":[{"width_ft":12,"height_ft":8,"z_offset_ft":12}]}' -H 'Countersign-Seal: true'
seal=$(header countersign-seal-sha256)
decide() { # DECISION
	as "$ann" POST /api/v1/countersign-requests "{\"kind\":\"release\",\"seal_sha256\":\"$seal\"}"
	as "$bob" POST /api/v1/countersignatures \
		"{\"request_id\":\"$(member .request_id)\",\"seal_sha256\":\"$seal\",\"decision\":\"$1\",\"consent_version\":1,\"reason\":\"seen\"}"
}
check 'no decision yet' same "$(sample 'countersignatures_total{kind="release",decision="approve"}')" 0
decide approve
gives 'approved' 201
decide reject
gives 'rejected' 201
as "$bob" POST /api/v1/countersignatures "{\"request_id\":\"$(member .request_id)\",\"seal_sha256\":\"$seal\",\"decision\":\"reject\",\"consent_version\":1,\"reason\":\"twice\"}"
check 'a second time is refused' test "$status" = 409
check 'approvals' same "$(sample 'countersignatures_total{kind="release",decision="approve"}')" 1
check 'rejections, the refused one not' same "$(sample 'countersignatures_total{kind="release",decision="reject"}')" 1
check 'how long people took' same "$(sample 'countersign_latency_seconds_count{kind="release"}')" 2
as "$ann" POST "/api/v1/seals/$seal/replay"
check 'replays' same "$(sample 'replays_total{outcome="identical"}')" 1

as "$ann" POST /api/v1/trade/metrics '{"returns":[]}'
check 'no data, no result' json "$said" '.assumptions[0].code' abstain.no_data
check 'which is counted' same "$(sample 'abstain_total{operation="trade.metrics"}')" 1
check 'nothing was given again yet' same "$(sample idempotent_replays_total)" 0
for _ in 1 2 3; do
	as "$ann" POST /api/v1/files/presign '{"filename":"a.txt","content_type":"text/plain"}' -H 'Idempotency-Key: metrics-1'
done
check 'two of three were answers given again' same "$status $(sample idempotent_replays_total)" '201 2'
check 'statuses one by one' same "$(sample 'http_requests_total{route="/api/v1/files/presign",method="POST",status="201"}')" 3
for dest in geocoder hazard pm search; do
	check "the breaker of $dest" same "$(sample "breaker_open_total{dest=\"$dest\"}") $(sample "breaker_state{dest=\"$dest\"}")" '0 0'
done
check 'no work failed' same "$(sample 'task_failures_total{name="projects.submit.dispatch"}')" 0

for name in http_requests_total http_request_duration_seconds_bucket http_in_flight connections writer_batch_ops_bucket \
	writer_commit_seconds_bucket writer_queue store_bytes sse_streams build_info; do
	check "there is $name" grep -q "^countersign_$name[{ ]" <<<"$(curl -fsS "$CS/metrics")"
done
page=$(curl -fsS "$CS/metrics")
for name in process_cpu_seconds_total process_start_time_seconds process_open_fds process_max_fds \
	process_resident_memory_bytes process_virtual_memory_bytes; do
	check "$name, as of any process" grep -qE "^$name [0-9.e+]+$" <<<"$page"
done
check 'and not under another name too' exits 1 grep -q countersign_process <<<"$page"
began=$(sed -n 's/^process_start_time_seconds \([0-9]*\).*/\1/p' <<<"$page")
check 'the start is that of the server' test "$began" -ge "$(($(stat -c %Y "/proc/$server") - 5))" -a "$began" -le "$(date +%s)"
check 'descriptors are counted' test "$(sed -n 's/^process_open_fds //p' <<<"$page")" -ge 10
for name in runs steps_total turns_total commit_batch_size_bucket timer_lag_seconds_bucket retries_total stuck_total \
	cache_hits_total cache_misses_total cache_evictions_total cache_saved_total cache_entries cache_bytes budgets memories \
	memory_bytes memory_dedup_hits_total memory_evictions_total memory_expiries_total breakers agents incidents healings_total; do
	check "there is flow_$name" grep -q "^countersign_flow_$name[{ ]" <<<"$(curl -fsS "$CS/metrics")"
done
check 'commits add up' same "$(sample 'writer_commit_seconds_bucket{le="+Inf"}')" "$(sample writer_commit_seconds_count)"
check 'seconds, not microseconds' test -n "$(sample 'writer_commit_seconds_bucket{le="0.0001"}')"
check 'every family has its type' same "$(curl -fsS "$CS/metrics" | grep -v '^#' | sed 's/[{ ].*//; s/_\(bucket\|sum\|count\)$//' | sort -u | grep -vxFf <(curl -fsS "$CS/metrics" | sed -n 's/^# TYPE \([^ ]*\) .*/\1/p'))" ''
check 'a path is no label' exits 1 grep -q "$seal" <(curl -fsS "$CS/metrics")
stop_server
servers=()
export COUNTERSIGN_HTTP_METRICS_ALLOW=192.0.2.0/24
start_server
ask GET /metrics
gives 'not for an address that is not listed' 403 forbidden
stop_server
servers=()
unset COUNTERSIGN_HTTP_METRICS_ALLOW
export COUNTERSIGN_RATE_ENABLED=true COUNTERSIGN_RATE_AUTH_PER_MIN=30
start_server
refused=0 # every other second one more is let in
for ((i = 0; i < 100 && refused < 5; i++)); do
	ask POST /api/v1/auth/password/forgot '{"email":"nobody@sign.example"}'
	if [ "$status" = 429 ]; then
		refused=$((refused + 1))
	fi
done
gives 'too many of class auth' 429 rate_limited
check 'are counted by class' test "$(sample 'rate_limited_total{class="auth"}')" -ge 5
check 'and no other class' same "$(sample 'rate_limited_total{class="read"}')" 0
stop_server
servers=()
check 'a range that is none is refused at start' env COUNTERSIGN_HTTP_METRICS_ALLOW=everybody bash -c '! "$0" config show >/dev/null 2>&1' "$bin"
check 'blobs are where they can be' env COUNTERSIGN_BLOB_URL=s3://bucket bash -c '! "$0" config show >/dev/null 2>&1' "$bin"
