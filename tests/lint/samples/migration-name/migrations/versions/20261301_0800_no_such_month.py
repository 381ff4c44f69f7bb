revision = "20261301_0800"
down_revision = None
