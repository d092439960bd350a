"""The word list: what it finds, and where."""

import tomllib

import words

TURNS = tomllib.loads(words.LIST.read_text())


def test_a_turn_is_found_with_its_line() -> None:
    text = "The run\nis told of the end."
    assert list(words.faults(text, {"is told": "is notified"})) == [(2, "is told", "is notified")]


def test_a_turn_is_found_across_lines_and_comment_marks() -> None:
    for text in ("which is\n    told of it", "# the run is\n# told of it", "Is  Told"):
        assert [found for _, found, _ in words.faults(text, {"is told": ""})]


def test_parts_of_words_are_no_turns() -> None:
    assert not list(words.faults("this amendment isn't a commendation", TURNS))


def test_every_turn_of_the_list_can_be_found() -> None:
    for text in ("it was told", "to mend it", "whose streams are", "an event of no run"):
        assert [found for _, found, _ in words.faults(text, TURNS)], text


def test_what_replaces_a_turn_is_none_itself() -> None:
    for better in TURNS.values():
        assert not list(words.faults(better, TURNS)), better


def test_a_turn_is_found_in_the_name_of_a_function() -> None:
    text = words.readable("x = 1\ndef test_the_end_is_told(told_again): ...")
    assert list(words.faults(text, {"is told": ""})) == [(2, "is told", "")]
