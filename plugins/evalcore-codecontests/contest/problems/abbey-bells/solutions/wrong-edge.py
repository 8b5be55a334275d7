from itertools import combinations
from math import prod

n, left, right = map(int, input().split())
bells = list(map(int, input().split()))
minutes = 0
for k in range(1, n + 1):
    for chosen in combinations(bells, k):
        together = prod(chosen)  # right only where the bells have no common factor
        both = right // together - (left - 1) // together
        minutes += both if k % 2 else -both
print(minutes)
