def valleys(k):
    return sum(((k >> bit) + 3) // 4 for bit in range(32) if k >> bit)  # 32 bits of 60


n, q = map(int, input().split())
for _ in range(q):
    left, right = map(int, input().split())
    print(valleys(right) - valleys(left - 1))
