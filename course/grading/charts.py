"""Pictures of the summary as SVG within the page, with all their numbers in words."""

from course.grading.page import number, text

PARTS = (
    ("right", "right"),
    ("wrong-part", "not right"),
    ("failed", "could not be run"),
    ("open", "not attempted"),
)
WIDTH, HEIGHT = 560, 170  # of a histogram


def bar(head, found):
    """Four parts of a bar of one length, with a gap between them: no colour is needed to count."""
    total, at, parts = sum(found) or 1, 0.0, ""
    for (kind, _), n in zip(PARTS, found, strict=True):
        width = 220 * n / total
        if n:
            parts += (
                f'<rect class="{kind}" x="{at:.1f}" y="0" width="{max(width - 1.5, 1):.1f}" '
                'height="16"/>'
            )
        at += width
    words = ", ".join(f"{n} {label}" for (_, label), n in zip(PARTS, found, strict=True))
    return (
        f'<svg viewBox="0 0 220 16" width="220" height="16" role="img" '
        f'aria-label="{text(f"{head}: {words}")}">{parts}</svg>'
    )


def histogram(sums):
    """How many students have how many points."""
    if not sums:
        return ""
    possible = max(t.possible for t in sums) or 1
    bins = min(20, max(5, int(possible))) if possible == int(possible) else 10
    step = possible / bins
    found = [0] * (bins + 1)  # the last one is full marks
    for total in sums:
        found[min(bins, int(total.points / step + 1e-9))] += 1
    top, width = max(found), (WIDTH - 40) / (bins + 1)
    bars = ""
    for i, n in enumerate(found):
        height = (HEIGHT - 56) * n / top
        x, y = 30 + i * width, HEIGHT - 34 - height
        if n:
            bars += (
                f'<rect class="bar-fill" x="{x + 1:.1f}" y="{y:.1f}" width="{width - 2:.1f}" '
                f'height="{height:.1f}"/><text x="{x + width / 2:.1f}" y="{y - 4:.1f}" '
                f'text-anchor="middle">{n}</text>'
            )
        if i % max(1, bins // 10) == 0 or i == bins:
            bars += (
                f'<text class="quiet" x="{x + width / 2:.1f}" y="{HEIGHT - 20}" '
                f'text-anchor="middle">{number(i * step)}</text>'
            )
    words = "; ".join(f"{n} with {number(i * step)}" for i, n in enumerate(found) if n)
    mean = sum(t.points for t in sums) / len(sums)
    waiting = any(t.unmarked for t in sums)
    return (
        f"<h3>Points</h3><p>Mean {mean:.1f} of {number(possible)} points, {len(sums)} "
        f"student{'s' * (len(sums) != 1)}"
        f"{', without the texts that nobody has marked yet' if waiting else ''}.</p>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="Students by points: {text(words)}">{bars}'
        f'<line class="axis" x1="30" x2="{WIDTH - 10}" y1="{HEIGHT - 33.5}" y2="{HEIGHT - 33.5}"/>'
        f'<text class="quiet" x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">points</text>'
        "</svg>"
    )
