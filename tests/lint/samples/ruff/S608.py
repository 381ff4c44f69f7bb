def find(name: str) -> str:
    return f"SELECT id FROM leads WHERE name = '{name}'"
