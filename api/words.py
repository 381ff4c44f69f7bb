"""marshmallow's sentences in Portuguese: they reach whoever filled in the field."""

from typing import Any, Final

import marshmallow as ma

FIELDS: Final[dict[Any, dict[str, str]]] = {
    ma.fields.Field: {
        "required": "Campo obrigatório.",
        "null": "Este campo não pode ficar vazio.",
        "validator_failed": "Valor inválido.",
    },
    ma.fields.String: {"invalid": "Escreva um texto.", "invalid_utf8": "O texto não está em UTF-8."},
    ma.fields.Integer: {"invalid": "Escreva um número inteiro."},
    ma.fields.Number: {"invalid": "Escreva um número.", "too_large": "O número é grande demais."},
    ma.fields.Boolean: {"invalid": "Use true ou false."},
    ma.fields.DateTime: {
        "invalid": "Escreva data e hora em ISO 8601, por exemplo 2026-11-21T09:00:00-03:00.",
        "invalid_awareness": "A data precisa do fuso, por exemplo -03:00.",
        "format": "A data não pode ser escrita.",
    },
    ma.fields.Time: {"invalid": "Escreva a hora como 09:00."},
    ma.fields.Date: {"invalid": "Escreva a data como 2026-11-21."},
    ma.fields.List: {"invalid": "Mande uma lista."},
    ma.fields.Dict: {"invalid": "Mande um objeto."},
    ma.fields.Nested: {"type": "Mande um objeto."},
    ma.fields.Email: {"invalid": "Este e-mail não é válido."},
    ma.fields.Url: {"invalid": "Este endereço não é válido."},
    ma.fields.UUID: {"invalid_uuid": "Este identificador não é válido."},
}


def speak_portuguese() -> None:
    """Replace the defaults, once for the process."""
    for field, sentences in FIELDS.items():
        field.default_error_messages = field.default_error_messages | sentences
    ma.Schema.error_messages = {
        "unknown": "Este campo não existe.",
        "type": "Mande um objeto JSON.",
        "required": "Campo obrigatório.",
    }
    ma.validate.Email.default_message = FIELDS[ma.fields.Email]["invalid"]
    ma.validate.URL.default_message = FIELDS[ma.fields.Url]["invalid"]
    ma.validate.OneOf.default_message = "Escolha um destes: {choices}."
    ma.validate.Regexp.default_message = "O formato não é o esperado."
    _ranges()


def _ranges() -> None:
    ma.validate.Range.message_min = "O mínimo é {{min}}."  # formatted twice by marshmallow
    ma.validate.Range.message_max = "O máximo é {{max}}."
    ma.validate.Range.message_all = "Use um valor de {{min}} a {{max}}."
    ma.validate.Length.message_min = "Use pelo menos {min}."
    ma.validate.Length.message_max = "Use no máximo {max}."
    ma.validate.Length.message_all = "Use de {min} a {max}."
    ma.validate.Length.message_equal = "Use exatamente {equal}."
