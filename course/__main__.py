"""`python -m course`: works with a bare Python, from the clone."""

from course.cli import main

raise SystemExit(main())
