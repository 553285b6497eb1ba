import requests

MAIL = "https://mail.example.org/send"


def notify(user, text):
    message = {"to": user.address, "text": text}
    requests.post(MAIL, json=message, timeout=10)
