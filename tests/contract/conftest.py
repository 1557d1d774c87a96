"""Prints, at the end of a run, which share of damaged frames slips through where a protocol has no checksum."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    shares = dict(
        one
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for one in report.user_properties
        if one[0].startswith("accepted ")
    )
    if shares:
        terminalreporter.section("damaged frames accepted with another value (no checksum)")
        for name, share in sorted(shares.items()):
            terminalreporter.write_line(f"{name.removeprefix('accepted ')}: {share:.2%}")
