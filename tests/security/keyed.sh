# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Every operation that writes, of the OpenAPI document, on things that are not there, under an Idempotency-Key and then once
# more: a refusal is kept and given again as it was, and what follows a write follows none that was refused (issue 3; P-8.5).
. "$(dirname "$0")/lib.sh"

cat >"$work/keyed.py" <<'PY'
import http.client, json, re, sys, uuid
port, token = int(sys.argv[1]), sys.argv[2]
document = json.load(open(sys.argv[3]))
nobody = "0192f0a1-0000-7000-8000-00000000abcd"
bad, asked, kept = [], 0, 0

def ask(method, path, body, key):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": "Bearer " + token, "Idempotency-Key": key, "If-Match": "*"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    c.request(method.upper(), path, body, headers)
    answer = c.getresponse()
    said = answer.read()
    c.close()
    return answer.status, said, answer.getheader("Idempotency-Replayed")

for path, item in document["paths"].items():
    for method, operation in item.items():
        if method not in ("post", "put", "patch", "delete") or operation.get("x-effect") != "write" or "/auth/" in path:
            continue
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        body = json.dumps(content["example"]) if "example" in content else None
        target, key = re.sub(r"\{[^}]*\}", nobody, path), str(uuid.uuid4())
        try:
            first, second = ask(method, target, body, key), ask(method, target, body, key)
        except OSError as error:
            bad.append(f"{method} {path}: {error}")
            break
        asked += 1
        kept += second[2] == "true"
        # a secret is shown once, so only a refusal is the same to the byte
        told = 2 if first[0] >= 400 else 1
        if first[0] >= 500 or (second[2] == "true" and first[:told] != second[:told]):
            bad.append(f"{method} {path}: {first[0]}, then {second[0]}")
print(f"# {asked} operations, {kept} answers given once more")
print("\n".join(bad))
print("kept enough" if kept > 60 else "kept too few")
PY
curl -sS "$CS/openapi.json" >"$work/openapi.json"
python3 "$work/keyed.py" "${CS##*:}" "$admin" "$work/openapi.json" >"$work/said"
grep '^#' "$work/said"
check 'every write that is refused is refused alike once more' same "$(grep -v '^#' "$work/said" | grep .)" 'kept enough'
ask GET /ready
gives 'and the server serves' 200
stop_server
check 'no crash: it ends clean' same $? 0
servers=()
