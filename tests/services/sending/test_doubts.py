"""When a number whose answers were unclear may try again. Pure."""

from datetime import UTC, datetime, timedelta

from services.sending.watch.status import ONLY_TO_ASK, UNCLEAR_AFTER_A_TRY, Doubtful, Doubts

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
REST = timedelta(seconds=60)


def number(unclear: int = 2) -> Doubtful:
    return Doubtful(1, 7, "mega_api", "", "", "", unclear)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_a_status_that_was_bad_and_is_good_again_ends_the_doubt() -> None:
    doubts = Doubts(REST)
    assert doubts.unclear_left(number(), START, is_good=False) is None
    assert doubts.unclear_left(number(), after(1), is_good=True) == 0


def test_a_status_that_was_good_all_the_while_proves_nothing_until_the_rest_is_over() -> None:
    doubts = Doubts(REST)
    answers = [doubts.unclear_left(number(), after(second), is_good=True) for second in (0, 30, 59, 60)]
    assert answers == [None, None, None, UNCLEAR_AFTER_A_TRY]


def test_each_fruitless_try_doubles_the_rest_up_to_ten_minutes() -> None:
    doubts, second, rests = Doubts(REST), 0, []
    for _ in range(6):
        began = second
        while doubts.unclear_left(number(), after(second), is_good=True) is None:
            second += 10
        rests.append(second - began)
        second += 10
    assert rests[:1] + [rest + 10 for rest in rests[1:]] == [60, 120, 240, 480, 600, 600]


def test_what_is_long_past_counts_no_more() -> None:
    doubts = Doubts(REST)
    doubts.unclear_left(number(), START, is_good=False)
    assert doubts.unclear_left(number(), after(3_600), is_good=True) is None


def test_an_odd_word_about_the_connection_needs_only_a_good_status() -> None:
    assert Doubts(REST).unclear_left(number(ONLY_TO_ASK + 1), START, is_good=True) == 1
    assert Doubts(REST).unclear_left(number(ONLY_TO_ASK + 2), START, is_good=True) is None
