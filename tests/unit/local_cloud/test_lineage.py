"""The trace header of a chain of requests."""

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from jetbridge_local.functions.lineage import continued, invocations, merged

ARNS = [f"arn:aws:lambda:us-east-1:000000000000:function:f{n}" for n in range(4)]


def _sent(header: str) -> str:
    """As botocore's ``add_recursion_detection_header`` sends it on."""
    return quote(header, safe="-=;:+&[]{}\"',")


@given(st.lists(st.sampled_from(ARNS), max_size=60))
def test_counts_each_function_of_a_chain(chain: list[str]) -> None:
    header = ""
    for arn in chain:
        header = _sent(continued(header, arn))
    for arn in ARNS:
        assert invocations(header, arn) == chain.count(arn)
        assert invocations(header, f"{arn}:live") == chain.count(arn), "whichever version"


@given(st.lists(st.lists(st.sampled_from(ARNS), max_size=20), max_size=5))
def test_a_batch_is_as_far_as_its_farthest_message(chains: list[list[str]]) -> None:
    headers = []
    for chain in chains:
        header = ""
        for arn in chain:
            header = continued(header, arn)
        headers.append(_sent(header))
    for arn in ARNS:
        most = max((chain.count(arn) for chain in chains), default=0)
        assert invocations(merged(headers), arn) == most


def test_the_root_stays() -> None:
    first = continued("", ARNS[0])
    root = first.split(";")[0]
    assert root.startswith("Root=1-")
    assert continued(first, ARNS[1]).startswith(f"{root};")
    assert merged(["", first]).startswith(f"{root};")


@given(st.text())
def test_any_text_is_a_header_of_no_chain(text: str) -> None:
    assert invocations(text.replace("Lineage", ""), ARNS[0]) == 0
    assert invocations(continued(text.replace("Lineage", ""), ARNS[0]), ARNS[0]) == 1


def test_headers_of_aws_s_own_begin_a_chain() -> None:
    for header in (
        "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
        "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:fe460cdd:0",
    ):
        assert invocations(header, ARNS[0]) == 0
        assert continued(header, ARNS[0]).startswith(header.split(";")[0])
