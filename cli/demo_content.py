"""What the demonstration's two small businesses say and to whom. Everybody in it is made up; the phones are not in use
(11 9 0000-0000 and its neighbours) and end in digits that mean something to the sandbox."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

FIRST_NAMES: Final = [
    "Ana",
    "Beatriz",
    "Bruna",
    "Camila",
    "Carlos",
    "Clara",
    "Daniel",
    "Débora",
    "Diego",
    "Eduarda",
    "Elisa",
    "Fábio",
    "Fernanda",
    "Gabriel",
    "Gustavo",
    "Helena",
    "Igor",
    "Isabela",
    "João",
    "Juliana",
    "Larissa",
    "Leonardo",
    "Letícia",
    "Lucas",
    "Luísa",
    "Marcelo",
    "Mariana",
    "Mateus",
    "Natália",
    "Otávio",
    "Patrícia",
    "Paulo",
    "Pedro",
    "Priscila",
    "Rafael",
    "Renata",
    "Ricardo",
    "Rodrigo",
    "Sandra",
    "Sílvia",
    "Tatiana",
    "Tiago",
    "Vanessa",
    "Vinícius",
    "Yasmin",
]
SURNAMES: Final = [
    "Almeida",
    "Andrade",
    "Araújo",
    "Barbosa",
    "Barros",
    "Batista",
    "Campos",
    "Cardoso",
    "Carvalho",
    "Castro",
    "Correia",
    "Costa",
    "Dias",
    "Duarte",
    "Farias",
    "Fernandes",
    "Ferreira",
    "Freitas",
    "Gomes",
    "Gonçalves",
    "Lima",
    "Lopes",
    "Machado",
    "Martins",
    "Melo",
    "Mendes",
    "Monteiro",
    "Moraes",
    "Moreira",
    "Nunes",
    "Oliveira",
    "Pereira",
    "Pinto",
    "Ramos",
    "Ribeiro",
    "Rocha",
    "Santana",
    "Santos",
    "Silva",
    "Souza",
    "Teixeira",
    "Vieira",
]
PETS: Final = [
    "Thor",
    "Mel",
    "Luna",
    "Nina",
    "Bob",
    "Amora",
    "Simba",
    "Pipoca",
    "Paçoca",
    "Belinha",
    "Fred",
    "Cacau",
    "Zeca",
    "Nino",
    "Frida",
    "Tobias",
]
MAGIC_ENDINGS: Final = ("0404", "0666", "0007")
"""No WhatsApp, never delivered, never read: a real list has some of each."""


@dataclass(frozen=True)
class DemoCampaign:
    """One campaign; `gap_seconds` for the one that is sending, `answer` (a wish that a person must judge) for the
    finished one, `follow_up` is its second step."""

    name: str
    variations: tuple[str, ...]
    kind: str
    gap_seconds: tuple[int, int] = (2, 5)
    deals: int = 0
    answer: str = ""
    follow_up: str = ""


@dataclass(frozen=True)
class DemoBusiness:
    """A tenant of the demonstration."""

    name: str
    owner_name: str
    email: str
    plan_slug: str
    ddd: str
    city: str
    list_name: str
    columns: tuple[str, ...]
    leads: int
    numbers: tuple[tuple[str, str], ...]
    business_context: str
    campaigns: tuple[DemoCampaign, ...]
    seed: int


CLINIC: Final = DemoBusiness(
    name="Clínica Sorriso Claro",
    owner_name="Helena",
    email="clinica@example.com",
    plan_slug="pro",
    ddd="11",
    city="Campinas",
    list_name="Pacientes da clínica",
    columns=("ultima_visita",),
    leads=640,
    numbers=(("Recepção", "demo-clinica-recepcao"), ("Agendamento", "demo-clinica-agenda")),
    business_context=(
        "Clínica odontológica de bairro: limpeza, clareamento e tratamento de crianças. "
        "Atendemos de segunda a sábado e aceitamos convênios."
    ),
    campaigns=(
        DemoCampaign(
            "Retorno de seis meses",
            (
                "Olá, {nome}! Já faz um tempo desde a sua última visita ({ultima_visita}). Que tal marcar sua limpeza?",
                "{nome}, aqui é da Sorriso Claro. Sua revisão semestral está na hora. Posso ver um horário para você?",
                "Oi, {nome}! Para cuidar do seu sorriso, reservamos horários de retorno esta semana. Quer um deles?",
            ),
            "finished",
            deals=37,
            answer="Oi! Quero marcar, sim, mas não quero receber mensagem toda semana, tá?",
        ),
        DemoCampaign(
            "Horários de dezembro",
            (
                "Oi, {nome}! Abrimos a agenda de dezembro. Prefere manhã ou tarde?",
                "{nome}, os horários de dezembro já estão abertos. Quer que eu reserve um para você?",
            ),
            "running",
        ),
        DemoCampaign(
            "Check-up das férias",
            (
                "Olá, {nome}! Nas férias fazemos o check-up das crianças com hora marcada. Quer saber como funciona?",
                "{nome}, que tal aproveitar as férias para o check-up das crianças aqui na Sorriso Claro?",
            ),
            "scheduled",
            follow_up="Oi, {nome}! Ainda temos horários para o check-up das crianças. Quer que eu separe um?",
        ),
    ),
    seed=11,
)

PET_SHOP: Final = DemoBusiness(
    name="Pet Shop Patas e Cia",
    owner_name="Marcos",
    email="petshop@example.com",
    plan_slug="starter",
    ddd="31",
    city="Belo Horizonte",
    list_name="Clientes do banho e tosa",
    columns=("pet",),
    leads=280,
    numbers=(("Balcão", "demo-petshop-balcao"),),
    business_context="Pet shop com banho e tosa, ração e vacinas. Buscamos e levamos o animal em casa no bairro.",
    campaigns=(
        DemoCampaign(
            "Terça do banho",
            (
                "Oi, {nome}! Terça é dia de banho com desconto. O {pet|seu pet} vem?",
                "{nome}, que tal um banho para {pet|seu pet} nesta terça? Buscamos em casa.",
            ),
            "finished",
            deals=21,
        ),
        DemoCampaign(
            "Vacina em dia",
            (
                "Olá, {nome}! A vacina anual de {pet|seu pet} está chegando. Quer marcar?",
                "{nome}, passando para lembrar da vacina de {pet|seu pet}. Posso reservar um horário?",
            ),
            "running",
            gap_seconds=(3, 6),
        ),
    ),
    seed=31,
)

BUSINESSES: Final = (CLINIC, PET_SHOP)


def rows_of(business: DemoBusiness) -> Iterator[dict[str, str]]:
    """The business's leads, the same ones every time."""
    chance = random.Random(business.seed)
    for number in range(business.leads):
        ending = chance.choice(MAGIC_ENDINGS) if chance.random() < 0.03 else f"{1000 + number * 7 % 9000:04d}"
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(SURNAMES)}"
        row = {
            "nome": name,
            "telefone": f"({business.ddd}) 90{number:03d}-{ending}",
            "cidade": business.city,
            "status": "1",
        }
        if "pet" in business.columns:
            row["pet"] = chance.choice(PETS)
        if "ultima_visita" in business.columns:
            row["ultima_visita"] = f"{chance.randint(1, 28):02d}/{chance.randint(1, 6):02d}"
        yield row
