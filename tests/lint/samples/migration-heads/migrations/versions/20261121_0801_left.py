revision = "20261121_0801"
down_revision = "20261121_0800"
