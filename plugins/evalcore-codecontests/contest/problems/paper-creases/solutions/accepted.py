def valleys(k):
    """The number of valleys among the first k creases."""
    if k == 0:
        return 0
    middle = 1 << k.bit_length() - 1  # the middle of the first strip with so many creases
    # The ridges right of the middle are as many as the valleys left of it; but those valleys
    # whose mirror images come after the k-th crease have none among the first k.
    return 1 + k - middle + valleys(2 * middle - 1 - k)


n, q = map(int, input().split())
for _ in range(q):
    left, right = map(int, input().split())
    print(valleys(right) - valleys(left - 1))
