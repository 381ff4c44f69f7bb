"""Pretend places of a city: the same for the same search, so that a repeated run finds the same ones again.

Nobody is called: every phone is a mobile of the numbers not in use (9 0000-0000 to 9 0000-9999) under the city's DDD,
and its last digits mean what they mean everywhere in the sandbox. One place in eight has no phone, one in twenty shares
the phone of the place before it, as on the real map.
"""

import unicodedata
from random import Random
from typing import Any

DDDS = {
    "campinas": "19", "sao paulo": "11", "santos": "13", "sorocaba": "15", "ribeirao preto": "16", "bauru": "14",
    "rio de janeiro": "21", "niteroi": "21", "belo horizonte": "31", "uberlandia": "34", "vitoria": "27",
    "curitiba": "41", "londrina": "43", "florianopolis": "48", "joinville": "47", "porto alegre": "51",
    "caxias do sul": "54", "brasilia": "61", "goiania": "62", "salvador": "71", "recife": "81", "fortaleza": "85",
    "natal": "84", "joao pessoa": "83", "maceio": "82", "aracaju": "79", "teresina": "86", "sao luis": "98",
    "belem": "91", "manaus": "92", "cuiaba": "65", "campo grande": "67",
}  # fmt: skip
FIRST_WORDS = ("Casa", "Espaço", "Studio", "Centro", "Ponto", "Oficina", "Empório", "Ateliê", "Instituto", "Grupo")
SECOND_WORDS = (
    "Aurora", "Bela Vista", "Primavera", "Horizonte", "Bem Viver", "Alvorada", "Novo Tempo", "Ipê", "Jatobá",
    "Girassol", "Cristal", "Maré", "Araucária", "Pitanga", "Sabiá", "Bem-te-vi", "Manacá", "Cajuína",
)  # fmt: skip
NEIGHBOURHOODS = ("Centro", "Jardim das Flores", "Vila Nova", "Bela Vista", "Parque Industrial", "Santa Rita")
FEWEST, MOST = 40, 400


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in bare if not unicodedata.combining(letter)).strip()


def how_many(search: str, location: str) -> int:
    """How many places there are to be found."""
    return Random(f"{_plain(search)}|{_plain(location)}").randint(FEWEST, MOST)


def places_of(search: str, location: str, most: int) -> list[dict[str, Any]]:
    """The first `most` places, as the actor's dataset holds them."""
    city = location.partition(",")[0].strip() or "São Paulo"
    dice = Random(f"{_plain(search)}|{_plain(location)}|places")
    ddd = DDDS.get(_plain(city), "11")
    numbers = dice.sample(range(10_000), MOST)
    found: list[dict[str, Any]] = []
    for place in range(min(most, how_many(search, location))):
        shared = found[-1]["phoneUnformatted"] if place % 20 == 19 else None
        phone = shared or (None if place % 8 == 7 else f"+55{ddd}90000{numbers[place]:04d}")
        found.append(_place(dice, search, city, place, phone))
    return found


def _place(dice: Random, search: str, city: str, number: int, phone: str | None) -> dict[str, Any]:
    key = f"{dice.getrandbits(80):020x}"
    neighbourhood = dice.choice(NEIGHBOURHOODS)
    title = f"{dice.choice(FIRST_WORDS)} {dice.choice(SECOND_WORDS)} {number + 1} (exemplo)"
    shown = f"+55 {phone[3:5]} {phone[5:10]}-{phone[10:]}" if phone else None
    return {
        "title": title,
        "categoryName": search.strip().capitalize(),
        "address": f"Rua de Mentira, {number + 1} - {neighbourhood}, {city}",
        "neighborhood": neighbourhood,
        "street": f"Rua de Mentira, {number + 1}",
        "city": city,
        "state": "",
        "countryCode": "BR",
        "phone": shown,
        "phoneUnformatted": phone,
        "website": None if number % 3 else f"https://lugar-{key[:8]}.example.com/",
        "totalScore": round(dice.uniform(3, 5), 1),
        "reviewsCount": dice.randint(0, 300),
        "placeId": f"ChIJsandbox{key}",
        "cid": str(dice.getrandbits(60)),
        "url": f"https://maps.example.com/?query_place_id=ChIJsandbox{key}",
        "permanentlyClosed": False,
        "temporarilyClosed": False,
    }
