"""What a number can be, and why a text isn't one. Pure; `core.phone` reads and hands these names on."""

from enum import StrEnum
from typing import Final


class PhoneKind(StrEnum):
    MOBILE = "mobile"
    LANDLINE = "landline"
    OTHER = "other"


class PhoneProblem(StrEnum):
    """Why a text is not a number one can write to; `sentence` is for the person who typed it."""

    EMPTY = "empty"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNKNOWN_DDD = "unknown_ddd"
    NOT_PERSONAL = "not_personal"
    ROUNDED = "rounded"
    INVALID = "invalid"

    @property
    def sentence(self) -> str:
        return _SENTENCES[self]


_SENTENCES: Final = {
    PhoneProblem.EMPTY: "O telefone está vazio.",
    PhoneProblem.TOO_SHORT: "Faltam dígitos no telefone; confira se o DDD está presente.",
    PhoneProblem.TOO_LONG: "O telefone tem dígitos demais; deixe um número só na célula.",
    PhoneProblem.UNKNOWN_DDD: "Esse DDD não existe; se for de outro país, comece com + e o código do país.",
    PhoneProblem.NOT_PERSONAL: "É um número de serviço (0800, 0300, 4003...), que não recebe WhatsApp.",
    PhoneProblem.ROUNDED: "A planilha arredondou este telefone (como em 1,1987E+10) e perdeu os últimos dígitos; "
    "formate a coluna como texto e escreva-o de novo.",
    PhoneProblem.INVALID: "Esse telefone não existe; confira os dígitos.",
}
