"""What every page is held to."""


def lint_page(html: str, *, url: str) -> list[str]:
    """Problems found, one sentence each."""
    return [] if html.lower().count("<h1") == 1 else [f"{url} has not exactly one h1"]
