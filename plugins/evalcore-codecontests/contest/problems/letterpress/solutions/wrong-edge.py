n, width = map(int, input().split())
words = list(map(int, input().split()))
ragged = 0
used = -1
for word in words:  # fills each line as far as it goes, which is not always best
    if used + 1 + word > width:
        ragged += (width - used) ** 2
        used = -1
    used += 1 + word
print(ragged)
