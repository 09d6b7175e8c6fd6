# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# What the command line says of itself, and to who mistypes [platform.md 2, B2].
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
refused() { # TEXT ARGUMENT...: exit 2, and standard error says so
	local text=$1 said status
	shift
	said=$("$bin" "$@" 2>&1 >/dev/null </dev/null)
	status=$?
	check "$*: refused" same "$status ${said%%$'\n'*}" "2 countersign: $text"
}
refused 'unknown command srve; did you mean serve?' srve
refused 'unknown command auditt; did you mean audit verify?' auditt verify
refused 'unknown command bananas; countersign --help names them' bananas
refused 'unknown command audit verfy; did you mean audit verify? there is audit verify, archive, export, checkpoint' audit verfy
refused 'audit alone is no command; there is audit verify, archive, export, checkpoint' audit
refused 'unknown command srve; did you mean serve?' help srve
refused 'unknown option --lisen; did you mean --listen?' serve --lisen x
refused 'unknown option -x' flow status -x
refused 'unknown option -x; countersign --help names them' -x
refused 'this option takes no value: --json=1' version --json=1
refused 'a value is missing after --data' version --data
refused 'too many arguments' version 2
check 'its usage and where to read on follow' same "$("$bin" serve --lisen x 2>&1 | tail -n 2)" \
	$'Usage: countersign serve [--listen A:P]… [--mode M]\ncountersign help serve tells more.'
check 'an operation that is none names the one that was meant' json "$("$bin" call sign.desing </dev/null)" .detail \
	"There is no operation sign.desing; did you mean sign.design? \`countersign call --list\` names all."

# Each command has its page.
overview=$("$bin" --help)
mapfile -t commands < <(sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p' <<<"$overview")
check 'there are many commands' test "${#commands[@]}" -gt 60
pages() { # WORD...
	local page
	page=$("$bin" "$@" -h) && grep -qx "Usage: countersign $*.*" <<<"$page" && ! grep -q '.\{161\}' <<<"$page"
}
for command in "${commands[@]}"; do
	# shellcheck disable=SC2086
	pages $command || { echo "not ok the help of $command" && failures=$((failures + 1)); }
done
check 'help, --help and -h are one' same "$("$bin" help audit verify) $("$bin" audit verify -h)" "$("$bin" audit verify --help) $("$bin" help audit verify)"
check 'each has its help' test "$failures" -eq 0
check 'the exit codes stand in the overview' same "$(grep -cE '^  [0-5]  ' <<<"$overview")" 6

# The man page names every key with what it may be.
manual=$("$bin" manual)
"$bin" config show --json >keys
check 'the man page has every key' same "$(jq -r .key keys | while read -r key; do
	grep -qF "\\fB${key//-/\\-}\\fR" <<<"$manual" || echo "$key"
done)" ''
check 'with its range and unit' grep -qF 'Life of an access token. 1 to 3600 s. Default 900.' <<<"$manual"
check 'with its words' grep -qF 'one of development, production.' <<<"$manual"

# Faults of a configuration are told with the line they stand on, however it is written.
cat >bad.yaml <<'YAML'
smtp:
  url: smtp://mail.example:25
  from: root@example.com
scan:
  url: nowhere
http: {loopz: 3, workers: 0}
log.level: loud
YAML
check 'its lines are right' same "$("$bin" config show --config bad.yaml 2>&1 >/dev/null | cut -d' ' -f1,2)" \
	'bad.yaml:6: http.loopz
bad.yaml:6: http.workers
bad.yaml:7: log.level'
sed -i '/^http\|^log/d' bad.yaml
check 'of two keys of one name too' grep -q '^bad.yaml:5: scan.url' <("$bin" config show --config bad.yaml 2>&1 >/dev/null)
check 'a variable that is none names the one that was meant' grep -q 'did you mean COUNTERSIGN_HTTP_LOOPS?' \
	<(COUNTERSIGN_HTP_LOOPS=3 "$bin" config show 2>&1 >/dev/null)
