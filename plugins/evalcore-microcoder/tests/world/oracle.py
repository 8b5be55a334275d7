"""What each operation is to do, written another way than in the world."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, pairwise

VOWELS = {"a", "e", "i", "o", "u"}


def _digits(number):
    digits = []
    number = -number if number < 0 else number
    while number >= 10:
        number, last = divmod(number, 10)
        digits.insert(0, last)
    return [number, *digits]


def _first_times(values):
    seen = []
    for value in values:
        if value not in seen:
            seen.append(value)
    return seen


def _insertion_sorted(values, before):
    """Sorted, equals in their order; `before` says whether one value comes before another."""
    done = []
    for value in values:
        place = len(done)
        while place and before(value, done[place - 1]):
            place -= 1
        done.insert(place, value)
    return done


def _top(values, above, default):
    top = default
    for place, value in enumerate(values):
        if place == 0 or above(value, top):
            top = value
    return top


def _up(x, y):
    return x < y


def _down(x, y):
    return x > y


ORACLE = {
    "add": lambda a, k: a - (-k),
    "multiply": lambda a, k: sum([a] * k),
    "absolute": lambda a: a if a >= 0 else -a,
    "square": lambda a: a * a,
    "remainder": lambda a, k: a - k * (a // k),
    "sum_digits": lambda a: sum(_digits(a)),
    "digits": _digits,
    "multiples": lambda a, k: list(accumulate([a] * k)),
    "parity": lambda a: ["even", "odd"][a & 1],
    "keep_above": lambda a, k: list(filter(k.__lt__, a)),
    "keep_below": lambda a, k: list(filter(k.__gt__, a)),
    "keep_even": lambda a: [x for x in a if not x & 1],
    "keep_odd": lambda a: [x for x in a if x & 1],
    "add_each": lambda a, k: list(map(k.__add__, a)),
    "multiply_each": lambda a, k: list(map(k.__mul__, a)),
    "absolute_each": lambda a: [x if x >= 0 else -x for x in a],
    "sort_up": lambda a: _insertion_sorted(a, _up),
    "sort_down": lambda a: _insertion_sorted(a, _down),
    "reverse_numbers": lambda a: list(reversed(a)),
    "unique_numbers": _first_times,
    "first_numbers": lambda a, k: [x for i, x in enumerate(a) if i < k],
    "skip_numbers": lambda a, k: [x for i, x in enumerate(a) if i >= k],
    "running_sums": lambda a: list(accumulate(a)),
    "differences": lambda a: [y - x for x, y in pairwise(a)],
    "sum_numbers": lambda a: [0, *accumulate(a)][-1],
    "largest": lambda a, k: _top(a, _down, k),
    "smallest": lambda a, k: _top(a, _up, k),
    "count_numbers": lambda a: sum(1 for _ in a),
    "reverse_word": lambda a: "".join(reversed(a)),
    "sort_letters": lambda a: "".join(_insertion_sorted(a, _up)),
    "remove_letter": lambda a, c: "".join(x for x in a if x != c),
    "remove_vowels": lambda a: "".join(x for x in a if x not in VOWELS),
    "double_letters": lambda a: "".join(x + x for x in a),
    "unique_letters": lambda a: "".join(_first_times(a)),
    "first_letters": lambda a, k: "".join(x for i, x in enumerate(a) if i < k),
    "replace_letter": lambda a, c, d: "".join(d if x == c else x for x in a),
    "word_length": lambda a: sum(1 for _ in a),
    "count_letter": lambda a, c: Counter(a)[c],
    "letter_places": lambda a: ["abcdefghijklmnopqrstuvwxyz".index(x) + 1 for x in a],
    "starts": lambda a: list(accumulate(a)),
    "sort_words": lambda a: _insertion_sorted(a, _up),
    "sort_by_length": lambda a: _insertion_sorted(a, lambda x, y: len(x) < len(y)),
    "reverse_words": lambda a: list(reversed(a)),
    "unique_words": _first_times,
    "keep_long": lambda a, k: [x for x in a if x[k:]],
    "keep_short": lambda a, k: [x for x in a if not x[k - 1 :]],
    "keep_with": lambda a, c: [x for x in a if Counter(x)[c]],
    "flip_each": lambda a: ["".join(reversed(x)) for x in a],
    "cut_each": lambda a, k: ["".join(y for i, y in enumerate(x) if i < k) for x in a],
    "longest": lambda a: _top(a, lambda x, y: len(x) > len(y), ""),
    "initials": lambda a: "".join(next(iter(x)) for x in a),
    "join_words": lambda a: ["", *accumulate(a)][-1],
    "lengths": lambda a: [sum(1 for _ in x) for x in a],
    "count_words": lambda a: sum(1 for _ in a),
    "rows_above": lambda a, k: [(x, y) for x, y in a if k < y],
    "rows_below": lambda a, k: [(x, y) for x, y in a if k > y],
    "rows_by_number": lambda a: _insertion_sorted(a, lambda r, s: r[1] < s[1]),
    "rows_by_name": lambda a: _insertion_sorted(a, lambda r, s: r[0] < s[0]),
    "first_rows": lambda a, k: [r for i, r in enumerate(a) if i < k],
    "names": lambda a: [x for x, _ in a],
    "row_numbers": lambda a: [y for _, y in a],
    "top_name": lambda a: _top(a, lambda r, s: r[1] > s[1], ("", 0))[0],
    "low_name": lambda a: _top(a, lambda r, s: r[1] < s[1], ("", 0))[0],
    "total": lambda a: [0, *accumulate(y for _, y in a)][-1],
}
