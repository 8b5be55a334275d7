"""Code of the tasks beside it, as lm-eval's own tasks have it in their `utils.py`."""

import json
import os
import signal
from collections import Counter
from pathlib import Path

import datasets


def dataset(**kwargs):
    lines = Path(__file__).with_name("documents.jsonl").read_text(encoding="utf-8").splitlines()
    documents = [json.loads(line) for line in lines]
    return {
        "test": datasets.Dataset.from_list(documents),
        "train": datasets.Dataset.from_list(documents[::-1]),
    }


def few(docs):
    return docs.select(range(4))


def words(doc, results):
    """A number, and a pair that only the aggregation makes a number of."""
    (text,) = results
    said = text.split()
    return {"length": len(said), "hits": (doc["after"] in text, len(said))}


def share(items):
    assert all(isinstance(item, tuple) for item in items)
    return sum(hit for hit, _ in items) / max(1, sum(length for _, length in items))


def initial(predictions, references, **kwargs):
    said = predictions[0].split() or [""]
    return float(said[-1][:1] == references[0][:1].upper())


def upper(resps, docs):
    return [[text.upper() for text in given] for given in resps]


def most_common(resps, docs):
    """Looks at all documents at once."""
    ((common, _),) = Counter(given[0] for given in resps).most_common(1)
    return [[common] for _ in resps]


def alarmed(doc, results):
    """Sets an alarm, as only a main thread can, and takes any failure for a wrong answer."""
    try:
        signal.signal(signal.SIGALRM, lambda *_: None)
    except ValueError:
        return {"ok": 0.0}
    return {"ok": 1.0}


def ends(doc, results):
    os._exit(3)
