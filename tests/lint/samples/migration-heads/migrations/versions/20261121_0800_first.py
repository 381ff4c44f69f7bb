revision = "20261121_0800"
down_revision = None
