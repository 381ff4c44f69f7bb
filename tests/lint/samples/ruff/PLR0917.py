def send(phone: str, text: str, name: str, city: str, number: int, attempt: int) -> str:
    return f"{phone}{text}{name}{city}{number}{attempt}"
