"""What the README tells people to type and to write is what Skein understands."""

import re
import shlex
from pathlib import Path

import pytest

from pipeline.cli.entry import parser
from pipeline.experiment.folder import parse

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str = "") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks() for line in block.splitlines() if line.startswith("skein ")]


@pytest.mark.parametrize("line", [line for line in COMMANDS if not line.startswith("skein dashboard")])
def test_every_command_is_spelled_right(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    assert parser().parse_args(words).command == words[0]


def test_the_example_is_a_valid_experiment() -> None:
    (example,) = blocks("toml")
    said = parse(example, "README.md")
    assert [zone.name for zone in said.zone] == ["shelter"]
    assert said.recording[0].recorded_fps == 20


def test_its_make_targets_and_folders_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test", "check", "bench"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for folder in re.findall(r"^\| `([a-z]+)/`", README, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
