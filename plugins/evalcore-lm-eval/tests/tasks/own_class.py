"""A task written in Python, with two kinds of requests for each document."""

from functools import partial

from lm_eval.api.instance import Instance
from lm_eval.api.task import ConfigurableTask


def mean_of(key, items):
    return sum(item[key] for item in items) / len(items)


class Mixed(ConfigurableTask):
    def __init__(self, config=None):
        super().__init__(config={key: config[key] for key in config if key != "class"})

    def construct_requests(self, doc, ctx, **kwargs):
        metadata = kwargs["metadata"]
        until = {"until": ["\n"], "max_gen_toks": 8}
        return [
            Instance("loglikelihood", doc, (ctx, f" {doc['after']}"), 1, metadata),
            Instance("generate_until", doc, (ctx, until), 0, metadata),
        ]

    def process_results(self, doc, results):
        text, (logprob, _greedy) = results
        return {"said": {"right": float(doc["after"] in text), "logprob": logprob}}

    def aggregation(self):
        return {"said": partial(mean_of, "logprob")}

    def higher_is_better(self):
        return {"said": True}
