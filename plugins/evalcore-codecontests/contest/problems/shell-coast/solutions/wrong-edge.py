from collections import Counter

coast = input()
kinds = len(set(coast))
held = Counter()
length, first = len(coast), 0
start = 0
for end, shell in enumerate(coast, 1):
    held[shell] += 1
    while held[coast[start]] > 1:
        held[coast[start]] -= 1
        start += 1
    if len(held) == kinds and end - start <= length:  # the last shortest stretch
        length, first = end - start, start
print(length, first + 1)
