USERS = {}


def find_user(name):
    for user in USERS.values():
        if user.name == name:
            return user
    return None
