n = int(input())
heights = list(map(int, input().split()))
passed = 0
flying = []  # houses whose whisper is still in the air, from tall to low
for house, height in enumerate(heights):
    while flying and heights[flying[-1]] <= height:
        passed += house - flying.pop() - 1
    flying.append(house)
print(passed + sum(n - 1 - house for house in flying))
