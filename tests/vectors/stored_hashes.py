"""What passlib says of stored hashes in every spelling: one JSON array a line, of the hash, the
password and the verdict (true, false, or null where passlib raises an error).

    python3 tests/vectors/stored_hashes.py > tests/vectors/stored_hashes.jsonl   # the fixed ones
    python3 tests/vectors/stored_hashes.py 300                             # so many others, at random

It needs passlib 1.7.4, argon2-cffi 25.1.0 and bcrypt 4.0.1; without them it ends with status 77.
"""

import json
import random
import sys
import warnings

try:
    import argon2
    from passlib.context import CryptContext
    from passlib.hash import bcrypt, bcrypt_sha256
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(77)

warnings.simplefilter("ignore")
CONTEXT = CryptContext(schemes=["argon2", "bcrypt_sha256", "bcrypt"])
BCRYPT_DIGITS = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
PASSWORD = "correct horse"
SALT = b"a salt of a test"


def verdict(stored, password):
    try:
        return bool(CONTEXT.verify(password, stored))
    except Exception:
        return None


def argon2_hash(kind, version, memory, passes, lanes, salt, length):
    types = {"i": argon2.Type.I, "d": argon2.Type.D, "id": argon2.Type.ID}
    return argon2.low_level.hash_secret(
        PASSWORD.encode(), salt, passes, memory, lanes, length, types[kind], version
    ).decode()


def spare(digits, alphabet):
    """Sets the lowest bit of the last digit, which belongs to no byte."""
    return digits[:-1] + alphabet[alphabet.index(digits[-1]) | 1]


def number(text):
    """Other ways to write a number."""
    return ["0" + text, "00" + text, "+" + text, " " + text, text + " ", text + ".0", "-" + text, ""]


def replaced(parts, index, values):
    """The parts with one of them replaced by each of some others."""
    for value in values:
        yield [*parts[:index], value, *parts[index + 1 :]]


def around(hashes):
    """Each hash, and what may stand before and after it."""
    for stored in hashes:
        yield stored
        for before in (" ", "\n", "$", "\ufeff"):
            yield before + stored
        for after in (" ", "\n", "\n\n", "\r\n", "\t", "$", "=", "\0", "\0x", "x", "$x", "\u00e9"):
            yield stored + after
        yield stored[1:]
        yield stored.upper()
        yield stored[:-1]
        yield stored.rpartition("$")[0]
        yield stored.rpartition("$")[0] + "$"


def argon2_spellings(stored):
    """An argon2 hash with one thing about it written in another way."""
    parts = stored.split("$")[1:]
    kind, version, costs, salt, digest = parts
    memory, passes, lanes = costs.split(",")
    lists = [
        (0, ["argon2", "argon2ids", "argon2x", "ARGON2ID", "argon2i", "argon2d", "argon2id"]),
        (1, ["v=16", "v=19", "v=18", "v=20", "v=0", "V=19", "19", *("v=" + n for n in number(version[2:]))]),
        (2, [f"{passes},{memory},{lanes}", f"{memory},{passes}", f"{memory},{passes},p", f"{costs},",
             f"{costs},data=YWJj", f"{costs},keyid=YWJj", f"{costs},x=1", costs.replace(",", ", "),
             costs.upper(), "m=7,t=1,p=1", "m=8,t=0,p=1", "m=8,t=1,p=0", "m=8,t=1,p=2", ""]),
        (2, [f"m={n},{passes},{lanes}" for n in number(memory[2:])]),
        (2, [f"{memory},t={n},{lanes}" for n in number(passes[2:])]),
        (2, [f"{memory},{passes},p={n}" for n in number(lanes[2:])]),
        (3, [salt + "=", salt + "==", spare(salt, DIGITS), salt[:10], "", salt[:-1] + "-", salt + "\n"]),
        (4, [digest + "=", digest + "==", spare(digest, DIGITS), digest[:5], digest[:3], "", digest + "AAAA"]),
    ]
    for index, values in lists:
        for changed in replaced(parts, index, values):
            yield "$" + "$".join(changed)
    # Without a version it is the first one.
    yield "$" + "$".join([kind, costs, salt, digest])


def argon2_fixed():
    for kind in ("i", "d", "id"):
        for version in (16, 19):
            yield argon2_hash(kind, version, 8, 1, 1, SALT, 32)
    for memory, passes, lanes, salt, length in [
        (64, 3, 4, SALT, 16),
        (8, 1, 1, b"8 bytes.", 4),
        (8, 2, 1, b"a salt as long as passlib can be told to make, and longer than that", 64),
        (33, 1, 4, b"not three", 33),
    ]:
        yield argon2_hash("id", 19, memory, passes, lanes, salt, length)


def bcrypt_fixed():
    salts = ["abcdefghijklmnopqrstuu", "......................", "zzzzzzzzzzzzzzzzzzzzzu"]
    for ident in ("2", "2a", "2b", "2y"):
        for salt in salts:
            yield bcrypt.using(rounds=4, salt=salt, ident=ident).hash(PASSWORD)
    yield bcrypt.using(rounds=6, salt=salts[0]).hash(PASSWORD)


def bcrypt_sha256_fixed():
    salts = ["abcdefghijklmnopqrstuu", "zzzzzzzzzzzzzzzzzzzzzu"]
    for salt in salts:
        yield bcrypt_sha256.using(rounds=4, salt=salt).hash(PASSWORD)
        for ident in ("2a", "2b"):
            yield bcrypt_sha256.using(rounds=4, salt=salt, ident=ident, version=1).hash(PASSWORD)


def bcrypt_spellings(stored):
    ident, cost, rest = stored.split("$")[1:]
    salt, digest = rest[:22], rest[22:]
    for other in ("2", "2a", "2b", "2x", "2y", "2c", "2B", "", "02b", "1"):
        yield f"${other}${cost}${rest}"
    for other in [*number(cost), cost.lstrip("0"), "03", "00", "32"]:
        yield f"${ident}${other}${rest}"
    for other in [salt[:-1] + "v", salt[:-1] + "9", salt[:-1] + "+", salt[:-1], salt + ".", "+" + salt[1:]]:
        yield f"${ident}${cost}${other}{digest}"
    for other in [spare(digest, BCRYPT_DIGITS), digest[:-1], digest + ".", "", digest[:-1] + "+", "=" + digest[1:]]:
        yield f"${ident}${cost}${salt}{other}"
    yield f"${ident}${cost}${salt}${digest}"
    yield f"$bcrypt-sha256${ident},{int(cost)}${salt}${digest}"


def bcrypt_sha256_spellings(stored):
    _, _, settings, salt, digest = stored.split("$")
    cost = "4"
    settings_of_others = [
        f"v={version},t={ident},r={cost}"
        for version in ("1", "2", "3", "02", "002", "+2", "-2", "", "2 ")
        for ident in ("2b", "2a", "2y", "2", "2B")
    ]
    settings_of_others += [f"{ident},{cost}" for ident in ("2b", "2a", "2y", "2", "2x", "", "$2b$")]
    for other in number(cost):
        settings_of_others += [settings[:-1] + other]
    settings_of_others += ["t=2b,v=2,r=4", "v=2,r=4,t=2b", "v=2,t=2b", "v=2,t=2b,r=4,", "v=2,t=2b,r=3", "2b,3", "2b"]
    for other in settings_of_others:
        yield f"$bcrypt-sha256${other}${salt}${digest}"
    for other in [salt[:-1] + "v", salt[:-1] + "9", salt[:-1] + "+", salt[:-1], salt + ".", "\n" + salt[1:]]:
        yield f"$bcrypt-sha256${settings}${other}${digest}"
    for other in [spare(digest, BCRYPT_DIGITS), digest[:-1], digest + ".", "", digest[:-1] + "\n"]:
        yield f"$bcrypt-sha256${settings}${salt}${other}"
    yield f"$bcrypt_sha256${settings}${salt}${digest}"
    yield f"$bcrypt-sha256${settings}${salt}{digest}"
    yield f"$2b$04${salt}{digest}"


def passwords_of_bcrypt():
    """Passwords about the 72 bytes that bcrypt looks at, and those that `$2$` repeats."""
    salt = "abcdefghijklmnopqrstuu"
    for ident in ("2", "2a", "2b", "2y"):
        for password in ("", "ab", "abab", "x" * 71, "x" * 72, "x" * 73, "\u00e9" * 36, "\u00e9" * 40, "x" * 300):
            stored = bcrypt.using(rounds=4, salt=salt, ident=ident).hash(password)
            for other in (password, password[:-1], password + "x", password * 2, password + "\0"):
                yield stored, other


FAMILIES = [
    (argon2_fixed, argon2_spellings),
    (bcrypt_fixed, bcrypt_spellings),
    (bcrypt_sha256_fixed, bcrypt_sha256_spellings),
]


def fixed():
    for bases, spellings in FAMILIES:
        bases = list(bases())
        for stored in bases:
            yield stored, PASSWORD
            yield stored, PASSWORD + " "
        # All other spellings of the first and the last.
        for stored in (bases[0], bases[-1]):
            for spelling in [*around([stored]), *spellings(stored)]:
                yield spelling, PASSWORD
    yield from passwords_of_bcrypt()


def fresh(chance):
    """A hash of any scheme with a salt and costs at random, and the other spellings of it."""
    digits = "".join(chance.choice(BCRYPT_DIGITS) for _ in range(21)) + chance.choice(".Oeu")
    scheme = chance.choice(["argon2", "bcrypt", "v1", "v2"])
    if scheme == "argon2":
        lanes = chance.randrange(1, 5)
        stored = argon2_hash(
            chance.choice(["i", "d", "id"]),
            chance.choice([16, 19]),
            chance.randrange(8 * lanes, 99),
            chance.randrange(1, 4),
            lanes,
            chance.randbytes(chance.randrange(8, 40)),
            chance.randrange(4, 65),
        )
        return stored, argon2_spellings
    rounds = chance.randrange(4, 6)
    if scheme == "bcrypt":
        ident = chance.choice(["2", "2a", "2b", "2y"])
        return bcrypt.using(rounds=rounds, salt=digits, ident=ident).hash(PASSWORD), bcrypt_spellings
    if scheme == "v1":
        ident = chance.choice(["2a", "2b"])
        handler = bcrypt_sha256.using(rounds=rounds, salt=digits, ident=ident, version=1)
    else:
        handler = bcrypt_sha256.using(rounds=rounds, salt=digits)
    return handler.hash(PASSWORD), bcrypt_sha256_spellings


def at_random(count):
    chance = random.SystemRandom()
    for _ in range(count):
        stored, spellings = fresh(chance)
        for _ in range(chance.choice([0, 1, 1, 2])):
            try:
                others = list(spellings(stored) if chance.random() < 0.8 else around([stored]))
            except (ValueError, IndexError):
                # The first change has left nothing to change.
                break
            stored = chance.choice(others)
        yield stored, PASSWORD


def main():
    cases = at_random(int(sys.argv[1])) if len(sys.argv) > 1 else dict.fromkeys(fixed())
    for stored, password in cases:
        print(json.dumps([stored, password, verdict(stored, password)]))


if __name__ == "__main__":
    main()
