"""Why an answer or a judgement is refused, in words that say what to do."""

from core.errors import Conflict, NotFound


class ConversationNotFound(NotFound):
    """No such conversation."""

    code = "conversation_not_found"
    message = "Esta conversa não existe ou o número dela foi removido."


class MustNotWrite(Conflict):
    """The person asked to be left alone."""

    code = "suppressed"
    message = "Esta pessoa está em “Não perturbe”. Só escreva de novo se ela pedir: retire-a de lá primeiro."


class WindowClosed(Conflict):
    """The official API takes free text for 24 hours after a person's last message."""

    code = "window_closed"
    message = (
        "Passaram mais de 24 horas desde a última mensagem da pessoa, e a API oficial só aceita respostas dentro desse "
        "prazo. Envie um modelo aprovado por uma campanha."
    )


class NumberGone(Conflict):
    """The number of the conversation was removed."""

    code = "number_gone"
    message = "O número desta conversa foi removido; não dá mais para responder por ele."


class NothingToJudge(Conflict):
    """Somebody decided already, or there never was a doubt."""

    code = "nothing_to_judge"
    message = "Esta conversa já foi decidida. Recarregue a página."


class UnknownPerson(Conflict):
    """Behind a hidden id nobody can be suppressed."""

    code = "unknown_person"
    message = (
        "O WhatsApp esconde o telefone desta pessoa, então não sabemos quem é na sua lista. Se você souber o telefone, "
        "inclua-o em “Não perturbe” e marque aqui “Não é”."
    )
