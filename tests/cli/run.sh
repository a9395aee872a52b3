#!/bin/sh
# tests/cli/run.sh WITAN [--update] -- golden tests of the command line.
#
# Each file tests/cli/*.txt is a script with its output: a line "$ COMMAND" is run by a shell in an
# empty directory, and what follows is what it prints on stdout and stderr, and "[exit N]" if it
# does not end with 0. --update writes the files anew; look at the difference before you keep it.
#
# docs/reference/cli.md must be what `witan help --markdown` prints.
set -u

if [ $# -lt 1 ]; then
    echo "usage: $0 WITAN [--update]" >&2
    exit 2
fi
program=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
update=${2:-}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
source=$(CDPATH='' cd -- "$here/../.." && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

mkdir "$work/bin"
ln -s "$program" "$work/bin/witan"
for name in $(env | sed -n 's/^\(WITAN_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
unset XDG_STATE_HOME
PATH=$work/bin:$PATH
HOME=$work/user
WITAN_TEST_DATA=$here/data
LC_ALL=C.UTF-8
TZ=UTC
export PATH HOME LC_ALL TZ WITAN_TEST_DATA
mkdir "$HOME"

passed=0
failed=0

# Prints FILE with the output that its commands give now. Comments before the first command stay.
replay() {
    rm -rf "$work/run"
    mkdir "$work/run"
    begun=
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '$ '*)
            begun=yes
            printf '%s\n' "$line"
            (cd "$work/run" && sh -c "${line#??}" </dev/null) >"$work/output" 2>&1
            code=$?
            sed "s|$work|WORK|g; s|$source|SOURCE|g" "$work/output"
            if [ -n "$(tail -c 1 "$work/output")" ]; then echo; fi
            if [ "$code" -ne 0 ]; then echo "[exit $code]"; fi
            ;;
        *)
            if [ -z "$begun" ]; then printf '%s\n' "$line"; fi
            ;;
        esac
    done <"$1"
}

compare() {
    if [ "$update" = --update ]; then
        cp "$2" "$1"
        passed=$((passed + 1))
    elif diff -u "$1" "$2"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
    fi
}

for file in "$here"/*.txt; do
    replay "$file" >"$work/now"
    compare "$file" "$work/now"
done

witan help --markdown >"$work/reference"
compare "$source/docs/reference/cli.md" "$work/reference"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
