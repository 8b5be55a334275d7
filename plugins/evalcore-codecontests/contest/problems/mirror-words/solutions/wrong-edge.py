input()
words = set(input().split())  # forgets entries that occur twice
print(sum(word < word[::-1] and word[::-1] in words for word in words))
