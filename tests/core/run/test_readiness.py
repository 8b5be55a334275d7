"""What a spec's components say before any of them is opened."""

from __future__ import annotations

import pytest
from parts import task_of

from evalcore import EvalcoreError, LanguageModel, Metric, Price, Settings, SpecError
from evalcore.readiness import check_components
from evalcore.session import run_spec
from evalcore.spec import load_spec

KEY = "sk-0123456789-very-secret"


class Named(Settings):
    says: str = ""
    """What is wrong."""
    warmth: int = 0
    """What is of no matter."""


class Model(LanguageModel[Named]):
    looked: list[str]

    def preflight(self):
        self.looked.append(self.settings.says)
        if self.settings.says == "crash":
            raise KeyError("inside")
        if self.settings.says:
            raise EvalcoreError(self.settings.says)

    def secrets(self):
        return (KEY,)

    def price(self):
        return Price(prompt=1, completion=1) if self.settings.warmth == 7 else None

    async def open(self):
        raise AssertionError("nothing is to be opened")

    async def generate(self, request):
        raise AssertionError


@pytest.fixture
def looked(offered, monkeypatch):
    """What the models were asked for."""
    monkeypatch.setattr(Model, "looked", [], raising=False)
    offered("m", Model, settings=Named)
    return Model.looked


@pytest.fixture
def problems(tmp_path, looked):
    """What is told of a spec, without its folder."""

    def told(text, *overrides):
        file = tmp_path / "spec.yaml"
        head = "evalcore: 1\nname: test\nreports: []\nstrategy: made\n"
        file.write_text(head + text)
        try:
            check_components(load_spec(file, overrides))
        except SpecError as error:
            return [problem.removeprefix(f"{tmp_path}/") for problem in error.problems]
        return []

    return told


def test_every_problem_is_told_at_once_in_the_order_of_the_file(problems, offered):
    class Unmade(Metric[Settings]):
        def __init__(self, settings):
            raise ValueError("no such thing")

        def compute(self, scores):
            raise AssertionError

    def preflight(self):
        raise SystemExit("gone")

    offered("unmade", Unmade)
    offered("numbers", task_of(preflight=preflight))
    found = problems(
        "metrics: [mean, unmade]\n"
        "models:\n"
        "  a: {use: m, says: no key}\n"
        "  b: {use: m}\n"
        "  c:\n"
        "    use: m\n"
        "    says: crash\n"
        "task: numbers\n"
    )
    unmade, *rest = found
    assert unmade.startswith("spec.yaml:5: metrics[1]: metric 'unmade' of plugin offered")
    assert unmade.endswith("ValueError: no such thing")
    assert rest == [
        "spec.yaml:7: models.a: no key",
        "spec.yaml:9: models.c: model m cannot be checked: KeyError: 'inside'",
        "spec.yaml:12: task: task numbers cannot be checked: SystemExit: gone",
    ]


def test_what_is_the_same_is_asked_once(problems, looked):
    assert problems(
        "task: numbers\n"
        "models: {a: {use: m, says: no key}, b: {use: m, says: no key}}\n"
        "sweep: {seed: [1, 2, 3]}\n"
    ) == ["spec.yaml:6: models.a: no key"]
    assert looked == ["no key"]


def test_what_all_values_of_a_sweep_have_is_told_once(problems, looked):
    assert problems(
        "task: numbers\n"
        "models:\n"
        "  a: {use: m, says: no key}\n"
        "sweep:\n"
        "  models.a.warmth: [1, 2, 3]\n"
    ) == ["spec.yaml:7: models.a: no key"]
    assert len(looked) == 3


def test_a_component_that_a_sweep_or_an_override_puts_in_is_told_there(problems):
    text = "task: numbers\nsweep:\n  models.a:\n    - m\n    - {use: m, says: no key}\n"
    assert problems(text) == ["spec.yaml:9: sweep.models.a[1]: no key"]
    override = "models={b: {use: m, says: no folder}}"
    assert problems(text, override) == [
        f"--set {override}: models.b: no folder",
        "spec.yaml:9: sweep.models.a[1]: no key",
    ]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("{use: m}", "no model of cell warmth=0 and of 1 more has a price: write `price: {prompt"),
        ("{use: m, price: {prompt: 1, completion: 0}}", ""),
        ("{use: m, says: no key}", "models.a: no key"),
    ],
)
def test_where_dollars_are_limited_each_cell_has_a_price(problems, model, expected):
    text = (
        f"task: numbers\nmodels: {{a: {model}}}\n"
        "sweep: {models.a.warmth: [0, 1, 7]}\nlimits: {dollars: 1}\n"
    )
    told = problems(text)
    assert len(told) == bool(expected)
    assert expected in "".join(told)
    place = "--set limits.dollars=2: limits.dollars: no" if "price: w" in expected else ""
    assert place in "".join(problems(text, "limits.dollars=2"))


def test_a_metric_says_whether_attempts_are_enough(problems, offered):
    class Curve(Metric[Settings]):
        def preflight(self, attempts):
            if attempts < 5:
                raise ValueError(f"5 attempts, found {attempts}")

        def compute(self, scores):
            raise AssertionError

    offered("curve", Curve)
    text = "task: numbers\nmodels: {a: m}\nmetrics: [mean, curve]\nsweep: {attempts: [9, 4, 3]}\n"
    assert problems(text) == ["spec.yaml:7: metrics[1]: 5 attempts, found 3"]
    assert problems(text, "sweep.attempts=[5, 6]") == []


def test_no_secret_is_told(problems):
    (told,) = problems(f"task: numbers\nmodels: {{a: {{use: m, says: 'bad {KEY}'}}}}\n")
    assert told == "spec.yaml:6: models.a: bad [secret]"


def test_a_run_tells_it_before_it_begins(problems, tmp_path):
    problems("task: numbers\nmodels: {a: {use: m, says: no key}}\n")
    with pytest.raises(SpecError, match="no key"):
        run_spec(load_spec(tmp_path / "spec.yaml"), tmp_path / "run")
    assert not (tmp_path / "run").exists()
