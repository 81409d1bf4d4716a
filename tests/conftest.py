"""What is said below the tests, whichever of them were run and by how many processes."""

NOT_RUN = "ATTACK NOT RUN. "


def pytest_terminal_summary(terminalreporter):
    """Say loudly if attacks on the grader were skipped; a line of dots would not."""
    skipped = terminalreporter.stats.get("skipped", ())
    reasons = [str(report.longrepr) for report in skipped if NOT_RUN in str(report.longrepr)]
    if reasons:
        words = f"{len(reasons)} ATTACKS ON THE GRADER WERE NOT RUN"
        terminalreporter.section(words, red=True, bold=True)
        terminalreporter.write_line(reasons[0].split(NOT_RUN)[1].rstrip("')"))
