"""The endpoints of Gatehouse as a FastAPI backend: what `cargo xtask bench` compares with.

It was written for that purpose, with the libraries that such backends are usually made of, and does
what the replaced system did: synchronous endpoints, a session for each request, a pool with
SQLAlchemy's defaults, passlib's argon2 and HS256 tokens whose subject is the e-mail.
"""

import os
from datetime import datetime, timedelta, timezone
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError, jwt
from passlib.context import CryptContext
from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, String, create_engine, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

SECRET_KEY = os.environ["SECRET_KEY"]
ALGORITHM = "HS256"
LIFETIME = timedelta(minutes=int(os.environ.get("ACCESS_TOKEN_EXPIRE_MINUTES", "30")))

# `POOL_SIZE` overrides SQLAlchemy's five connections, beyond which it opens and closes more.
size = os.environ.get("POOL_SIZE")
engine = create_engine(os.environ["DATABASE_URL"], **({"pool_size": int(size)} if size else {}))
new_session = sessionmaker(bind=engine, autoflush=False)

# `ARGON2` overrides passlib's defaults: memory in KiB, passes, lanes.
costs = os.environ.get("ARGON2")
names = ("argon2__memory_cost", "argon2__rounds", "argon2__parallelism")
settings = dict(zip(names, map(int, costs.split(",")))) if costs else {}
passwords = CryptContext(schemes=["argon2"], deprecated="auto", **settings)
bearer = OAuth2PasswordBearer(tokenUrl="/auth/login")


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    email: Mapped[str | None] = mapped_column(String(255), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(50))
    username: Mapped[str | None] = mapped_column(String(50))
    updated_at: Mapped[datetime | None] = mapped_column(server_default=func.now(), onupdate=func.now())


class Register(BaseModel):
    email: str
    password: str
    name: str | None = None
    username: str | None = None


class Login(BaseModel):
    email: str
    password: str


class Changes(BaseModel):
    name: str | None = None
    username: str | None = None


class Profile(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    email: str
    name: str | None
    username: str | None


class Registered(Profile):
    id: int
    updated_at: datetime | None


class Token(BaseModel):
    access_token: str
    token_type: str = "bearer"


app = FastAPI()
app.add_middleware(
    CORSMiddleware,
    allow_origins=["http://localhost:5173", "http://127.0.0.1:5173"],
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


def get_session():
    session = new_session()
    try:
        yield session
    finally:
        session.close()


Database = Annotated[Session, Depends(get_session)]


def find(session: Session, email: str) -> User | None:
    return session.scalar(select(User).where(User.email == email))


def get_user(token: Annotated[str, Depends(bearer)], session: Database) -> User:
    try:
        claims = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])
    except JWTError:
        raise HTTPException(401, "Invalid token")
    user = find(session, claims.get("sub") or "")
    if user is None:
        raise HTTPException(404, "User not found")
    return user


@app.get("/")
def root():
    return {"status": "ok"}


@app.post("/auth/register", response_model=Registered)
def register(body: Register, session: Database):
    if find(session, body.email):
        raise HTTPException(409, "User with this email already exists")
    user = User(
        email=body.email,
        password=passwords.hash(body.password),
        name=body.name,
        username=body.username,
    )
    session.add(user)
    session.commit()
    session.refresh(user)
    return user


@app.post("/auth/login", response_model=Token)
def login(body: Login, session: Database):
    user = find(session, body.email)
    if user is None or not passwords.verify(body.password, user.password):
        raise HTTPException(400, "Invalid credentials")
    claims = {"sub": user.email, "exp": datetime.now(timezone.utc) + LIFETIME}
    return Token(access_token=jwt.encode(claims, SECRET_KEY, algorithm=ALGORITHM))


@app.get("/me", response_model=Profile)
def me(user: Annotated[User, Depends(get_user)]):
    return user


@app.patch("/user/update", response_model=Registered)
def update(changes: Changes, user: Annotated[User, Depends(get_user)], session: Database):
    for field, value in changes.model_dump(exclude_unset=True).items():
        setattr(user, field, value)
    session.commit()
    session.refresh(user)
    return user
