n, candles = map(int, input().split())
makers = [tuple(map(int, input().split())) for _ in range(n)]


def finished(minutes):
    return sum((minutes - s) // t for s, t in makers if minutes > s)


low, high = 0, 10**15  # not enough for a million minutes per candle
while high - low > 1:
    middle = (low + high) // 2
    if finished(middle) >= candles:
        high = middle
    else:
        low = middle
print(high)
