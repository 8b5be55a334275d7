"""How contenders are tested and attacked."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
import torch
from made_images import CLASSES, Lines, rows
from torch import nn

from evalcore.data import Attempt, Case, Sample
from evalcore.encoding import encode
from evalcore.errors import TaskError
from evalcore_implicit.images.contender import Contender
from evalcore_implicit.images.drawing import Images
from evalcore_implicit.images.glyphs import Glyphs, GlyphsSettings
from evalcore_implicit.images.labelled import Labelled
from evalcore_implicit.robustness import attack

COUNT = 40
SETTINGS = {"attack_strengths": [0.05, 0.9], "attacked_samples": 12}


def case_of(labels=None):
    images, classes = rows(COUNT)
    inputs, truth = Labelled.of(images, classes, "here").take(np.arange(COUNT))
    public = Images(inputs[:8], truth[:8], inputs)
    return Case(Sample("one", "", public), (0, truth if labels is None else labels))


CASE = case_of()


def score(*contenders, case=CASE, **given):
    task = Glyphs(GlyphsSettings(**{**SETTINGS, **given}))
    return task.score(case, Attempt(contenders, keep=False))


def details(*contenders, **given):
    found = score(*contenders, **given).details["contenders"]
    assert json.loads(encode(found)) == found
    return found


def lines(name="lines", strength=None, factor=1.0, size=CLASSES, **facts):
    return Contender(name, strength, Lines(factor, size), facts)


class Constant(nn.Module):
    """The same class for every image, without a way for a gradient that says anything."""

    def forward(self, images):
        return images.flatten(1)[:, :CLASSES] * 0 + torch.arange(CLASSES)


def test_the_score_is_the_accuracy_of_the_first():
    constant = Contender("constant", None, Constant())
    assert score(lines(), constant).value == 1
    assert score(constant, lines()).value == np.mean(CASE.hidden[1] == CLASSES - 1)


def test_all_that_is_on_record_of_a_contender():
    (found,) = details(lines("sim", 0.5))
    assert found["attacks"].keys() == {"fgsm", "pgd", "gaussian", "uniform"}
    assert all(of_kind.keys() == {"0.05", "0.9"} for of_kind in found.pop("attacks").values())
    assert found == {
        "name": "sim",
        "strength": 0.5,
        "accuracy": 1.0,
        "agreement": None,
        "weights": {"total": None, "A": None, "B": None, "C": None, "D": None},
        "share": None,
        "operations": None,
        "iterations": None,
        "norm": None,
        "sensitivity": None,
        "radius": None,
    }


def test_facts_go_on_record_with_the_share_of_the_weights_of_the_teacher():
    counts = {"total": np.int64(30), "A": 5, "B": 20, "C": 3, "D": 2}
    first, second = details(
        lines("sim", weights=counts, operations=np.int64(31), iterations=2, norm=np.float32(0.5)),
        lines("teacher", weights={"total": 120}),
    )
    assert first["weights"] == counts
    assert first["share"] == 0.25
    assert (first["operations"], first["iterations"], first["norm"]) == (31, 2.0, 0.5)
    assert second["share"] == 1
    assert second["weights"] == {"total": 120, "A": None, "B": None, "C": None, "D": None}


def test_agreement_is_with_the_teacher_whatever_the_truth_is():
    wrong, teacher, right = details(lines("wrong", factor=-1.0), lines("teacher"), lines())
    assert (wrong["agreement"], teacher["agreement"], right["agreement"]) == (0, 1, 1)
    shifted = case_of((CASE.hidden[1] + 1) % CLASSES)
    teacher, same = details(lines("teacher"), lines(), case=shifted)
    assert (same["accuracy"], same["agreement"]) == (0, 1)


def test_attacks_are_those_of_the_contender_itself_with_the_true_labels():
    contender = lines()
    (found,) = details(contender, attacks=["fgsm", "pgd"], attack_strengths=[0.3])
    images = torch.from_numpy(CASE.sample.public.test_inputs[:12])
    truth = torch.from_numpy(CASE.hidden[1][:12])
    for kind in ("fgsm", "pgd"):
        moved = attack(contender.module, images, truth, kind, strength=0.3)
        expected = (contender.module(moved).argmax(dim=1) == truth).double().mean().item()
        assert found["attacks"][kind] == {"0.3": expected}
    assert found["attacks"]["fgsm"]["0.3"] < 1


def test_stronger_attacks_do_more_and_noise_does_less():
    (found,) = details(lines(), attack_strengths=[0.01, 0.3, 1])
    for kind in ("fgsm", "pgd"):
        assert found["attacks"][kind]["0.01"] == 1
        assert found["attacks"][kind]["1"] == 0
    assert found["attacks"]["uniform"]["0.3"] == 1 > found["attacks"]["fgsm"]["0.3"]


def test_equal_seeds_draw_equal_noise():
    noisy = {"attacks": ["gaussian"], "attack_strengths": [0.7], "attacked_samples": COUNT}
    first, twin = details(lines("one"), lines("two"), **noisy)
    assert first["attacks"] == twin["attacks"]
    assert details(lines("one"), **noisy)[0]["attacks"] == first["attacks"]
    others = [details(lines("one"), seed=seed, **noisy)[0]["attacks"] for seed in range(1, 6)]
    assert any(other != first["attacks"] for other in others)


def test_as_many_images_are_attacked_as_are_set():
    few = {"attacks": ["gaussian"], "attack_strengths": [0.7], "attacked_samples": 3}
    (found,) = details(lines(), **few)
    assert found["attacks"]["gaussian"]["0.7"] in {0, 1 / 3, 2 / 3, 1}
    (found,) = details(lines(), attacks=[])
    assert found["attacks"] == {}


def sensitivity():
    """Of the means of lines of six pixels, shape (4, 24)."""
    return np.kron(np.eye(CLASSES), np.full(6, 1 / 6))


def test_the_certified_radius_is_the_margin_by_the_sensitivities():
    (found,) = details(lines(sensitivity=sensitivity()))
    means = np.sort(CASE.sample.public.test_inputs[:12].mean(axis=(1, 3)), axis=1)
    assert found["sensitivity"] == pytest.approx(1)
    assert found["radius"] == pytest.approx(np.mean(means[:, -1] - means[:, -2]) / 2, rel=1e-5)


def test_no_attack_below_the_certified_radius_changes_a_class():
    (found,) = details(lines(sensitivity=sensitivity()))
    strength = 0.99 * found["radius"]
    (attacked,) = details(lines(), attack_strengths=[strength], attacks=["pgd", "fgsm"])
    values = [value for of_kind in attacked["attacks"].values() for value in of_kind.values()]
    assert min(values) > 0.5
    assert details(lines(factor=-1.0, sensitivity=sensitivity()))[0]["radius"] == 0


def test_scores_that_are_not_finite_are_wrong_and_nothing_fails():
    (found,) = details(lines(factor=float("nan"), sensitivity=sensitivity()))
    assert (found["accuracy"], found["radius"]) == (0, 0)
    assert set(found["attacks"]["pgd"].values()) == {0}


def test_numbers_that_json_has_not_are_left_out():
    (found,) = details(lines(norm=np.inf, iterations=np.nan, sensitivity=np.zeros((CLASSES, 24))))
    assert found["norm"] is found["iterations"] is found["radius"] is None


def test_a_module_is_tested_in_evaluation():
    module = nn.Sequential(nn.Dropout(0.9), Lines())
    assert module.training
    assert score(Contender("dropout", None, module)).value == 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((), "expected a sequence of contenders, found"),
        (7, "expected a sequence of contenders, found 7"),
        ((Lines(),), "expected contenders alone, found Lines"),
        ((lines("a", 0.1), lines("a", 0.1)), "two contenders 'a' at the strength 0.1"),
        ((lines("teacher", 0.1), lines("teacher", 0.2)), "two contenders 'teacher'"),
        ((lines(size=3),), "scores of shape .40, 3. for 40 images, expected .40, classes. of 4"),
        ((Contender("a", None, nn.Linear(5, 4)),), r"'a' does not take images of shape \(1, 4, 6"),
        ((Contender("a", None, nn.Identity()),), "gives scores of shape .40, 1, 4, 6."),
        ((lines(sensitivity=np.ones((3, 24))),), "sensitivity of the contender 'lines' is none of"),
    ],
)
def test_what_cannot_be_tested_is_told(answer, problem):
    task = Glyphs(GlyphsSettings(**SETTINGS))
    with pytest.raises(TaskError, match=problem):
        task.score(CASE, Attempt(answer))


class Detached(Lines):
    def forward(self, images):
        return super().forward(images).detach()


def test_what_cannot_be_attacked_is_told():
    with pytest.raises(TaskError, match=r"contender 'a' cannot be attacked: .*no gradient"):
        score(Contender("a", None, Detached()))


def test_facts_with_other_names_are_refused():
    with pytest.raises(ValueError, match="found the facts seconds, expected some of weights, op"):
        lines(seconds=3)
    with pytest.raises(ValueError, match="found weights of A, expected total"):
        lines(weights={"A": 3})
    with pytest.raises(ValueError, match="found weights of total, E, expected total"):
        lines(weights={"total": 3, "E": 3})


def test_a_contender_goes_between_processes():
    contender = lines("sim", 0.1, factor=-2.0, weights={"total": 1})
    sent = pickle.loads(pickle.dumps(contender))
    assert (sent.name, sent.strength, sent.facts) == ("sim", 0.1, {"weights": {"total": 1}})
    assert details(sent) == details(contender)
