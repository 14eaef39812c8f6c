"""Which of their columns is it that is missing, and what is to be typed? Hints for a header."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from scaling.tables.columns import write_column_map
from scaling.tables.derived import find_rules
from scaling.tables.faults import show
from scaling.tables.names import columns_meant, find_counts, loss_unit_of

WHAT = {
    "N": "parameters, or D with C or M",
    "D": "training tokens, or steps with batch_tokens, or N with C or M",
    "loss": "`loss` or at least one `loss_<set>`",
}
SINGLE = "the header has a single column: separate columns with commas"
ONE_KIND = "one law holds for models of one kind: fit each number of experts apart"
CHOICES = 4  # names to choose from, in a message
UNITS = {None: "", "bpb": " --loss-unit bpb --bytes-per-token BYTES"}


def explain_missing(
    missing: Sequence[str], names: Collection[str], misspelt: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Say of each missing column which of the others may be it, and at last what to type.

    Parameters
    ----------
    missing : sequence of str
        Of N, D and loss those that a table has not.
    names : collection of str
        The header.
    misspelt : mapping of str to str
        Names of ours, each with one that differs a little.

    Yields
    ------
    tuple of str
        Each missing column with what is wrong.
    """
    if len(names) == 1:
        yield from ((name, f"is missing: {WHAT[name]}; {SINGLE}") for name in missing)
        return
    meant = columns_meant(names)
    sources = dict(misspelt)
    missing = [name for name in WHAT if name in missing]
    guesses = {name: _guess(name, names, meant, sources) for name in missing}
    guessed = [name for name in missing if guesses[name]]
    only_mixture = guessed == ["N"] and len(find_counts(names)) > 1  # its message has the options
    last = guessed[-1] if guessed and not only_mixture else None
    for name in missing:
        rule = f"is missing; {guesses[name]}" if name in guessed else f"is missing: {WHAT[name]}"
        if name == last:
            unit = loss_unit_of(sources.get("loss", ""))
            option = write_column_map(sources) + UNITS.get(unit, f" --loss-unit {unit}")
            several = any(len(meant.get(ours, [])) > 1 for ours in sources)  # one of them is typed
            rule += f" then type{', say,' * several} {option}"
        yield name, rule


def _guess(
    name: str, names: Collection[str], meant: dict[str, list[str]], sources: dict[str, str]
) -> str:
    """Say which columns may be the missing one, or what it follows from; note them in `sources`."""
    if name == "N" and len(counts := find_counts(names)) > 1:
        sources["N"] = counts[0]
        ways = " or ".join(f"--map N={count}" for count in counts)
        return f"which count of a mixture of experts is meant? Say {ways}; {ONE_KIND}"
    ours = "N_body" if name == "N" and "N" not in meant and "N_body" in meant else name
    if found := meant.get(ours):
        sources[ours] = found[0]
        if len(found) == 1:
            return f"is it the column {show(found[0])}?"
        return f"which column is it, {', '.join(map(show, found[:CHOICES]))}?"
    there = {*names, *meant} - {name}
    parts = {part: meant[part][0] for part in meant if part not in names}
    for rule in find_rules(there):
        if rule.column == name:
            sources.update({part: parts[part] for part in rule.sources if part in parts})
            return f"does it follow as {rule.formula}?"
    return ""
