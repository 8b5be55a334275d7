m = int(input())
notes = input()

border = [-1]
for note in notes:
    length = border[-1]
    while length >= 0 and notes[length] != note:
        length = border[length]
    border.append(length + 1)

shortest = len(notes) - border[-1]
repeats = -(-m // shortest)
print(min(shortest * repeats, len(notes)))  # longer tunes need not repeat the shortest
