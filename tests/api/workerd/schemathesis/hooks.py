"""Access tokens for schemathesis, of users that are made when they are needed."""

import os
from itertools import count

import requests
import schemathesis

API = os.environ["API"]
PASSWORD = "correct horse battery"  # of the examples, so that some requests have the right one

# After these, no other request may rely on the user, or on the session.
END_THE_USER = {"changePassword", "deleteMe", "logoutEverywhere"}
END_THE_SESSION = END_THE_USER | {"logout", "endSession", "listSessions"}
# The first ends sessions that the second lists.
SHARED_USERS = {"endSession": "listSessions"}

# Codes of rules that no schema can express: an international domain, or over 64 bytes before the @; a password that
# is common or the e-mail; a refresh token that is needed where no cookie comes; a login with the wrong password.
BEYOND_SCHEMAS = {
    "register": {"invalid_email", "too_common", "is_email"},
    "changePassword": {"too_common"},
    "refresh": {"required"},
    "login": {"invalid_grant"},
}

numbers = count()
emails = {}
tokens = {}


def post(path, **body):
    answer = requests.post(API + path, json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def new_token(operation):
    user = SHARED_USERS.get(operation, operation)
    if user not in emails or operation in END_THE_USER:
        emails[user] = f"schemathesis{next(numbers)}@example.com"
        post("/auth/register", email=emails[user], password=PASSWORD)
    return post("/auth/login", email=emails[user], password=PASSWORD)["access_token"]


def takes_token(context):
    security = context.operation.definition.raw["security"]
    return any("accessToken" in scheme for scheme in security)


@schemathesis.auth(refresh_interval=None).apply_to(takes_token)
class AccessToken:
    def get(self, case, context):
        operation = context.operation.definition.raw["operationId"]
        if operation not in tokens or operation in END_THE_SESSION:
            tokens[operation] = new_token(operation)
        return tokens[operation]

    def set(self, case, token, context):
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if failure.code != "ST202":  # Schema-valid request rejected
        return True
    problem = response.json()
    codes = {error["code"] for error in problem.get("errors", [])} or {problem.get("error")}
    operation = case.operation.definition.raw["operationId"]
    return not codes <= BEYOND_SCHEMAS.get(operation, set())
