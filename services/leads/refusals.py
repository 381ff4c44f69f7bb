"""Why a file, a row or an action is refused, in words that say what to do."""

from typing import Final

from core.errors import AppError, Conflict, InvalidInput, NotFound, TooLarge
from core.phone import PhoneProblem


class FileRefused(InvalidInput):
    """The file can't become leads; nothing of it was kept. `fields` puts the sentence beside the file input."""

    code = "file_refused"

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message, code=code, fields={"file": [message]})


class UnsupportedFile(FileRefused):
    """The content is no spreadsheet, whatever the name says."""

    http_status = 415

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Este arquivo {what}. Exporte a planilha como CSV ou XLSX e envie de novo.", code="unsupported_file"
        )


class UnpacksTooLarge(FileRefused):
    """A workbook that would take more memory than a worker has."""

    def __init__(self) -> None:
        super().__init__(
            "Descompactada, esta planilha fica grande demais para ler. Salve como CSV ou divida em partes e envie.",
            code="unpacks_too_large",
        )


class HasPassword(FileRefused):
    """A workbook nobody can read without its password."""

    def __init__(self) -> None:
        super().__init__("A planilha tem senha. Salve-a sem senha e envie de novo.", code="password")


def damaged() -> FileRefused:
    """What a person can do about a workbook that can't be read."""
    return FileRefused(
        "O arquivo está cortado ou danificado. Abra-o no Excel, salve de novo como XLSX e envie.", code="damaged_file"
    )


class FileTooBig(TooLarge):
    """Over the size limit."""

    code = "file_too_large"


class ListNotFound(NotFound):
    """No such list, or it was deleted."""

    code = "list_not_found"
    message = "Esta lista não existe ou foi apagada."


class LeadNotFound(NotFound):
    """No such person, or not in this list."""

    code = "lead_not_found"
    message = "Esta pessoa não está na lista."


class ImportNotFound(NotFound):
    """No such import."""

    code = "import_not_found"
    message = "Esta importação não existe."


class CannotUndo(Conflict):
    """The import's rows are in use, or it is not finished."""

    code = "cannot_undo"


class NothingToImport(Conflict):
    """The verdict has nobody in it."""

    code = "nothing_usable"
    message = "Nenhuma linha pôde ser aproveitada, então não há o que importar."


class ImportTakenOver(AppError):
    """Another worker holds the import now; what this one wrote is rolled back."""

    code = "import_taken_over"
    http_status = 409
    message = "Outro processo assumiu esta importação."


NOT_SELECTED: Final = "not_selected"
ROW_REASONS: Final[dict[str, str]] = {
    "empty": "Linhas sem telefone: preencha a coluna do número.",
    "too_short": "Faltam dígitos no telefone: escreva o DDD e o número completo.",
    "too_long": "Dígitos demais no telefone: deixe um só número na célula.",
    "unknown_ddd": "DDD que não existe: corrija ou, se for de outro país, comece com + e o código do país.",
    "not_personal": "Números de serviço (0800, 0300, 4003...): não recebem WhatsApp, troque por um celular.",
    "rounded": "Telefones que a planilha arredondou (1,1987E+10): formate a coluna como texto e escreva-os de novo.",
    "invalid": "Telefones que não existem: confira os dígitos.",
    "too_many_cells": "Linhas com mais células que o cabeçalho: ponha entre aspas o texto que tem o separador.",
    "open_quote": "Aspas que abrem e não fecham: apague a aspa ou feche-a no fim da célula.",
}
"""Reason of a refused row -> the repair, shown once for the whole group."""

assert {str(problem) for problem in PhoneProblem} <= set(ROW_REASONS)
