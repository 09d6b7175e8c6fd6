# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# TLS at the front: versions, HSTS, new files on SIGHUP, and answers and uploads of every size through it [P-8.13].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1

certificate() { # SERIAL: cert.pem and key.pem for localhost
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 30 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -set_serial "$1" 2>/dev/null
	cp cert.pem "cert$1.pem"
}
ask() { curl -sS --max-time 10 "$@"; }
serial() { openssl s_client -connect "$1" </dev/null 2>/dev/null | openssl x509 -noout -serial; }

certificate 1
export COUNTERSIGN_HTTP_TLS_CERT=$work/cert.pem COUNTERSIGN_HTTP_TLS_KEY=$work/key.pem
"$bin" serve --data data --listen 127.0.0.1:0 2>said &
server=$!
servers+=("$server")
for _ in $(seq 100); do
	grep -q 'serving on' said && break
	sleep .1
done
address=$(sed -n 's|.*serving on https://||p' said)
check 'it says where, with https' test -n "$address"

said() { ask --cacert cert1.pem "$@"; }
check '1.3' same "$(said --tlsv1.3 -o /dev/null -w '%{http_code}' "https://$address/live")" 200
check '1.2' same "$(said --tls-max 1.2 -o /dev/null -w '%{http_code}' "https://$address/live")" 200
check 'not 1.1' exits 35 said --tlsv1.1 --tls-max 1.1 --ciphers DEFAULT:@SECLEVEL=0 "https://$address/live"
check 'HSTS' same "$(said -D - -o /dev/null "https://$address/live" | tr -d '\r' |
	sed -n 's/^Strict-Transport-Security: //p')" 'max-age=31536000; includeSubDomains'
check 'one connection, many requests' same \
	"$(said -o /dev/null -w '%{num_connects}' "https://$address/live" -: --cacert cert1.pem -o /dev/null -w '%{num_connects}' \
		"https://$address/openapi.json")" 10
check 'a large answer is whole' said -o large "https://$address/openapi.json"
check 'and JSON' jq -e .openapi large
head -c 2000000 /dev/zero >zeros
check 'a large body is refused, and its answer read' same \
	"$(said -o /dev/null -w '%{http_code}' --data-binary @zeros -H 'Content-Type: application/json' \
		"https://$address/api/v1/auth/login" 2>/dev/null)" 413
check 'plain HTTP gets no answer' exits 1 test -n "$(ask "http://$address/live" 2>/dev/null)"

certificate 2
kill -HUP "$server"
for _ in $(seq 50); do
	[ "$(serial "$address")" = serial=02 ] && break
	sleep .1
done
check 'SIGHUP: the new certificate' same "$(serial "$address")" serial=02
echo junk >cert.pem
kill -HUP "$server"
for _ in $(seq 50); do
	grep -q 'not good' said && break
	sleep .1
done
check 'a bad file keeps the old one' same "$(serial "$address")" serial=02
kill -TERM "$server"
wait "$server"
check 'it ends clean' same $? 0
servers=()
unset COUNTERSIGN_HTTP_TLS_KEY
check 'one file without the other is refused' exits 2 "$bin" serve --data data --listen 127.0.0.1:0
