"""A connection that lives and says nothing: given up, so that it is opened again."""

from collections.abc import Sequence

from app.services.feed_ports import LinkPort, StreamPort
from app.services.feed_series import FedSeries

SILENT_LINK_S = 60.0
"""For a connection that carries no bars."""


def drop_if_silent(
    stream: StreamPort, link: LinkPort, series: Sequence[FedSeries], at_s: float
) -> bool:
    """Give up a connection all of whose series are silent, and say whether it was."""
    waiting = [one for one in series if one.halted is None]
    if not waiting:
        silent = at_s - link.last_frame_s > SILENT_LINK_S
    else:
        silent = all(one.connected and one.pulse.is_silent_since_restart(at_s) for one in waiting)
    if silent:
        for one in waiting:
            one.connected = False
        stream.drop(link, "connected, and no frame came")
    return silent
