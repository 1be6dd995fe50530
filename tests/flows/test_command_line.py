"""What may be typed: an option that is on or off, and a value in its form."""

import argparse

import pytest

from flows.catalogue import read_catalogue
from flows.command_line import Parser, YesOrNo, build_parser


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


@pytest.mark.row("D002-464")
def test_a_value_out_of_its_form_is_answered_with_what_is_meant_and_never_shown(capsys):
    with pytest.raises(SystemExit) as ended:
        build_parser(read_catalogue()).parse_args(["readiness", "--base-url", "http://ann:hunter2@here:1"])
    said = capsys.readouterr().err
    assert ended.value.code == 64
    assert "argument --base-url: Where the runtime is, http(s)://host:port, without a user or a password" in said
    assert "hunter2" not in said
