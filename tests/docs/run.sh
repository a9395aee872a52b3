#!/bin/sh
# tests/docs/run.sh WITAN [FILE.md...] -- what the documentation says must work.
#
# Of README.md and docs/**.md, or of the files named, the blocks that begin with ```sh run are run
# as a reader would type them: all of a file in their order, by one shell (sh -eu), in an empty
# folder of its own, with witan on the PATH and an empty home. Networks that a page leaves running
# are ended.
#
# Every relative link of every page must lead to a file and, if it names one, to a heading there.
#
# The last line is "N passed, N failed".
set -u

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: $0 WITAN [FILE.md...]" >&2
    exit 2
fi
witan=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")
shift
source=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/witan-docs.XXXXXX") || exit 1
page_seconds=${DOCS_PAGE_SECONDS:-180}
passed=0
failed=0

cleanup() {
    find "$work" -maxdepth 4 -name testnet.json | while read -r document; do
        "$witan" testnet clean --dir "$(dirname "$document")" >/dev/null 2>&1
    done
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

for name in $(env | sed -n 's/^\(WITAN_[A-Z_]*\)=.*/\1/p'); do
    unset "$name"
done
unset XDG_STATE_HOME
mkdir "$work/bin"
ln -s "$witan" "$work/bin/witan"
PATH=$work/bin:$PATH
LC_ALL=C.UTF-8
TMPDIR=$work
export PATH LC_ALL TMPDIR

pass() {
    passed=$((passed + 1))
    echo "  ok    $1"
}

fail() {
    failed=$((failed + 1))
    echo "  FAIL  $1"
}

# ---- blocks ----

# blocks FILE: the lines of its blocks; each command is preceded by nothing, so that what is run is
# what is printed.
blocks() {
    awk '/^```sh run *$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$1"
}

# run FILE: with a folder for its pages and one for the user's own files.
run() {
    page=${1#"$source"/}
    dir=$work/$(echo "$page" | tr '/.' '--')
    mkdir -p "$dir/user" "$dir/here"
    blocks "$1" >"$dir/script"
    [ -s "$dir/script" ] || return 0
    if (cd "$dir/here" && HOME=$dir/user timeout "$page_seconds" sh -eux "$dir/script") \
        >"$dir/output" 2>&1 </dev/null; then
        pass "$page: $(grep -c '^+ ' "$dir/output") commands"
    else
        fail "$page"
        tail -n 12 "$dir/output" | sed 's/^/        /'
    fi
    if [ -n "$(find "$dir/here" -maxdepth 3 -name testnet.json)" ]; then
        find "$dir/here" -maxdepth 3 -name testnet.json | while read -r document; do
            "$witan" testnet clean --dir "$(dirname "$document")" >/dev/null 2>&1
        done
    fi
}

# ---- links ----

pages() {
    find "$source" -name '.?*' -prune -o -path "$source/build" -prune -o -name '*.md' -print | sort
}

# links FILE: line number and target of each link outside of code.
links() {
    awk '/^```/ { inside = !inside; next }
         inside || /^    / { next }
         { gsub(/`[^`]*`/, "")
           while (match($0, /\]\([^)]+\)/)) {
               print NR, substr($0, RSTART + 2, RLENGTH - 3)
               $0 = substr($0, RSTART + RLENGTH)
           } }' "$1"
}

# headings FILE: as the anchors that are made of them.
headings() {
    awk '/^```/ { inside = !inside; next }
         !inside && /^#+ / { sub(/^#+ +/, ""); print tolower($0) }' "$1" |
        sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

check_links() {
    dead=0
    count=0
    links "$1" >"$work/links"
    while read -r line target; do
        count=$((count + 1))
        case $target in
        *://* | mailto:*) continue ;;
        esac
        path=${target%%#*}
        if [ -z "$path" ]; then path=$1; else path=$(dirname "$1")/$path; fi
        if [ ! -e "$path" ]; then
            fail "${1#"$source"/}:$line: no file $target"
            dead=$((dead + 1))
            continue
        fi
        case $target in
        *#*)
            if ! headings "$path" | grep -qxF -- "${target#*#}"; then
                fail "${1#"$source"/}:$line: no heading ${target#*#} in ${path#"$source"/}"
                dead=$((dead + 1))
            fi
            ;;
        esac
    done <"$work/links"
    if [ $dead -eq 0 ] && [ $count -gt 0 ]; then pass "${1#"$source"/}: $count links"; fi
}

# ---- all of it ----

if [ $# -gt 0 ]; then
    for file in "$@"; do
        run "$(CDPATH='' cd -- "$(dirname -- "$file")" && pwd)/$(basename -- "$file")"
    done
else
    for file in $(pages); do
        case $file in
        "$source"/README.md | "$source"/docs/*) run "$file" ;;
        esac
    done
    for file in $(pages); do check_links "$file"; done
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
