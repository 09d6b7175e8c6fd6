# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# 500 peers that drip their requests, and random garbage: an ordinary client is served throughout, and nothing is left of
# them (issue 3; P-8.1, P-8.3).  REQUESTS=100000 for the whole measure.
settings='HTTP_HEADER_TIMEOUT_S=300 HTTP_MAX_CONNECTIONS=400'
. "$(dirname "$0")/lib.sh"
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$server/status"; }

cat >"$work/drip.py" <<'PY'
import random, select, socket, sys, time
port, peers = int(sys.argv[1]), int(sys.argv[2])
head = b"GET /api/v1/auth/me HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 4000
def peer():
    s = socket.create_connection(("127.0.0.1", port))
    s.setblocking(False)
    return [s, 0]
all = [peer() for _ in range(peers)]
print("dripping", flush=True)
while True:
    for p in all:
        try:
            p[1] += p[0].send(head[p[1] % len(head):][:1])
            if select.select([p[0]], [], [], 0)[0] and p[0].recv(100) == b"":
                raise OSError
        except OSError:
            p[0].close()
            p[:] = peer()
    time.sleep(0.2)
PY
cat >"$work/garbage.py" <<'PY'
import random, socket, sys
port, count = int(sys.argv[1]), int(sys.argv[2])
random.seed(11)
starts = [b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", b"",
    b"GET /%2e%2e/ HTTP/1.1\r\n", b"PUT /live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"get / http/1.1\r\n"]
answers = {}
for _ in range(count):
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(5)
        try:
            s.sendall(random.choice(starts) + random.randbytes(random.randrange(60)) + b"\r\n\r\n")
            s.shutdown(socket.SHUT_WR)
            said = s.recv(4096)
        except OSError:
            said = b""
        status = said[9:12].decode("ascii", "replace")
        answers[status] = answers.get(status, 0) + 1
print(" ".join(sorted(answers)))
PY

served=0
ordinary() { # COUNT: requests one after the other, each on a connection of its own
	local i
	for ((i = 0; i < $1; i++)); do
		as "$admin" GET /api/v1/auth/me '' --max-time 5
		[ "$status" = 200 ] || return 1
		served=$((served + 1))
	done
}
check 'an ordinary client' ordinary 20
python3 "$work/drip.py" "${CS##*:}" 500 >"$work/dripping" &
dripping=$!
clean_up() { kill "$dripping" 2>/dev/null; }
for ((i = 0; i < 200; i++)); do
	grep -q dripping "$work/dripping" && break
	sleep 0.1
done
check '500 peers drip' grep -q dripping "$work/dripping"
check 'and the ordinary client is served' ordinary 100
kill "$dripping"
wait "$dripping" 2>/dev/null
check 'also when they have gone' ordinary 20

python3 "$work/garbage.py" "${CS##*:}" 2000 >/dev/null # what is allocated once
before=$(resident)
python3 "$work/garbage.py" "${CS##*:}" "${REQUESTS:-10000}" >"$work/answers" &
garbage=$!
while kill -0 "$garbage" 2>/dev/null; do
	ordinary 5 || break
	sleep 0.5
done
wait "$garbage"
check 'it is served beside garbage' test "$status" = 200
check 'garbage gets no 500' exits 1 grep -qE '(^| )5' "$work/answers"
after=$(resident)
echo "# RSS $before kB before, $after kB after ${REQUESTS:-10000} random requests; answers: $(cat "$work/answers")"
check 'and leaves under 4 MB behind' test $((after - before)) -lt 4096
stop_server
check 'no crash: it ends clean' same $? 0
servers=()
