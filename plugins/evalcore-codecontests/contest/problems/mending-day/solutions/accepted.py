from heapq import heappop, heappush

coats = [tuple(map(int, input().split())) for _ in range(int(input()))]
mended = []  # negative minutes, so that the longest work is on top
minutes = 0
for t, d in sorted(coats, key=lambda coat: coat[1]):
    heappush(mended, -t)
    minutes += t
    if minutes > d:  # one coat too many: leave out the one that takes longest
        minutes += heappop(mended)
print(len(mended), minutes)
