def classify(number: int) -> str:
    if number < 0:
        return "negative"
    if number == 0:
        return "none"
    if number == 1:
        return "one"
    if number == 2:
        return "two"
    if number == 3:
        return "three"
    if number < 10:
        return "few"
    if number < 100:
        return "many"
    if number < 1000:
        return "very many"
    return "countless"
