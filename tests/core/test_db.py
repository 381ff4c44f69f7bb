"""What an error of the database may say."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session


def test_an_error_never_quotes_the_values_of_its_statement(session: Session) -> None:
    with pytest.raises(DBAPIError) as failure:
        session.execute(text("SELECT CAST(:amount AS int) / 0, :phone"), {"amount": 1, "phone": "5511900000001"})
    assert "5511900000001" not in str(failure.value)
