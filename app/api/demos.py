"""The lab's demos: what each shows, and the settings that it takes."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from app.lab import Demo
from app.problems import NotFound, responses
from app.services import Services, services

router = APIRouter(prefix="/demos", tags=["Lab"])

Parts = Annotated[Services, Depends(services)]


class DemoCard(BaseModel):
    """A demo in the list."""

    name: str = Field(description="What POST /jobs takes as `demo`.", examples=["rmsprop-counterexample"])
    title: str = Field(examples=["RMSProp need not find the minimum norm"])
    summary: str = Field(description="What it shows, in a sentence.")
    params_schema: dict[str, Any] = Field(
        description="JSON Schema of what POST /jobs takes as `params`; every setting has a default."
    )

    @classmethod
    def of(cls, demo: Demo[Any]) -> "DemoCard":
        """The card of a demo."""
        return cls(name=demo.name, title=demo.title, summary=demo.summary, params_schema=demo.schema())


class DemoDetails(DemoCard):
    """A demo with its text."""

    text: str = Field(
        description="What it shows and why it is true: paragraphs between blank lines, LaTeX between `$`."
    )


class Demos(BaseModel):
    """Every demo."""

    demos: list[DemoCard]


@router.get("", summary="List the demos")
def list_demos(parts: Parts) -> Demos:
    """All demos of the lab, each with the JSON Schema of its settings."""
    return Demos(demos=[DemoCard.of(demo) for demo in parts.jobs.demos.values()])


@router.get("/{name}", summary="Show a demo", responses=responses(NotFound))
def show_demo(name: Annotated[str, Path(examples=["rmsprop-counterexample"])], parts: Parts) -> DemoDetails:
    """A demo with the JSON Schema of its settings and the text that explains it."""
    demo = parts.jobs.demo(name)
    return DemoDetails(**DemoCard.of(demo).model_dump(), text=demo.text.strip())
