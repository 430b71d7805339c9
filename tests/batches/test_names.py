"""Names in a ZIP: of any upload's name, safe everywhere and each its own."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.batches.names import MOST_NAME, output_name, shown_name

CASES = {
    b"../../etc/passwd": ("passwd", "007-passwd.jpg"),
    b"C:\\Users\\me\\CON.png": ("CON.png", "007-CON.jpg"),
    b"a\0b.png": ("ab.png", "007-ab.jpg"),
    b"": ("picture", "007-picture.jpg"),
    b"..": ("..", "007-picture.jpg"),
    b"/": ("picture", "007-picture.jpg"),
    b" . ": (".", "007-picture.jpg"),
    b'a<b>:"|?*.png': ('a<b>:"|?*.png', "007-a_b_.jpg"),
    b"-rf": ("-rf", "007--rf.jpg"),
    "\u202egnp.exe".encode(): ("gnp.exe", "007-gnp.jpg"),
    "Großmutter 祖母 👵.png".encode(): ("Großmutter 祖母 👵.png", "007-Großmutter 祖母 👵.jpg"),
    "e\u0301.png".encode(): ("é.png", "007-é.jpg"),
    b"\xff\xfe.png": ("\ufffd\ufffd.png", "007-\ufffd\ufffd.jpg"),
    b"x" * 4000: ("x" * MOST_NAME, "007-" + "x" * 80 + ".jpg"),
    "祖".encode() * 300: ("祖" * MOST_NAME, "007-" + "祖" * 53 + ".jpg"),
}


@pytest.mark.parametrize(("raw", "names"), CASES.items(), ids=[repr(raw)[:20] for raw in CASES])
def test_hostile_names(raw: bytes, names: tuple[str, str]) -> None:
    shown = shown_name(raw)
    assert (shown, output_name(7, 50, shown, "jpeg")) == names


@given(st.binary(max_size=400), st.integers(1, 10**6), st.integers(1, 10**6))
def test_any_name_is_one_part_of_a_path_on_every_system(raw: bytes, index: int, count: int) -> None:
    name = output_name(index, max(index, count), shown_name(raw), "png")
    assert not set(name) & set('<>:"|?*/\\')
    assert all(unicodedata.category(char)[0] != "C" for char in name)
    assert len(name.encode()) <= 255
    assert name[0].isdigit(), "so none is reserved, hidden, or taken for an option"
    assert name.endswith(".png")


@given(st.lists(st.text(max_size=5), min_size=2, max_size=20))
def test_names_are_each_their_own_where_case_counts_not_and_keep_the_order(names: list[str]) -> None:
    made = [output_name(index, len(names), name, "png") for index, name in enumerate(names, start=1)]
    assert len({name.casefold() for name in made}) == len(made)
    assert sorted(made) == made
