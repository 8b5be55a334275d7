from collections import Counter

coast = input()
kinds = len(set(coast))
held = Counter()
best = (len(coast), 0)
start = 0
for end, shell in enumerate(coast, 1):
    held[shell] += 1
    while held[coast[start]] > 1:  # the first shell has a twin in the stretch
        held[coast[start]] -= 1
        start += 1
    if len(held) == kinds:
        best = min(best, (end - start, start))
length, start = best
print(length, start + 1)
