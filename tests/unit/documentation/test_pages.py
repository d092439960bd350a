"""What `make docs` finds in pages, and how it copies them."""

import subprocess
from pathlib import Path

import pytest
from documentation import checks, pages, staging
from documentation.reference.markdown import table

LOST = "lost.md"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one page, to be broken."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "benchmarks" / "feed").mkdir(parents=True)
    (tmp_path / "Makefile").write_text("docs: ready\n\ttrue\n")
    (tmp_path / "README.md").write_text("# Read me\n")
    (tmp_path / "CONTRIBUTING.md").write_text("# Contributing\n")
    (tmp_path / "zensical.toml").write_text('[project]\nnav = [{ "Start" = "index.md" }]\n')
    (tmp_path / "docs" / "index.md").write_text("# Start\n\nThis page says where to start.\n")
    for module in (pages, checks, staging):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        monkeypatch.setattr(module, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(staging, "STAGE", tmp_path / ".site" / "pages")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def write(repository: Path, text: str) -> None:
    (repository / "docs" / "index.md").write_text(text)


def test_a_good_page_has_no_faults(repository: Path) -> None:
    assert checks.faults() == []


def test_a_page_outside_the_navigation_is_a_fault(repository: Path) -> None:
    (repository / "docs" / LOST).write_text("# Lost\n\nThis page is lost.\n")
    assert checks.faults() == [f"docs/{LOST}: not in the navigation; list it in zensical.toml"]


def test_a_page_that_is_missing_is_a_fault(repository: Path) -> None:
    (repository / "docs" / "index.md").unlink()
    assert checks.faults() == ["zensical.toml: lists index.md, which isn't in docs/"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# Start\n\nIt starts.\n", "the first sentence says what the page is for"),
        (f"# Start\n\nThis page {'very ' * 40}starts.\n", "has over 40 words"),
        ("This page has no title.\n", "begins without a title"),
    ],
)
def test_a_page_opens_with_what_it_is_for(repository: Path, text: str, fault: str) -> None:
    write(repository, text)
    assert any(fault in found for found in checks.faults())


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "def f(:"),
        ("json", '{"a": 1,}'),
        ("yaml", "a: [1"),
        ("toml", "a = "),
        ("sh", "if true; then"),
    ],
)
def test_code_that_does_not_parse_is_a_fault(repository: Path, language: str, text: str) -> None:
    write(repository, f"# Start\n\nThis page starts.\n\n```{language}\n{text}\n```\n")
    [fault] = checks.faults()
    assert fault.startswith(f"docs/index.md:5: doesn't parse as {language}: ")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "print(1)"),
        ("yaml", "Value: !GetAtt Cluster.Arn\nList: !Join [',', [a]]\nMap: !If {a: b}"),
        ("text", "if (("),
        ("sh", "aws s3 ls \\\n  s3://bucket"),
    ],
)
def test_code_that_parses_is_none(repository: Path, language: str, text: str) -> None:
    write(repository, f"# Start\n\nThis page starts.\n\n```{language}\n{text}\n```\n")
    assert checks.faults() == []


def test_code_without_a_language_is_a_fault(repository: Path) -> None:
    write(repository, "# Start\n\nThis page starts.\n\n```\nls\n```\n")
    [fault] = checks.faults()
    assert "a code block in no language" in fault


def test_code_in_a_list_is_found_without_its_indentation(repository: Path) -> None:
    text = "1. Run\n\n    ```python\n    if True:\n        pass\n    ```\n"
    [block] = pages.blocks(text)
    assert block == pages.Block(3, "python", "if True:\n    pass\n")


def test_an_unknown_command_is_a_fault(repository: Path) -> None:
    write(repository, "# Start\n\nThis page runs `make tea` and `make bench ONLY=tea`.\n")
    found = checks.faults()
    assert "docs/index.md: `make tea` isn't in the Makefile" in found
    assert "docs/index.md: there is no benchmark tea" in found


def test_code_that_names_a_missing_page_is_a_fault(repository: Path) -> None:
    (repository / "app.py").write_text('"""See docs/' + LOST + '."""\n')
    assert checks.faults() == [f"app.py: names docs/{LOST}, which doesn't exist"]


def test_links_to_files_outside_lead_to_copies(repository: Path) -> None:
    (repository / "template.yaml").write_text("Resources: {}\n")
    write(
        repository,
        "# Start\n\nThis page [links](../template.yaml), [stays](index.md#start), "
        "[leaves](https://example.org/a.md) and shows `[code](nowhere.md)`.\n",
    )
    staging.stage()
    staged = (staging.STAGE / "index.md").read_text()
    assert "[links](repository/template.yaml.txt), [stays](index.md#start)" in staged
    assert "[leaves](https://example.org/a.md) and shows `[code](nowhere.md)`" in staged
    copy = staging.STAGE / "repository" / "template.yaml.txt"
    assert copy.read_text() == "Resources: {}\n"


def test_a_link_to_nothing_is_refused(repository: Path) -> None:
    write(repository, "# Start\n\nThis page links [nowhere](nowhere.md).\n")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.md, which doesn't exist"):
        staging.stage()


def test_a_cell_keeps_a_bar_as_text() -> None:
    assert table(["a"], [["x | y\nz"]]) == "| a |\n| --- |\n| x \\| y z |"
