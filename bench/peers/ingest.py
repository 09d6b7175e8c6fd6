"""The peer of POST /api/v1/signals: the same requests, signatures and checks on FastAPI, SQLAlchemy, asyncpg and
PostgreSQL.  A request is verified, validated and deduplicated; its signal, the spent signature, what waits to be told
(outbox) and two audit rows are in one transaction that is on disk before the answer.  What Countersign does besides is
left out in the peer's favour: the chain of hashes over the audit rows (which would let one request commit at a time),
the judgement of risk, rates, the idempotency key.

uvicorn ingest:app --workers 2; DATABASE_URL names the database, POOL the connections a worker may hold.
python3 ingest.py prepare PRODUCER_ID SECRET makes the tables and one producer.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import sys
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Dict, Literal, Optional

import sqlalchemy as sa
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, StrictStr, ValidationError, validator
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert
from sqlalchemy.ext.asyncio import create_async_engine

SKEW = timedelta(seconds=300)
BODY_MAX = 65536
PAYLOAD_MAX = 32768
INSTRUMENTS = {"XAUUSD": 2, "XAGUSD": 3, "EURUSD": 5, "BTCUSD": 2}  # decimals of a price
TIMESTAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$")

metadata = sa.MetaData()
producers = sa.Table(
    "producers", metadata,
    sa.Column("producer_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("account_id", UUID(as_uuid=True), nullable=False),
    sa.Column("secret", sa.Text, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("instruments", JSONB),
)
signals = sa.Table(
    "signals", metadata,
    sa.Column("signal_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("account_id", UUID(as_uuid=True), nullable=False),
    sa.Column("producer_id", UUID(as_uuid=True), sa.ForeignKey("producers.producer_id"), nullable=False),
    sa.Column("instrument", sa.Text, nullable=False),
    sa.Column("side", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    sa.Column("time", sa.DateTime(timezone=True), nullable=False),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("seal_sha256", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    sa.UniqueConstraint("producer_id", "external_id"),
    sa.UniqueConstraint("producer_id", "instrument", "side", "time", "version"),
    sa.Index("signals_newest", "account_id", "created_at"),
)
replays = sa.Table(
    "replays", metadata,
    sa.Column("producer_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("sha256", sa.Text, primary_key=True),
    sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    sa.Column("signal_id", UUID(as_uuid=True)),
)
audit = sa.Table(
    "audit", metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("actor", UUID(as_uuid=True), nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("target_id", UUID(as_uuid=True), nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("ip", sa.Text),
    sa.Column("meta", JSONB, nullable=False),
)
outbox = sa.Table(
    "outbox", metadata,
    sa.Column("event_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", UUID(as_uuid=True), nullable=False),
    sa.Column("data", JSONB, nullable=False),
)

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=int(os.environ.get("POOL", "16")), max_overflow=0)
app = FastAPI()


class SignalIn(BaseModel):
    instrument: StrictStr = Field(regex=r"^[A-Z0-9_.]{2,20}$")
    side: Literal["buy", "sell"]
    order_type: Literal["market", "limit", "stop"] = "market"
    price: Decimal = Field(gt=0, lt=1_000_000)
    stop_loss: Optional[Decimal] = Field(None, gt=0, lt=1_000_000)
    take_profit: Optional[Decimal] = Field(None, gt=0, lt=1_000_000)
    volume: Optional[Decimal] = Field(None, gt=0, le=100)
    time: datetime
    expiry: Optional[datetime] = None
    confidence: Optional[float] = Field(None, ge=0, le=1)
    reason: StrictStr = Field("", max_length=500)
    payload: Dict[str, Any] = {}
    version: StrictStr = Field("1.0", regex=r"^[0-9]+(\.[0-9]+){0,3}$", max_length=20)
    external_id: Optional[StrictStr] = Field(None, regex=r"^[A-Za-z0-9._:-]{1,100}$")

    class Config:
        extra = "forbid"

    @validator("instrument")
    def known(cls, value):
        if value not in INSTRUMENTS:
            raise ValueError("unknown instrument")
        return value

    @validator("price", "stop_loss", "take_profit", "volume", pre=True)
    def a_number(cls, value):
        if value is not None and (isinstance(value, (str, bool)) or not isinstance(value, (int, float))):
            raise ValueError("not a number")
        return None if value is None else Decimal(repr(value))

    @validator("price", "stop_loss", "take_profit")
    def precise(cls, value, values):
        if value is not None and -value.as_tuple().exponent > INSTRUMENTS.get(values.get("instrument"), 8):
            raise ValueError("too many decimals")
        return value

    @validator("stop_loss")
    def stop_side(cls, value, values):
        if value is not None and "price" in values and (value < values["price"]) != (values.get("side") == "buy"):
            raise ValueError("on the wrong side of the price")
        return value

    @validator("take_profit")
    def target_side(cls, value, values):
        if value is not None and "price" in values and (value > values["price"]) != (values.get("side") == "buy"):
            raise ValueError("on the wrong side of the price")
        return value

    @validator("time")
    def recent(cls, value):
        now = datetime.now(timezone.utc)
        if value.tzinfo is None or value > now + SKEW or value < now - timedelta(seconds=3600):
            raise ValueError("too old, too far ahead, or without an offset")
        return value


def refuse(status: int, code: str, **more):
    return JSONResponse({"status": status, "code": code, **more}, status_code=status)


def canonical(request: Request, timestamp: str, producer: str, body: bytes) -> bytes:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    target = request.scope["raw_path"].decode()
    if request.scope["query_string"]:
        target += "?" + request.scope["query_string"].decode()
    return "\n".join((f"METHOD:{request.method}", f"ENDPOINT:{target}", f"TIMESTAMP:{timestamp}",
                      f"PRODUCER_ID:{producer}", f"BODY_SHA256:{digest}")).encode()


def wanted(signal: SignalIn, producer: uuid.UUID, expiry: datetime) -> dict:
    content = json.loads(signal.json(exclude={"time", "expiry"}))
    return {**content, "producer_id": str(producer), "time": signal.time.astimezone(timezone.utc).isoformat(),
            "expiry": expiry.isoformat()}


@app.post("/api/v1/signals")
async def create(request: Request):
    now = datetime.now(timezone.utc)
    name, timestamp = request.headers.get("x-producer-id"), request.headers.get("x-timestamp")
    signature = request.headers.get("x-signature")
    if not name or not timestamp or not signature or not TIMESTAMP.match(timestamp):
        return refuse(401, "unauthenticated")
    body = await request.body()
    if len(body) > BODY_MAX:
        return refuse(413, "body_too_large")
    if abs(datetime.fromisoformat(timestamp) - now) > SKEW:
        return refuse(401, "timestamp_skew", server_time=now.isoformat())
    try:
        producer_id = uuid.UUID(name)
    except ValueError:
        return refuse(401, "signature_invalid")
    async with engine.begin() as db:
        producer = (await db.execute(sa.select(producers).where(producers.c.producer_id == producer_id))).first()
        key = producer.secret if producer else "nobody's"
        right = base64.b64encode(
            hmac.new(key.encode(), canonical(request, timestamp, name, body), hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(right.encode(), signature.encode()) or not producer or not producer.enabled:
            return refuse(401, "signature_invalid")
        try:
            signal = SignalIn.parse_raw(body)
        except ValidationError as fault:
            return refuse(422, "invalid", errors=json.loads(fault.json()))
        if len(json.dumps(signal.payload)) > PAYLOAD_MAX:
            return refuse(413, "payload_too_large")
        if producer.instruments and signal.instrument not in producer.instruments:
            return refuse(422, "invalid")
        return await store(db, request, producer, signal, signature, now)


async def store(db, request: Request, producer, signal: SignalIn, signature: str, now: datetime):
    signal_id = uuid.uuid4()
    spent = hashlib.sha256(signature.encode()).hexdigest()
    row = (await db.execute(
        insert(replays).values(producer_id=producer.producer_id, sha256=spent, until=now + 2 * SKEW,
                               signal_id=signal_id).on_conflict_do_nothing().returning(replays.c.sha256))).first()
    if row is None:
        return refuse(409, "replayed")
    expiry = signal.expiry or now + timedelta(seconds=900)
    content = wanted(signal, producer.producer_id, expiry)
    seal = hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    row = (await db.execute(
        insert(signals).values(signal_id=signal_id, account_id=producer.account_id, producer_id=producer.producer_id,
                               instrument=signal.instrument, side=signal.side, version=signal.version,
                               external_id=signal.external_id, time=signal.time, expires_at=expiry, content=content,
                               seal_sha256=seal, status="blocked", created_at=now)
        .on_conflict_do_nothing().returning(signals.c.signal_id))).first()
    if row is None:
        return refuse(409, "duplicate_signal")
    said = {"at": now, "actor": producer.producer_id, "target_id": signal_id, "status": "success",
            "ip": request.client.host if request.client else None}
    await db.execute(insert(audit), [
        {**said, "action": "signal.create", "meta": {"producer_id": str(producer.producer_id), "seal_sha256": seal}},
        {**said, "action": "signal.block", "meta": {"reason": "risk"}},
    ])
    await db.execute(insert(outbox).values(at=now, kind="signal.created", subject=signal_id, data=content))
    return JSONResponse({"result": {"id": str(signal_id), **content, "status": "blocked", "seal_sha256": seal,
                                    "created_at": now.isoformat()}}, status_code=201,
                        headers={"Location": f"/api/v1/signals/{signal_id}"})


async def prepare(producer_id: str, secret: str):
    async with engine.begin() as db:
        await db.run_sync(metadata.create_all)
        await db.execute(insert(producers).values(producer_id=uuid.UUID(producer_id), account_id=uuid.uuid4(),
                                                  secret=secret, enabled=True))
    await engine.dispose()


if __name__ == "__main__" and sys.argv[1:2] == ["prepare"]:
    import asyncio

    asyncio.run(prepare(*sys.argv[2:4]))
