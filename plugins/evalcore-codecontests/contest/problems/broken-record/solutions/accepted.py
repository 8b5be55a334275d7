m = int(input())
notes = input()

# border[i]: the length of the longest proper beginning of notes[:i] that also is its end
border = [-1]
for note in notes:
    length = border[-1]
    while length >= 0 and notes[length] != note:
        length = border[length]
    border.append(length + 1)

# A tune of p notes fits where the notes, shifted by p, are the same: what is left is a border.
length = border[-1]
while len(notes) - length < m:
    length = border[length]
print(len(notes) - length)
