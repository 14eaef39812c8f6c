"""How does a trained model answer tasks? Through lm-evaluation-harness, with its own tokenizer.

The harness writes the prompts and scores the answers; a model says how likely a text is. Runs on
walks have no tokenizer and cannot be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import torch
from lm_eval.api.model import TemplateLM
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from tokenizers import Tokenizer
from torch import Tensor

from scaling.training.errors import GridError
from scaling.training.model.engine import find_device
from scaling.training.model.evaluate import AT_ONCE
from scaling.training.model.model import Transformer
from scaling.training.plan.parts import TokenSource
from scaling.training.plan.tokenfile import read_manifest
from scaling.training.tasks.trained import find_cell, load_model, open_tokenizer_beside

BATCH = 2**15  # tokens that a model reads at a time
GENERATED = 256  # tokens of an answer, where a task sets no limit

Pair = tuple[list[int], list[int]]
T = TypeVar("T")
U = TypeVar("U")


class TrainedModel(TemplateLM):  # type: ignore[misc]
    """A trained model as the harness asks it.

    Parameters
    ----------
    model : Transformer
        The model, on its device; it computes in the type of its weights, sums in 32 bits.
    tokenizer : tokenizers.Tokenizer
        What its training text was cut with.
    end_of_text : int
        Token that ends a document; it stands before a text that has no context.
    """

    def __init__(self, model: Transformer, tokenizer: Tokenizer, end_of_text: int) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.end_of_text = end_of_text
        self._device = model.head.weight.device

    @property
    def eot_token_id(self) -> int:
        """Token that ends a document."""
        return self.end_of_text

    @property
    def max_length(self) -> int:
        """Longest sequence that the model reads, T."""
        return len(self.model.cos)

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, **kwargs: Any
    ) -> list[int]:
        """Cut a text into tokens; none is ever added."""
        return self.tokenizer.encode(string, add_special_tokens=False).ids

    def loglikelihood_rolling(
        self, requests: Sequence[Any], disable_tqdm: bool = True
    ) -> list[float]:
        """Log-probabilities of whole texts in nats, each token scored once, in windows of T."""
        windows = [self._windows(request.args[0]) for request in requests]
        scores = iter(self._score_all([pair for pairs in windows for pair in pairs]))
        return [sum(next(scores)[0] for _ in pairs) for pairs in windows]

    def _windows(self, text: str) -> list[Pair]:
        windows = get_rolling_token_windows(
            token_list=self.tok_encode(text),
            prefix_token=self.prefix_token_id,
            max_seq_len=self.max_length,
            context_len=1,
        )
        return [make_disjoint_window(window) for window in windows]

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[Any, list[int], list[int]]], **kwargs: Any
    ) -> list[tuple[float, bool]]:
        """Score continuations of contexts, for `loglikelihood` of the harness.

        A context that is too long is cut from the left, so that the model reads T tokens.

        Raises
        ------
        GridError
            If a continuation has no token of its own, or more than T.
        """
        for (context, continuation), _, tokens in requests:
            if not 1 <= len(tokens) <= self.max_length:
                raise GridError(
                    f"a continuation must have from 1 to the model's {self.max_length} tokens, got "
                    f"{len(tokens)}: {continuation[:60]!r} after {context[-60:]!r}"
                )
        return self._score_all([(context, tokens) for _, context, tokens in requests])

    def _score_all(self, pairs: list[Pair]) -> list[tuple[float, bool]]:
        lengths = [len(context) + len(tokens) for context, tokens in pairs]
        return self._in_batches(pairs, lengths, self._score)

    def _in_batches(
        self, asked: list[T], lengths: list[int], answer: Callable[[list[T]], Iterable[U]]
    ) -> list[U]:
        """Answer what has about one length together, the longest first; keep the order asked."""
        order = sorted(range(len(asked)), key=lambda i: -lengths[i])
        answers: dict[int, U] = {}
        while order:
            n = max(1, BATCH // min(lengths[order[0]], self.max_length))
            group, order = order[:n], order[n:]
            answers |= zip(group, answer([asked[i] for i in group]), strict=True)
        return [answers[i] for i in range(len(asked))]

    @torch.no_grad()
    def _score(self, pairs: list[Pair]) -> list[tuple[float, bool]]:
        rows = [(context + tokens)[-self.max_length - 1 :] for context, tokens in pairs]
        x = self.model.activations(self._stack([row[:-1] for row in rows]))
        asked = [len(tokens) for _, tokens in pairs]
        before = [
            x[i, len(row) - 1 - n : len(row) - 1]
            for i, (row, n) in enumerate(zip(rows, asked, strict=True))
        ]
        targets = torch.tensor([t for _, tokens in pairs for t in tokens], device=self._device)
        log_p, likeliest = self._score_targets(torch.cat(before), targets)
        return [
            (float(own.sum()), bool(top.all()))
            for own, top in zip(
                torch.split(log_p, asked), torch.split(likeliest, asked), strict=True
            )
        ]

    def _score_targets(self, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Score targets, some of their tables of log-probabilities in memory at a time."""
        at_once = max(1, AT_ONCE // self.model.shape.vocab)
        log_p, likeliest = [], []
        for part, own in zip(torch.split(x, at_once), torch.split(targets, at_once), strict=True):
            table = torch.log_softmax(self.model.head(part).float(), dim=-1)
            log_p.append(table.gather(-1, own[:, None])[:, 0])
            likeliest.append(table.argmax(dim=-1) == own)
        return torch.cat(log_p).double().cpu(), torch.cat(likeliest).cpu()

    def _stack(self, rows: list[list[int]]) -> Tensor:
        """Stack rows of tokens, filled up on the right, where no earlier token can see it."""
        longest = max(len(row) for row in rows)
        filled = [row + [self.end_of_text] * (longest - len(row)) for row in rows]
        return torch.tensor(filled, dtype=torch.int64, device=self._device)

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = True) -> list[str]:
        """Continue texts, always with the likeliest token.

        Of what a task asks for, ``until`` (texts to stop before) and ``max_gen_toks`` are heeded;
        the end of a document ends an answer too.

        Raises
        ------
        GridError
            If a task asks for answers drawn at random.
        """
        asked = [
            (self.tok_encode(context) or [self.end_of_text], options)
            for context, options in (request.args for request in requests)
        ]
        lengths = [len(context) for context, _ in asked]
        return self._in_batches(asked, lengths, self._continue)

    def _continue(self, asked: list[tuple[list[int], dict[str, Any]]]) -> list[str]:
        """Continue contexts together, each until it is done; the model reads all anew each time."""
        contexts, options = zip(*asked, strict=True)
        if any(one.get("do_sample") and one.get("temperature", 1.0) > 0 for one in options):
            raise GridError("a task asks for answers drawn at random; only the likeliest are given")
        stops = [self._stops(one) for one in options]
        limits = [int(one.get("max_gen_toks", GENERATED)) for one in options]
        made: list[list[int]] = [[] for _ in contexts]
        texts = [""] * len(contexts)
        waiting = [i for i, limit in enumerate(limits) if limit > 0]
        while waiting:
            following = self._follow([contexts[i] + made[i] for i in waiting])
            still = []
            for i, token in zip(waiting, following, strict=True):
                made[i].append(token)
                text = self.tokenizer.decode(made[i], skip_special_tokens=False)
                texts[i], stopped = _cut_before(text, stops[i])
                if not stopped and len(made[i]) < limits[i]:
                    still.append(i)
            waiting = still
        return texts

    def _stops(self, asked: dict[str, Any]) -> list[str]:
        until = asked.get("until") or []
        end = self.tokenizer.id_to_token(self.end_of_text)
        asked_for = [until] if isinstance(until, str) else until
        return [stop for stop in (end, *asked_for) if stop]

    @torch.no_grad()
    def _follow(self, rows: list[list[int]]) -> list[int]:
        """Find the likeliest next token of each row."""
        rows = [row[-self.max_length :] for row in rows]
        last = torch.tensor([len(row) - 1 for row in rows], device=self._device)
        place = torch.arange(len(rows), device=self._device)
        x = self.model.activations(self._stack(rows))[place, last]
        return self.model.head(x).argmax(dim=-1).tolist()


def _cut_before(text: str, stops: Iterable[str]) -> tuple[str, bool]:
    """Cut a text before the first of some texts; say whether there was one."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)


def load_trained(folder: str | Path, run: str, device: str = "auto") -> TrainedModel:
    """Load the model of a finished run, to be asked.

    Parameters
    ----------
    folder : str or Path
        Folder of the grid.
    run : str
        Name of the run.
    device : str, default "auto"
        As PyTorch names it.

    Raises
    ------
    GridError
        If there is no such run, it is not finished, it was trained on a walk, its weights are not
        those of its result, or its tokenizer is not the one that its token file names.
    """
    cell = find_cell(folder, run)
    if not isinstance(cell.source, TokenSource):
        raise GridError(
            f"{run}: was trained on a walk, which has no tokenizer: tasks can be asked of runs on "
            "token files"
        )
    tokenizer = open_tokenizer_beside(cell.source.folder)
    model = load_model(Path(folder), cell)
    try:
        model = model.to(find_device(device))
    except RuntimeError as error:
        raise GridError(f"device {device!r} cannot be used: {error}") from error
    return TrainedModel(model, tokenizer, read_manifest(cell.source.folder).end_of_text)
