import sys

sys.setrecursionlimit(10**6)
n, m, s = map(int, input().split())
lines = [[] for _ in range(n + 1)]
for _ in range(m):
    u, v, p, d = map(int, input().split())
    lines[u].append((v, p, d))
    lines[v].append((u, p, d))

visited = [False] * (n + 1)
NEVER = 10**18


def earliest(port, minute):
    """Follows every way that visits no port twice."""
    if port == n:
        return minute
    visited[port] = True
    best = NEVER
    for other, p, d in lines[port]:
        if not visited[other]:
            best = min(best, earliest(other, minute + -minute % p + d))
    visited[port] = False
    return best


best = earliest(1, s)
print(best if best < NEVER else -1)
