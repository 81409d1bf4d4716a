"""`python -m course`: works with a bare Python, from the clone."""

from course.cli import main

if __name__ == "__main__":  # a worker process that is started anew imports this
    raise SystemExit(main())
