from math import lcm

n, left, right = map(int, input().split())
bells = list(map(int, input().split()))


def ringing(bell, together, sign):
    """Inclusion and exclusion over the sets of `together` and some bells from `bell` on."""
    if together > right:
        return 0
    if bell == n:
        return sign * (right // together - (left - 1) // together)
    return ringing(bell + 1, together, sign) + ringing(bell + 1, lcm(together, bells[bell]), -sign)


print(right - left + 1 - ringing(0, 1, 1))
