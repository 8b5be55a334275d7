"""What each checker says of pairs whose verdict by the original programs is known."""

from __future__ import annotations

import pytest

from evalcore_codecontests import checkers

OFFICIAL = ("codecontests", "taco", "apps", "livecodebench")

# Case, output, expected output, and whether CodeContests, TACO, APPS and LiveCodeBench accept.
MATRIX = [
    ("exact", "1 2 3\n", "1 2 3\n", "YYYY"),
    ("no final newline", "1 2 3", "1 2 3\n", "YYYY"),
    ("leading newline expected", "4 3 2 1\n", "\n4 3 2 1\n", "YYYY"),
    ("trailing blank, one line", "1 2 3 \n", "1 2 3\n", "YYYY"),
    ("trailing blank, inner line", "1 2 3 \n4\n", "1 2 3\n4\n", "YnYY"),
    ("blank line inside", "1\n\n2\n", "1\n2\n", "YYYn"),
    ("lines joined", "1 2\n", "1\n2\n", "YYnn"),
    ("double space", "1  2\n", "1 2\n", "YnYY"),
    ("tab for space", "1\t2\n", "1 2\n", "YnYY"),
    ("CRLF output", "1\r\n2\r\n", "1\n2\n", "YYYY"),
    ("CRLF expected", "1\n2\n", "1\r\n2\r\n", "YYYY"),
    ("form feed", "1\f2\n", "1 2\n", "nnnY"),
    ("yes for YES", "yes\n", "YES\n", "Ynnn"),
    ("case on two lines", "Yes\nno\n", "YES\nNO\n", "Ynnn"),
    ("0.5 for 0.50", "0.5\n", "0.50\n", "YnYY"),
    ("float off by 9e-6", "0.333333\n", "0.333342\n", "YnYn"),
    ("float off by 2e-5", "0.33333\n", "0.33335\n", "nnYn"),
    ("large float, relative 1e-10", "1000000000.5\n", "1000000000.6\n", "nnYn"),
    ("large float, relative 1e-14", "123456789.123456\n", "123456789.123457\n", "YnYn"),
    ("3 for 3.0", "3\n", "3.0\n", "YYYY"),
    ("scientific", "1e3\n", "1000\n", "YnYY"),
    ("1e-6 for 0", "0.000001\n", "0\n", "YnYn"),
    ("1e-7 for 2e-7", "1e-7\n", "2e-7\n", "YnYn"),
    ("1e16 plus 1", "10000000000000001\n", "10000000000000000\n", "YnYn"),
    ("1e18 plus 1", "1000000000000000001\n", "1000000000000000000\n", "YnYn"),
    ("400 digits, the last differs", "9" * 399 + "1\n", "9" * 399 + "2\n", "nnYn"),
    ("nan beside a number", "nan 1\n", "NaN 1.0\n", "nnnn"),
    ("inf beside a number", "inf 1\n", "inf 1.0\n", "nnYY"),
    ("plus sign", "+5\n", "5\n", "YnYY"),
    ("leading zeros", "007\n", "7\n", "YnYY"),
    ("bits", "0011\n", "11\n", "YnYY"),
    ("minus zero", "-0\n", "0\n", "YnYY"),
    ("hexadecimal", "0x10\n", "16\n", "nnnn"),
    ("underscore", "1_000\n", "1000\n", "nnYY"),
    ("token too many", "1 2 3\n", "1 2\n", "nnnn"),
    ("token missing", "1\n", "1 2\n", "nnnn"),
    ("nothing for a blank line", "", "\n", "YYYY"),
    ("nothing for 0", "", "0\n", "nnnn"),
    ("digits, lines swapped", "2\n1\n3\n", "1\n2\n3\n", "nYYn"),
    ("digits, tokens swapped", "2 1\n", "1 2\n", "nnYn"),
    ("12 for 1 2", "12\n", "1 2\n", "nYnn"),
    ("12 for two lines", "12", "1\n2\n", "nYnn"),
    ("repeated line dropped", "1\n2\n", "1\n2\n2\n", "nYYn"),
    ("numbers, lines swapped", "20\n10\n", "10\n20\n", "nnYn"),
    ("letters, lines swapped", "b\na\n", "a\nb\n", "nYYn"),
    ("anagram", "ba\n", "ab\n", "nnnn"),
    ("space inside a word", "a b\n", "ab\n", "nnnn"),
    ("floats on lines, equal to 3 decimals", "0.12341\n0.5\n", "0.12342\n0.5\n", "YnYn"),
    ("float among tokens", "1 0.333333\n", "1 0.333334\n", "YnYn"),
    ("line too many", "42\nextra\n", "42\n", "nnnn"),
    ("True for true", "True\n", "true\n", "Ynnn"),
    ("no-break space", "1\u00a02\n", "1 2\n", "nnYY"),
    ("byte order mark", "\ufeff1\n", "1\n", "nnnn"),
]

# Expected output, output, and whether CodeContests, TACO, LiveCodeBench and `tokens` accept.
RULES = [
    ("a b", "a  b", "YnnY"),
    ("1\n2", "1\n\n2", "YYnY"),
    ("1 2\n3", "1\n2 3", "YnnY"),
    ("YES", "yes", "YnnY"),
    ("Abc", "aBC", "Ynnn"),
    ("0.5", "0.50000", "YnYY"),
    ("0.3333333", "0.3333334", "YnnY"),
    ("1000000000.0", "1000000001.0", "nnnY"),
    ("9007199254740993", "9007199254740992", "Ynnn"),
    ("5", "5.000001", "Ynnn"),
    ("0010", "10", "YnYn"),
    ("1\n0\n1", "0\n1\n1", "nYnn"),
    ("1 2 3", "321", "nYnn"),
    ("1.5", "nan", "nnnn"),
]


def _accepts(name: str, output: str, expected: str) -> str:
    return "Y" if checkers.get(name).stdio(output.encode(), expected) else "n"


@pytest.mark.parametrize(
    ("output", "expected", "verdicts"), [c[1:] for c in MATRIX], ids=[c[0] for c in MATRIX]
)
def test_compatible_checkers_say_what_the_originals_say(output, expected, verdicts):
    assert "".join(_accepts(name, output, expected) for name in OFFICIAL) == verdicts


@pytest.mark.parametrize(("expected", "output", "verdicts"), RULES)
def test_rules_differ_where_they_are_known_to(expected, output, verdicts):
    names = ("codecontests", "taco", "livecodebench", "tokens")
    assert "".join(_accepts(name, output, expected) for name in names) == verdicts


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"5.0", "5"), (b"5.000", "5"), (b"+5", "5"), (b"5", "+5"), (b"-5.0", "-5"),
        (b"1000", "1e3"), (b"1E3", "1e3"), (b".5", "0.5"), (b"5.", "5.0"), (b"-0", "0.0"),
        (b"0.333333", "0.333334"),  # exactly 1e-6 apart, which doubles cannot tell
        (b"1" * 40 + b".5", "1" * 40 + ".4"), (b"1e400", "1.0e400"), (b"nan", "nan"),
        (b"Impossible", "IMPOSSIBLE"), (b"a\x0bb\x0cc", "a b c"), (b"\xff\n", "\udcff"),
        (b"", " \n"), ("\u00e9".encode(), "\u00e9"),
    ],
)  # fmt: skip
def test_tokens_accepts(output, expected):
    assert checkers.get("tokens").stdio(output, expected)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (b"5.5", "5"), (b"+-5", "-5"), (b"-5", "+-5"), (b"05", "5"), (b"5e0", "5"),
        (b"-0", "0"), (b"0x5", "5"), (b"5_0", "50"), (b"0.333333", "0.33333401"),
        (b"1_0.5", "10.5"), (b"inf", "1.5"), (b"inf", "1e400"), (b"nan", "1e400"),
        (b"1e400", "2e400"), (b"1.5e999999999999999999999", "1e9"), (b"yes", "YESS"),
        (b"ok", "OK"), (b"1", "1 1"), (b"--1.0", "1.0"), (b"5.0.0", "5.0"), (b"e", "E"),
        (b"\xc2\xa01", "1"), (b"\xef\xbb\xbf1", "1"), (b"1\x002", "1 2"), (b"\xff", "\ufffd"),
    ],
)  # fmt: skip
def test_tokens_rejects(output, expected):
    assert not checkers.get("tokens").stdio(output, expected)


@pytest.mark.parametrize("name", checkers.NAMES)
def test_a_token_of_a_million_digits_is_no_trouble(name):
    digits = "1" * 10**6
    accepts = checkers.get(name).stdio
    assert accepts(digits.encode(), digits)
    assert not accepts(f"{digits}2x".encode(), f"{digits}1.")


def test_codecontests_numbers_are_parsed_as_its_tester_does():
    accepts = checkers.get("codecontests").stdio
    assert accepts(b"+1 .5 5. x", "1 0.5 5.0 X")
    assert accepts(b"1\f", "1.0")
    assert not accepts(b"+-1", "-1")
    assert not accepts(b"1e", "1")
    assert not accepts(b"nan(7) x", "nan(7) y")


def test_output_that_is_not_text_fails_taco_as_its_pipe_does():
    assert not checkers.get("taco").stdio(b"\xff", "\udcff")
    assert checkers.get("apps").stdio(b"\xff", "\udcff")


def test_get_names_the_nearest():
    with pytest.raises(ValueError, match=r"'token'.*did you mean 'tokens'.*livecodebench"):
        checkers.get("token")


def test_every_checker_is_found_by_its_own_name():
    assert [checkers.get(name).name for name in checkers.NAMES] == list(checkers.NAMES)
    assert set(checkers.NAMES) == {"tokens", *OFFICIAL}
