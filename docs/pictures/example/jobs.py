import threading

from mail import notify
from users import find_user


def remind(names):
    for name in names:
        notify(find_user(name), "your trial ends")


def start(names):
    threading.Thread(target=remind, args=(names,)).start()
