from collections import Counter

input()
seen = Counter()
pairs = 0
for word in input().split():
    pairs += seen[word[::-1]]
    seen[word] += 1
print(pairs)
