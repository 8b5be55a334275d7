input()
words = input().split()
mirrored = [word[::-1] for word in words]
pairs = 0
for i in range(len(words)):
    for j in range(i):
        if words[i] == mirrored[j]:
            pairs += 1
print(pairs)
