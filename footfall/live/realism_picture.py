"""One HTML file with a drawing for each distribution: ours as a line, the reference as an area. It needs no script and
no network."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from html import escape
from math import log10

from footfall.realism.distances import quantile
from footfall.realism.score import Picture, Row

WIDTH, HEIGHT = 380, 190
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 8, 30
STEPS = 160

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
:root {{ color-scheme: light; --ours: #c2410c; --real: #94a3b8; }}
body {{ font: 14px/1.45 system-ui, sans-serif; color: #0f172a; margin: 24px; background: #fff; }}
h1 {{ font-size: 20px; margin: 0 0 4px; }}
p {{ margin: 0 0 16px; color: #475569; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(380px, 1fr)); gap: 20px; }}
figure {{ margin: 0; padding: 12px; border: 1px solid #e2e8f0; border-radius: 8px; }}
figcaption {{ font-weight: 600; }}
figcaption span {{ font-weight: 400; color: #475569; }}
figcaption .bad {{ color: #b91c1c; font-weight: 600; }}
svg text {{ font: 11px system-ui, sans-serif; fill: #475569; }}
.ours {{ color: var(--ours); font-weight: 600; }}
.real {{ color: #475569; font-weight: 600; }}
</style></head><body>
<h1>{title}</h1>
<p>Mobility score {score:.1f} of 100. <span class="ours">Orange: simulated.</span>
<span class="real">Grey: the reference.</span> Distributions are cumulative: the share of values up to x.</p>
<main>
"""


def page(title: str, score: float, rows: Sequence[Row]) -> str:
    """The page; rows without a picture are left out."""
    figures = [_figure(row, row.picture) for row in rows if row.picture is not None and row.picture.ours]
    return _HEAD.format(title=escape(title), score=score) + "\n".join(figures) + "\n</main></body></html>\n"


def _figure(row: Row, picture: Picture) -> str:
    drawn = _bars(picture) if picture.kind == "histogram" else _curves(picture)
    verdict = "reported" if not row.gate else "ok" if row.ok else '<span class="bad">outside</span>'
    told = f"distance {row.distance:.2f} from {escape(row.reference)}"
    gate = f", {escape(row.gate)}" if row.gate else ""
    return (
        f"<figure><figcaption>{row.id} {escape(row.statistic)} <span>{told}{gate}: {verdict}</span></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(row.statistic)}">{drawn}</svg></figure>'
    )


def _curves(picture: Picture) -> str:
    """Both cumulative distributions, from the lower 0.5 % to the upper 1 % of the two; over more than a decade and a
    half x is logarithmic."""
    ours, theirs = sorted(picture.ours), sorted(picture.theirs)
    low = min(quantile(ours, 0.005), quantile(theirs, 0.005))
    high = max(quantile(ours, 0.99), quantile(theirs, 0.99))
    logarithmic = low > 0.0 and high > 30 * max(low, 0.01)
    low = max(low, high / 1e4) if logarithmic else min(low, 0.0)
    if high <= low:
        high = low + 1.0

    def x(value: float) -> float:
        share = log10(value / low) / log10(high / low) if logarithmic else (value - low) / (high - low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    shares = [i / STEPS for i in range(STEPS + 1)]
    values = [low * (high / low) ** share if logarithmic else low + share * (high - low) for share in shares]
    real = _line(theirs, values, x)
    area = f'<path d="M{x(low):.1f},{_y(0.0):.1f} L{real} L{x(high):.1f},{_y(0.0):.1f} Z" fill="#e2e8f0"/>'
    lines = (
        f'<polyline points="{real}" fill="none" stroke="#94a3b8" stroke-width="1.5"/>'
        f'<polyline points="{_line(ours, values, x)}" fill="none" stroke="#c2410c" stroke-width="2"/>'
    )
    ticks = _decades(low, high) if logarithmic else _tidy(low, high)
    labels = "".join(
        f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{_y(0.0):.1f}" y2="{_y(0.0) + 4:.1f}" stroke="#64748b"/>'
        f'<text x="{x(tick):.1f}" y="{_y(0.0) + 15:.1f}" text-anchor="middle">{tick:g}</text>'
        for tick in ticks
    )
    return area + lines + _axes(1.0, picture.unit) + labels


def _bars(picture: Picture) -> str:
    most = max((*picture.ours, *picture.theirs)) or 1.0
    width = (WIDTH - LEFT - RIGHT) / len(picture.ours)
    drawn = []
    for i, (ours, theirs) in enumerate(zip(picture.ours, picture.theirs, strict=True)):
        x = LEFT + i * width
        for value, start, colour in ((theirs, 0.08, "#94a3b8"), (ours, 0.5, "#c2410c")):
            y = _y(value / most)
            drawn.append(
                f'<rect x="{x + start * width:.1f}" y="{y:.1f}" width="{0.42 * width:.1f}" '
                f'height="{_y(0.0) - y:.1f}" fill="{colour}"/>'
            )
        if len(picture.ours) <= 12 or i % 3 == 0:
            label = picture.labels[i]
            drawn.append(f'<text x="{x + width / 2:.1f}" y="{_y(0.0) + 15:.1f}" text-anchor="middle">{label}</text>')
    return "".join(drawn) + _axes(most, picture.unit)


def _axes(most: float, unit: str) -> str:
    base = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{_y(0.0):.1f}" y2="{_y(0.0):.1f}" stroke="#64748b"/>'
    shares = "".join(
        f'<text x="{LEFT - 5}" y="{_y(share) + 4:.1f}" text-anchor="end">{share * most:.0%}</text>'
        for share in (0.0, 0.5, 1.0)
    )
    return base + shares + f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 2}" text-anchor="end">{escape(unit)}</text>'


def _line(ordered: Sequence[float], values: Sequence[float], x: Callable[[float], float]) -> str:
    return " ".join(f"{x(value):.1f},{_y(bisect_right(ordered, value) / len(ordered)):.1f}" for value in values)


def _y(share: float) -> float:
    return TOP + (1.0 - share) * (HEIGHT - TOP - BOTTOM)


def _decades(low: float, high: float) -> list[float]:
    return [tick for power in range(-4, 6) for tick in (10.0**power, 3 * 10.0**power) if low <= tick <= high]


def _tidy(low: float, high: float) -> list[float]:
    """About five round numbers from low to high."""
    rough = (high - low) / 5
    step = next(
        step for power in range(-4, 6) for step in (10.0**power, 2 * 10.0**power, 5 * 10.0**power) if step >= rough
    )
    first = -int(-low // step)
    return [step * i for i in range(first, int(high // step) + 1)]
