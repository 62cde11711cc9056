"""Building the index of cells: every zone drawn into the cells it lies in.

Zone after zone is drawn on a sheet the size of its rectangle and written to a spool, as (cell, number of
words, words); the spool is then put in order of cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geo.cells import (
    ASK,
    EVEN,
    FINAL,
    KIND_BITS,
    LEFT,
    MARGIN_DEG,
    ODD,
    RIGHT,
    ROUND,
    UNSURE_SIDE,
    WHOLE,
    Frame,
    Index,
    anchor_x,
    anchor_y,
    column_of,
    rank_of,
    row_of,
    side_of,
)
from geo.distance import EARTH_RADIUS_M, metres_between
from geo.kernel import kernel
from geo.outlines import Outlines

# Memory: 1.5 bits a cell, 4 bytes a cell that is not empty, 4 bytes a word, 16 bytes a vertex; building takes
# 9 bytes a cell more and the words twice. Smaller cells leave fewer positions to test, and more memory to
# look through.
# 10,000 zones of 110 corners, 1 to 6 km across, take 39 MB, 1,000 of them 3 MB.
MAX_CELLS = 1 << 22
CELLS_A_ZONE = 1024
MIN_CELLS = 4096
MAX_IN_BOXES = 1 << 22  # cells of the zones' rectangles, all zones together, when these are many and large
MAX_SPOOL = 1 << 27  # words, 512 MiB: a map of a country takes a tenth

_DEGREE_M = float(np.radians(1.0)) * EARTH_RADIUS_M
_NONE = -1


class Sheet(NamedTuple):
    """Room to draw one zone: for each cell of its rectangle the newest piece of boundary in it, whether
    the anchors from here on to the east change sides, and whether rounding could decide that; for each piece
    its first and last edge and the piece before it in the same cell."""

    newest: NDArray[np.int32]
    changes: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    older: NDArray[np.int32]


def build_index(outlines: Outlines) -> Index | None:
    """The index of zones; None where none of them has an area."""
    boxes = outlines.box[~np.isnan(outlines.box[:, 0])]
    if not len(boxes):
        return None
    cells = float(min(MAX_CELLS, max(MIN_CELLS, CELLS_A_ZONE * len(boxes))))
    while True:
        frame = _frame(boxes, cells)
        spool = _spooled(outlines, frame)
        if spool is not None:
            return _index(outlines, frame, spool)
        cells /= 4


def _frame(box: NDArray[np.float64], cells: float) -> Frame:
    """A frame around all boxes, of about so many square cells; fewer where boxes are many and large."""
    west, south = box[:, :2].min(axis=0) - 2 * MARGIN_DEG
    extent = box[:, 2:].max(axis=0) + 2 * MARGIN_DEG - (west, south)
    while True:
        side = np.sqrt(extent.prod() / cells)
        columns, rows = (int(count) for count in np.clip(extent // side, 1, cells))
        width, height = (float(part) for part in extent / (columns, rows))
        spans = (box[:, 2:] - box[:, :2]) / (width, height) + 2
        if spans.prod(axis=1).sum() <= max(MAX_IN_BOXES, 16 * len(box)) or cells <= 1:
            return Frame(float(west), float(south), width, height, 1 / width, 1 / height, columns, rows)
        cells /= 2


def _spooled(outlines: Outlines, frame: Frame) -> NDArray[np.int32] | None:
    """The spool of all zones; None where it would be too long for its bound."""
    largest = _largest_part(outlines.box, frame)
    newest = np.full(largest, _NONE, np.int32)
    changes, doubtful = np.zeros(largest, bool), np.zeros(largest, bool)
    pieces, room = 4096, 1 << 16
    spool = np.empty(room, np.int32)
    zone, used = 0, 0
    while True:
        sheet = Sheet(newest, changes, doubtful, *(np.empty(pieces, np.int32) for _ in range(3)))
        zone, used, need_pieces, need_room = _draw_zones(zone, used, outlines, frame, sheet, spool)
        if zone == len(outlines.box):
            return spool[:used]
        if used + need_room > MAX_SPOOL or need_pieces > MAX_SPOOL:
            return None
        pieces = max(pieces, need_pieces)
        if used + need_room > len(spool):
            spool = np.concatenate([spool[:used], np.empty(max(need_room, used), np.int32)])


class Part(NamedTuple):
    """The part of a frame that a zone lies in: its first column and row, and how many of each."""

    west: int
    south: int
    columns: int
    rows: int


@kernel
def _part(box: Any, frame: Any) -> Part:
    west, south = column_of(box[0] - MARGIN_DEG, frame), row_of(box[1] - MARGIN_DEG, frame)
    east, north = column_of(box[2] + MARGIN_DEG, frame), row_of(box[3] + MARGIN_DEG, frame)
    return Part(west, south, east - west + 1, north - south + 1)


@kernel
def _largest_part(boxes: Any, frame: Any) -> int:
    largest = 0
    for zone in range(len(boxes)):
        if boxes[zone, 0] == boxes[zone, 0]:
            part = _part(boxes[zone], frame)
            largest = max(largest, part.columns * part.rows)
    return largest


@kernel
def _draw_zones(
    begin: int, used: int, outlines: Any, frame: Any, sheet: Any, spool: Any
) -> tuple[int, int, int, int]:
    """Draw zones from `begin` on. Returns the zone it would draw next, how long the spool is, and how many
    pieces and words that zone may need."""
    for zone in range(begin, len(outlines.box)):
        box = outlines.box[zone]
        if box[0] != box[0]:
            continue
        part = _part(box, frame)
        pieces = 0
        if outlines.circle[zone] < 0:
            pieces = _trace(zone, outlines, frame, part, sheet, False)
        room = 2 * pieces + 4 * part.columns * part.rows
        if pieces > len(sheet.first) or used + room > len(spool):
            return zone, used, pieces, room
        if outlines.circle[zone] >= 0:
            used = _draw_circle(zone, outlines, frame, part, spool, used)
        else:
            _trace(zone, outlines, frame, part, sheet, True)
            _cross_anchors(zone, outlines, frame, part, sheet)
            used = _write(zone, frame, part, sheet, spool, used)
    return len(outlines.box), used, 0, 0


@kernel
def _trace(zone: int, outlines: Any, frame: Any, part: Any, sheet: Any, draw: bool) -> int:
    """Note each edge of a zone in the cells it comes into; returns how many pieces that makes, or, when not
    to `draw`, could make at most."""
    count = 0
    for edge in range(outlines.first[zone], outlines.first[zone + 1]):
        if not outlines.joined[edge]:
            continue
        x0, y0 = outlines.vertices[edge, 0], outlines.vertices[edge, 1]
        x1, y1 = outlines.vertices[edge + 1, 0], outlines.vertices[edge + 1, 1]
        first, last = row_of(min(y0, y1) - MARGIN_DEG, frame), row_of(max(y0, y1) + MARGIN_DEG, frame)
        for row in range(first, last + 1):
            begin, end = 0.0, 1.0
            if first != last and y0 != y1:
                bottom = frame.south + row * frame.height - MARGIN_DEG
                one = (bottom - y0) / (y1 - y0)
                other = (bottom + frame.height + 2 * MARGIN_DEG - y0) / (y1 - y0)
                begin, end = min(max(min(one, other), 0.0), 1.0), max(min(max(one, other), 1.0), 0.0)
            one, other = x0 + begin * (x1 - x0), x0 + end * (x1 - x0)
            low = column_of(min(one, other) - MARGIN_DEG, frame)
            high = column_of(max(one, other) + MARGIN_DEG, frame)
            if not draw:
                count += high - low + 1
                continue
            cell = (row - part.south) * part.columns - part.west
            for column in range(low, high + 1):
                count += _note(sheet, cell + column, edge, count)
    return count


@kernel
def _note(sheet: Any, cell: int, edge: int, count: int) -> int:
    """Add an edge to a cell: to its newest piece, or as a new one. Returns how many pieces were made."""
    piece = sheet.newest[cell]
    if piece != _NONE and sheet.last[piece] == edge - 1:
        sheet.last[piece] = edge
        return 0
    sheet.first[count], sheet.last[count], sheet.older[count] = edge, edge, piece
    sheet.newest[cell] = count
    return 1


@kernel
def _cross_anchors(zone: int, outlines: Any, frame: Any, part: Any, sheet: Any) -> None:
    """Mark where the anchors of a row change from one side of the zone's boundary to the other."""
    for edge in range(outlines.first[zone], outlines.first[zone + 1]):
        if not outlines.joined[edge]:
            continue
        x0, y0 = outlines.vertices[edge, 0], outlines.vertices[edge, 1]
        x1, y1 = outlines.vertices[edge + 1, 0], outlines.vertices[edge + 1, 1]
        east, west = (RIGHT, LEFT) if y1 > y0 else (LEFT, RIGHT)
        for row in range(row_of(min(y0, y1), frame), row_of(max(y0, y1), frame) + 1):
            y = anchor_y(row, frame)
            if (y0 > y) == (y1 > y):
                continue
            # The first anchor to the east of the edge: a guess, then made exact.
            column = column_of(x0 + (y - y0) / (y1 - y0) * (x1 - x0), frame)
            while column > part.west and side_of(anchor_x(column - 1, frame), y, x0, y0, x1, y1) != west:
                column -= 1
            while column < part.west + part.columns:
                cell = (row - part.south) * part.columns + column - part.west
                side = side_of(anchor_x(column, frame), y, x0, y0, x1, y1)
                if side == UNSURE_SIDE:
                    sheet.doubtful[cell] = True
                if side == east:
                    sheet.changes[cell] = not sheet.changes[cell]
                    break
                column += 1


@kernel
def _write(zone: int, frame: Any, part: Any, sheet: Any, spool: Any, used: int) -> int:
    """Write what was drawn to the spool, and leave the sheet clean. Returns how long the spool is."""
    at = 0
    for row in range(part.south, part.south + part.rows):
        inside = False
        for column in range(part.west, part.west + part.columns):
            inside = inside != sheet.changes[at]
            piece, doubtful = sheet.newest[at], sheet.doubtful[at]
            sheet.changes[at], sheet.doubtful[at], sheet.newest[at] = False, False, _NONE
            at += 1
            if piece == _NONE and not inside:
                continue
            size = used + 1
            spool[used] = row * frame.columns + column
            used += 3
            if piece == _NONE:
                kind = WHOLE
            elif doubtful:
                kind = ASK
                used += 1
            else:
                kind = ODD if inside else EVEN
                while piece != _NONE:
                    following = sheet.older[piece]
                    spool[used] = sheet.first[piece]
                    spool[used + 1] = sheet.last[piece] if following == _NONE else ~sheet.last[piece]
                    used += 2
                    piece = following
            spool[size], spool[size + 1] = used - size - 1, zone << KIND_BITS | kind
    return used


@kernel
def _draw_circle(zone: int, outlines: Any, frame: Any, part: Any, spool: Any, used: int) -> int:
    """Write the cells that a circle covers or whose middle lies too near its edge to say."""
    number = outlines.circle[zone]
    x, y, radius_m = outlines.circles[number]
    # From its middle no place of a cell is farther than this; a millimetre for rounding and margins.
    reach_m = _DEGREE_M * np.hypot(frame.width, frame.height) * 0.5 + 0.001
    for row in range(part.south, part.south + part.rows):
        for column in range(part.west, part.west + part.columns):
            middle_x = frame.west + (column + 0.5) * frame.width
            middle_y = frame.south + (row + 0.5) * frame.height
            distance_m = metres_between(x, y, middle_x, middle_y)
            if distance_m - reach_m > radius_m:
                continue
            spool[used] = row * frame.columns + column
            if distance_m + reach_m < radius_m:
                spool[used + 1], spool[used + 2] = 1, zone << KIND_BITS | WHOLE
                used += 3
            else:
                spool[used + 1], spool[used + 2], spool[used + 3] = 2, zone << KIND_BITS | ROUND, number
                used += 4
    return used


def _index(outlines: Outlines, frame: Frame, spool: NDArray[np.int32]) -> Index:
    """The spool in order of cells."""
    cells = frame.columns * frame.rows
    sizes, zones = np.zeros(cells, np.int32), np.zeros(cells, np.int32)
    _count_words(spool, sizes, zones)
    filled = np.packbits(np.pad(sizes > 0, (0, -cells % 64)), bitorder="little").view(np.uint64)
    of_filled = np.bitwise_count(filled).astype(np.int32)
    before = (np.cumsum(of_filled) - of_filled).astype(np.int32)
    sizes[sizes == 1] = 0  # one zone that covers the cell: it needs no words
    words = np.empty(int(sizes.sum()), np.int32)
    place = (np.cumsum(sizes) - sizes).astype(np.int32)
    contents = np.empty(int(of_filled.sum()), np.int32)
    index = Index(
        frame, filled.view(np.int64), before, contents, words, outlines.vertices, outlines.circles,
        int(zones.max()),
    )  # fmt: skip
    _place_words(spool, sizes, place, zones, index)
    return index


@kernel
def _count_words(spool: Any, sizes: Any, zones: Any) -> None:
    at = 0
    while at < len(spool):
        sizes[spool[at]] += spool[at + 1]
        zones[spool[at]] += 1
        at += 2 + spool[at + 1]


@kernel
def _place_words(spool: Any, sizes: Any, place: Any, left: Any, index: Any) -> None:
    """Put the words of each cell together: `place` is where the next ones go, `left` how many zones come."""
    at = 0
    while at < len(spool):
        cell, count = spool[at], spool[at + 1]
        rank = rank_of(np.int64(cell), index)
        at += 2
        if sizes[cell] == 0:
            index.contents[rank] = ~(spool[at] >> KIND_BITS)
        else:
            begin = place[cell]
            for one in range(count):
                index.words[begin + one] = spool[at + one]
            if sizes[cell] > 0:
                index.contents[rank] = begin
                sizes[cell] = -1
            left[cell] -= 1
            if left[cell] == 0:
                index.words[begin] |= FINAL
            place[cell] += count
        at += count
