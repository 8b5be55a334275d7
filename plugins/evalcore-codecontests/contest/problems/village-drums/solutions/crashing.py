n = int(input())
beside = [[] for _ in range(n + 1)]
for village, other in enumerate(map(int, input().split()), 2):
    beside[village].append(other)
    beside[other].append(village)


def farthest(village, came_from):
    """Calls itself along the paths: too deep in a long valley."""
    ways = [farthest(other, village) for other in beside[village] if other != came_from]
    hours, end = max(ways, default=(-1, village))
    return hours + 1, end


def note(village, came_from, hours, known):
    known[village] = max(known.get(village, 0), hours)
    for other in beside[village]:
        if other != came_from:
            note(other, village, hours + 1, known)


known = {}
_, one_end = farthest(1, 0)
_, other_end = farthest(one_end, 0)
note(one_end, 0, 0, known)
note(other_end, 0, 0, known)
print(*min((hours, village) for village, hours in known.items())[::-1])
