"""Figures as a table on standard output."""


def show(title, columns, rows):
    """rows: what is measured, its unit, and a cell for each column."""
    print()
    print(f"{title:29}" + "".join(f"{column:>12}" for column in columns))
    for measure, unit, cells in rows:
        print(f"{measure:23}{unit:>6}" + "".join(f"{cell:>12}" for cell in cells))
    print()
