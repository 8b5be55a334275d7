n = int(input())
beside = [[] for _ in range(n + 1)]
for village, other in enumerate(map(int, input().split()), 2):
    beside[village].append(other)
    beside[other].append(village)


def way(start):
    """The way from one village to one that is farthest from it."""
    came = {start: 0}
    for village in (waiting := [start]):
        for other in beside[village]:
            if other not in came:
                came[other] = village
                waiting.append(other)
    way = [waiting[-1]]
    while came[way[-1]]:
        way.append(came[way[-1]])
    return way


longest = way(way(1)[0])
middle = len(longest) // 2  # of two middles any, whatever their numbers
print(longest[middle], middle)
