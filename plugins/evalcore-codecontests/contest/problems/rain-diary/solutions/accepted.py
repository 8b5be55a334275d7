from itertools import accumulate, pairwise

diary = input()
changes = [0, *accumulate(before != today for before, today in pairwise(diary))]
for _ in range(int(input())):
    left, right = map(int, input().split())
    print(changes[right - 1] - changes[left - 1])
