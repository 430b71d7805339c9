"""What a person sees when a page cannot be shown: what happened, and where to go from here."""

from starlette.requests import Request
from starlette.responses import Response

from app.pages.render import render
from app.problems import ProblemBody


def problem_page(request: Request, problem: ProblemBody) -> Response:
    """The problem as a page in the house's own face."""
    return render(request, "problem.html", {"problem": problem}, status=problem.status)
