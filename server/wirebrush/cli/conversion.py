"""What `import` and `export` share: a file is read, another text is written, faults are told."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from wirebrush.cli.graphs import BadInput
from wirebrush.cli.say import complain, say, tell_problems
from wirebrush.config import Config, config_from
from wirebrush.events import Problem
from wirebrush.jobs.errors import JobsError

DONE, FAILED, BAD = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Converted:
    """The text that was made, what it is in a few words, and what a person should know of it."""

    text: str
    summary: str
    problems: Sequence[Problem] = ()


def convert(options: argparse.Namespace, make: Callable[[Config], Converted]) -> int:
    """Write what `make` gives to `options.out`, else to stdout.

    0 if it was written, 2 if there is no graph in `options.file`, 1 if something else failed.
    """
    try:
        made = make(config_from(options, os.environ))
        if options.out is not None:
            _write(options.out, made.text)
    except BadInput as error:
        complain(error.message)
        tell_problems(error.problems, options.file)
        return BAD
    except (OSError, JobsError) as error:
        complain(str(error))
        return FAILED
    tell_problems(made.problems, options.file)
    say(made.text if options.out is None else f"{options.out}: {made.summary}.")
    return DONE


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OSError(f"{out} cannot be written: {error.strerror}.") from error
