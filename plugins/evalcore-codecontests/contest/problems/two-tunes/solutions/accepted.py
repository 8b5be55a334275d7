first = [ord(note) for note in input()]
second = [ord(note) for note in input()]
best = [0] * (len(second) + 1)  # by the length of the second tune's part
for note in first:
    diagonal = left = 0
    for j, other in enumerate(second, 1):
        above = best[j]
        left = max(left, above, diagonal + max(0, 2 - abs(note - other)))
        best[j] = left
        diagonal = above
print(best[-1])
