"""What evalcore expects of every component of a kind."""

from evalcore.testing import MetricContract, ModelContract, StrategyContract, TaskContract


class TestSums(TaskContract):
    component = "example-sums"
    settings = {"count": 5}
    right = {"0": "146"}
    wrong = {"0": "145", "1": "no idea"}


class TestClerk(ModelContract):
    component = "example-clerk"
    settings = {"error_rate": 0.5}


class TestVote(StrategyContract):
    component = "example-vote"
    settings = {"votes": 3}


class TestSolved(MetricContract):
    component = "example-solved"
