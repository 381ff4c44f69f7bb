"""Magic phone numbers: the last four digits choose what happens to a message, on every WhatsApp dialect.

    ...0000  accepted, delivered and read (as every number not listed here)
    ...0007  delivered, never read
    ...0009  an old account without the ninth digit: the number check answers with the short JID
    ...0104  connection reset after the request was read; not accepted
    ...0200  HTTP 200 with an error body; not accepted
    ...0201  accepted, but the HTTP 200 body is garbage
    ...0401  HTTP 401; not accepted
    ...0404  number not on WhatsApp: the check says so, a send is refused for good
    ...0408  accepted, but the answer never comes
    ...0409  not accepted, and the answer never comes
    ...0410  accepted and sent, then the provider says by webhook that it failed
    ...0429  HTTP 429 with Retry-After; not accepted
    ...0500  HTTP 500; not accepted
    ...0666  accepted, never delivered
    ...0888  delivered, read, replies "Quero saber mais"
    ...0999  delivered, read, replies "SAIR"

Whatever the instance or the switches, a magic number keeps its outcome.
"""

from dataclasses import dataclass

from sandbox.verdict import Verdict

FAILED, SENT, DELIVERED, READ = -1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Magic:
    """One ending: what a send to it gets (`verdict`), how far its receipts go and what it answers."""

    ending: str
    effect: str
    verdict: Verdict = Verdict.ACCEPT
    last_ack: int = READ
    reply: str | None = None
    has_short_jid: bool = False


PLAIN = Magic("0000", "aceita, entregue e lida (como qualquer número fora desta lista)")

_ENDINGS = (
    PLAIN,
    Magic("0007", "entregue, nunca lida", last_ack=DELIVERED),
    Magic("0009", "conta antiga: a consulta devolve o número sem o nono dígito", has_short_jid=True),
    Magic("0104", "a conexão cai depois de lido o pedido; não aceita", Verdict.RESET),
    Magic("0200", "HTTP 200 com corpo de erro; não aceita", Verdict.REFUSED_WITH_200),
    Magic("0201", "aceita, mas a resposta HTTP 200 vem ilegível", Verdict.GARBAGE),
    Magic("0401", "HTTP 401 (token recusado); não aceita", Verdict.UNAUTHORISED),
    Magic("0404", "sem WhatsApp: a consulta diz que não existe, o envio é recusado", Verdict.UNKNOWN_NUMBER),
    Magic("0408", "aceita, mas a resposta nunca chega", Verdict.SILENT),
    Magic("0409", "não aceita, e a resposta nunca chega", Verdict.HANG),
    Magic("0410", "aceita e enviada, mas depois o provedor avisa que falhou", last_ack=FAILED),
    Magic("0429", "HTTP 429 com Retry-After; não aceita", Verdict.THROTTLED),
    Magic("0500", "HTTP 500; não aceita", Verdict.BROKEN),
    Magic("0666", "aceita, mas nunca entregue", last_ack=SENT),
    Magic("0888", "entregue, lida e responde “Quero saber mais”", reply="Quero saber mais"),
    Magic("0999", "entregue, lida e responde “SAIR”", reply="SAIR"),
)
MAGIC = {magic.ending: magic for magic in _ENDINGS}


def magic_for(phone: str) -> Magic:
    """The outcome a phone (digits) stands for; the plain one when its ending is not magic."""
    return MAGIC.get(phone[-4:], PLAIN)
