revision = "20261121_0802"
down_revision = "20261121_0800"
