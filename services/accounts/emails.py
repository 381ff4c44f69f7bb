"""E-mail addresses as people write them."""

from email_validator import EmailNotValidError, validate_email

from core.errors import InvalidInput


class BadEmail(InvalidInput):
    """Not an address anybody could be written to."""

    code = "bad_email"
    message = "Este e-mail não é válido. Confira se falta algo, como o @ ou o .com."

    def __init__(self) -> None:
        super().__init__(fields={"email": [self.message]})


def normalise_email(email: str) -> str:
    """The form an address is looked up and compared by: trimmed, in small letters, never longer than 254."""
    return email.strip().lower()[:254]


def checked_email(email: str) -> str:
    """The address in its normal form; BadEmail when its shape is wrong. Nobody is asked whether it exists."""
    try:
        return normalise_email(
            validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized
        )
    except EmailNotValidError as problem:
        raise BadEmail from problem
