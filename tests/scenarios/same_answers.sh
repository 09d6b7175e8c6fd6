# shellcheck shell=bash source=tests/scenarios/lib.sh disable=SC2154
# The same question has the same hash: ten times over, and whichever compiler built the program.
# Begins first: it takes long.
. "$(dirname "$0")/lib.sh"
cd "$work" || exit 1
other=$root/build-asan/countersign # by clang, with another optimisation

hashes() { # PROGRAM NAME
	"$1" call "$2" <"$work/$2" | jq -r '.content_sha256, .inputs_sha256'
}

ten_times() { # NAME
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		hashes "$bin" "$1" | tr '\n' ' '
		echo
	done | sort -u | wc -l
}

same_question() { # NAME: other white space, other order of members
	jq --indent 3 'to_entries | reverse | from_entries' <"$work/$1" >"$work/$1.other"
	"$bin" call "$1" <"$work/$1.other" | jq -r '.content_sha256, .inputs_sha256'
}

while IFS= read -r row; do
	name=$(jq -r .operation <<<"$row")
	jq -c .example <<<"$row" >"$work/$name"
	check "$name: one hash in ten runs" same "$(ten_times "$name")" 1
	check "$name: order of members and white space do not matter" same "$(same_question "$name")" "$(hashes "$bin" "$name")"
	check "$name: gcc and clang agree" same "$(hashes "$other" "$name")" "$(hashes "$bin" "$name")"
done < <("$bin" call --list --json)

for file in "$root"/examples/*.json; do
	[ -e "$file" ] || continue
	name=$(jq -r '.operation // empty' "$file" 2>/dev/null)
	name=${name:-sign.design}
	cp "$file" "$work/$name"
	check "examples/${file##*/}: gcc and clang agree" same "$(hashes "$other" "$name")" "$(hashes "$bin" "$name")"
done
