# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# Projects are found by OpenSearch, and by the store whenever it fails [sign.md 5, 10.16].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

# A stand-in that speaks the part of OpenSearch's API that is asked: index, mapping, documents, bulk, search.
cat >"$work/engine.py" <<'PY'
import base64, http.server, json, os, re, sys
index, docs = None, {}
FIELDS = ["name", "customer", "description", "site_name", "street"]
def words(doc):
    return [w for f in FIELDS for w in re.split(r"[^\w]+|_", (doc.get(f) or "").lower()) if w]
def hit(query, doc):
    return (all(doc.get(k) == v for t in query["filter"] for k, v in t["term"].items()) and
            all(any(w.startswith(m["multi_match"]["query"]) for w in words(doc)) for m in query["must"]))
class Engine(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def answer(self):
        global index, docs
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        path, method = self.path.split("?")[0], self.command
        if self.headers["Authorization"] != "Basic " + base64.b64encode(b"shop:secret word").decode():
            return 401, {"error": {"reason": "who?"}}
        if path == "/projects" and method == "PUT":
            if index is not None:
                return 400, {"error": {"type": "resource_already_exists_exception", "reason": "there"}}
            index, docs = json.loads(body)["mappings"], {}
            return 200, {"acknowledged": True}
        if path == "/projects" and method == "DELETE":
            index, docs = None, {}
            return 200, {"acknowledged": True}
        if index is None:
            return 404, {"error": {"type": "index_not_found_exception", "reason": "no such index"}}
        if path == "/projects/_mapping":
            if method == "PUT":
                index.update(json.loads(body))
            return 200, {"projects": {"mappings": index}}
        if path == "/projects/_bulk":
            lines = [json.loads(line) for line in body.splitlines()]
            docs.update((a["index"]["_id"], d) for a, d in zip(lines[::2], lines[1::2]))
            return 200, {"errors": False, "items": []}
        if path == "/projects/_search":
            ask = json.loads(body)
            after = ask.get("search_after", [0, "q"])[1]
            ids = sorted((i for i, d in docs.items() if hit(ask["query"]["bool"], d) and i < after), reverse=True)
            return 200, {"hits": {"hits": [{"_id": i, "_score": 1.5, "sort": [1.5, i]} for i in ids[:ask["size"]]]}}
        document = re.fullmatch(r"/projects/_doc/(proj_[0-9a-f-]+)", path)
        if document and method == "PUT":
            doc = json.loads(body)
            if "unmappable" in words(doc):
                return 400, {"error": {"type": "mapper_parsing_exception", "reason": "failed to parse"}}
            docs[document[1]] = doc
            return 201, {"result": "created"}
        if document and method == "DELETE":
            return (200, {"result": "deleted"}) if docs.pop(document[1], None) else (404, {"result": "not_found"})
        return 405, {"error": {"reason": "no such thing"}}
    def reply(self):
        status, body = self.answer()
        body = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_GET = do_PUT = do_POST = do_DELETE = reply
    def log_message(self, *rest): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Engine).serve_forever()
PY
engine_port=$(free_port)
start_engine() {
	python3 "$work/engine.py" "$engine_port" &
	engine=$!
	servers+=("$engine")
}
make() { api POST /projects "$1" | jq -r .result.project_id; }
search() { api GET "/projects?q=$1"; }
until_engine() { # QUERY WANT: ask until the engine answers, and so
	for ((i = 0; i < 100; i++)); do
		found=$(search "$1")
		[ "$(jq -c '[.trace.search.fallback, [.result.items[].name]]' <<<"$found")" = "$2" ] && return 0
		sleep 0.1
	done
	jq -c '[.trace.search, [.result.items[].name]]' <<<"$found"
	return 1
}

# made before there was an engine
start_server
login
make '{"name":"Corner diner","customer":"Joe","street":"12 Main St"}' >/dev/null
check 'the store searches' json "$(search 'corner+joe')" '[.trace.search.reason, .warnings[0].code, .result.items[0].name]' \
	'["not_configured","search_fallback","Corner diner"]'
stop_server

start_engine
printf 'shop:secret word\n' >login
export COUNTERSIGN_SIGN_SEARCH_URL=http://127.0.0.1:$engine_port COUNTERSIGN_SIGN_SEARCH_LOGIN_FILE=$work/login
start_server
login
check 'the index is made and filled' until_engine 'din' '[false,["Corner diner"]]'
check 'then there is no warning' json "$(search 'din')" '.warnings | length' 0
id=$(make '{"name":"Dining hall","customer":"Moe"}')
check 'what is new is found' until_engine 'din' '[false,["Dining hall","Corner diner"]]'
check 'a page at a time' json "$(search 'din&limit=1')" '[.result.items[].name]' '["Dining hall"]'
cursor=$(search 'din&limit=1' | jq -r .result.next_cursor)
check 'and the next' json "$(search "din&limit=1&cursor=$cursor")" '[[.result.items[].name], .result.next_cursor]' '[["Corner diner"],null]'
check 'by state' json "$(search 'din&status=accepted')" '[.trace.search.fallback, .result.items]' '[false,[]]'

bad=$(make '{"name":"Unmappable"}')
for ((i = 0; i < 50; i++)); do
	letters=$(api GET /api/v1/dead-letters)
	[ "$(jq '.result.items | length' <<<"$letters")" = 1 ] && break
	sleep 0.1
done
check 'a mapping error is a dead letter' json "$letters" '.result.items[0] | [.name, .subject_id, .attempts]' \
	"[\"projects.search.index\",\"$bad\",1]"

kill -KILL "$engine" && wait "$engine" 2>/dev/null
check 'with the engine down the rows are right' json "$(search 'din')" '[.trace.search.fallback, .trace.search.reason, .warnings[0].code, .confidence, [.result.items[].name]]' \
	'[true,"unavailable","search_fallback",1,["Dining hall","Corner diner"]]'
etag=$(api GET "/projects/$id" | jq -r .result.etag)
check 'and writes go on' json "$(curl -sS -X PUT "$CS/projects/$id" -H "Authorization: Bearer $token" -H "If-Match: $etag" \
	-H 'Content-Type: application/json' -d '{"name":"Bank"}')" .result.name Bank
check 'what it does not know is found at once' json "$(search 'bank')" '[.result.items[].name]' '["Bank"]'
stop_server
start_engine
start_server
login
check 'an engine that lost all is filled again' until_engine 'bank' '[false,["Bank"]]'
stop_server
check 'no password in the log' exits 1 grep -q 'secret word' "$work/server.log"
check 'the chain verifies' "$bin" audit verify --data "$work/data"
