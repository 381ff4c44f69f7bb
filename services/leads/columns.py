"""Which column is what, by its name in Portuguese or English. Pure.

Names are compared without accents, case, blanks and signs, so `Nº de Telefone`, `numero_de_telefone` and
`NumeroDeTelefone` are one. Where several fit, the more telling name wins (`whatsapp` before `fone`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.phone import Phone, parse
from services.leads.refusals import FileRefused
from services.leads.text import clean, one_line, plain, variable_name

LINKS: Final = (
    "whatsapplink", "linkwhatsapp", "linkdowhatsapp", "linkparawhatsapp", "whatsappurl", "urlwhatsapp", "urldowhatsapp",
    "linkwhats", "walink", "linkwa", "wame", "linkzap",
)  # fmt: skip
PHONES: Final = (
    "whatsapp", "whats", "whatsappnumber", "numerowhatsapp", "numerodowhatsapp", "numerodewhatsapp", "telefonewhatsapp",
    "whatsapptelefone", "celularwhatsapp", "celularcomwhatsapp", "zap", "celular", "cel", "numerocelular",
    "numerodocelular", "numerodecelular", "telefonecelular", "telcelular", "fonecelular", "telefonemovel", "movel",
    "mobile", "mobilephone", "mobilenumber", "phonemobile", "cellphone", "cell", "telefone", "fone", "tel",
    "phoneunformatted", "phone", "phonenumber", "contactphone", "telefonedecontato", "telefonecontato",
    "contatotelefone",
    "numerodetelefone", "numerotelefone", "numerodotelefone", "ntelefone", "telefoneprincipal", "primaryphone",
    "phone1value", "telefonecomercial", "businessphone", "telefoneresidencial", "homephone", "telefonefixo", "fonefixo",
    "otherphone", "phone2value", "phone3value",
)  # fmt: skip
NAMES: Final = (
    "nome", "nomecompleto", "name", "fullname", "nomedocliente", "nomecliente", "nomedocontato", "nomecontato",
    "primeironome", "firstname", "cliente", "customername", "contato", "nomefantasia", "razaosocial", "empresa",
    "nomedaempresa", "companyname", "company", "title",
)  # fmt: skip
EMAILS: Final = (
    "email",
    "emailaddress",
    "enderecodeemail",
    "mail",
    "correioeletronico",
    "emailprincipal",
    "email1value",
)
CITIES: Final = ("cidade", "city", "municipio", "localidade")
CATEGORIES: Final = ("categoria", "category", "categoryname", "segmento", "ramo", "ramodeatividade")
STATUSES: Final = ("status",)

KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "whatsapp_link": LINKS, "phone": PHONES, "name": NAMES, "email": EMAILS, "city": CITIES, "category": CATEGORIES,
    "status": STATUSES,
}  # fmt: skip
_NUMBERED: Final = ("telefone", "celular", "whatsapp", "fone", "tel", "phone", "cel")
RESERVED: Final = frozenset(
    {"nome", "name", "telefone", "phone", "email", "e_mail", "cidade", "city", "categoria", "category"}
)
"""Variables a lead has of its own; a further column of such a name gets a number (`nome_2`)."""
PERMISSION_COLUMNS: Final = ("base_legal", "consentimento_origem", "consentimento_data", "consentimento_comprovante")
"""What our own export says of the permission: it comes back as no variable, and an import says it anew."""
HEADER_SEARCH_ROWS: Final = 20
GUESS_SHARE: Final = 0.8


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Where each thing stands in a row. `header_row` is the person's own row number, 0 when there is none."""

    headers: tuple[str, ...]
    header_row: int
    link: int | None = None
    phones: tuple[int, ...] = ()
    name: int | None = None
    email: int | None = None
    city: int | None = None
    category: int | None = None
    status: int | None = None
    extras: tuple[tuple[str, int], ...] = field(default=())

    @property
    def width(self) -> int:
        return len(self.headers)

    def as_mapping(self) -> dict[str, str]:
        """`{"phone": "Telefone", "bairro": "Bairro", ...}` as the API shows it."""
        single = {
            "whatsapp_link": self.link, "phone": self.phones[0] if self.phones else None, "name": self.name,
            "email": self.email, "city": self.city, "category": self.category, "status": self.status,
        }  # fmt: skip
        found = {what: self.headers[at] for what, at in single.items() if at is not None}
        return found | {name: self.headers[at] for name, at in self.extras}


class NoPhoneColumn(FileRefused):
    """No header names a number. `plan` is what the others say, for who can ask a person."""

    def __init__(self, plan: ColumnPlan) -> None:
        super().__init__(
            f"Não achamos a coluna do telefone. Colunas encontradas: {_listed(plan.headers)}. "
            "Chame uma delas de “telefone”, “celular” ou “whatsapp” e envie de novo.",
            code="no_phone_column",
        )
        self.plan = plan


def known_names(row: Sequence[str]) -> int:
    """How many cells are names of things we know: what makes a row a header."""
    return sum(_kind(cell) is not None for cell in row)


def has_number_column(row: Sequence[str]) -> bool:
    """True for a header that says where the number is."""
    return any(_kind(cell) in {"phone", "whatsapp_link"} for cell in row)


def plan_columns(headers: Sequence[str], header_row: int, mapping: Mapping[str, str] | None = None) -> ColumnPlan:
    """The plan for these headers. `mapping` (field -> header, as the person said it) goes before any guess.

    FileRefused when no column holds a number, or the mapping names a column that isn't there.
    """
    shown = tuple(one_line(clean(header)) or f"Coluna {at}" for at, header in enumerate(headers, 1))
    said = _said(shown, mapping or {})
    found = {what: said[what] if what in said else _best(shown, what, set(said.values())) for what in KNOWN}
    phones = [said["phone"]] if "phone" in said else _all_phones(shown, set(said.values()))
    taken = {at for what, at in found.items() if at is not None and what != "phone"} | set(phones[:1])
    custom = {at: what for what, at in said.items() if what not in KNOWN}
    plan = ColumnPlan(
        headers=shown,
        header_row=header_row,
        link=found["whatsapp_link"],
        phones=tuple(phones),
        name=found["name"],
        email=found["email"],
        city=found["city"],
        category=found["category"],
        status=found["status"],
        extras=_extras(shown, taken, custom),
    )
    if not plan.phones and plan.link is None:
        raise NoPhoneColumn(plan)
    return plan


def plan_without_header(sample: Sequence[Sequence[str]]) -> ColumnPlan | None:
    """The plan for a bare list of numbers: the column where four of five cells are phones, a name beside it when
    a column holds words. None when there is no such column (a document number alone reads as a phone one time in
    fourteen, so fewer would be a guess at strangers' numbers)."""
    width = max((len(row) for row in sample), default=0)
    shares = [_share(sample, at, lambda cell: type(parse(cell)) is Phone) for at in range(width)]
    if not shares or max(shares) < GUESS_SHARE:
        return None
    number = shares.index(max(shares))
    words = [_share(sample, at, _is_words) if at != number else 0.0 for at in range(width)]
    name = words.index(max(words)) if max(words) >= GUESS_SHARE else None
    headers = tuple(f"Coluna {at}" for at in range(1, width + 1))
    extras = tuple((f"coluna_{at + 1}", at) for at in range(width) if at not in {number, name})
    return ColumnPlan(headers, 0, phones=(number,), name=name, extras=extras)


def _share(sample: Sequence[Sequence[str]], at: int, fits: Callable[[str], bool]) -> float:
    cells = [row[at].strip() for row in sample if at < len(row) and row[at].strip()]
    return sum(fits(cell) for cell in cells) / len(cells) if cells else 0.0


def _is_words(cell: str) -> bool:
    return "@" not in cell and "/" not in cell and sum(c.isalpha() for c in cell) > len(cell) / 2


def _kind(header: str) -> str | None:
    """The field a header names. A cell as long as a sentence is a title, not a header."""
    if len(header) > 60:
        return None
    name = plain(header).replace("_", "")
    for what, names in KNOWN.items():
        if name in names:
            return what
    stem = name.rstrip("0123456789")
    return "phone" if stem != name and stem in _NUMBERED and len(name) - len(stem) <= 2 else None


def _rank(header: str, what: str) -> int:
    name = plain(header).replace("_", "")
    names = KNOWN[what]
    return names.index(name) if name in names else len(names)


def _best(headers: Sequence[str], what: str, taken: set[int]) -> int | None:
    fitting = [at for at, header in enumerate(headers) if at not in taken and _kind(header) == what]
    return min(fitting, key=lambda at: (_rank(headers[at], what), at), default=None)


def _all_phones(headers: Sequence[str], taken: set[int]) -> list[int]:
    """Every phone column, the likeliest first: where one is empty or wrong in a row, the next is tried."""
    fitting = [at for at, header in enumerate(headers) if at not in taken and _kind(header) == "phone"]
    return sorted(fitting, key=lambda at: (_rank(headers[at], "phone"), at))


def _said(headers: Sequence[str], mapping: Mapping[str, str]) -> dict[str, int]:
    places = {plain(header): at for at, header in reversed(list(enumerate(headers)))}
    found = {}
    for what, header in mapping.items():
        if plain(header) not in places:
            raise FileRefused(
                f"A coluna “{header}” não existe no arquivo. Colunas encontradas: {_listed(headers)}.",
                code="unknown_column",
            )
        found[what] = places[plain(header)]
    return found


def _extras(headers: Sequence[str], taken: set[int], custom: Mapping[int, str]) -> tuple[tuple[str, int], ...]:
    used = set(RESERVED)
    extras = []
    for at, header in enumerate(headers):
        if at in taken or (at not in custom and plain(header) in PERMISSION_COLUMNS):
            continue
        wanted = variable_name(custom.get(at, header), at + 1)
        name, number = wanted, 2
        while name in used:
            name, number = f"{wanted}_{number}", number + 1
        used.add(name)
        extras.append((name, at))
    return tuple(extras)


def _listed(headers: Sequence[str]) -> str:
    shown = ", ".join(f"“{header[:40]}”" for header in headers[:15])
    return shown if len(headers) <= 15 else f"{shown} e mais {len(headers) - 15}"
