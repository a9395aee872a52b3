# tests/faults/order.awk -- reads what tests/faults/disk.c has written down of one node, and finds
# promises that were handed to TLS before the record that backs them was on the disk.
#
# Bytes written since the last sync began are not durable; those written before it are when it has
# succeeded. Prints "SAID promises, EARLY early". Kind 5 promises nothing (consensus/hotstuff.h).

$1 == "W" { written = written $2 " " }
$1 == "B" { syncing = syncing written; written = "" }
$1 == "S" { durable = durable syncing; syncing = "" }
$1 == "T" && $2 != 5 { said++; if (index(durable, $3) == 0) early++ }
$1 == "H" { said++; if (index(durable, $2) == 0) early++ }
END { printf "%d promises, %d early\n", said, early }
