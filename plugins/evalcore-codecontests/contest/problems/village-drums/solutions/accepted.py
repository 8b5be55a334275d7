n = int(input())
beside = [[] for _ in range(n + 1)]
for village, other in enumerate(map(int, input().split()), 2):
    beside[village].append(other)
    beside[other].append(village)


def hours(start):
    """How long the news takes from one village to each; the last one known is last."""
    known = {start: 0}
    for village in (waiting := [start]):
        for other in beside[village]:
            if other not in known:
                known[other] = known[village] + 1
                waiting.append(other)
    return known


one_end = list(hours(1))[-1]
from_one = hours(one_end)
other_end = list(from_one)[-1]
from_other = hours(other_end)
# One of these two villages is the farthest from any other.
print(*min((max(from_one[v], from_other[v]), v) for v in from_one)[::-1])
