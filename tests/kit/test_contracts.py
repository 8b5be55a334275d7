"""The contracts pass for sound components, and fail for those that break a rule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from evalcore.plugins import Found, Plugin
from evalcore.testing import ModelContract

FAULTS = [
    ("LooseSettings", "test_settings_refuse_what_they_do_not_know", "does not derive"),
    ("BareSettings", "test_settings_are_documented", "without a docstring below them: depth"),
    ("ThawedSettings", "test_settings_do_not_change", "not frozen"),
    ("Abstract", "test_class_derives_from_its_interface", "leaves an abstract method undone"),
    ("NumberAsId", "test_cases_have_samples_with_ids", "the id 1 is no text"),
    ("SameId", "test_cases_have_samples_with_ids", "two samples are called 'a'"),
    ("NoCases", "test_cases_have_samples_with_ids", "the task has no cases"),
    ("ListAsInput", "test_input_is_text_or_messages", "is no text and no tuple"),
    ("Metadata", "test_metadata_are_scalars", "metadata 'tags' of 'a' is list"),
    ("Order", "test_cases_are_the_same_again", ""),
    ("Instances", "test_cases_are_the_same_again", ""),
    ("Size", "test_size_is_the_number_of_cases", "size 3, but 2 cases"),
    ("Leak", "test_hidden_side_is_not_in_the_sample", "'a' leads to its hidden"),
    ("LeakInMetadata", "test_hidden_side_is_not_in_the_sample", "metadata 'answer' is the hidden"),
    ("Score", "test_right_answers_score_higher", "a right answer scores 1.0, a wrong one 1.0"),
    ("Infinity", "test_right_answers_score_higher", "inf is not finite"),
    ("Mood", "test_scores_are_the_same_again", ""),
    ("Threads", "test_scores_are_the_same_again", ""),
    ("Garbage", "test_any_answer_is_scored_or_refused", "has no attribute 'strip'"),
    ("Feedback", "test_any_answer_gets_feedback_or_none", "isinstance"),
    ("Close", "test_can_be_closed_twice", "pop from empty list"),
    ("PreflightOfTask", "test_preflight_passes_and_takes_nothing", "there are no tests"),
    ("Preflight", "test_preflight_passes_and_takes_nothing", "it is locked"),
    ("Counts", "test_answers", "the token count -1 is negative"),
    ("Chance", "test_same_seed_same_answer", ""),
    ("Mixing", "test_answers_many_at_a_time", ""),
    ("Secret", "test_identity_is_stable_and_holds_no_secret", "holds the setting 'api_key'"),
    ("Identity", "test_identity_is_stable_and_holds_no_secret", ""),
    ("Tokens", "test_tokens_of_a_text_are_a_number_or_not_known", "-7"),
    ("Rows", "test_predicts_for_every_sample", "assert (19, 1) == (20, 1)"),
    ("Luck", "test_equal_seeds_give_equal_fits", "two fits by one seed predict differently"),
    ("Closure", "test_a_fit_goes_between_processes", "pickle"),
    ("Details", "test_details_can_be_put_on_record", "object"),
    ("InPlace", "test_does_not_change_what_it_is_given", "assert False"),
    ("Exception", "test_attempts_are_scored", "is not subscriptable"),
    ("Memory", "test_attempts_do_not_touch_each_other", ""),
    ("SharedState", "test_attempts_do_not_touch_each_other", ""),
    ("StandIns", "test_no_attempt_makes_more_calls_than_its_rehearsal", "2 <= 1"),
    ("Nan", "test_estimates_hold_together", "is nan"),
    ("Interval", "test_estimates_hold_together", "below its interval"),
    ("Axis", "test_estimates_hold_together", "has no place on its axis"),
    ("Dice", "test_measures_the_same_again", ""),
    ("Position", "test_names_of_samples_do_not_count", ""),
    ("Shape", "test_values_per_sample_go_with_their_samples", "shape (36,), expected one for each"),
    ("Part", "test_values_per_sample_are_of_its_parts", "other"),
    ("OrderOfSamples", "test_values_per_sample_go_with_their_samples", ""),
    ("Nothing", "test_has_no_value_per_sample_of_nothing", "zero-size array"),
    ("Empty", "test_measures_no_attempts", ""),
    ("AllFailed", "test_measures_failed_attempts_alone", "no value at all"),
    ("Single", "test_measures_a_single_attempt", "one is too few"),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """Of each test of `faulty_components.py`, how it failed; `None` if it passed."""
    folder = tmp_path_factory.mktemp("faulty")
    file = Path(__file__).with_name("faulty_components.py")
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", str(file), f"--junitxml={report}", "-q"]
    # Offered components have no module that another process could import.
    command += ["-p", "no:cacheprovider", "-k", "not imports_nothing_heavy"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        problems = [*case.iter("failure"), *case.iter("error")]
        name = case.attrib["classname"].rpartition(".")[2].removeprefix("Test")
        found[name, case.attrib["name"]] = problems[0].text if problems else None
    return found


@pytest.mark.parametrize("kind", ["Task", "Model", "Estimator", "Strategy", "Metric"])
def test_sound_component_passes(outcomes, kind):
    own = {test: failed for (name, test), failed in outcomes.items() if name == f"Sound{kind}"}
    assert len(own) >= 5
    assert [test for test, failed in own.items() if failed] == []


@pytest.mark.parametrize(("name", "test", "message"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_fault_is_caught(outcomes, name, test, message):
    failed = outcomes[f"Faulty{name}", test]
    assert failed is not None
    assert message in failed


def test_every_rule_has_a_fault(outcomes):
    rules = {test for name, test in outcomes if name.startswith("Sound")}
    assert rules == {test for _, test, _ in FAULTS}


def test_heavy_import_is_caught(tmp_path, monkeypatch):
    (tmp_path / "heavy_plugin.py").write_text("import numpy\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    plugin = Plugin("heavy", "heavy_plugin", "evalcore-heavy", "1")
    found = Found("model", None, plugin)
    with pytest.raises(AssertionError, match="importing heavy_plugin imports numpy"):
        ModelContract().test_plugin_imports_nothing_heavy(found)
