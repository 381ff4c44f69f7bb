"""The table behind `opt_out.py`: what people write when they want no more messages, and what only looks like it.

Written in plain Portuguese without accents; `opt_out.py` reads a message into the same form: small letters, no accents,
no emoji, `|` between clauses, doubled letters single (in these rules too), the abbreviations of `SPELLINGS` written out
and the words of `FILLERS` gone. `{name}` is a part from `PARTS`.
"""

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Final = _words(
    """sair sai pare parar parem para stop cancelar cancela cancele cancelem descadastrar descadastra descadastre
    descadastrem descadastro descadastramento desinscrever desinscreva remover remove remova removam remocao
    excluir exclui exclua excluam exclusao deletar deleta delete unsubscribe optout salir baja"""
)
"""Leaving, when the whole message says nothing else."""

RETURN_WORDS: Final = frozenset({"voltar", "volta", "volte", "voltem", "reativar", "retornar"})

SPELLINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("n", "naum", "nau", "nao", "nop", "naoo", "noa"), "nao"),
    **dict.fromkeys(("qro", "kero", "qero", "quro", "qeuro", "queo", "quer0"), "quero"),
    **dict.fromkeys(("msg", "msgs", "msm", "mensagens", "mensage", "mensagen", "mensagems", "mesagem", "mesagens",
                     "mensajem", "mensajens", "menagem", "mensgem", "mesnagem", "mensagm", "mensagns", "mensaje",
                     "mensajes", "mensg", "mens"), "mensagem"),
    **dict.fromkeys(("zapi", "zapzap", "whats", "whatsapp", "whatsap", "watsap", "watsapp", "wpp", "wp", "wats",
                     "whatzap", "whatszap", "zapp"), "zap"),
    **dict.fromkeys(("pf", "pfv", "pfvr", "pff", "pls", "plis", "please", "pfavor", "porfavor", "favr"), "favor"),
    **dict.fromkeys(("vcs", "vc", "voce", "vceis", "ces", "oces", "vosses", "voses"), "voces"),
    **dict.fromkeys(("pq", "porq", "poq", "pois", "pk", "puque"), "porque"),
    **dict.fromkeys(("numeros", "num3ro", "nmr", "nr", "numro", "nuemro"), "numero"),
    **dict.fromkeys(("sar", "sari", "saie", "saor", "sairr", "sait", "dair", "zair", "xair", "siar", "asir", "sir",
                     "ssir", "saair", "saij", "sairs", "saitr", "sayr"), "sair"),
    **dict.fromkeys(("stpo", "sotp", "stop1", "stoped", "estop", "istop", "stopi", "sotop"), "stop"),
    **dict.fromkeys(("oare", "parw", "paree", "paer"), "pare"),
    **dict.fromkeys(("prar", "paarar", "parat", "oarar", "parrar", "parae"), "parar"),
    **dict.fromkeys(("votar", "votlar", "volar", "voltra", "vlotar", "voutar"), "voltar"),
    **dict.fromkeys(("ofertas", "promocoes", "promocao", "promos", "promo", "promosao", "promosoes"), "oferta"),
    "q": "que",
    "qria": "queria",
    "naotenho": "nao tenho",
    "pra": "para",
    "pro": "para",
    "mandr": "mandar",
    "mandae": "manda",
    "receba": "receber",
    "recebe": "receber",
    "rceber": "receber",
    "opt": "optout",
}  # fmt: skip
"""Typing errors and abbreviations. Letters of one word typed apart ("s a i r") are joined before."""

LONG_WORDS: Final = (
    "descadastrar", "descadastre", "cancelar", "remover", "receber", "mensagem", "perturbar", "incomodar", "retirem",
    "propaganda", "unsubscribe", "retirar", "excluir",
)  # fmt: skip
"""Also meant where one letter is wrong, missing, doubled or swapped."""

LONG_STEMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("descad", "discad", "descatr", "deschadas"), "descadastrar"),
    **dict.fromkeys(("desinsc", "desinc"), "desinscrever"),
}
"""However they go on, unless it is a right form of the word."""

NOT_TYPOS: Final = _words(
    """remove remova removam removeu exclui exclua excluam excluiu cancela cancele cancelem recebe cancelas
    cancelada cancelado remoer retira retire excluirá canceler perturba"""
)

FILLERS: Final = _words(
    """oi oie ola opa alo bom boa dia tarde noite favor gentileza obrigado obrigada obrigados obg obgd obgda
    brigado brigada grato grata agradeco agradecido agradecida valeu vlw blz beleza ok okay okey certo desculpa
    desculpe desculpem amigo amiga amigos amigao moco moca senhor senhora senhores sr sra querido querida gente
    pessoal galera mano cara tio tia colega vei velho eu voces ai aqui ta tah to bem entao olha olhe viu ne hein
    hem assim tipo poxa puxa nossa deus meu_deus caramba credo aff afff pqp porra caralho cacete merda droga
    inferno desgraca desgracados fdp karai krl kct saco kkk kk k rs rsrs haha hahaha abraco abracos abs att
    atenciosamente tchau bjs bj beijo ja mesmo logo urgente imediatamente so_isso por com_urgencia resposta
    respondendo responder opcao digitei digito escrevi amem fica fiquem pessoa atendente robo bot prezados
    prezado prezada sim la urgencia"""
)
"""Courtesy, swearing and words that carry nothing; gone from anywhere in a message, but for the greetings' other
senses ("mandar a noite") that `opt_out.py` keeps."""

PARTS: Final[Mapping[str, str]] = {
    "send": r"(?:mand(?:ar|a|e|em|ando|arem|assem?)|envi(?:ar|a|e|em|ando|arem|assem?)|encaminh\w+|escrev(?:er"
    r"|a|am|e)"
    r"|cham(?:ar|e|em|a)|perturb(?:ar|e|em|a)|incomod(?:ar|e|em|a)|importun(?:ar|e|em)|encher|ench(?:e|a|am)"
    r"|contat(?:ar|e|em)|contact(?:ar|e|em)|procur(?:ar|e|em)|atormentar|spamar|amolar|aporrinhar)",
    "noun": r"(?:mensagem|zap|propagandas?|ofertas?|spam|spans|publicidades?|divulgac\w+|anuncios?|comunicad\w+"
    r"|informativos?|sms|newsletter|marketing|conteudos?|notificac\w+|lixo|porcarias?|avisos|campanhas?)",
    "thing": r"(?:isso|isto|nada|coisas?|contatos?|saco|paciencia|disso|nenhuma?|qualquer coisa)",
    "det": r"(?:(?:mais|nenhuma?|nada|de|dessas?|desses?|destes?|destas?|essas?|esses?|estas?|estes?|este|qualquer"
    r"|quaisquer|suas?|seus?|tipo|tais|as|os|a|o|um|uma|mensagem|outras?|por|via|no|zap|meu|minha|aqui) )*",
    "place": r"(?:(?:da|dessa|desta|de|no|teu|do|desse|deste|dos|das|na|essa|esse|sua|seu|suas|seus|a|o|meu|tua"
    r"|vossa) )*"
    r"(?:listas?|grupos?|cadastros?|base|sistema|contatos?|agenda|mailing|transmissao|banco|dados|celular"
    r"|telefone|sua agenda|daqui|disso|disto|dai"
    r"|zap|envios?|mensagem|disparos?|campanhas?|newsletter|divulgac\w+|ofertas?|propagandas?|spam|programacao)",
    "mine": r"(?:(?:o |os |a |as )?(?:meu|meus|minha|minhas|esse|este)(?: \w+)? ?"
    r"(?:numeros?|contatos?|nome|cadastro|telefone|celular|fone|zap|dados))",
    "out": r"(?:tira|tire|tirem|tirar|retira|retire|retirem|retirar|remova|remove|removam|remover|exclui|exclua"
    r"|excluam|excluir|apaga|apague|apaguem|apagar|deleta|delete|deletem|deletar|descadastra|descadastre|descadastrem"
    r"|descadastrar|desinscreva|desinscrever|risca|risque|elimina|elimine|eliminar|bloqueia|bloqueie|bloqueiem"
    r"|bloquear|tirarem|retirarem|removerem|excluirem|apagarem|desativ(?:a|e|em|ar)|tirasse\w*|retirasse\w*"
    r"|removesse\w*|excluisse\w*|apagasse\w*"
    r"|esquece|esqueca|esquecam|esquecer|perde|perca)",
    "wish": r"(?:quero|queria|gostaria de?|gostaria que|desejo|prefiro|preferia|solicito|peco|preciso|posso"
    r"|pode|podem"
    r"|poderia|poderiam|favor|da para|tem como|consegue|conseguem|(?:gostaria de|queria|quero|venho|vim) pedir"
    r"|para|exijo|faz favor|faca o favor|faz o favor)",
    "more": r"(?: (?!mas\b|porem\b|quero\b|queria\b|so\b|se\b|e\b|cade\b|quando\b|na"
    r"o\b|para\b|me\b)\w+)",
    "end": r"(?=$| [|?]| (?:para mim|para este|para esse|para o meu|para meu|porque|por aqui|nesse numero|neste"
    r" numero"
    r"|no meu|e nao|e nem|que (?:nao|nunca|saco)|nao|nunca|mais|nem|numero|isso))",
}

LEAVE: Final = (
    # Not wanting to receive.
    r"(?:nao|nem|nunca mais) (?:quero|queria|gostaria|desejo|preciso|aceito|autorizo|pretendo|to a fim|estou a"
    r" fim|vou"
    r" querer|faco questao)(?: mais)?(?: de)?(?: que)? (?:continuar )?(?:a )?(?:receber|ser \w+d[oa]|recebendo)"
    r"(?: mais)?(?: {det}(?:{noun}|{thing})|{end})",
    r"(?:desejo|prefiro|gostaria de|preferia|quero|queria)(?: de)? nao (?:mais )?receber(?: mais)?(?:"
    r" {det}(?:{noun}|{thing})|{end})",
    r"nao (?:quero|queria|gostaria de|desejo|aceito)(?: mais)? ser (?:mais )?(?:perturbad|incomodad|contatad"
    r"|importunad|contactad|procurad)[oa]"
    r"(?: mais)?(?: com {det}{noun})?",
    r"nao autorizo (?:mais )?o (?:uso|envio|contato|uso)(?: (?:do|de|para|no|o))* {mine}?",
    r"(?:nao|nem) (?:quero|desejo|aceito|autorizo|preciso)(?: mais)?(?: o envio)?(?: de)? {det}(?:{noun}|contato)\b",
    r"nao (?:quero|desejo) (?:mais )?(?:nada|nenhum contato|saber) (?:mais )?(?:de|com) voces{end}",
    r"nao (?:quero|desejo) (?:mais )?(?:fazer parte|participar|estar|ficar|ser parte)(?: mais)? (?:de |em "
    r"|n?)?{place}",
    r"nao (?:quero|queria|gostaria)(?: mais)? que (?:me )?{send}(?: mais)?(?: {det}(?:{noun}|{thing})|{end})",
    r"(?:parar|deixar) de receber(?: {det}(?:{noun}|{thing})|{end})",
    r"(?:parar|pare|parem|stop|chega|basta|sem|fim|cancela|cancelar|cancele|cancelem|suspender|suspenda|encerrar)"
    r" (?:mais |de |com |as |a |os |o |me |meu |essas |esses |esse |tantas? )*(?:envios? |recebimento |mandar "
    r"|enviar )?"
    r"(?:de |das |dos |do |as |mais )*(?:{noun}|envios?|recebimento|cadastro|inscricao|contato)\b",
    # Asking us not to send.
    r"(?:nao|nem|nunca|nunca mais|jamais) (?:me |nos )?(?:mais )?(?:me )?{send}(?: mais)? {det}{noun}",
    r"(?:nao|nem|nunca mais) (?:me |nos )(?:mais )?{send}(?: mais)?(?: {det}{thing})?{end}",
    r"(?:nao|nunca mais) (?:precisa|precisam|e para) (?:mais )?(?:me )?{send}(?: mais)? {det}{noun}",
    r"(?:nao|nunca mais) (?:precisa |precisam |e para )?(?:me )?{send}(?: mais| me)*(?: {det}{thing})?"
    r"(?<= mais| nada){end}",
    r"(?:^|[|?] |favor |numero )nao (?:perturb|incomod|importun)(?:e|ar|em){end}",
    r"(?:me )?{send} mais(?: {det}(?:{noun}|{thing}))? nao\b|(?:quero|queria) (?:mais )?(?:nao )?receber(?:"
    r" mais)?(?: {det}"
    r"{noun})? nao\b",
    r"nunca mais (?:me )?{send}(?: {det}{thing})?{end}",
    r"(?:nao|nunca mais) (?:me |por )?{send} por (?:aqui|esse numero|este numero){end}",
    r"(?:nao|nunca mais) (?:me )?entr\w+ (?:mais )?em contato(?: mais| comigo)*",
    r"(?:para|pare|parem|parar|parassem?|deixa|deixe|deixem|deixar|evite|evitem|evitar|chega|cansei)(?: logo)?"
    r" (?:de? )?"
    r"(?:ficar |me |nos |estar )*(?:{send}|mandando|enviando|enchendo|perturbando|incomodando)"
    r"(?: o| me| meu| mais| com)*(?: {det}(?:{noun}|{thing})|{end})",
    r"(?:para|pare|parem|parar|chega)(?: logo)? (?:com|de) (?:{det})(?:isso|{noun}|me (?:perturb"
    r"|incomod)\w+)(?: ai)?",
    # Out of the list.
    r"(?:cancela|cancele|cancelem|cancelar|suspende|suspenda|suspender)(?: o| a)? (?:meu |minha )?cadastro(?:"
    r" {place}|{end})",
    r"(?:me )?{out} (?:me )?(?:(?:{mine}|me|nos) )?(?:urgente )?{place}",
    r"(?:me {out}|{out} me|desinscrev\w+ me|descadastr\w+ me|me desinscrev\w+){end}",
    r"{out} (?:me )?{mine}(?: {place}|{end})",
    r"{mine} (?:seja|fosse|ser) (?:retirad|removid|excluid|apagad|tirad)[oa](?: {place}|{end})",
    r"(?:exclusao|remocao|retirada|descadastramento|saida)(?: d[aeo]s?| dessa| desta)* (?:{mine}|{place})(?:"
    r" {place})?",
    r"(?:quero|queria|gostaria de|desejo|prefiro|peco para|solicito)(?: me)? (?:sair|descadastrar|desinscrever"
    r"|remover|ser removid[oa]|ser excluid[oa]|ser descadastrad[oa]|ser retirad[oa])(?: {place}|{end})",
    r"(?:vou|posso)(?: me)? (?:sair|descadastrar|desinscrever) {place}",
    r"(?:quero|queria|desejo|solicito|peco|exijo)(?: o| a| meu| minha)* (?:descadastr\w+|remocao|exclusao)(?: {place}"
    r"|(?: de| do| dos)? {mine}|{end})",
    r"(?:sair|sai|saia|sairam) (?:d|n)(?:[aeo]|essa|esse|esta|este)(?: \w+)? (?:listas?|grupos?|transmissao|mailing"
    r"|cadastro|meu zap|zap|numero|celular)",
    r"sai(?:a)? do meu (?:pe|zap|celular|numero|telefone|contato|saco)",
    r"(?:quero|queria) (?:parar|remover|descadastrar|me retirar){end}",
    r"^(?:[|?] )*(?:pode|podem|favor|queira) (?:parar|parem|pare|me descadastrar|descadastrar|remover|me"
    r" remover){end}",
    # Anger that is plain.
    r"(?:sai|cai|saia|saiam|caia) fora",
    r"me (?:deixa|deixe|deixem|deixar) em paz",
    r"me (?:esquece|esqueca|esquecam|erra){end}",
    r"(?:me )?(?:tira|tire|tirem|tirar)(?: me)? (?:dessa|desta|disso|daqui|dai)\b",
    # From abroad.
    r"(?:stop|quit) (?:sending|texting|messaging|contacting|spamming|promotions|messages|the messages)",
    r"(?:do not|dont|don t) (?:contact|message|text|send|write)",
    r"(?:remove|take|delete) (?:me|my number|my contact)(?: (?:off|from)(?: (?:this|the|your))? list|{end})"
    r"|leave me alone",
    r"unsubscribe me|no more messages|i want to unsubscribe",
    r"no (?:quiero|deseo)(?: recibir)?(?: mas)? (?:mas )?mensagem",
    r"no me (?:escriban|escriba|manden|envien|mande|envie)(?: mas)?",
    r"dejen de (?:enviar|mandar|escribir)\w*|(?:borr|elimin|sac)(?:ame|enme|arme) de|darme de baja|dar de baja{end}",
    r"(?:elimin|borr|quit)\w+ mi numero|ya no quiero (?:recibir )?(?:mas )?mensagem",
)
"""Plain wherever it stands, as long as the rest of the message doesn't take it back or speak of something else."""

RETURN: Final = (
    r"(?:quero|queria|gostaria de|desejo|posso|pode|podem|vou|pode me|favor)?(?: me)? ?(?:voltar|volta|volte|voltem)"
    r"(?: a| para)?(?: (?:me )?(?:receber|mandar|enviar|lista|a lista|a receber))?"
    r"(?: (?:a|as|os|suas|de|novo|{noun}|novamente|mensagem|tudo|para mim))*",
    r"(?:quero|queria|gostaria de|desejo|aceito)(?: voltar a)? receber(?: (?:as|os|suas|{noun}))*"
    r" (?:novamente|de novo|outra vez|sim|mais uma vez)",
    r"(?:mudei de ideia|me arrependi|sai sem querer|foi engano)(?: (?:e|que|[|]))*(?: (?:quero|pode|podem|posso)"
    r"(?: voltar a)? (?:receber|mandar|enviar)(?: (?:as|os|suas|{noun}|novamente|de novo|para mim))*)",
    r"(?:pode|podem|favor|quero que)(?: me)? (?:mandar|enviar|mandem|enviem|manda|mande)(?: (?:as|os|suas|me"
    r"|{noun}))*"
    r" (?:de novo|novamente|outra vez)",
    r"(?:me )?(?:coloca|coloque|bota|poe|adiciona|adicione|inclui|inclua|cadastra|cadastre)(?: me)?"
    r"(?: de volta| novamente| de novo)(?: (?:n|d)?[aeo](?:ssa)? lista)?(?: (?:de novo|{noun}))*",
)
"""As the whole message only."""

REASONS: Final = (
    r"(?:nao|nem) (?:tenho|temos|ha|estou com|tive)(?: mais| nenhum)? interesse{more}{0,3}",
    r"(?:nao|nem) (?:me interessa\w*|estou interessad[oa]|to interessad[oa]|interessad[oa]|interessa)(?: mais)?",
    r"sem (?:o )?interesse|(?:perdi|acabou) o interesse",
    r"(?:nao|nem|nunca) (?:sei|conheco|conheci|faco ideia|lembro){more}{0,6}",
    r"(?:nao|nem|nunca) (?:eu )?(?:comprei|pedi|autorizei|solicitei|me cadastrei|cadastrei|dei|fui|fiz|passei|assinei"
    r"|contratei|participei|permiti|deixei){more}{0,6}",
    r"(?:nao|nem) (?:sou|somos|moro|uso|trabalho|vou|compro|tenho)(?: mais)?{more}{0,5}",
    r"(?:e |esse |este |o )*(?:numero|telefone) (?:esta |e )?(?:errado|trocado|engano|da empresa|de trabalho|novo|da"
    r" minha \w+|do meu \w+)|foi engano|e engano|pessoa errada",
    r"ja (?:comprei|resolvi|encontrei|tenho|fechei|contratei|mudei|sou atendid[oa]|nao moro){more}{0,5}",
    r"(?:ja |como )?(?:falei|pedi|disse|avisei|solicitei|respondi)(?: (?:ontem|antes|semana passada))|"
    r"(?:ja |como )?(?:falei|pedi|disse|avisei|solicitei|respondi|mandei|cansei de pedir|e a)(?: isso| que| para)?"
    r"(?: (?:mil|varias|\d+|tantas|muitas|tres|duas|quatro|cinco|dez|um monte de|a|segunda|terceira|quarta|milesima)"
    r" (?:vez|vezes))",
    r"(?:pela |e a |e pela )?(?:ultima|milesima|segunda|terceira|quarta|decima|enesima) vez(?: que \w+)?",
    r"(?:se nao(?: par\w+)?|senao|ou|se continuar|se insistir|caso contrario|vou|irei)(?: eu)?(?: vou|"
    r" irei)?(?: te| os| ter que)?"
    r" (?:bloque\w+|denunci\w+|process\w+|procurar o procon|acionar o procon|registrar \w+|reclamar){more}{0,6}",
    r"se (?:me )?(?:mandar\w*|enviar\w*)(?: mais)?(?: uma| outra| mensagem)* (?:vou )?(?:denunci\w+|bloque\w+)",
    r"(?:isso|isto) (?:ja )?(?:e|virou|ta|esta)(?: um| uma)?(?: muito)? (?:absurdo|abuso|spam|crime|falta"
    r"|invasao|chato"
    r"|perseguicao|assedio|insuportavel|demais|enchendo|irritando|ridiculo|palhacada){more}{0,4}",
    r"(?:que )?(?:saco|inferno|chatice|absurdo|palhacada|chatos?|falta de respeito|vergonha|perturbacao|encheção)",
    r"(?:toda|todo|tda) (?:santo )?(?:hora|dia|semana){more}{0,4}|o dia (?:todo|inteiro){more}{0,3}",
    r"(?:quem|como|onde|aonde|de onde|da onde|porque)(?: (?:foi|que|e|voces|deu|passou|conseguiram|conseguiu|acharam"
    r"|arrumaram|pegaram|tem|tiraram|pegou|arrumou|achou|me|lhe|autorizou|o|a))* (?:o )?(?:meu|esse|este)"
    r" (?:numero|contato|telefone|zap|celular)(?: [?])?",
    r"nao (?:aguento|suporto|aguentamos)(?: mais)?(?: (?:isso|tanta mensagem|receber (?:isso|mensagem)|essas"
    r" mensagem))?",
    r"(?:to|estou|fiquei|ja) (?:de saco cheio|cansad[oa]|irritad[oa]){more}{0,4}|de saco cheio|cansei(?: disso)?",
    r"(?:conforme|segundo|pela|de acordo com|com base|nos termos|amparad[oa])(?: n?a)? (?:lei|lgpd){more}{0,5}",
    r"(?:muito )?chega|basta|me respeit\w+|tenha\w* (?:do|respeito|santa paciencia)|pelo amor de?|de uma vez|de novo",
    r"(?:nao|nem) (?:quero|preciso|vou querer)(?: mais)?(?: nada)?(?=$| [|?])",
    r"(?:pela |a )?(?:sua |tua )?(?:atencao|compreensao)",
    r"(?:minha|meu) (?:mae|pai|esposa|marido|filh[oa]|avo|irma|irmao)"
    r"(?: (?:morreu|faleceu|nao mora)){more}{0,4}",
    r"(?:sou|estou) (?:menor|doente|de luto|aposentad[oa]|desempregad[oa]){more}{0,3}",
)
"""What people say beside it that changes nothing: why, how often they asked, what they will do otherwise."""

MIXED: Final = _words(
    """mas porem so somente apenas exceto menos se caso quando quanto quanta quantos qual quais como cade preco
    valor orcamento tabela cardapio catalogo pedido pedidos compra comprar entrega entregar entregou consulta
    exame horario agendar agendamento marcar remarcar reserva plano assinatura conta curso aula boleto boletos
    fatura cobranca cobrar nota recibo comprovante audio audios video videos foto fotos figurinha figurinhas
    corrente link ligacao ligacoes ligar ligue liga email emails gostei adorei amei adoro gosto responde
    responda pergunta duvida madrugada manha noite tarde cedo domingo domingos sabado sabados feriado semana
    horario_comercial hoje amanha enquanto tanta tantas tanto muita muitas demais diminui diminuir reduz seguida
    repetida repetidas repetido coloca coloque adiciona manda_so troca trocar atualiza atualizar muda mudar
    talvez acho depois antes ate vez_por_semana mes ano produto produtos loja site desconto cupom resgatar quero
    interessa gostaria pix pagar pagamento paguei matricula reembolso dinheiro estorno garantia atendimento
    humano suporte tecnico vaga curriculo emprego resultado laudo receita remedio imposto politica futebol
    santinho voto corrida motorista brincadeira serio sera ficar novidades novidade lancamento lancamentos
    parcela parcelas spc serasa restante sobre proposta visita imovel apartamento espera manda mande mandem
    envie enviem aniversario presenca convidados vip academia"""
)
"""One of these in what is left of a message makes a plain wish doubtful: partial, conditional or about something
else."""

QUALIFIED: Final = (
    r"# (?:de|do|da|dos|das|na|no|nas|nos|com|sobre|quando|em|se)(?! (?:{noun}|meu|minha|numero|celular|zap"
    r"|telefone|esse"
    r"|este|essa|lista|listas|clientes?|contatos|transmissao|envios?|vendas?|de|lei|jeito|novo|nada|vez|acordo))",
)
"""What follows a plain wish and narrows it: messages of one kind, at one hour, from one shop."""

LOOSE: Final = (
    r"\b(?:descadastr\w+|unsubscribe|perturb\w+|incomod\w+|spam|lgpd|procon|bloque\w+|denunci\w+|desinscrev\w+)",
    r"\b(?:para|pare|parem|parar|chega|deixa|deixem|evitem|evite)(?: de| com)(?: me| ficar| essas?| tantas?|"
    r" muitas?)*"
    r" (?:{send}|mandando|enviando|receber|mensagem|{noun})",
    r"\bnao (?:me |quero )?(?:mais )?(?:que )?(?:me )?(?:{send}|receber)\b",
    r"\bnao quero (?:mais )?(?:mensagem|{noun}|contato|nada de)|\bnao quero mais(?: isso| nada)?(?:$| [|?])",
    r"\b(?:tira|tirar|tire|tirem|retirar?|retirem|remov\w+|exclu\w+|apag\w+|delet\w+)(?: me)?(?: o)? (?:meu|me|da"
    r" lista|do grupo|daqui)|\bme (?:tira|remov\w+|exclu\w+|apag\w+)\w*(?:$| [|?])",
    r"\b(?:muita|muitas|tanta|tantas|demais|menos) (?:de )?(?:mensagem|{noun})|\bmensagem demais|\b(?:mandam"
    r"|manda) muita",
    r"\b(?:dessas|essas|suas|tuas) mensagem\b|\bpedir para parar|\bsaio d[oae]|\bo resto nao\b",
    r"\b(?:sair|parar|cancel\w+|remover|saio|saida) .*\b(?:lista|grupo|mensagem|{noun}|receber|zap)",
    r"\b(?:lista|grupo|mensagem|{noun}) .*\b(?:sair|parar|cancelar|remover|stop)\b",
    r"\bmanda\w* mensagem quando|\bnao precisa mandar|\b(?:recebendo|receber) mensagem|\bnao param de mandar"
    r"|\bquero parar mas",
    r"\bnao aguento mais|\bme esquec\w+|\bem paz|\bchega$|\bbasta$|\bvaza\b|\bsome daqui",
)
"""Leaving may be meant: for a person to judge."""

LONE: Final = _words("""sair parar pare parem stop cancelar cancela cancele remover excluir saindo cancelem""")
"""Words of leaving that say little in a sentence: a person judges those of `FEW_WORDS` at most."""

INNOCENT: Final = _words(
    """pedido pedidos compra consulta consultas exame horario agendamento reserva entrega plano assinatura
    matricula corrida aula aulas viagem curso cartao conta servico pagamento visita procedimento sessao ingresso
    evento cirurgia passagem hotel voo internet seguro contrato academia ficha porta frente rua estacionar
    estacionamento carro garagem portao esquina ponto casa trabalho escola medico chuva hospital transito festa
    resultado sol fumar beber chorar rir crescer manicure unha cabelo corte escova retorno orcamento boleto
    fatura pix parcela nota quarto lote produto item itens mancha tatuagem pelos gordura esmalte tinta cravos
    manutencao almoco marmita janta mesa pizza feira amanha hoje cedo tarde semana mes segunda terca quarta
    quinta sexta sabado domingo embarque onibus taxi uber frete onde motion non"""
)
"""What else is left, stopped or cancelled in a message to a shop."""
FEW_WORDS: Final = 5

STEMS: Final = (
    "sai", "par", "stop", "cancel", "desc", "desi", "remo", "excl", "dele", "unsub", "optout", "salir", "baja", "nao",
    "nem", "nunca", "jamais", "deix", "evit", "cheg", "basta", "tir", "retir", "apag", "risc", "risq", "elimin",
    "bloq", "esque",
    "erra", "perd", "perc", "volt", "reativ", "retorn", "receb", "lista", "grupo", "denunc", "procon", "lgpd", "spam",
    "mensagem", "oferta", "perturb", "incomod", "vaza", "some", "leave", "sem", "fim", "suspen", "encerr",
    "solicit", "cai",
    "remov", "take", "quier", "dese", "escrib", "dont", "dejen", "borr", "sac", "darme", "mudei", "adicion",
    "coloc", "inclu", "cadastr", "bota",
    "poe", "manda", "envi", "quit", "contact", "mesag",
)  # fmt: skip
"""A message with none of these beginnings of words asks for nothing: most replies are done here, quickly."""
