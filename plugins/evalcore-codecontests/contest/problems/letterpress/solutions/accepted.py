n, width = map(int, input().split())
words = list(map(int, input().split()))
ragged = [0] * (n + 1)  # the least for the words from each one on
for first in reversed(range(n)):
    choices = []
    used = -1
    for last in range(first, n):
        used += 1 + words[last]
        if used > width:
            break
        choices.append((width - used) ** 2 + ragged[last + 1])
    else:
        choices = [0]  # the rest fits on the last line
    ragged[first] = min(choices)
print(ragged[0])
