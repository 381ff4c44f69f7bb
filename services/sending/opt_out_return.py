"""The phrases of people who ask for our messages again, in the form `opt_out_rules.py` explains."""

from typing import Final

RETURN: Final = (
    r"(?:{wish} )?(?:me )?(?:voltar|volta|volte|voltem|voltas?sem?)(?: ao?| para(?: a| o)?| na| no)?(?: (?:me "
    r"|nos )?(?:receber|{send}"
    r"|lista|grupo|fazer parte|participar|ser avisad[oa]))(?: (?:a|o|as|os|suas|da|do|de|novo|lista|grupo|{noun}"
    r"|{news}|novamente|tudo|para mim|para esse numero))*",
    r"(?:{wish} |aceito )?(?:voltar a |me )?receber(?: (?:as|os|suas|de|{noun}|{news}))* (?:{anew}|sim)"
    r"(?: (?:as|os|suas|{noun}|{news}))*",
    r"(?:{wish} )?(?:receber|ser avisad[oa]) {anew}",
    r"(?:(?:foi )?sem querer|(?:foi |por )*engano|erado|me arependi|mudei de ideia)(?: [|])?(?: mas| e)?"
    r" (?:{wish} )?(?:(?:continuar|seguir) )?"
    r"(?:a |me )?(?:receb(?:er|endo)|{send})(?: (?:as|os|suas|{noun}|{news}|{anew}))*",
    r"(?:quero|queria|gostaria de|desejo|podem?) (?:voltar|volta|voltem|volte)(?: {anew}| sim)?(?=$| [|?])",
    r"(?:{wish} )?(?:que )?(?:me )?{send}(?: (?:as|os|suas|me|{noun}|{news}|para mim))* {anew}(?: (?:as|os|suas"
    r"|{noun}|{news}))*",
    r"(?:{wish} )?(?:me )?(?:coloc|coloqu|bot|adicion|inclu|cadastr|inscrev|po|ponh)(?:ar?|e|em|ir|er|que|quem|i"
    r"|r|am)?(?: me| eu)?(?: {place}| {mine})? {anew}(?: {place}| {noun})*",
    r"(?:{wish} )?(?:entrar|participar|fazer parte|estar) (?:{place} {anew}|{anew} {place})|(?:{wish} )?{anew}"
    r" {place}",
    r"(?:ativ(?:ar?|e|em)|retorn(?:ar|e|em)(?: a)?(?: receber)?)(?: {anew})?(?: (?:as?|os?|suas|envios?"
    r"|{noun}))+(?: {anew})?",
    r"reativ(?:ar?|e|em)(?: (?:{mine}|cadastro|numero|o|a|as|os|minhas?|meus?|de|do|das|dos|para|envios?"
    r"|recebimento|inscricao|{noun}"
    r"|{news}|mim))*",
)
"""What they ask for who want to hear of us again; a word of returning may stand alone (`RETURN_WORDS`)."""

RETURN_BESIDE: Final = (
    r"(?:sai|cliquei|apertei|cancelei|digitei|mandei|respondi|removi|descadastrei|escrevi|toquei)(?: em| no| na| me"
    r"| {word}| da| do| de| lista| grupo| botao)*(?: (?:sem querer|por engano|er(?:ado|ei)|por descuido))?",
    r"voltei atras|me arependi|mudei de ideia|(?:foi )?(?:um |por )?(?:engano|er(?:o|ado))|foi sem querer|sem querer"
    r"|(?:to |estou )?(?:com |sentindo )?(?:saudades?|falta){more}{0,4}|desconsider\w+{more}{0,4}",
    r"pode(?:m)? (?:sim|voltar)|(?:{wish} )(?:voltar|volta)|voltar|e|que|agora|mim|para|[|?]",
)
"""What may stand beside it."""
