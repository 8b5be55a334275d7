k = int(input())
free = [0] * k
for loaf in input():
    last = min(range(k), key=lambda oven: free[oven])
    free[last] += ord(loaf) - ord("a") + 1
print(max(free), last + 1)
