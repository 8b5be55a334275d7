n = int(input())
beside = [[] for _ in range(n + 1)]
for village, other in enumerate(map(int, input().split()), 2):
    beside[village].append(other)
    beside[other].append(village)


def hours(start):
    known = {start: 0}
    for village in (waiting := [start]):
        for other in beside[village]:
            if other not in known:
                known[other] = known[village] + 1
                waiting.append(other)
    return known


from_one = hours(list(hours(1))[-1])
from_other = hours(list(from_one)[-1])
least, drum = min((max(from_one[v], from_other[v]), v) for v in from_one)
print((drum, least))
