n, candles = map(int, input().split())
makers = [tuple(map(int, input().split())) for _ in range(n)]


def finished(minutes):
    return sum((minutes - s) // t for s, t in makers if minutes > s)


low, high = 0, min(s + candles * t for s, t in makers)  # too early, early enough
while high - low > 1:
    middle = (low + high) // 2
    if finished(middle) >= candles:
        high = middle
    else:
        low = middle
print(high)
