"""How a file was understood, in a person's words."""

from flask_babel import gettext as _
from flask_babel import ngettext

from models.leads import LeadImport


def reading_words(found: LeadImport) -> list[str]:
    """Format, separator, accents, sheet and header, as far as they are worth telling."""
    layout = found.layout
    words = []
    if layout.get("format") == "csv":
        separators = {";": _("ponto e vírgula"), ",": _("vírgula"), "\t": _("tabulação"), "|": _("barra |")}
        words.append(_("texto separado por %(what)s", what=separators.get(layout["delimiter"], layout["delimiter"])))
    if layout.get("sheet"):
        words.append(_("planilha “%(name)s”", name=layout["sheet"]))
        if layout.get("other_sheets"):
            words.append(
                ngettext(
                    "%(num)s outra aba não foi lida", "%(num)s outras abas não foram lidas", layout["other_sheets"]
                )
            )
    if layout.get("encoding") and not str(layout["encoding"]).startswith("utf"):
        words.append(_("acentos em %(encoding)s", encoding=layout["encoding"]))
    if "header_row" in layout:
        row = layout["header_row"]
        words.append(_("cabeçalho na linha %(row)s", row=row) if row else _("sem cabeçalho"))
    return words
