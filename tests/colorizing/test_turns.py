"""Who is next, and who gives up a place."""

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from app.colorizing.turns import Turns

ARRIVALS = st.lists(st.sampled_from("abcd"), max_size=40)


def filled(arrivals: list[str]) -> Turns[tuple[str, int]]:
    turns: Turns[tuple[str, int]] = Turns()
    for number, client in enumerate(arrivals):
        turns.add(client, (client, number))
    return turns


def drained(turns: Turns[tuple[str, int]]) -> list[tuple[str, int]]:
    return [turns.take() for _ in range(len(turns))]


def test_one_with_many_does_not_hold_up_one_with_few() -> None:
    turns = filled(["greedy"] * 100 + ["modest"])
    assert [client for client, _ in drained(turns)[:2]] == ["greedy", "modest"]


@given(ARRIVALS)
def test_rounds_serve_everybody_once_and_each_client_in_order(arrivals: list[str]) -> None:
    """The oracle deals the items out in rounds, in the order in which the clients first came."""
    lines: dict[str, deque[tuple[str, int]]] = {}
    for number, client in enumerate(arrivals):
        lines.setdefault(client, deque()).append((client, number))
    expected = []
    while any(lines.values()):
        expected += [line.popleft() for line in lines.values() if line]
    turns = filled(arrivals)
    assert list(turns) == expected
    assert drained(turns) == expected
    assert len(turns) == 0


@given(ARRIVALS, st.data())
def test_what_is_removed_is_gone_and_the_rest_stays(arrivals: list[str], data: st.DataObject) -> None:
    turns = filled(arrivals)
    everything = sorted(turns)
    gone = data.draw(st.sets(st.sampled_from(everything))) if everything else set()
    for client, number in gone:
        assert turns.remove(client, (client, number))
        assert not turns.remove(client, (client, number))
    assert sorted(turns) == [item for item in everything if item not in gone]
    assert len(turns) == len(everything) - len(gone)
    turns.keep(lambda item: item[1] % 2 == 0)
    assert sorted(drained(turns)) == [item for item in everything if item not in gone and item[1] % 2 == 0]


@given(ARRIVALS.filter(bool), st.sampled_from("abcde"))
def test_a_place_is_taken_only_from_one_who_keeps_as_many(arrivals: list[str], newcomer: str) -> None:
    turns = filled(arrivals)
    most = max(map(arrivals.count, arrivals))
    greedy = turns.greediest(than=newcomer)
    if most > arrivals.count(newcomer) + 1:
        assert greedy is not None
        assert arrivals.count(greedy) == most
        assert turns.last_of(greedy) == (greedy, len(arrivals) - 1 - arrivals[::-1].index(greedy))
        assert len(turns) == len(arrivals) - 1
    else:
        assert greedy is None


def test_the_first_stays_the_first_whoever_comes() -> None:
    turns = filled(["a", "a", "b"])
    assert turns.first() == ("a", 0)
    turns.add("c", ("c", 3))
    assert turns.first() == ("a", 0)
