import re

rows, counts, count = [""], [], 1
for token in re.findall(r"\d+|.", input()):
    if token.isdigit():
        count = int(token)
        continue
    if token == "(":
        rows.append("")
        counts.append(count)
    elif token == ")":
        row = rows.pop()
        rows[-1] += row * counts.pop()
    else:
        rows[-1] += token * count
    count = 1
input()
print("".join(rows[0][int(place) - 1] for place in input().split()))
