"""Progress lines and tables, as a terminal and as a log see them."""

import io

from course.progress import Board, table


class Screen(io.StringIO):
    """A terminal: knows cursor up and erase, and keeps the lines that would be seen."""

    def isatty(self):
        return True

    def lines(self):
        rows, at = [""], 0
        for piece in self.getvalue().replace("\x1b[", "\x1b").split("\x1b"):
            if piece[:1].isdigit() and "A" in piece[:4]:
                up, piece = piece.split("A", 1)
                at -= int(up)
            elif piece.startswith("K"):
                rows[at], piece = "", piece[1:]
            for char in piece:
                if char == "\n":
                    at += 1
                    rows += [""] * (at + 1 - len(rows))
                elif char != "\r":
                    rows[at] += char
        return rows


def test_a_terminal_shows_one_line_per_job_in_place(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen()
    board = Board(["one", "three"], screen)
    board.start("one")
    board.cells("one", 1, 4)
    board.cells("one", 2, 4)
    board.start("three")
    board.end("one", "ok, 3 s")
    board.close()
    seen = screen.lines()
    assert next(line.rstrip() for line in seen if line) == "one    ok, 3 s"
    assert len([line for line in seen if line]) == 2 and "0 of 0 cells" in seen[1]


def test_no_line_is_wider_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    screen = Screen()
    board = Board(["a"], screen)
    board.end("a", "x" * 200)
    assert max(map(len, screen.lines())) < 30


def test_a_log_gets_start_and_end_and_no_control_characters():
    log = io.StringIO()
    board = Board(["one"], log)
    board.start("one")
    for done in range(50):
        board.cells("one", done, 50)
    board.end("one", "ok")
    board.close()
    assert log.getvalue() == "one: started\none: ok\n"


def test_a_table_lines_up_and_puts_numbers_right():
    text = table(("name", "seconds", ""), [("a", "5", "ok"), ("long name", "123", "")])
    assert text.splitlines() == [
        "name       seconds",
        "---------  -------  --",
        "a                5  ok",
        "long name      123",
    ]
