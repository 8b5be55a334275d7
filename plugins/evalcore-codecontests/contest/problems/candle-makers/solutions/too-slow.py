from heapq import heapify, heapreplace

n, candles = map(int, input().split())
makers = [tuple(map(int, input().split())) for _ in range(n)]
coming = [(s + t, t) for s, t in makers]  # each maker's next candle
heapify(coming)
for _ in range(candles):  # one candle after another, a million million of them
    minute, t = coming[0]
    heapreplace(coming, (minute + t, t))
print(minute)
