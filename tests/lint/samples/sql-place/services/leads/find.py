from sqlalchemy import text

NAMES = text("SELECT name FROM leads")
