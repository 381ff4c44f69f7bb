def length(text: str) -> int:
    return text
