"""Short anger: complaints and insults, in the form `opt_out_rules.py` explains, but with swearing still in it.

Swearing is dropped everywhere else (`FILLERS`), which leaves nothing of "que saco". A message that only complains asks
for nothing plainly and yet hardly ever wants more of ours: a person judges. Beside a word of leaving it weighs nothing.
What is angry about something (a product, a delivery, a price) names it, and so is no bare complaint.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

MOST_WORDS: Final = 14
"""A longer message is not short anger, and the patterns here repeat too freely to be let loose on it."""
_COMBINING: Final = re.compile(r"[\u0300-\u036f]+")
_SIGNS: Final = re.compile(r"[^a-z]+")
_SHORT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("vcs", "vc", "voce", "ces", "ceis"), "voces"),
    **dict.fromkeys(("n", "num", "naum"), "nao"),
    **dict.fromkeys(("dnv", "denovo", "dnovo"), "de novo"),
    **dict.fromkeys(("mrd", "mrda"), "merda"),
    "tah": "ta",
    "q": "que",
    "oq": "o que",
    "td": "todo",
    "mto": "muito",
}

_INSULT: Final = (
    r"(?:chat\w*|idiota\w*|imbeci\w+|otari\w+|babac\w+|palhac\w+|ridicul\w+|inconvenient\w+|insuportave\w+|malas?"
    r"|mal[ -]?educad\w+|sem (?:nocao|vergonha|educacao|respeito)|trouxas?|abusad\w+|desgracad\w+|malditos?|malditas?"
    r"|pragas?|pestes?|vagabund\w+|safad\w+|cret?in\w+|estupid\w+|burr\w+|nojent\w+|arrombad\w+|lixos?|pentelh\w+"
    r"|encostos?|bostas?|merdas?|desocupad\w+|desrespeitos\w+|infern\w+|perturbad\w+|porcari\w+|spamm?ers?)"
)
_SWEARING: Final = (
    r"(?:pqp|porra|caralho|cacete|merda|bosta|droga|inferno|puta que pariu|puta merda|vtnc|tnc|vsf|fdp|krl|aff+|afe"
    r"|puts"
    r"|poxa|credo|caramba|nossa|meu deus|misericordia|jesus|senhor)"
)
_NOISY: Final = (
    r"(?:saco|inferno|chatice|chateacao|absurdo|palhacada|droga|merda|porra|bosta|porre|enche[cr]\w*|perturbac\w+)"
)
_VERY: Final = r"(?:muito|muita|tao|bem|demais|mesmo|pra caralho|pra caramba|pra cacete|uns|umas|um|uma|bando de|so)"
_THIS: Final = (
    r"(?:isso|isto|ess[ae]s? (?:merda|porra|bosta|droga|palhacada|encheca?o|porcaria|praga|inferno|chatice|perturbacao"
    r"|coisas?|lixo|historia|mensage\w+|msgs?|propagandas?))"
)

COMPLAINT: Final = re.compile(
    r"(?<!\w)(?:"
    + "|".join(
        (
            rf"(?:(?:aff?|puts|nossa|credo) )+(?:de novo|outra vez)|(?:de novo|outra vez|novamente)(?: (?:{_THIS}"
            rf"|voces))+|la vem(?: (?:voces|eles|{_THIS}|de novo))*",
            rf"(?:mas )?(?:que|um|ai que) (?:{_VERY} )*{_NOISY}(?: de saco| do caralho| {_THIS}| voces)*",
            rf"que (?:gente|povo|empresa|loja|cambada|pessoal|coisa|negocio) (?:{_VERY} )*{_INSULT}(?: demais)?",
            rf"(?:(?:voces|ces|sao|e|ta|esta|estao|ficou|virou|ja|gente|povo|pessoal|bando|cambada|de|seus?|suas?|que"
            rf"|muito"
            rf"|uns|umas|um|uma|bem|tao) )*{_INSULT}(?: (?:demais|{_THIS}|mesmo|voces|do caralho|do inferno))*",
            r"(?:(?:voces|ces) )?(?:nao|nunca|num) (?:se )?(?:cansam?|desist\w+|se toca\w*|tocam|respeitam?|aprendem?"
            r"|entend\w+|param?|tem? (?:mais )?(?:o que fazer|vergonha|nocao|respeito|vida|limites?))(?: (?:mais|nao"
            r"|nunca"
            r"|de mim|na cara|disso|nunca mais|ne))*",
            r"v(?:ai|ao|a) (?:se )?(?:encher|perturbar|incomodar|importunar|chatear|torrar|aporrinhar|amolar)"
            r"(?: (?:o|a|saco|paciencia|de|outro|outra|outros|outras|pessoa|alguem|gente|sua|mae|tua|la|freguesia"
            r"|em))*",
            r"v(?:ai|ao|a|ai se|ao se) (?:se )?(?:ferrar|fud\w+|foder|lascar|catar|danar|trabalhar|procurar o que fazer"
            r"|tomar no (?:cu|olho)\w*|tomar banho|a merda|pra merda|para merda|para o inferno|pra puta\w* \w+ \w+"
            r"|carpir(?: um lote)?)(?: (?:todos|voces|la))*",
            rf"(?:ja|agora|ai|assim) (?:deu|chega|basta|encheu|cansou)(?: (?:o|saco|ne|de|{_THIS}|ja))*"
            r"|(?:deu|encheu|cansou|chega|basta)(?: (?:o saco|ne|ja|gente|pessoal|por favor))*",
            rf"(?:(?:estou|to|fiquei|ja|ja estou|ja to|eu) )*(?:de saco cheio|(?:cansei|cansad[oa]|farto|farta"
            rf"|exaust[oa])"
            rf")(?: (?:de|com) (?:voces|{_THIS})| disso| ja| voces)*",
            rf"tod[oa] (?:santo )?(?:dia|hora)(?: (?:{_THIS}|a mesma coisa|de novo|ne|voces|agora|e))*"
            rf"|sempre a mesma coisa",
            rf"ninguem (?:merece|aguenta|suporta|pediu)(?: (?:mais|{_THIS}|voces))*|(?:eu )?nao (?:aguento"
            rf"|suporto) (?:mais )?"
            rf"(?:voces|{_THIS})",
            r"(?:isso|isto) (?:ja )?(?:e|virou|ta|esta)(?: (?:um|uma|muito|ja))* (?:asedio|assedio|perseguicao|abuso"
            r"|crime"
            r"|invasao|demais|falta de respeito|perturbacao)|falta de (?:respeito|educacao|nocao|vergonha)"
            r"|tenham? (?:do"
            r"|respeito|nocao|vergonha)(?: na cara)?",
            r"pelo amor d[eo](?: deus| senhor| jesus)?|por deus|pelo amor|me poup(?:e|em)",
        )
    )
    + r")(?!\w)"
)
"""Says how tired they are of it, and asks for nothing."""

_BESIDE: Final = re.compile(
    rf"(?<!\w)(?:{_SWEARING}|voces|gente|pessoal|hein|ne|viu|o|a|cara|mano|e|mas|ja|ai|k+|oxe|eita)(?!\w)"
)


def beside_complaints(text: str) -> list[str] | None:
    """The words of a short message beside its complaints, insults and swearing; None where it complains of nothing."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    words = _SIGNS.sub(" ", _COMBINING.sub("", decomposed)).split()
    if len(words) > MOST_WORDS:
        return None
    plain = " ".join(_SHORT.get(word, word) for word in words)
    rest = COMPLAINT.sub(" ", plain)
    return None if rest == plain else _BESIDE.sub(" ", rest).split()
