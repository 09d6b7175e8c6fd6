# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Addresses that a user can name: a whole server asks none inside, however it is written, and follows nobody there
# [P-10.5].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
port=$(free_port)
cat >inside.py <<'PY'
import http.server, sys
class Inside(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open("hits", "a") as file:
            file.write(self.path + "\n")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")
    do_POST = do_GET
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Inside).serve_forever()
PY
python3 inside.py "$port" &
inside=$!
clean_up() { kill "$inside" 2>/dev/null; }
for _ in $(seq 100); do
	curl -fsS -o /dev/null "http://127.0.0.1:$port/here" 2>/dev/null && break
	sleep 0.1
done
check 'somebody listens inside' grep -q here hits

while IFS= read -r url; do
	as "$admin" POST /api/v1/flow/runs "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"one\",\"name\":\"ask\",\"version\":\"1.0.0\"},\"do\":[{\"a\":{\"call\":\"http\",\"with\":{\"method\":\"get\",\"endpoint\":\"$url\"}}}]},\"wait_ms\":10000}"
	check "not asked: $url" json "$said" '[.result.status, (.result.error.type | split("/") | last)]' '["faulted","communication"]'
done <<ADDRESSES
http://127.0.0.1:$port/a
http://localhost:$port/b
http://[::1]:$port/c
http://[::ffff:127.0.0.1]:$port/d
http://0.0.0.0:$port/e
http://2130706433:$port/f
http://0x7f.1:$port/g
http://0177.0.0.1:$port/h
http://127.1:$port/i
https://127.0.0.1:$port/j
http://user@127.0.0.1:$port/k
http://169.254.169.254/latest/meta-data/
http://10.0.0.1/
http://192.168.0.1/
http://172.16.0.1/
http://100.64.0.1/
http://224.0.0.1/
http://[fe80::1]/
http://[fd00::1]/
http://[64:ff9b::7f00:1]/
http://[64:ff9b:1::7f00:1]/
file:///etc/passwd
gopher://127.0.0.1:$port/l
dict://127.0.0.1:$port/m
ADDRESSES

# a sink of events is a webhook: whoever takes the address, nothing goes there
as "$admin" POST /api/v1/flow/sinks "{\"url\":\"http://127.0.0.1:$port/sink\",\"topics\":[\"runs\"]}"
echo "# a sink inside: $status"
as "$admin" POST /api/v1/flow/runs '{"definition":{"document":{"dsl":"1.0.3","namespace":"one","name":"set","version":"1.0.0"},"do":[{"a":{"set":{"x":1}}}]},"wait_ms":5000}'
check 'a run that a sink would tell of' json "$said" .result.status completed
sleep 2
check 'and nobody inside was asked' same "$(grep -v here hits)" ''
