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
    return known[waiting[-1]]


least, drum = min((hours(village), village) for village in range(1, n + 1))
print(drum, least)
