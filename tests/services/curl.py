"""Reads the curl commands of the documentation, and sends what they would."""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2


@dataclass
class Curl:
    """A request as a command line tells it: -F, -H, -d, --json, and what changes the output only."""

    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    fields: list[tuple[str, str]] = field(default_factory=list)
    output: str | None = None

    @classmethod
    def read(cls, line: str) -> "Curl":
        """The request of one command; fails for an option it does not know."""
        found, words = cls(), iter(shlex.split(line, comments=True))
        assert next(words) == "curl"
        for word in words:
            if word in ("-i", "-N"):
                continue
            elif word == "-F":
                name, _, value = next(words).partition("=")
                found.fields.append((name, value))
            elif word == "-H":
                name, _, value = next(words).partition(":")
                found.headers[name] = value.strip()
            elif word in ("-d", "--json"):
                found.body = next(words)
                if word == "--json":
                    found.headers["Content-Type"] = "application/json"
            elif word == "-o":
                found.output = next(words)
            else:
                assert not word.startswith("-"), word
                assert not found.url, line
                found.url = word if word.startswith("http") else f"http://{word}"
        return found

    def send(self, client: httpx2.Client, folder: Path) -> httpx2.Response:
        """The answer; files are read from and written to the folder."""
        request: dict[str, Any] = {"headers": self.headers}
        if self.fields:
            request["files"] = [
                (name, (value[1:], (folder / value[1:]).read_bytes()) if value[:1] == "@" else (None, value))
                for name, value in self.fields
            ]
        elif self.body is not None:
            request["content"] = self.body
        method = "POST" if self.fields or self.body is not None else "GET"
        answer = client.request(method, self.url, **request)
        if self.output is not None:
            (folder / self.output).write_bytes(answer.content)
        return answer
