"""How much of the time in which a quorum was healthy did the network commit?

A node is settled once it has been healthy for SETTLE seconds; the network is settled while a quorum
of nodes is. Only then is a gap between two commits the network's own: before, somebody was still
down, cut off, or catching up.
"""
from bisect import bisect_left, bisect_right

SETTLE = 15.0


def settled_spans(health, count, end):
    """[(from, to)] in which at least a quorum of nodes was settled. health: (time, node, healthy),
    ascending by time."""
    quorum = (2 * count + 2) // 3
    edges = []
    since = [None] * count
    for when, node, healthy in list(health) + [(end, node, False) for node in range(count)]:
        if healthy and since[node] is None:
            since[node] = when
        elif not healthy and since[node] is not None:
            if when > since[node] + SETTLE:
                edges += [(since[node] + SETTLE, 1), (when, -1)]
            since[node] = None
    spans, settled, begun = [], 0, None
    for when, step in sorted(edges):
        settled += step
        if settled >= quorum and begun is None:
            begun = when
        elif settled < quorum and begun is not None:
            spans.append((begun, when))
            begun = None
    return [(begin, over) for begin, over in spans if over > begin]


def report(health, count, end, commits):
    """commits: ascending times. Of all settled spans: seconds, commits, and the longest gap."""
    result = {"settled_seconds": 0.0, "commits": 0, "longest_gap": 0.0, "gap_at": None}
    for begin, over in settled_spans(health, count, end):
        inside = commits[bisect_left(commits, begin) : bisect_right(commits, over)]
        points = [begin] + inside + [over]
        result["settled_seconds"] += over - begin
        result["commits"] += len(inside)
        for before, after in zip(points, points[1:]):
            if after - before > result["longest_gap"]:
                result.update(longest_gap=after - before, gap_at=before)
    return result
