from heapq import heapreplace

k = int(input())
ovens = [(0, oven) for oven in range(1, k + 1)]  # when each is free; sorted, so a heap
latest = 0
for loaf in input():
    free, last = ovens[0]
    done = free + ord(loaf) - ord("a") + 1
    heapreplace(ovens, (done, last))
    latest = max(latest, done)
print(latest, last)
