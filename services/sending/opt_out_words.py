"""The words `opt_out.py` knows one by one: of leaving, misspelt, without weight, and those that raise a doubt."""

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Final = _words(
    """sair sai pare parar parem para stop cancelar cancela cancele cancelem descadastrar descadastra descadastre
    descadastrem descadastro descadastramento desinscrever desinscreva desinscreve remover remove remova removam
    remocao
    excluir exclui exclua excluam retirem exclusao deletar deleta delete unsubscribe optout out salir baja"""
)
"""Leaving, when the whole message says nothing else."""

BESIDE: Final = frozenset({"agora", "hoje", "e", "ou", "so", "apenas", "simplesmente"})
"""Stand beside such a word without changing it."""

ABOUT_ANYTHING: Final = _words("cancelar cancela cancele cancelem para")
"""Those of them that say nothing beside a reason: "cancela, não vou mais"."""

ABOUT_ORDERS: Final = ABOUT_ANYTHING - {"para"}
"""Those that say nothing beside anger either: "que saco, cancela"."""

RETURN_WORDS: Final = frozenset({"voltar", "volta", "volte", "voltem", "reativar", "retornar"})

SPELLINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("n", "naum", "nau", "nao", "nop", "naoo", "noa"), "nao"),
    **dict.fromkeys(("qro", "kero", "qero", "quro", "qeuro", "uqero", "qiero", "wuero", "quwro", "querro", "qero",
    "queo", "quer0"), "quero"),
    **dict.fromkeys(("msg", "msgs", "msm", "mensagens", "mensage", "mensagen", "mensagems", "mesagem", "mesagens",
                     "mensajem", "mensajens", "menagem", "mensgem", "mesnagem", "mensagm", "mensagns", "mensaje",
                     "mensajes", "mensg", "mens", "msn", "mgs", "mnsg", "mss", "mensaguem", "mensagi", "msgem"),
                     "mensagem"),
    **dict.fromkeys(("zapi", "zapzap", "whats", "whatsapp", "whatsap", "watsap", "watsapp", "wpp", "wp", "wats",
                     "whatzap", "whatszap", "zapp"), "zap"),
    **dict.fromkeys(("pf", "pfv", "pfvr", "pff", "pls", "plis", "please", "pfavor", "porfavor", "favr", "pufavo",
    "pufavor", "porfavo", "pofavor", "favo", "favorr", "pfvrr", "pvf",
                     "fvr", "fv", "porfa", "pfvo"), "favor"),
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
    **dict.fromkeys(("keru", "queru", "qru", "qro"), "quero"),
    "q": "que",
    **dict.fromkeys(("numeru", "numer"), "numero"),
    **dict.fromkeys(("ezclui", "esclui", "esclua", "escluir", "ecxluir", "exluir", "exlui"), "excluir"),
    "mi": "me",
    "d": "de",
    "nois": "nos",
    "tirame": "tira me",
    "mitira": "me tira",
    "mandame": "manda me",
    "di": "de",
    "qria": "queria",
    "naotenho": "nao tenho",
    "naoquero": "nao quero",
    "pra": "para",
    "pro": "para",
    **dict.fromkeys(("dnv", "dnovo", "denovo"), "de novo"),
    **dict.fromkeys(("mnada", "madna", "mnda", "mamda", "amnda", "mandda", "mabda"), "manda"),
    **dict.fromkeys(("tria", "tirra", "tiraa", "tiar"), "tira"),
    "mandr": "mandar",
    "mandae": "manda",
    "receba": "receber",
    "recebe": "receber",
    "rceber": "receber",
    "opt": "optout",
    **dict.fromkeys(("nd", "nda", "ndd"), "nada"),
    "ansubscribe": "unsubscribe",
    "desisncrever": "desinscrever",
}  # fmt: skip
"""Typing errors and abbreviations. Letters of one word typed apart ("s a i r") are joined before."""

LONG_WORDS: Final = (
    "descadastrar", "descadastre", "cancelar", "remover", "receber", "mensagem", "perturbar", "incomodar", "retirem",
    "propaganda", "lista", "numero", "unsubscribe", "descadastramento", "retirar", "excluir",
)  # fmt: skip
"""Also meant where one letter is wrong, missing, doubled or swapped."""

LONG_STEMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("descad", "discad", "descatr", "deschadas"), "descadastrar"),
    **dict.fromkeys(("desinsc", "desinc"), "desinscrever"),
    **dict.fromkeys(("esclu", "escru", "excru", "ezclu", "ecxlu", "esqlu", "exlu"), "excluir"),
}
"""However they go on, unless it is a right form of the word."""

NOT_TYPOS: Final = _words(
    """listas listra listras listei listar listo numera numerar remove remova removam removeu exclui exclua excluam
    excluiu cancela cancele cancelem recebe cancelas
    cancelada cancelado remoer retira retire excluirá canceler perturba incomoda incomodam"""
)

FILLERS: Final = _words(
    """oi oie ola opa alo bom dia tarde noite favor gentileza obrigado obrigada obrigados obg obgd obgda
    brigado brigada grato grata agradeco agradecido agradecida valeu vlw blz beleza ok okay okey certo desculpa
    desculpe desculpem amigo amiga amigos amigao moco moca senhor senhora senhores sr sra querido querida gente
    pessoal galera mano cara tio tia colega vei velho eu voces ai aqui ta tah to bem entao olha olhe viu ne hein
    hem assim tipo poxa puxa nossa deus meu_deus caramba credo aff afff pqp porra caralho cacete merda droga
    inferno desgraca desgracados fdp karai krl kct saco kkk kk k rs rsrs haha hahaha abraco abracos abs att
    atenciosamente tchau bjs bj beijo ja mesmo logo urgente imediatamente so_isso por com_urgencia resposta
    respondendo responder opcao digitei digito escrevi amem fica fiquem pessoa atendente robo bot prezados
    prezado prezada sim la urgencia bosta maldita maldito bendita bendito chata safados
    plmdds plmds plmr pelamordedeus pelamor encarecidamente imediato imediata imediatamente ei
    tche bah uai fi guri guria visse homi homem barbaridade tmj falou flw vlww aew ae aee eae iae parca parcero
    mermao brother bro
    truta fera chefia dr dra fmz firmeza fechou fiote bicho oxe oxente
    eita vixe vish ixi ih ah oh ow oww opaa alow hey hello senhorita rapaz rapaziada
    povo fazendo obsequio gratidao agradecida
    tbm tb tambem
    palhacos idiotas imbecis otarios arrombados carai caraio mds slk tnc vsf vtnc peste praga"""
)
"""Courtesy, swearing and words that carry nothing; gone from anywhere in a message, but for the greetings' other
senses ("mandar a noite") that `opt_out.py` keeps."""

TAIL: Final = _words(
    """para por porque no na e ou nem nao nunca que mais meu minha seu seus sua suas mas porem se senao conforme
    segundo
    com de da do dos das numero isso novamente bando povo cambada urgente pela pelo quero queria sair pare parem agora
    hoje ja desse nesse neste deste daqui dai dessa desa esse este essa aquela chatas chatos chato chata inconvenientes
    chefe patrao doutor doutora doutores menina menino meninas meninos parceiro parceira irmao irma irmaos turma
    equipe mana manos
    irritantes inuteis desnecessarias insuportaveis abusivas ridiculas aleatorias invasivas irritante inutil
    desagradaveis repetitivas insistentes comigo definitivamente eternamente imediatamente desta destas dessas destes
    desses empresa sou somos estou tava estava tenho moro trabalho durmo uso vivo ando veio voces porfa meus amem
    senhor deus jesus peco imploro suplico socorro esta ta serio acho odeio detesto nunca tudo
    malas trouxas babacas abusados pentelhos nojentos
    irritantes idiotas novo outra imediato falei pedi disse vou acabei estou to em comigo sempre ninguem"""
)
"""How a clause may go on behind a plain wish. Any other word may narrow it ("mensagem longa")."""

MIXED: Final = _words(
    """mas porem so somente apenas exceto menos se caso quando quanto quanta quantos qual quais como cade orcamento
    pedido pedidos entregar entregou agendar agendamento marcar remarcar reserva boleto boletos fatura cobranca
    cobrar nota recibo comprovante ligar ligue liga gostei adorei amei amo adoro gosto jamais responde responda
    pergunta
    duvida enquanto diminui diminuir reduz coloca coloque adiciona troca trocar atualiza atualizar muda mudar
    talvez acho resgatar quero interessa gostaria pagar reembolso estorno garantia humano tecnico curriculo
    resultado laudo receita remedio imposto motorista brincadeira serio sera ficar spc serasa restante espera
    manda mande mandem envie enviem aniversario presenca convidados vip"""
)
"""One of these in what is left of a message makes a plain wish doubtful: it is conditional, or not all they say."""

NARROWING: Final = _words(
    """preco valor tabela cardapio catalogo compra comprar entrega consulta exame horario plano assinatura conta
    curso aula audio audios video videos foto fotos figurinha figurinhas corrente link ligacao ligacoes email
    emails madrugada manha noite tarde cedo domingo domingos sabado sabados feriado semana hoje amanha tanta
    tantas tanto muita muitas demais seguida repetida repetidas repetido depois antes ate mes ano produto
    produtos loja site desconto cupom pix pagamento paguei matricula dinheiro atendimento suporte vaga emprego
    politica futebol santinho voto corrida novidades novidade lancamento lancamentos parcela parcelas sobre
    proposta visita imovel apartamento academia"""
)
"""So does one of these in the clause of the wish or behind it; before it, they tell why."""

CLEAR_WORDS: Final = _words(
    """apaguem deletem sair descadastrar descadastre descadastro stop remover unsubscribe pare parem parar remova
    removam exclua excluam
    excluir retirem descadastrem"""
)
"""Plain as a clause of their own even beside others. "Cancela, vou de moto" is why some words of leaving are not."""

LONE: Final = _words("""sair parar pare parem stop cancelar cancela cancele remover excluir cancelem""")
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
    "sai", "par", "stop", "cancel", "desc", "desi", "desa", "disp", "inter", "ces", "susp", "remo", "excl",
    "dele", "unsub", "optout", "salir", "baja", "nao",
    "nem", "nunca", "jamais", "deix", "evit", "cheg", "basta", "tir", "retir", "apag", "risc", "risq", "elimin",
    "bloq", "esque",
    "erra", "perd", "perc", "volt", "reativ", "retorn", "receb", "lista", "grupo", "denunc", "procon", "lgpd", "spam",
    "mensagem", "oferta", "perturb", "incomod", "vaza", "some", "leave", "sem", "fim", "suspen", "encerr",
    "solicit", "cai",
    "remov", "take", "quier", "dese", "escrib", "dont", "dejen", "borr", "sac", "darme", "mudei", "adicion",
    "coloc", "inclu", "cadastr", "bota",
    "poe", "anul", "poup", "larg", "sum", "tor", "quer", "mand", "envi", "revog", "consent", "opon", "recus",
    "dispens", "prefir", "chateado", "mita", "dame",
    "want",
    "no", "quit", "contact", "mesag",
)  # fmt: skip
"""A message with none of these beginnings of words asks for nothing: most replies are done here, quickly."""
