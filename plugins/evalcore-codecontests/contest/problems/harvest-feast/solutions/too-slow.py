n, m = map(int, input().split())
minutes = [0, *map(int, input().split())]
before = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b = map(int, input().split())
    before[b].append(a)


def possible():
    waiting = set(range(1, n + 1))
    while True:
        done = {job for job in waiting if not waiting.intersection(before[job])}
        if not done:
            return not waiting
        waiting -= done


def finish(job):
    """Works the same jobs out over and over."""
    return max(map(finish, before[job]), default=0) + minutes[job]


print(max(map(finish, range(1, n + 1))) if possible() else "impossible")
