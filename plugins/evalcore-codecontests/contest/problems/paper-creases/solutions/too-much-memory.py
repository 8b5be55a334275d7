n, q = map(int, input().split())
valley = bytearray(2**n)  # a byte for every crease
for bit in range(n):
    places = range(1 << bit, 2**n, 4 << bit)  # odd multiples of 2 ** bit, every other one
    valley[places.start : places.stop : places.step] = bytes([1]) * len(places)
for _ in range(q):
    left, right = map(int, input().split())
    print(valley.count(1, left, right + 1))
