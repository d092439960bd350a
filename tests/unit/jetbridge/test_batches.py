"""Items come in batches, all of them and in their order."""

from hypothesis import given
from hypothesis import strategies as st

from jetbridge.aws.batches import batches


@given(st.lists(st.integers()), st.integers(1, 9))
def test_all_come_in_their_order(items: list[int], size: int) -> None:
    got = list(batches(iter(items), size))
    assert [each for batch in got for each in batch] == items
    assert all(len(batch) == size for batch in got[:-1])
    assert all(1 <= len(batch) <= size for batch in got)
