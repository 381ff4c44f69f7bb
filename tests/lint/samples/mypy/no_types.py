def send(phone, text):
    return phone + text
