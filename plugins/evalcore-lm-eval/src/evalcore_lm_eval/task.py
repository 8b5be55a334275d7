"""Task `lm-eval`: the documents of a task of lm-eval, scored by its filters and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from evalcore.data import Case, Message, Sample, Score
from evalcore.errors import TaskError
from evalcore.settings import DataPath, Settings
from evalcore.task import Task
from evalcore_lm_eval.answers import first_number, responses
from evalcore_lm_eval.grading import Apart, aggregations, grade, has_code_of_its_own
from evalcore_lm_eval.joint import joint_filter
from evalcore_lm_eval.loading import Source, check_name, load, seeded
from evalcore_lm_eval.requests import Requests, WholeTextLikeliness, from_instance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import lm_eval.api.task
    from lm_eval.api.instance import Instance

    from evalcore.data import Attempt
    from evalcore_lm_eval.loading import Suite
    from evalcore_lm_eval.requests import Prompt, Request

__all__ = ["LmEvalTask", "LmEvalTaskSettings"]

_TRIED = 4
"""Documents on which it is tried whether a filter looks at one document at a time."""


class LmEvalTaskSettings(Settings):
    """Which task, and with which of lm-eval's options."""

    task: str = Field(min_length=1)
    """Name of a task, a group or a tag; `evalcore lm-eval tasks` lists those of lm-eval."""
    include_path: DataPath | None = None
    """Folder with YAML files of tasks of your own."""
    num_fewshot: int | None = Field(default=None, ge=0)
    """Examples before each document; left to the task where it is not set, or the task says 0."""
    apply_chat_template: bool = False
    """Whether prompts are dialogues, for the chat template of the model."""
    fewshot_as_multiturn: bool | None = None
    """Whether the examples are turns of the dialogue; by default they are where there is one."""
    system: str | None = None
    """What stands before the task's own description."""
    generation_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Generation arguments that replace the task's own, such as `max_gen_toks`."""
    metadata: dict[str, Any] = Field(default_factory=dict)
    """What is handed to tasks that are made to measure, such as `max_seq_lengths`."""
    seed: int = 1234
    """Seed of the choice of examples."""
    confirm_run_unsafe_code: bool = False
    """Whether tasks may be run that execute what the model wrote, outside of any sandbox."""

    @model_validator(mode="after")
    def _turns_need_a_dialogue(self) -> LmEvalTaskSettings:
        if self.fewshot_as_multiturn and not self.apply_chat_template:
            raise ValueError("`fewshot_as_multiturn: true` needs `apply_chat_template: true`")
        return self

    @property
    def source(self) -> Source:
        """What is to be loaded."""
        return Source(
            self.task,
            str(self.include_path or ""),
            self.num_fewshot,
            self.generation_kwargs,
            self.metadata,
        )


@dataclass(frozen=True, slots=True)
class _Document:
    """The hidden side of a case."""

    task: str
    number: int
    doc: Any
    instances: tuple[Instance, ...]


class LmEvalTask(Task[LmEvalTaskSettings]):
    """A sample is a document of an lm-eval task; its answer is the responses to its requests.

    The answer is a list with an item for each request, itself a list of as many responses as the
    task repeats the request: a text, `[logprob, greedy]`, or a log-probability. Where a document
    has one request and that is for a text, a text alone is an answer too, from any strategy.
    """

    def __init__(self, settings: LmEvalTaskSettings) -> None:
        super().__init__(settings)
        self._suite: Suite | None = None
        self._apart = Apart(settings.source)
        self._graded_apart: frozenset[str] = frozenset()

    @property
    def suite(self) -> Suite:
        """The tasks of lm-eval; there are some while the task is open."""
        assert self._suite, "the task is not open"
        return self._suite

    def preflight(self) -> None:
        """Look the name up; no task is read, and no data.

        Raises:
            TaskError: if there is no such task, group or tag.
        """
        check_name(self.settings.source)

    def open(self) -> None:
        """Load the tasks with their data.

        Raises:
            TaskError: if there is no such task, or it is one that cannot be run here.
        """
        self._suite = load(self.settings.source)
        for name, task in self._suite.tasks.items():
            self._refuse(name, task)
        self._graded_apart = frozenset(
            name for name, task in self._suite.tasks.items() if has_code_of_its_own(task)
        )

    def close(self) -> None:
        """End the process that scores, if there is one."""
        self._apart.close()

    def size(self) -> int:
        """Number of documents of all tasks."""
        return sum(len(task.eval_docs) for task in self.suite.tasks.values())

    def cases(self) -> Iterator[Case]:
        """The documents of one task after the other, in lm-eval's order."""
        for name, task in self.suite.tasks.items():
            for document in self._documents(name, task):
                yield Case(self._sample(document), document)

    def score(self, case: Case, attempt: Attempt) -> Score:
        """Apply the task's filters and metrics to the responses.

        The score is the first metric that is a number for a single document; where none is, what
        the first says of this document alone, such as its perplexity. All are in the details.
        """
        document: _Document = case.hidden
        given = responses(case.sample.id, case.sample.public, attempt.answer)
        try:
            values, functions = self._grade(document, given)
        except TaskError:
            raise
        except Exception as error:  # the task's own code runs here
            raise TaskError(
                f"lm-eval's task {document.task} cannot score document {document.number}: "
                f"{type(error).__name__}: {error}"
            ) from error
        number = first_number(values, functions)
        details = {**values, "aggregation": functions, **self._groups_of(document.task, values)}
        if number is None:
            return Score(0.0, "no-number", details)
        return Score(number, details=details)

    def _grade(
        self, document: _Document, given: list[list[Any]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        graded = (document.doc, document.instances, given)
        if document.task in self._graded_apart:
            return self._apart.grade(document.task, *graded)
        task = self.suite.tasks[document.task]
        values = grade(task, *graded)
        return values, aggregations(task, values)

    # Documents and their requests

    def _documents(self, name: str, task: lm_eval.api.task.Task) -> Iterator[_Document]:
        task.set_fewshot_seed(self.settings.seed)
        with seeded():
            docs = task.doc_iterator()
        for number, doc in docs:
            yield _Document(name, number, doc, self._instances(name, task, number, doc))

    def _instances(
        self, name: str, task: lm_eval.api.task.Task, number: int, doc: Any
    ) -> tuple[Instance, ...]:
        """The requests of a document, in the order of their responses."""
        chat = self.settings.apply_chat_template
        turns = self.settings.fewshot_as_multiturn
        context = task.fewshot_context(
            doc,
            num_fewshot=task.config.num_fewshot or 0,
            system_instruction=self.settings.system,
            apply_chat_template=chat,
            fewshot_as_multiturn=chat if turns is None else turns,
            chat_template=_dialogue if chat else None,
            gen_prefix=task.doc_to_prefix(doc),
        )
        made = task.construct_requests(
            doc=doc,
            ctx=context,
            metadata=(name, number, task.config.repeats),
            apply_chat_template=chat,
            chat_template=_dialogue if chat else None,
        )
        instances = made if isinstance(made, list) else [made]
        return tuple(sorted(instances, key=lambda instance: instance.idx))

    def _sample(self, document: _Document) -> Sample:
        requests = Requests(_requests(document), int(document.instances[0].repeats or 1))
        origin = {} if self.suite.single else {"suite": self.settings.task}
        return Sample(
            id=f"{document.task}/{document.number}",
            input=_read(requests.requests[0]),
            public=requests,
            metadata={"task": document.task, **origin, "doc": document.number},
        )

    def _groups_of(self, task: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """The groups whose results the task's values enter, and whether weighted by its size."""
        found: dict[str, dict[str, bool]] = {}
        for aggregate in self.suite.aggregates.get(task, ()):
            for key in filter(aggregate.takes, values):
                found.setdefault(aggregate.group, {})[key] = aggregate.weighted
        return {"groups": found} if found else {}

    # What cannot be run here

    def _refuse(self, name: str, task: lm_eval.api.task.Task) -> None:
        if getattr(task, "UNSAFE_CODE", False) and not self.settings.confirm_run_unsafe_code:
            raise TaskError(
                f"lm-eval's task {name} runs what the model wrote, outside of any sandbox; "
                "allow it with `confirm_run_unsafe_code: true`"
            )
        if getattr(task, "MULTIMODAL", False):
            raise TaskError(
                f"lm-eval's task {name} shows images or sound, which no request of evalcore carries"
            )
        _refuse_unnamed_aggregations(name, task)
        tried = list(islice(self._documents(name, task), _TRIED))
        for document in tried:
            _requests(document)
        joint = joint_filter(task, [document.instances for document in tried])
        if joint is not None:
            raise TaskError(
                f"the filter {joint!r} of lm-eval's task {name} needs the responses to all "
                "documents at once; here each document is scored as soon as it is answered"
            )


def _refuse_unnamed_aggregations(name: str, task: lm_eval.api.task.Task) -> None:
    try:
        aggregations(task, task.aggregation())
    except LookupError as error:
        raise TaskError(f"lm-eval's task {name} cannot be measured: {error}") from error


def _dialogue(messages: list[dict[str, str]], add_generation_prompt: bool = True) -> Prompt:
    """In the place of a chat template: the dialogue itself, which the model will render.

    Where the answer has been begun for the model, the last message is the assistant's.
    """
    return tuple(Message(item["role"], item["content"]) for item in messages)  # type: ignore[arg-type]


def _requests(document: _Document) -> tuple[Request, ...]:
    try:
        return tuple(from_instance(instance) for instance in document.instances)
    except ValueError as error:
        raise TaskError(f"lm-eval's task {document.task}: {error}") from error


def _read(request: Request) -> Prompt:
    return request.text if isinstance(request, WholeTextLikeliness) else request.prompt
