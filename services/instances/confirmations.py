"""What a person is told when we did what they asked for."""

from typing import Final

GOODBYE: Final = "Pronto, você não receberá mais mensagens nossas. Se mudar de ideia, responda VOLTAR."
WELCOME_BACK: Final = "Combinado, voltamos a enviar nossas mensagens. Para parar, responda SAIR."
