#!/bin/sh
# tests/cluster/test_docs.sh WITAN -- what the tutorials tell people to type works as it stands there.
#
# The blocks marked `sh run` of a page are one script, run in an empty folder. A block indented or
# unmarked is output, or a command for other machines.
# shellcheck source=tests/cluster/lib.sh
. "$(dirname "$0")/lib.sh"

mkdir "$work/bin"
ln -s "$witan" "$work/bin/witan"
PATH=$work/bin:$PATH
export PATH

for page in tutorials/first-network tutorials/survive-a-failure; do
    folder=$work/$(basename $page)
    mkdir "$folder"
    # The default of --dir is the folder `testnet`; pages say `net` once and mean it.
    printf 'set -eu\nexport WITAN_TESTNET=net\n' >"$folder/script"
    awk '/^```sh run$/ { on = 1; next } /^```/ { on = 0 } on' "$tests/../docs/$page.md" \
        >>"$folder/script"
    check "the commands of docs/$page.md" sh -c "cd '$folder' && sh script"
    check "leave no network behind" test ! -e "$folder/net"
done
finish
