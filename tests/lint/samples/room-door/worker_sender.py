import services.sending.engine
