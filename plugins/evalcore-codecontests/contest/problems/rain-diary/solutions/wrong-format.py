from itertools import accumulate, pairwise

diary = input()
changes = [0, *accumulate(before != today for before, today in pairwise(diary))]
answers = []
for _ in range(int(input())):
    left, right = map(int, input().split())
    answers.append(changes[right - 1] - changes[left - 1])
print(answers)
