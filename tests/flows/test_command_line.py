"""What may be typed: an option that is on or off."""

import argparse

import pytest

from flows.command_line import Parser, YesOrNo


def parsed(*arguments):
    parser = Parser(prog="watchkeeper")
    parser.add_argument("--fast", action=YesOrNo, default=argparse.SUPPRESS)
    parser.add_argument("--most", type=int, default=argparse.SUPPRESS)
    return vars(parser.parse_args(arguments))


@pytest.mark.row("P004-501", "W004-501")
@pytest.mark.parametrize(
    ("typed", "fast"),
    [
        (("--fast",), True),
        (("--fast", "true"), True),
        (("--fast=true",), True),
        (("--fast", "false"), False),
        (("--no-fast",), False),
    ],
)
def test_a_switch_is_taken_bare_and_with_a_value(typed, fast):
    assert parsed(*typed) == {"fast": fast}


def test_a_bare_switch_does_not_swallow_the_next_option():
    assert parsed("--fast", "--most", "3") == {"fast": True, "most": 3}


def test_a_switch_that_is_not_typed_leaves_the_default_to_the_procedure():
    assert parsed() == {}


def test_any_other_value_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as ended:
        parsed("--fast", "maybe")
    assert ended.value.code == 64
    assert "'maybe' is not true or false" in capsys.readouterr().err
