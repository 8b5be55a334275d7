from itertools import accumulate, pairwise

diary = input()
changes = [0, *accumulate(before != today for before, today in pairwise(diary))]
changes.insert(0, 0)
for _ in range(int(input())):
    left, right = map(int, input().split())
    print(changes[right] - changes[left - 1])  # counts the change into the first day, too
