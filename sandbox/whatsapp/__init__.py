"""WhatsApp gateways: the phones they share and one file per dialect."""
