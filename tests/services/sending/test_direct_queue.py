"""The direct lane's queue in memory, without a database."""

from random import Random

from services.sending.board import Board
from services.sending.direct import DirectClaimed, DirectNumber, DirectQueue, DirectReport

LOJA = DirectNumber(1, 7, "mega_api", "http://127.0.0.1:9", "loja", "-", 3)
CASA = DirectNumber(1, 8, "mega_api", "http://127.0.0.1:9", "casa", "-", 0)


def claimed(number: DirectNumber) -> DirectClaimed:
    return DirectClaimed(1, 70, number.instance_id, "5511900010001", "", "Oi", None, None, 1, "c")


def test_a_number_has_one_turn_until_its_answer_is_settled() -> None:
    board = Board(Random(1))
    queue = DirectQueue(board)
    assert queue.show([LOJA, CASA], 0.0)
    assert queue.deal(0.0, 1) == [LOJA]
    assert queue.deal(0.0, 9) == [CASA]
    queue.claimed([LOJA, CASA], DirectReport([claimed(LOJA)], more={7}), 0.1)

    # A look that began before the claim was committed shows the number once more.
    queue.show([LOJA], 0.2)
    assert queue.deal(0.2, 9) == []
    assert board.lent == {7}
    assert queue.errors_of(7) == 3

    queue.answered(7, 0.3, is_fine=True)
    assert queue.deal(0.3, 9) == []
    queue.settled([7], 0.4)
    assert board.lent == set()
    assert queue.deal(0.4, 9) == [LOJA]


def test_what_more_waits_needs_no_look() -> None:
    queue = DirectQueue(Board(Random(1)))
    queue.show([LOJA], 0.0)
    queue.claimed(queue.deal(0.0, 9), DirectReport([claimed(LOJA)], more={7}), 0.1)
    queue.settled([7], 0.2)
    assert queue.deal(0.2, 9) == [LOJA]


def test_a_claim_that_found_nothing_or_failed_lets_the_number_go() -> None:
    board = Board(Random(1))
    queue = DirectQueue(board)
    queue.show([LOJA, CASA], 0.0)
    turns = queue.deal(0.0, 9)
    queue.claimed(turns[:1], DirectReport(), 0.1)
    queue.not_claimed(turns[1:], 0.1)
    assert board.lent == set()
    assert queue.deal(0.2, 9) == []
