"""Refusals a person can meet: a code for programs, a Portuguese sentence for people, an HTTP status for both.

One handler (`views.errors`) turns them into a page, a fragment or the JSON envelope of the API. Rooms subclass
these; nothing else in the house is raised at a person.
"""

from collections.abc import Mapping, Sequence


class AppError(Exception):
    """Base of every refusal. `code` is snake_case and stable; `message` says what to do next, in Portuguese."""

    code = "error"
    http_status = 400
    message = "Não foi possível concluir. Confira os dados e tente de novo."

    def __init__(
        self, message: str | None = None, *, fields: Mapping[str, Sequence[str]] | None = None, code: str | None = None
    ) -> None:
        self.message = message or type(self).message
        self.code = code or type(self).code
        self.fields = {name: list(problems) for name, problems in (fields or {}).items()}
        super().__init__(self.message)

    @property
    def first_sentence(self) -> str:
        """What a page says that has no place beside a field: the first field's problem, else the message."""
        return next((told[0] for told in self.fields.values() if told), self.message)


class InvalidInput(AppError):
    """What was sent can be understood but not accepted; `fields` names each problem."""

    code = "invalid_input"
    http_status = 422
    message = "Alguns campos precisam de atenção."


class NotFound(AppError):
    """Not there, or not this tenant's: a stranger can't tell the difference (architecture rule 3)."""

    code = "not_found"
    http_status = 404
    message = "Não encontramos o que você procura. Talvez tenha sido apagado."


class Unauthenticated(AppError):
    """Nobody is signed in, or the key is wrong."""

    code = "unauthenticated"
    http_status = 401
    message = "Entre na sua conta para continuar."


class Forbidden(AppError):
    """Known, but the role or the key's scope doesn't allow it."""

    code = "forbidden"
    http_status = 403
    message = "Seu papel na equipe não permite esta ação. Peça a quem administra a conta."


class Conflict(AppError):
    """The thing is not in a state that allows this now."""

    code = "conflict"
    http_status = 409
    message = "A situação mudou enquanto você trabalhava. Recarregue a página e tente de novo."


class TooLarge(AppError):
    """A body or file over the limit."""

    code = "too_large"
    http_status = 413
    message = "O arquivo é grande demais."


class TooManyRequests(AppError):
    """Throttled; the sentence says for how long."""

    code = "too_many_requests"
    http_status = 429
    message = "Muitas tentativas seguidas. Espere um pouco e tente de novo."


class Unavailable(AppError):
    """A part we need (database, Redis, a provider) doesn't answer now."""

    code = "unavailable"
    http_status = 503
    message = "Um serviço de que precisamos não respondeu. Tente de novo em instantes."
