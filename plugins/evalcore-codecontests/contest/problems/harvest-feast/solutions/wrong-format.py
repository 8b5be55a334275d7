n, m = map(int, input().split())
minutes = [0, *map(int, input().split())]
following = [[] for _ in range(n + 1)]
missing = [0] * (n + 1)
for _ in range(m):
    a, b = map(int, input().split())
    following[a].append(b)
    missing[b] += 1

begins = [0] * (n + 1)
ends = []
ready = [job for job in range(1, n + 1) if not missing[job]]
while ready:
    job = ready.pop()
    ends.append(begins[job] + minutes[job])
    for other in following[job]:
        begins[other] = max(begins[other], ends[-1])
        missing[other] -= 1
        if not missing[other]:
            ready.append(other)
print(max(ends) if len(ends) == n else -1)
