n, q = map(int, input().split())
turned = bytes.maketrans(b"vr", b"rv")
creases = b""
for _ in range(n):
    creases += b"v" + creases[::-1].translate(turned)
for _ in range(q):
    left, right = map(int, input().split())
    print(creases.count(b"v", left - 1, right))
