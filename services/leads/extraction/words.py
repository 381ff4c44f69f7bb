"""Refusals and endings of extractions, in words that say what to do. Pure."""

from dataclasses import dataclass
from typing import Final

from core.errors import Conflict, NotFound
from models.leads_extractions import ExtractionStatus

MAX_ITEMS: Final = 5_000
MOST_AT_ONCE: Final = 3
MAX_WORDS: Final = 120


class ExtractionNotFound(NotFound):
    """No such extraction."""

    code = "extraction_not_found"
    message = "Esta extração não existe ou foi apagada."


class NoToken(Conflict):
    """Neither the tenant nor the platform has an Apify token."""

    code = "no_apify_token"
    message = "Falta o token da Apify. Cadastre-o em “Conta da Apify” e tente de novo."


class TooManyExtractions(Conflict):
    """The tenant's extractions at once are limited."""

    code = "too_many_extractions"
    message = f"Já há {MOST_AT_ONCE} extrações em andamento. Espere uma terminar ou interrompa uma delas."


GAVE_UP: Final = (
    "unreachable",
    "Não conseguimos falar com a Apify depois de muitas tentativas. Confira em “Conta da Apify” se ela responde e "
    "tente de novo.",
)
LOST_SIGHT: Final = (
    "lost",
    "A busca não terminou no tempo previsto e a Apify não diz o que houve. Veja a situação na Apify e tente de novo.",
)
ENDINGS: Final = {
    "actor_failed": "O buscador do Google Maps falhou antes de achar o primeiro lugar. Tente de novo; se repetir, "
    "mude o que procurar ou onde.",
    "actor_failed_partly": "O buscador do Google Maps falhou no meio. Salvamos os lugares que ele já tinha achado; "
    "repita a extração para completar.",
    "timed_out": "O tempo da busca acabou sem nenhum lugar. Peça menos lugares ou uma região menor, e tente de novo.",
    "timed_out_partly": "O tempo da busca acabou antes do fim. Salvamos os lugares achados; repita com menos lugares "
    "ou uma região menor para completar.",
    "no_places": "Nenhum lugar encontrado. Escreva de outro jeito (por exemplo “dentista” em vez de “odontólogos "
    "especialistas”) ou escolha uma cidade maior.",
    "no_phones": "Nenhum dos lugares encontrados tem telefone, então ninguém foi salvo. Procure outra atividade ou "
    "outra região.",
    "stopped_outside": "A busca foi interrompida na Apify (o gasto máximo pode ter sido atingido). Salvamos o que ela "
    "já tinha achado.",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How an extraction ends; `code` "" when there is nothing to tell."""

    status: ExtractionStatus
    code: str = ""
    message: str = ""


def ending_of(run_status: str, found: int, *, saved: int, is_abort_ours: bool) -> Ending:
    """What becomes of an extraction whose run ended so and whose places are written."""
    if run_status == "ABORTED" and is_abort_ours:
        return Ending(ExtractionStatus.ABORTED)
    if run_status == "ABORTED":
        return _told(ExtractionStatus.ABORTED, "stopped_outside")
    if found and not saved:
        return _told(ExtractionStatus.FINISHED, "no_phones")
    if run_status in {"FAILED", "TIMED-OUT"}:
        name = "actor_failed" if run_status == "FAILED" else "timed_out"
        return _told(ExtractionStatus.FINISHED, f"{name}_partly") if found else _told(ExtractionStatus.FAILED, name)
    return Ending(ExtractionStatus.FINISHED) if found else _told(ExtractionStatus.FINISHED, "no_places")


def _told(status: ExtractionStatus, code: str) -> Ending:
    return Ending(status, code, ENDINGS[code])
