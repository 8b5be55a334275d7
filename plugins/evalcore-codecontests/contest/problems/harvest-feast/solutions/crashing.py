n, m = map(int, input().split())
minutes = [0, *map(int, input().split())]
before = [[] for _ in range(n + 1)]
for _ in range(m):
    a, b = map(int, input().split())
    before[b].append(a)

end = {}
open_jobs = set()


def finish(job):
    """Calls itself along the chain of jobs, as deep as that is long."""
    if job in open_jobs:
        raise ValueError(job)
    if job not in end:
        open_jobs.add(job)
        end[job] = max(map(finish, before[job]), default=0) + minutes[job]
        open_jobs.remove(job)
    return end[job]


try:
    print(max(map(finish, range(1, n + 1))))
except ValueError:
    print("impossible")
