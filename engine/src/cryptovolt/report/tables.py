"""Tables as HTML. Cells hold HTML already: whoever fills them escapes what comes from outside."""

import math
from collections.abc import Iterable, Sequence

from cryptovolt.report.text import sign_class, signed_percent


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """Return a table that scrolls sideways where the page is narrow."""
    first = "".join(f'<th scope="col">{name}</th>' for name in head) if any(head) else ""
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    top = f"<thead><tr>{first}</tr></thead>" if first else ""
    return f'<div class="wide"><table class="{kind}">{top}<tbody>{body}</tbody></table></div>'


def cell(text: str, kind: str = "") -> str:
    """Return one cell."""
    return f'<td class="{kind}">{text}</td>' if kind else f"<td>{text}</td>"


def pair(name: str, value: str) -> list[str]:
    """Return a row of a name and a value."""
    return [cell(name), cell(value)]


def change_cell(value: float, mark: str = "") -> str:
    """Return a cell with a signed percentage, tinted by its sign and size."""
    if math.isnan(value):
        return cell("–")
    tint = min(1.0, abs(value) / 0.25)
    return (
        f'<td class="tint {sign_class(value)}" style="--t:{tint * 0.42:.2f}">'
        f"{signed_percent(value)}{mark}</td>"
    )


def heat_cell(text: str, share: float) -> str:
    """Return a cell whose tint goes from falling (−1) over none (0) to rising (1)."""
    kind = "up" if share > 0 else "down"
    return f'<td class="tint {kind}" style="--t:{abs(share) * 0.55:.2f}">{text}</td>'
