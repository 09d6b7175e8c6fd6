# shellcheck shell=bash source=tests/security/lib.sh disable=SC2154
# Mails go to a server of mail, later if it must be, and what waits for it can be read by nobody.
port=$((10000 + RANDOM % 9000)) # below the ports of the scenarios beside it
settings="SMTP_URL=smtp://127.0.0.1:$port SMTP_FROM=robot@sign.example"
. "$(dirname "$0")/lib.sh"
mkdir "$work/mails"
smtpd=
start_smtpd() {
	"$root/tests/security/smtpd" "$port" "$work/mails" 2>"$work/smtpd.log" &
	smtpd=$!
}
clean_up() {
	[ -n "$smtpd" ] && kill "$smtpd" 2>/dev/null
}
invite() {
	as "$admin" POST /api/v1/users "{\"email\":\"$1\",\"roles\":[\"viewer\"],\"invite\":true}"
	gives "$1 is invited" 201
}
arrives() { # ADDRESS
	for _ in $(seq 300); do
		if grep -lqi "^RCPT TO:<$1>" "$work"/mails/* 2>/dev/null; then
			return 0
		fi
		sleep .1
	done
	tail -n 5 "$work/server.log"
	return 1
}

invite down@mail.example
sleep .3
check 'nobody is there to take it' test -z "$(ls "$work/mails")"
planted() { # what waits, in the store's files
	cat "$work"/data/*.sqlite* "$work"/data/*.db* 2>/dev/null | grep -c 'You are invited'
}
check 'what waits cannot be read in the store' same "$(planted)" 0
start_smtpd
check 'it arrives when there is a server' arrives down@mail.example
mail=$(grep -li 'RCPT TO:<down@mail.example>' "$work"/mails/*)
check 'from us' grep -q '^From: robot@sign.example' "$mail"
check 'from the envelope on' grep -qi '^MAIL FROM:<robot@sign.example>' "$mail"
check 'with its link' grep -q '#[a-z]*=' "$mail"
check 'once' same "$(grep -li 'RCPT TO:<down@mail.example>' "$work"/mails/* | wc -l)" 1

healthy() { # within the second that a look is kept
	for _ in $(seq 50); do
		curl -sS "$CS/health" | grep -q '"smtp":{"status":"healthy"' && return 0
		sleep .1
	done
	curl -sS "$CS/health"
	return 1
}
check 'the health knows that it is there' healthy
invite later@mail.example
check 'who says come back later is asked again' arrives later@mail.example
invite never@mail.example
dead() {
	for _ in $(seq 100); do
		as "$admin" GET '/api/v1/audit?action=mail.dead'
		[ "$(jq '.result.items|length' <<<"$said")" -gt 0 ] && return 0
		sleep .1
	done
	return 1
}
dead
check 'who is refused for good is given up, and the audit says so' same "$(jq '.result.items|length' <<<"$said")" 1
check 'and why' json "$said" '.result.items[0].meta.reason' 'the server of mail refuses it: it said 550'
figure() { # NAME{LABELS}
	curl -fsS "$CS/metrics" | sed -n "s/^countersign_$1 //p"
}
check 'one is dead' same "$(figure 'dead_letters{kind="mail"}')" 1
check 'and work that failed' same "$(figure 'task_failures_total{name="mail.send"}')" 1
check 'the breaker of the server of mail is shut' same "$(figure 'breaker_state{dest="smtp"}')" 0

# dead letters [P-10.6]: listed without to whom, redelivered with all their tries, given up with a reason
as "$admin" GET /api/v1/dead-letters
check 'it is a dead letter' json "$said" '.result.items | [length, .[0].name, .[0].attempts, .[0].error]' \
	'[1,"mail.send",1,"the server of mail refuses it: it said 550"]'
letter=$(member '.items[0].dead_letter_id')
check 'which does not tell to whom' exits 1 grep -q never@mail.example <<<"$said"
as "$admin" GET "/api/v1/dead-letters/$letter"
gives 'alone too' 200
ask POST /api/v1/auth/register "{\"email\":\"eve@other.example\",\"password\":\"$password\"}"
sign_in eve@other.example "$password"
as "$token" GET "/api/v1/dead-letters/$letter"
gives 'an owner manages no dead letters' 403 forbidden
as "$token" GET /api/v1/auth/me
eve=$(member .user_id)
as "$token" GET "/api/v1/users/$eve"
as "$token" PATCH "/api/v1/users/$eve" '{"roles":["owner","operator"]}' -H "If-Match: $(header etag)"
gives 'an operator does' 200
as "$token" GET /api/v1/dead-letters
check 'those of the own account' json "$said" .result.items '[]'
as "$token" GET "/api/v1/dead-letters/$letter"
gives 'and none of another' 404 not_found
as "$token" POST "/api/v1/dead-letters/$letter/redeliver"
gives 'not to deliver' 404 not_found
as "$token" DELETE "/api/v1/dead-letters/$letter" '{"reason":"mine"}'
gives 'nor to give up' 404 not_found
as "$admin" POST "/api/v1/dead-letters/$letter/redeliver"
gives 'another try' 202
dead_again() {
	for _ in $(seq 100); do
		as "$admin" GET "/api/v1/dead-letters/$letter"
		[ "$status" = 200 ] && return 0
		sleep .1
	done
	return 1
}
check 'which fails as before' dead_again
as "$admin" DELETE "/api/v1/dead-letters/$letter" '{}'
gives 'giving up needs a reason' 422 invalid
as "$admin" DELETE "/api/v1/dead-letters/$letter" '{"reason":"told by telephone"}'
gives 'given up' 204
as "$admin" DELETE "/api/v1/dead-letters/$letter" '{"reason":"told by telephone"}'
gives 'it is gone' 404 not_found
as "$admin" GET '/api/v1/audit?action=mail.drop'
check 'the chain says why' json "$said" '.result.items[0].meta.reason' 'told by telephone'
as "$admin" GET '/api/v1/audit?action=mail.redeliver'
check 'and who tried again' json "$said" '.result.items | length' 1
check 'no address is in the log' same "$(grep -c '@mail.example' "$work/server.log")" 0
check 'nothing is left as a file' test ! -e "$work/data/mail"
