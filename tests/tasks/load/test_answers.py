"""What the bytes of an answer mean, however they are cut into pieces (runbook 003, load)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.load.answers import LARGEST_BODY, AnswerReader, Head, NoAnswer
from tasks.rules.load.measured import Answer

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
LIMITED = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + PLAIN
BOTH = CHUNKED.replace(b"OK\r\n", b"OK\r\nContent-Length: 1\r\n")
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
WHOLE = {
    PLAIN: Head(200, 5, stays=True),
    CHUNKED: Head(200, None, stays=True),
    LIMITED: Head(429, 0, stays=False, retry_after_s=60),
    INTERIM: Head(200, 5, stays=True),
    BOTH: Head(200, None, stays=True),
    EMPTY: Head(204, 0, stays=True),
}


@pytest.mark.parametrize("answer", WHOLE)
@given(data=st.data())
def test_an_answer_is_whole_at_its_last_byte_however_it_comes(answer, data):
    reader = AnswerReader()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(answer) - 1), max_size=6)))
    pieces = [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    for again in range(2 if WHOLE[answer].stays else 1):
        assert [reader.feed(piece) for piece in pieces[:-1]] == [None] * (len(pieces) - 1), again
        assert reader.feed(pieces[-1]) == WHOLE[answer]


def test_a_body_without_a_length_ends_with_the_connection():
    reader = AnswerReader()
    assert reader.feed(b"HTTP/1.0 200 OK\r\n\r\nhel") is None
    assert reader.feed(b"lo") is None
    assert reader.close() == Head(200, None, stays=False)


@pytest.mark.row("D003-502")
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", Answer.GARBAGE),
        (b"\x15\x03\x03\x00\x02\x02\x16", Answer.GARBAGE),
        (b"HTTP/1.1 twohundred OK\r\n\r\n", Answer.GARBAGE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\n", Answer.GARBAGE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello", Answer.GARBAGE),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", Answer.GARBAGE),
        (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (LARGEST_BODY + 1), Answer.ENDLESS),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000, Answer.ENDLESS),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"y" * (LARGEST_BODY + 1), Answer.ENDLESS),
    ],
)
def test_what_is_no_answer_has_its_class(answer, kind):
    with pytest.raises(NoAnswer) as none:
        AnswerReader().feed(answer)
    assert none.value.kind is kind


@pytest.mark.row("D003-502")
@given(st.binary(max_size=200))
def test_no_bytes_at_all_are_more_than_an_answer_or_a_class(data):
    reader = AnswerReader()
    try:
        assert reader.feed(b"HTTP/1.1 " + data) is None or True
        reader.close()
    except NoAnswer as none:
        assert none.kind in (Answer.GARBAGE, Answer.DROPPED, Answer.ENDLESS)


@pytest.mark.parametrize("begun", [b"HTTP/1.1 200 OK\r\ncontent-le", PLAIN[:-1], CHUNKED[:-4]])
def test_a_connection_that_closes_in_the_middle_was_dropped(begun):
    reader = AnswerReader()
    assert reader.feed(begun) is None
    with pytest.raises(NoAnswer) as none:
        reader.close()
    assert none.value.kind is Answer.DROPPED


def test_more_than_was_asked_for_ends_the_connection():
    assert AnswerReader().feed(PLAIN + b"HTTP") == Head(200, 5, stays=False)
