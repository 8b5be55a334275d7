from collections import Counter
from itertools import pairwise

change = Counter()
for _ in range(int(input())):
    a, b = map(int, input().split())
    change[a] += 1
    change[b] -= 1

inside = most = first = seconds = 0
for second, following in pairwise(sorted(change)):
    inside += change[second]
    if inside > most:
        most, first, seconds = inside, second, 0
    if inside == most:
        seconds += following - second
print(most, first, seconds, sep=",")
