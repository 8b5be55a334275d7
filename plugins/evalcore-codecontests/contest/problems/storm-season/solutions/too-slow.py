n, m = map(int, input().split())
bridges = [tuple(map(int, input().split())) for _ in range(m)]


def together(bridges):
    beside = [[] for _ in range(n + 1)]
    for u, v in bridges:
        beside[u].append(v)
        beside[v].append(u)
    seen = {1}
    waiting = [1]
    while waiting:
        for island in beside[waiting.pop()]:
            if island not in seen:
                seen.add(island)
                waiting.append(island)
    return len(seen) == n


answer = -1
for storm in reversed(range(m + 1)):  # walks the whole archipelago after every storm
    if not together(bridges[storm:]):
        answer = storm
print(answer)
