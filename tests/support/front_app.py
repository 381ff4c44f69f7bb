"""A throw-away app that shows the templates with made-up context, so that the front end is tested by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

from flask import Flask, Response, flash, redirect, render_template, render_template_string, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from werkzeug.serving import make_server

from core.i18n import init_i18n
from core.pages import init_pages
from core.security import init_security

ROOT = Path(__file__).resolve().parents[2]
PLANS = [
    SimpleNamespace(name=name, slug=name, price_centavos=4900, daily_messages=300, max_instances=1, max_leads=2000)
    for name in ("Starter", "Pro", "Infinito")
]
PAGE = """{% extends "layouts/app.html" %}{% import "components/ui.html" as ui %}
{% block title %}Prova{% endblock %}{% block content %}BODY{% endblock %}"""
LIVE = """{% for id in ids %}{% call ui.live(id, url_for("live"), every_seconds=0.2, active=not done) %}
<b>{{ n }}</b>{% endcall %}{% endfor %}"""
UPLOAD = """<form method="post" action="/upload" enctype="multipart/form-data">{{ ui.csrf() }}
{{ ui.field("file", "Planilha", type="file", required=true, error=error) }}
{{ ui.button("Conferir", "primary") }}</form>"""
PREVIEW = """<form method="post" action="/preview">{{ ui.csrf() }}{{ ui.field("body", "Mensagem", type="textarea",
attrs={"data-module": "bubble-preview", "data-preview-url": "/preview", "data-preview-target": "bubble"}) }}</form>
{{ ui.whatsapp_bubble("", id="bubble") }}"""


class FrontApp:
    """The app and what it saw; tests read `polls` and `posts` and choose the `answers` of the live address."""

    def __init__(self) -> None:
        self.forget()
        self.app = Flask("front", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
        self.app.secret_key = "only for tests"
        init_pages(self.app)
        init_i18n(self.app)
        init_security(self.app, production=False)
        CSRFProtect(self.app)
        self.app.context_processor(context)
        self._add_pages()

    def forget(self) -> None:
        """Start the next test with an empty memory."""
        self.polls: list[str | None] = []
        self.posts: list[dict[str, str]] = []
        self.answers: list[str] = []

    def _add_pages(self) -> None:
        rooms = ("dashboard", "campaigns", "leads", "instances")
        for room in rooms:
            self.app.add_url_rule(f"/{room}", f"{room}.index", lambda room=room: page(f"<p id='room'>{room}</p>"))
        add = self.app.add_url_rule
        add("/", "public.home", lambda: render_template("public/home.html", plans=PLANS))
        add("/login", "accounts.login", lambda: "sign in")
        add("/error/<int:code>", "error", error_page)
        add("/styleguide", "admin.styleguide", style_guide)
        add("/livepage", "livepage", lambda: page(LIVE, ids=["one", "two"], n="0", done=False))
        add("/live", "live", self._live)
        add("/upload", "upload", self._upload, methods=["GET", "POST"])
        add("/preview", "preview", self._preview, methods=["GET", "POST"])
        add("/posted", "posted", self._posted, methods=["POST"])
        add("/confirm", "confirm", lambda: page(CONFIRM))
        add("/deals", "deals", self._deals, methods=["GET", "POST"])

    def _live(self) -> ResponseReturnValue:
        self.polls.append(request.headers.get("If-None-Match"))
        answer = self.answers.pop(0) if self.answers else "same"
        if answer.isdigit() and int(answer) >= 400:
            return "", int(answer)
        text = {"same": "1", "done": "fim"}.get(answer, answer)
        macros = '{% import "components/ui.html" as ui %}'
        html = render_template_string(macros + LIVE, ids=["one", "two"], n=text, done=answer == "done")
        response = Response(html)
        response.set_etag(text)
        return response.make_conditional(request)

    def _upload(self) -> ResponseReturnValue:
        if request.method == "GET":
            return page(UPLOAD, error="")
        if request.files["file"].filename == "leads.csv":
            return redirect("/leads", 303)
        return page(UPLOAD, error="Este arquivo não é uma planilha."), 422

    def _preview(self) -> ResponseReturnValue:
        if request.method == "GET":
            return page(PREVIEW)
        return render_template_string(
            '{% import "components/ui.html" as ui %}{{ ui.whatsapp_bubble(body, id="bubble") }}',
            body=request.form["body"],
        )

    def _posted(self) -> ResponseReturnValue:
        self.posts.append(request.form.to_dict())
        return redirect("/campaigns", 303)

    def _deals(self) -> ResponseReturnValue:
        if request.method == "POST":
            self.posts.append(request.form.to_dict())
            if "HX-Request" not in request.headers:
                return redirect("/deals", 303)
            return render_template_string('{% import "components/ui.html" as ui %}' + DEALS, deals=len(self.posts))
        return page(DEALS, deals=len(self.posts))

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve on a free port of this machine; gives the address."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


DEALS = """<div id="deals"><b>{{ deals }}</b>
{{ ui.post_button("Mais uma venda", "/deals", "ghost", "plus", fields={"delta": 1}, swap="deals") }}
<button type="button" hx-post="/deals" hx-target="#deals" hx-swap="outerMorph">Sem formulário</button></div>"""
CONFIRM = """{{ ui.confirm("del", "Excluir…", "Excluir a campanha?", "Isto não tem volta.", "/posted",
"Excluir para sempre", phrase="Volta às aulas", kind="danger", action="delete") }}"""


def context() -> dict[str, Any]:
    user = SimpleNamespace(name="Ana Demonstração", email="ana@example.com", role="owner", is_authenticated=True)
    return {
        "current_user": user,
        "tenant": SimpleNamespace(name="Clínica Sorriso (demo)", timezone="America/Sao_Paulo"),
        "nav_active": "campaigns",
        "sandbox_url": "http://127.0.0.1:1/sandbox/",
        "licence_notice": SimpleNamespace(level="warning", text="O pagamento está em atraso."),
    }


def page(body: str, **values: Any) -> str:
    return render_template_string(PAGE.replace("BODY", body), **values)


def error_page(code: int) -> ResponseReturnValue:
    return render_template(f"errors/{code}.html", code=code, request_id="7F3A-21C9"), code


def style_guide() -> str:
    if "toasts" in request.args:
        flash("Campanha salva como rascunho.", "success")
        flash({"text": "Lista excluída.", "undo_url": "/posted"}, "info")
        flash("O número ficou desconectado.", "danger")
    return render_template("admin/styleguide.html", now=datetime.now(UTC))
