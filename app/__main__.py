"""`python -m app` is the command `chromalab`, wherever that is not on the path."""

from app.cli import main

main()
