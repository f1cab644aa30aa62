"""What the header cells of a table head: their scope, and for each value the cells that name it.

HTML's ``scope`` does not reach WeasyPrint's tags, but where a cell stands says the same: in the
head of the table it heads its column; alone in its row, the rows below it; else its row.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice, repeat

from invoice_renderer.pdf.rows import RowBlock
from invoice_renderer.pdf.structure import IDENTIFIER, Node


def head_tables(tree: Node) -> None:
    """Give every header cell its scope, and the values of a table with columns their headers."""
    numbers = count(1)
    for table in tree.all_of("Table"):
        _head(table, numbers)
        for cell in (*table.all_of("TD"), *table.all_of("TH")):
            head_tables(cell)


def _head(table: Node, numbers: Iterator[int]) -> None:
    columns: dict[int, list[Node]] = {}
    group: list[Node] = []
    for section in table.nodes():
        for row in (section,) if section.kind == "TR" else tuple(section.kids):
            if isinstance(row, RowBlock):
                _head_block(row, columns, group, numbers)
                continue
            if not isinstance(row, Node):
                continue
            cells = list(row.nodes())
            if section.kind == "THead":
                _head_columns(cells, columns)
            elif len(cells) == 1 and cells[0].kind == "TH":
                cells[0].scope = "Column"
                group = cells
            else:
                _head_row(cells, columns, group, numbers)
        group = []


def _head_columns(cells: list[Node], columns: dict[int, list[Node]]) -> None:
    position = 0
    for cell in cells:
        if cell.kind == "TH":
            cell.scope = "Column"
            for column in range(position, position + cell.column_span):
                columns.setdefault(column, []).append(cell)
        position += cell.column_span


def _head_row(
    cells: list[Node], columns: dict[int, list[Node]], group: list[Node], numbers: Iterator[int]
) -> None:
    heads = [cell for cell in cells if cell.kind == "TH"]
    for cell in heads:
        cell.scope = "Row"
    position = 0
    for cell in cells:
        if cell.kind == "TD" and columns:
            naming = (*columns.get(position, ()), *group, *heads)
            cell.headers = tuple(_identifier(head, numbers) for head in naming)
        position += cell.column_span


def _head_block(
    block: RowBlock, columns: dict[int, list[Node]], group: list[Node], numbers: Iterator[int]
) -> None:
    """The same for many rows: what names a cell is the same for all rows of a kind."""
    for setter, rows in block.runs:
        cells = setter.stencil.cells
        has_head = any(cell.kind == "TH" for cell in cells)
        is_identified = has_head and columns and any(cell.kind == "TD" for cell in cells)
        own = numbers if is_identified else repeat(0)
        if id(setter) in block.headers:
            block.identifiers.extend(islice(own, rows))
            continue
        number = 0
        headers, position = [], 0
        for cell in cells:
            names = b""
            if cell.kind == "TD" and columns:
                naming = (*columns.get(position, ()), *group)
                names = b"".join(IDENTIFIER % _identifier(head, numbers) for head in naming)
                if has_head and not number:
                    number = next(numbers)
            headers.append(names)
            position += cell.column_span
        block.headers[id(setter)] = tuple(headers)
        block.identifiers.append(number)
        block.identifiers.extend(islice(own, rows - 1))


def _identifier(head: Node, numbers: Iterator[int]) -> int:
    head.identifier = head.identifier or next(numbers)
    return head.identifier
