"""The little that a simulator needs of a web framework: routes, reading, answering."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import Environment, PackageLoader
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

Handler = Callable[..., Response]


class App:
    """A WSGI application. A handler gets the request and the variables of its path."""

    def __init__(self, package: str) -> None:
        self._rules = Map(strict_slashes=False)
        self._handlers: dict[str, Handler] = {}
        self._pages = Environment(
            loader=PackageLoader(package), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )

    def add(self, path: str, handler: Handler, *methods: str) -> None:
        name = f"{path} {methods}"
        self._rules.add(Rule(path, endpoint=name, methods=methods or ("GET",)))
        self._handlers[name] = handler

    def page(self, template: str, **values: object) -> Response:
        text = self._pages.get_template(template).render(**values)
        return Response(text, mimetype="text/html")

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        request = Request(environ)
        try:
            name, values = self._rules.bind_to_environ(environ).match()
            answer: Response | HTTPException = self._handlers[name](request, **values)
        except HTTPException as refused:
            answer = refused
        return answer(environ, start_response)


def said(request: Request) -> dict[str, str]:
    """Query, form and JSON body as one, the body winning."""
    values = {**request.args.to_dict(), **request.form.to_dict()}
    if request.is_json:
        body = request.get_json()
        values |= {str(name): str(value) for name, value in body.items()}
    return values


def answer_json(content: object, status: int = 200) -> Response:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, content_type="application/json;charset=utf-8")


def missing(what: str) -> NotFound:
    return NotFound(f"no {what}")


def hang_up(request: Request) -> Response:
    """Close the line without a word, as a broken network does after the work was done."""
    line: socket.socket = request.environ["werkzeug.socket"]
    line.shutdown(socket.SHUT_RDWR)
    return Response(b"")


def wants_page(request: Request) -> bool:
    """A browser's form was sent, so the answer is the page again and not JSON."""
    return "text/html" in request.headers.get("Accept", "")


def plain(row: sqlite3.Row) -> dict[str, Any]:
    return dict(row)
