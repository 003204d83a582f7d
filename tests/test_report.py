"""The figures in README.md and docs are those that the benchmarks measured."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "benchmarks" / "report.py"


@pytest.fixture(scope="module")
def report():
    if not REPORT.exists():
        pytest.skip("the benchmarks are not part of a source distribution")
    spec = importlib.util.spec_from_file_location("report", REPORT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_the_measured_ones(report):
    for page, table in report.TABLES:
        text = (ROOT / page).read_text(encoding="utf-8")
        assert report.rendered(text, table) == text, f"{page}: run python benchmarks/report.py"


def test_a_page_without_its_comments_is_refused(report):
    with pytest.raises(ValueError, match="one pair of comments for 'accuracy_gdsc'"):
        report.rendered("# A page\n", report.accuracy_gdsc)
