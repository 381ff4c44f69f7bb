"""The forms of the sign-in family. Their sentences are the page's."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, StringField
from wtforms.validators import DataRequired, EqualTo, Length

NEEDED = DataRequired(_l("Preencha este campo."))
MAX_PASSWORD = Length(max=1024, message=_l("Use no máximo 1024 caracteres."))


class SignInForm(FlaskForm):  # type: ignore[misc]
    """E-mail and password. The shape of the e-mail isn't judged: a wrong one is simply unknown."""

    email = StringField(validators=[NEEDED, Length(max=254, message=_l("Este e-mail é longo demais."))])
    password = PasswordField(validators=[NEEDED])
    remember = BooleanField()


class ForgotPasswordForm(FlaskForm):  # type: ignore[misc]
    """Where to send the link."""

    email = StringField(validators=[NEEDED, Length(max=254, message=_l("Este e-mail é longo demais."))])


class ChoosePasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password; typed once, since it can be shown."""

    password = PasswordField(validators=[NEEDED, MAX_PASSWORD])


class ChangePasswordForm(FlaskForm):  # type: ignore[misc]
    """A signed-in person's new password."""

    current_password = PasswordField(validators=[NEEDED, MAX_PASSWORD])
    password = PasswordField(validators=[NEEDED, MAX_PASSWORD])
    repeated = PasswordField(validators=[NEEDED, EqualTo("password", _l("As duas senhas novas precisam ser iguais."))])


def problems_of(form: FlaskForm) -> dict[str, str]:
    """The first sentence of each field that was refused."""
    return {name: str(sentences[0]) for name, sentences in form.errors.items() if sentences and name}
