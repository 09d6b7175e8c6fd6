# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The first minutes of a new user, in a copy of the checkout whose path has a space: ./run in each of its ways, and the
# README's quick start pasted [P-1.1, P-1.3, P-1.4, P-1.5].
# Begins first: it takes long.
. "$(dirname "$0")/lib.sh"
unset COUNTERSIGN_PEOPLE_BCRYPT_COST # as users run it
copy="$work/a checkout"
mkdir "$copy"
tar -C "$root" --exclude='./build*' --exclude=./var --exclude='./fuzz/corpus-*' --exclude=./.git -cf - . |
	tar -C "$copy" -xf -
COUNTERSIGN_LISTEN=127.0.0.1:$(free_port)
export COUNTERSIGN_LISTEN
url=http://$COUNTERSIGN_LISTEN
cd / || exit 1

clean_up() {
	"$copy/run" --stop >/dev/null 2>&1
}

run() {
	"$copy/run" "$@" 2>>"$work/run.log" </dev/null
}

# The process that ./run started in the background.
process() {
	cat "$copy/var/run.pid"
}

password() {
	(. "$copy/var/quickstart.env" && echo "$CS_PASSWORD")
}

can_log_in() {
	(. "$copy/var/quickstart.env" && jq -n --arg email "$CS_EMAIL" --arg password "$CS_PASSWORD" '$ARGS.named' |
		curl -fsS "$CS/api/v1/auth/login" -H 'Content-Type: application/json' -d @- >/dev/null)
}

cut_off_build() { # NAME: as soon as its folder has such a file
	setsid "$copy/tools/build" >/dev/null 2>&1 &
	until [ -n "$(find "$copy/build" -name "$1" -print -quit 2>/dev/null)" ]; do
		kill -0 $! || break
		sleep 0.02
	done
	kill -KILL -- -$! 2>/dev/null
	wait $! 2>/dev/null
	return 0
}

# The checkout's own build, of the same sources a moment ago, has most objects: known_gcc hands those out.  All the rest
# is done as users do it: set-up, generated files, what names the version, archives, linking.
know_objects() {
	local line out version words
	"$root/tools/build" >/dev/null || return # nothing to do, but for who has edited since
	mkdir "$work/compiler" "$work/arguments"
	ln -s "$root/tests/scenarios/known_gcc" "$work/compiler/gcc"
	version=" $(ninja -C "$root/build" -t deps | awk '/^[^ ]/ { out = $1 } $1 ~ /\/version\.h$/ { printf "%s ", out }')"
	while IFS= read -r line; do
		eval "words=(${line#gcc })"
		out=${words[-3]} # … -o OUT -c SOURCE
		if [[ $version != *" $out: "* ]]; then
			printf '%s\n' "${words[@]//"$root/"/"$copy/"}" >"$work/arguments/${out//\//_}"
		fi
	done < <(ninja -C "$root/build" -t commands countersign | grep '^gcc .* -c ')
	export PATH="$work/compiler:$PATH" KNOWN_BUILD=$root/build KNOWN_ARGUMENTS=$work/arguments
}

know_objects
cut_off_build meson-private # while it sets up
cut_off_build '*.c.o'       # while it compiles
said=$(run --detach)
check './run --detach ends with 0, after two builds that were cut off' same $? 0 || tail -n 20 "$work/run.log"
check 'it prints the console, the API and the first login in this order' \
	same "$(head -n 3 <<<"$said" | grep -oE 'https?://[^ ]+|[^ ]+@[^ ]+' | tr '\n' ' ')" \
	"$url/ $url/api/v1 admin@localhost "
check 'the password has 20 characters and is shown' grep -qE "admin@localhost +$(password)\$" <<<"$said"
check 'it is that long' same "$(password | tr -d '\n' | wc -c)" 20
check 'var/quickstart.env is for its owner only' same "$(stat -c %a "$copy/var/quickstart.env")" 600
check 'its URL is the server' same "$(. "$copy/var/quickstart.env" && echo "$CS")" "$url"
check 'the server is ready' curl -fsS -o /dev/null "$url/ready"
check 'the login works' can_log_in

first=$(password)
said=$(run)
check 'a second ./run finds its own server and ends with 0' same "$? $said" "0 $url"
check './run --stop ends with 0' run --stop
check 'the server has gone' exits 7 curl -s -o /dev/null "$url/ready"
check './run --stop is content when nothing runs' run --stop
said=$(run --detach)
check 'the second start ends with 0' same $? 0
check 'the password is not shown again' exits 1 grep -q "$first" <<<"$said"
check 'the login still works' can_log_in

kill -KILL "$(process)"
check 'after kill -9 it starts again' run --detach || tail -n 20 "$work/run.log"
check 'and the login is still there' can_log_in

check './run --fresh begins anew while the old server runs' run --fresh --detach
check 'the old folder was moved aside' test -n "$(find "$copy/var" -maxdepth 1 -type d -name 'data.*')"
check 'the new password is another' exits 1 same "$(password)" "$first"
check 'the new login works' can_log_in

run --stop
"$copy/run" >"$work/foreground" 2>>"$work/run.log" </dev/null &
foreground=$!
for ((i = 0; i < 200; i++)); do
	grep -q /api/v1 "$work/foreground" && break
	sleep 0.05
done
check 'in the foreground it prints the URLs once it is ready' same "$(head -n 1 "$work/foreground" | grep -o 'http.*')" "$url/"
check 'it is the server itself' same "$(process)" "$foreground"
kill -TERM "$foreground"
wait "$foreground"
check 'SIGTERM ends it with 0' same $? 0
check 'it starts again after that' run --detach

# Blocks of README.md's quick start, NUL after each.
blocks() {
	awk '/^## /{ inside = /^## Quick start/ } /^```/ { if (block) printf "%c", 0; block = inside && /^```sh/; next }
		inside && block' "$copy/README.md"
}

if [ -e "$copy/README.md" ]; then
	mapfile -d '' -t quick < <(blocks)
	check 'README: the first block is ./run and ./test' \
		same "$(sed 's/ *#.*//' <<<"${quick[0]-}" | grep -v '^$')" $'./run\n./test'
	check 'README: there are further blocks' test "${#quick[@]}" -gt 1
	{
		for ((i = 1; i < ${#quick[@]}; i++)); do
			printf '%s\n' "exec >'$work/block.$i' 2>'$work/block.$i.err'" "${quick[i]}" "echo \$? >'$work/block.$i.status'"
		done
	} >"$work/paste.sh"
	(cd "$copy" && env -u COUNTERSIGN_LISTEN bash "$work/paste.sh" </dev/null)
	for ((i = 1; i < ${#quick[@]}; i++)); do
		title="README: block $((i + 1)), $(grep -v '^\. ' <<<"${quick[i]}" | head -n 1)"
		check "$title: exit 0" same "$(cat "$work/block.$i.status" 2>&1)" 0 || cat "$work/block.$i.err"
		check "$title: prints JSON" jq -es 'length > 0' "$work/block.$i"
	done
else
	echo 'not ok README.md is there'
	failures=$((failures + 1))
fi

run --stop
python3 -m http.server "${COUNTERSIGN_LISTEN##*:}" --bind 127.0.0.1 --directory "$work" >/dev/null 2>&1 &
servers+=($!)
for ((i = 0; i < 100; i++)); do
	curl -s -o /dev/null "$url/" && break
	sleep 0.1
done
said=$("$copy/run" 2>&1 </dev/null)
check 'a foreign port is refused with exit 1' same $? 1
check 'it names the port' grep -q "port ${COUNTERSIGN_LISTEN##*:}" <<<"$said"
check 'it names the variable' grep -q COUNTERSIGN_LISTEN <<<"$said"
