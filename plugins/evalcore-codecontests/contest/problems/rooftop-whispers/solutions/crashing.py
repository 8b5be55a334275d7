n = int(input())
heights = list(map(int, input().split()))
passed = 0
flying = []
for house, height in enumerate(heights):
    while flying and heights[flying[-1]] <= height:
        passed += house - flying.pop() - 1
    flying.append(house)


def rest(flying):
    """Calls itself once per lost whisper: too deep where there are many."""
    return n - 1 - flying[0] + rest(flying[1:]) if flying else 0


print(passed + rest(flying))
