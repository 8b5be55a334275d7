n = int(input())
heights = list(map(int, input().split()))
passed = 0
for house in range(n):
    other = house + 1
    while other < n and heights[other] < heights[house]:
        passed += 1
        other += 1
print(passed)
