"""The yardstick of `page_latency`: a bare Flask page with one query, no sign-in, no tenants, no layout."""

import os

import psycopg2
from flask import Flask, render_template_string

PAGE = """<!doctype html><title>x</title><h1>x</h1>
<ul>{% for row in rows %}<li>{{ row[0] }}: {{ row[1] }}</li>{% endfor %}</ul>"""

app = Flask(__name__)
connection = psycopg2.connect(os.environ["DATABASE_URL"].replace("postgresql+psycopg2", "postgresql"))
connection.autocommit = True


@app.get("/")
def page() -> str:
    """Nine rows by primary key from a table of PostgreSQL's own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid::bigint, relname FROM pg_class ORDER BY oid LIMIT 9")
        return render_template_string(PAGE, rows=cursor.fetchall())
