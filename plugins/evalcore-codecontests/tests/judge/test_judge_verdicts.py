"""Every verdict, in every language that can earn it."""

from __future__ import annotations

import dataclasses
import json

import pytest
from judge_helpers import stdio_problem

from evalcore_codecontests import checkers
from evalcore_codecontests.judge import Judge, Limits, Program, Verdict
from evalcore_codecontests.problem import CallTest, Problem, Test

SUM = [("1 2\n", "3\n"), ("30 4\n", "34\n")]
SHORT = Limits(cpu_seconds=0.3, memory_bytes=128 << 20, output_bytes=1 << 20)


def java(body: str, head: str = "") -> str:
    start = "public static void main(String[] args) throws Exception"
    return f"import java.util.*;\n{head}public class Main {{ {start} {{ {body} }} }}"


def cpp(body: str, head: str = "") -> str:
    return f"#include <cstdio>\n#include <vector>\n{head}\nint main() {{ {body} }}"


PROGRAMS = {
    ("python", "sum"): "print(sum(map(int, input().split())))",
    ("cpp", "sum"): cpp('int a, b; scanf("%d%d", &a, &b); printf("%d", a + b);'),
    ("java", "sum"): java(
        "Scanner s = new Scanner(System.in); System.out.println(s.nextInt() + s.nextInt());"
    ),
    ("python", "product"): "a, b = map(int, input().split()); print(a * b)",
    ("cpp", "product"): cpp('int a, b; scanf("%d%d", &a, &b); printf("%d", a * b);'),
    ("java", "product"): java(
        "Scanner s = new Scanner(System.in); System.out.println(s.nextInt() * s.nextInt());"
    ),
    ("python", "spin"): "while True: pass",
    ("cpp", "spin"): cpp("for (volatile int i = 0;; i++);"),
    ("java", "spin"): java("for (int i = 0;; i++) if (i == -1) System.out.println();"),
    ("python", "sleep"): "import time; time.sleep(60)",
    ("cpp", "sleep"): cpp("sleep(60);", "#include <unistd.h>"),
    ("java", "sleep"): java("Thread.sleep(60000);"),
    ("python", "allocate"): "x = []\nwhile True: x.append(bytearray(1 << 20))",
    ("cpp", "allocate"): cpp("std::vector<std::vector<char>> x; for (;;) x.emplace_back(1 << 20);"),
    ("java", "allocate"): java(
        "List<byte[]> x = new ArrayList<>(); for (;;) x.add(new byte[1 << 20]);"
    ),
    ("python", "flood"): "while True: print('x' * 1000)",
    ("cpp", "flood"): cpp('for (;;) puts("xxxxxxxxxxxxxxxxxxxxxxxxxxxxx");'),
    ("java", "flood"): java("byte[] x = new byte[1 << 16]; for (;;) System.out.write(x);"),
    ("python", "crash"): "print(1 // 0)",
    ("cpp", "crash"): cpp("*(volatile int *)0 = 1;"),
    ("java", "crash"): java("System.out.println(1 / (args.length));"),
    ("python", "exit"): "print(sum(map(int, input().split()))); raise SystemExit(3)",
    ("cpp", "exit"): cpp('int a, b; scanf("%d%d", &a, &b); printf("%d", a + b); return 3;'),
    ("java", "exit"): java(
        "Scanner s = new Scanner(System.in); System.out.println(s.nextInt() + s.nextInt());"
        "System.exit(3);"
    ),
    ("python", "syntax"): "print((1)",
    ("cpp", "syntax"): cpp("int x = ;"),
    ("java", "syntax"): java("int x = ;"),
}
EXPECTED = {
    "sum": Verdict.ACCEPTED,
    "product": Verdict.WRONG_ANSWER,
    "spin": Verdict.TIME_LIMIT,
    "sleep": Verdict.TIME_LIMIT,
    "allocate": Verdict.MEMORY_LIMIT,
    "flood": Verdict.OUTPUT_LIMIT,
    "crash": Verdict.RUNTIME_ERROR,
    "exit": Verdict.RUNTIME_ERROR,
    "syntax": Verdict.COMPILE_ERROR,
}
LIMITS = {
    "spin": SHORT,
    "sleep": dataclasses.replace(SHORT, cpu_seconds=2.0, wall_seconds=0.7),
    "allocate": dataclasses.replace(SHORT, cpu_seconds=5.0),
    "flood": dataclasses.replace(SHORT, cpu_seconds=5.0),
}


@pytest.mark.parametrize(("language", "what"), PROGRAMS)
def test_verdict(ask, language, what):
    judgement = ask(PROGRAMS[language, what], SUM, language, limits=LIMITS.get(what))
    assert judgement.verdict is EXPECTED[what], judgement


def test_a_judgement_sums_up_its_tests(ask, judge):
    judgement = ask(PROGRAMS["python", "sum"], SUM)
    assert judgement.tier == judge.tier == "namespaces+seccomp"
    assert judgement.seconds == sum(test.seconds for test in judgement.tests) > 0
    assert judgement.bytes == max(test.bytes for test in judgement.tests) > 1 << 20
    assert [test.output for test in judgement.tests] == [b"3\n", b"34\n"]
    assert json.loads(json.dumps(judgement.as_dict()))["verdict"] == "accepted"


def test_judging_stops_at_the_first_failure_unless_told_not_to(ask):
    tests = [("1 1", "1"), ("1 1", "2"), ("2 2", "5")]
    assert [t.verdict for t in ask(PROGRAMS["python", "product"], tests).tests] == [
        Verdict.ACCEPTED,
        Verdict.WRONG_ANSWER,
    ]
    every = ask(PROGRAMS["python", "product"], tests, stop_at_first=False)
    assert len(every.tests) == 3
    assert every.verdict is Verdict.WRONG_ANSWER


def test_public_tests_come_first_or_alone(judge):
    problem = Problem("p", "p", "", public_tests=(Test("a", "a"),), hidden_tests=(Test("b", "b"),))
    program = Program("python", "print(input())")
    checker = checkers.get("tokens")
    public = judge.judge(problem, program, checker=checker, tests="public")
    every = judge.judge(problem, program, checker=checker)
    assert [test.output for test in public.tests] == [b"a\n"]
    assert [test.output for test in every.tests] == [b"a\n", b"b\n"]


def test_the_exit_status_can_be_ignored_but_no_limit(ask):
    crashing = "print(input())\nraise SystemExit(3)"
    assert ask(crashing, [("a", "a")], ignore_exit_status=True).verdict is Verdict.ACCEPTED
    assert ask(crashing, [("a", "b")], ignore_exit_status=True).verdict is Verdict.RUNTIME_ERROR
    spinning = "print(input(), flush=True)\nwhile True: pass"
    judgement = ask(spinning, [("a", "a")], ignore_exit_status=True, limits=SHORT)
    assert judgement.verdict is Verdict.TIME_LIMIT


def test_the_problem_s_own_limits_hold_times_the_language_s_factor():
    problem = stdio_problem([("", "")], time_limit=2.0, memory_limit=1 << 28)
    assert Limits.of(problem, 1.5) == Limits(cpu_seconds=3.0, memory_bytes=1 << 28)
    assert Limits.of(stdio_problem([])) == Limits(cpu_seconds=10.0, memory_bytes=1 << 30)


def test_an_idle_program_is_told_from_a_busy_one(ask):
    idle = ask(PROGRAMS["python", "sleep"], limits=LIMITS["sleep"])
    busy = ask(PROGRAMS["python", "spin"], limits=SHORT)
    assert idle.message.startswith("idle")
    assert "CPU time, allowed 0.3 s" in busy.message


def test_cpu_time_of_all_threads_counts(ask):
    code = (
        "import hashlib, threading\n"
        "def work():\n"
        "    for _ in range(40): hashlib.sha256(bytes(1 << 22)).digest()\n"
        "threads = [threading.Thread(target=work) for _ in range(4)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
    )
    judgement = ask(code, limits=Limits(cpu_seconds=0.2))
    assert judgement.verdict is Verdict.TIME_LIMIT
    assert judgement.seconds > 0.2


@pytest.mark.parametrize(
    ("language", "code", "words"),
    [
        ("python", "x = (\nprint(", "prog.py"),
        ("cpp", "int main() { return zero; }", "main.cpp:1:21: error"),
        ("java", "class Main { int x = y; }", "Main.java:1: error"),
        ("java", "class Main { }", "public static void main"),
    ],
)
def test_compile_errors_carry_the_compiler_s_words(ask, language, code, words):
    judgement = ask(code, language=language)
    assert judgement.verdict is Verdict.COMPILE_ERROR
    assert words in judgement.message
    assert "/program" not in judgement.message


DEEP_JAVA = java(
    'new Thread(null, () -> System.out.println(f(200000)), "", 1 << 28).start();'
).replace("Main {", "Main { static int f(int n) { return n == 0 ? 42 : f(n - 1); }")


@pytest.mark.parametrize(
    "code",
    [
        java("System.out.println(42);"),
        java("System.out.println(42);").replace("class Main", "final class Solution_1"),
        "package a.b;\n" + java("System.out.println(42);"),
        "// public class No {}\n" + java("System.out.println(42);").replace("public c", "c"),
        "class A {}\nclass B { public static void main(String[] a) { System.out.print(42); } }",
        DEEP_JAVA,
    ],
    ids=["Main", "other name", "package", "comment", "not public", "deep thread"],
)  # fmt: skip
def test_java_finds_the_class_to_start(ask, code):
    judgement = ask(code, [("", "42")], "java")
    assert judgement.verdict is Verdict.ACCEPTED, judgement


def test_a_deep_recursion_in_cpp_has_the_stack_it_needs(ask):
    head = "int f(volatile int n) { volatile int one = 1; return n ? f(n - 1) + one : 0; }"
    judgement = ask(cpp('printf("%d", f(1000000));', head), [("", "1000000")], "cpp")
    assert judgement.verdict is Verdict.ACCEPTED, judgement


def test_cpp_and_java_may_use_threads(ask):
    head = "#include <thread>"
    body = (
        "int n[4]; std::vector<std::thread> t;"
        "for (int i = 0; i < 4; i++) t.emplace_back([&n, i] { n[i] = i; });"
        'for (auto &x : t) x.join(); printf("%d", n[0] + n[1] + n[2] + n[3]);'
    )
    limits = Limits(memory_bytes=256 << 20)
    judgement = ask(cpp(body, head), [("", "6")], "cpp", limits=limits)
    assert judgement.verdict is Verdict.ACCEPTED, judgement
    body = (
        "ExecutorService e = Executors.newFixedThreadPool(8); int s = 0;"
        "for (int i = 0; i < 8; i++) { final int k = i; s += e.submit(() -> k).get(); }"
        "System.out.println(s); e.shutdown();"
    )
    code = java(body, "import java.util.concurrent.*;\n")
    judgement = ask(code, [("", "28")], "java", limits=limits)
    assert judgement.verdict is Verdict.ACCEPTED, judgement


def test_third_party_modules_of_the_interpreter_can_be_imported(ask):
    pytest.importorskip("numpy")
    code = "import numpy as np\nprint(np.array(input().split(), dtype=int).sum())"
    judgement = ask(code, SUM, limits=Limits(memory_bytes=256 << 20))
    assert judgement.verdict is Verdict.ACCEPTED, judgement


def test_files_instead_of_standard_streams(judge):
    problem = stdio_problem([("1 2", "3"), ("5 5", "10")], files=("sum.in", "sum.out"))
    code = "a, b = map(int, open('sum.in').read().split())\nopen('sum.out', 'w').write(str(a + b))"
    checker = checkers.get("tokens")
    judgement = judge.judge(problem, Program("python", code), checker=checker)
    assert judgement.verdict is Verdict.ACCEPTED, judgement
    silent = judge.judge(problem, Program("python", "print(3)"), checker=checker)
    assert silent.verdict is Verdict.WRONG_ANSWER
    assert "output file" in silent.message


CALL = (CallTest((1,), 1),)


@pytest.mark.parametrize(
    ("problem", "language", "words"),
    [
        (Problem("p", "p", ""), "python", "no tests"),
        (Problem("p", "p", "", hidden_tests=CALL), "python", "form Test"),
        (stdio_problem([("", "")], fn_name="f"), "python", "form CallTest"),
        (stdio_problem([("", "")], files=("../in", "out")), "python", "plain names"),
    ],
)
def test_what_cannot_be_judged_is_said_so(judge, problem, language, words):
    judgement = judge.judge(problem, Program(language, ""), checker=checkers.get("tokens"))
    assert judgement.verdict is Verdict.UNJUDGEABLE
    assert judgement.tests == ()
    assert words in judgement.message


@pytest.mark.parametrize(
    ("problem", "language", "expected"),
    [
        (stdio_problem([("", "")]), "rust", "python, cpp or java"),
        (Problem("p", "p", "", hidden_tests=CALL, fn_name="f"), "rust", "python"),
        (Problem("p", "p", "", hidden_tests=CALL, fn_name="f"), "cpp", "python"),
        (Problem("p", "p", "", hidden_tests=CALL, fn_name="f"), "java", "python"),
    ],
)
def test_a_program_in_a_language_of_no_use_does_not_compile(judge, problem, language, expected):
    judgement = judge.judge(problem, Program(language, ""), checker=checkers.get("tokens"))
    assert judgement.verdict is Verdict.COMPILE_ERROR
    assert judgement.tests == ()
    assert judgement.message == f"the program is in {language}, expected {expected}"


@pytest.mark.parametrize(("language", "tool"), [("cpp", "g++"), ("java", "javac")])
def test_a_missing_compiler_is_no_fault_of_the_program(monkeypatch, tmp_path, language, tool):
    from evalcore_codecontests.judge import languages

    monkeypatch.setenv("PATH", str(tmp_path))
    for remembered in (languages._gcc_version, languages._java_home):
        remembered.cache_clear()
    with Judge(workers=1, isolation="none") as judge:
        judgement = judge.judge(
            stdio_problem([("", "")]), Program(language, ""), checker=checkers.get("tokens")
        )
    for remembered in (languages._gcc_version, languages._java_home):
        remembered.cache_clear()
    assert judgement.verdict is Verdict.UNJUDGEABLE
    assert f"{tool} not found: install" in judgement.message
