#!/usr/bin/env python3
"""sim/terminal.py --server URL --device ID --secret-file F [--script F] [--seed N] [--steps N]: play a terminal.

It has a book, ticks from a seed, margin, and a broker that takes orders; it speaks the terminal's protocol over HTTP
(docs/guide/terminal.md) and prints one JSON object at the end.  The script is a JSON list of faults, each
{"fault": NAME, ...}:

    partial_fill            the first order is filled for half
    slippage P              fills are P points worse
    manual_close            the first position is closed by hand after two snapshots
    stop_out                the broker closes everything at the end
    disconnect AT FOR       no request gets through in steps AT to AT+FOR-1; AT "fill": after the broker filled
    duplicate_ack           every acknowledgement is sent twice
    clock_ahead S           the terminal's clock is S seconds ahead until it has asked /api/v1/time
    replay                  one request is sent twice with the same nonce
    crash_before_ack        after the first fill the terminal forgets all it knew, and starts again
    symbol_suffix T         the broker's symbols end so
    gap P                   the day opened P percent away from yesterday's close
"""
import argparse
import base64
import datetime
import hashlib
import hmac
import json
import random
import time
import urllib.error
import urllib.request

INSTRUMENT, POINT, LEVERAGE = "BTCUSD", 0.01, 100
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Broker:
    """The side that survives a crash of the terminal: positions, deals, the price."""

    def __init__(self, seed, faults):
        self.random = random.Random(seed)
        self.bid, self.balance = 60000.0, 10000.0
        self.ticket = time.time_ns() // 1000  # a broker never gives one twice
        self.positions, self.deals, self.orders = {}, [], []
        self.faults = faults

    def tick(self):
        self.bid = round(self.bid + self.random.uniform(-5, 5), 2)

    def next_ticket(self):
        self.ticket += 1
        return str(self.ticket)

    def find(self, magic):
        """The position of an order bearing this magic, open or by its deal."""
        for position in self.positions.values():
            if position["magic"] == magic:
                return position["ticket"]
        return next((deal["position_ticket"] for deal in self.deals if deal["magic"] == magic), None)

    def send(self, order):
        worse = self.faults.get("slippage", {}).get("points", 0) * POINT
        sign = 1 if order["side"] == "buy" else -1
        price = round(self.bid + (0.5 if sign > 0 else 0) + sign * worse, 2)
        volume = order["volume"]
        if "partial_fill" in self.faults and not self.orders:
            volume = round(volume / 2, 2)
        self.orders.append(order["magic"])
        ticket = self.next_ticket()
        self.positions[ticket] = {
            "ticket": ticket, "symbol": order["symbol"], "side": order["side"], "volume": volume, "open_price": price,
            "stop_loss": order["stop_loss"] or 0, "take_profit": order["take_profit"] or 0, "magic": order["magic"],
            "comment": order["comment"]}
        self.deal(ticket, "in", order["side"], volume, price, 0, "expert", order["magic"])
        return ticket, price, volume

    def deal(self, position, entry, side, volume, price, profit, reason, magic):
        self.deals.append({"ticket": self.next_ticket(), "position_ticket": position, "symbol": self.symbol(),
                           "side": side, "entry": entry, "volume": volume, "price": price, "profit": profit,
                           "reason": reason, "magic": magic, "time": stamp(time.time())})

    def symbol(self):
        return INSTRUMENT + self.faults.get("symbol_suffix", {}).get("text", "")

    def profit(self, position):
        sign = 1 if position["side"] == "buy" else -1
        return round(sign * (self.bid - position["open_price"]) * position["volume"], 2)

    def close(self, ticket, reason):
        position = self.positions.pop(ticket)
        profit, price = self.profit(position), self.bid
        self.balance = round(self.balance + profit, 2)
        side = "sell" if position["side"] == "buy" else "buy"
        self.deal(ticket, "out", side, position["volume"], price, profit, reason, position["magic"])
        return price, profit

    def snapshot(self, sequence, now):
        floating = sum(self.profit(position) for position in self.positions.values())
        margin = sum(p["volume"] * p["open_price"] / LEVERAGE for p in self.positions.values())
        equity = round(self.balance + floating, 2)
        quote = {"symbol": self.symbol(), "bid": self.bid, "ask": round(self.bid + 0.5, 2), "time": stamp(now)}
        if "gap" in self.faults:
            quote.update(prev_close=50000, open=round(50000 * (1 + self.faults["gap"]["percent"] / 100), 2))
        return {"seq": sequence, "taken_at": stamp(now),
                "account": {"login": "7001", "broker": "Sim", "server": "Sim-Demo", "currency": "USD",
                            "leverage": LEVERAGE, "balance": self.balance, "equity": equity, "margin": round(margin, 2),
                            "free_margin": round(equity - margin, 2)},
                "positions": [dict(p, current_price=self.bid, profit=self.profit(p)) for p in self.positions.values()],
                "deals": self.deals[-200:], "quotes": [quote]}


def stamp(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Terminal:
    def __init__(self, options, broker, faults, report):
        self.options, self.broker, self.faults, self.report = options, broker, faults, report
        with open(options.secret_file, encoding="ascii") as file:
            self.key = file.read().strip().encode()
        self.offset = faults.get("clock_ahead", {}).get("seconds", 0)  # of the clock, until it is corrected
        self.correction, self.count, self.starting = 0.0, 0, True
        self.boot = time.time_ns()

    def now(self):
        return time.time() + self.offset + self.correction

    def learn_time(self):
        with NO_PROXY.open(self.options.server + "/api/v1/time", timeout=10) as answer:
            self.correction += json.load(answer)["result"]["unix_ms"] / 1000 - self.now()

    def sign(self, method, target, body):
        self.count += 1
        nonce, moment = f"{self.boot}-{self.count}", stamp(self.now())
        text = f"{method}|{target}|{body}|{self.options.device}|{nonce}|{moment}"
        signature = base64.b64encode(hmac.new(self.key, text.encode(), hashlib.sha256).digest()).decode()
        return {"X-Device-Id": self.options.device, "X-Nonce": nonce, "X-Timestamp": moment, "X-Signature": signature,
                "Content-Type": "application/json"}

    def send(self, method, target, body, headers):
        request = urllib.request.Request(self.options.server + target, body.encode() or None, headers, method=method)
        try:
            with NO_PROXY.open(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or "{}")
        except urllib.error.HTTPError as problem:
            answer = json.loads(problem.read() or "{}")
            code = answer.get("code", str(problem.code))
            self.report["errors"][code] = self.report["errors"].get(code, 0) + 1
            return problem.code, answer

    def ask(self, method, target, content=None, again=False):
        body = json.dumps(content) if content is not None else ""
        headers = self.sign(method, target, body)
        status, answer = self.send(method, target, body, headers)
        if status == 401 and answer.get("code") == "timestamp_skew" and not again:
            self.learn_time()
            if content and "taken_at" in content:
                content["taken_at"] = content["quotes"][0]["time"] = stamp(self.now())
            return self.ask(method, target, content, again=True)
        if "replay" in self.faults and not self.report["replayed"] and status < 300:
            replayed, problem = self.send(method, target, body, headers)
            self.report["replayed"] = f"{replayed} {problem.get('code')}"
        return status, answer.get("result") or {}

    # --- what it does ---

    def ack(self, order, content):
        content = dict(content, approval_id=order["approval_id"], delivery_id=order["delivery_id"])
        status, _ = self.ask("POST", "/api/v1/client/ack", content)
        if "duplicate_ack" in self.faults and status < 300:
            status, _ = self.ask("POST", "/api/v1/client/ack", content)
            self.report["repeated"] += status == 200
        return status

    def take(self, order):
        ticket, price, volume = self.broker.find(order["magic"]), None, None
        if ticket is None:  # it looks before it sends
            ticket, price, volume = self.broker.send(order)
            if "crash_before_ack" in self.faults and not self.report["crashes"]:
                self.report["crashes"] += 1
                raise InterruptedError
            if self.faults.get("disconnect", {}).get("at") == "fill" and not self.report["lost"]:
                self.report["lost"] += 1
                raise ConnectionError
        content = {"status": "placed", "broker_ticket": ticket}
        if price is not None:
            content.update(fill_price=price, fill_volume=volume)
        self.report["acknowledged"] += self.ack(order, content) < 300

    def poll(self):
        status, result = self.ask("GET", "/api/v1/client/poll" + ("?redeliver=1" if self.starting else ""))
        self.starting = self.starting and status >= 300
        for order in result.get("orders", []):
            self.report["delivered"] += not order["redelivered"]
            self.take(order)

    def close(self):
        _, result = self.ask("GET", "/api/v1/client/close-commands")
        for command in result.get("commands", []):
            if command["broker_ticket"] not in self.broker.positions:
                continue
            price, profit = self.broker.close(command["broker_ticket"], "expert")
            status, _ = self.ask("POST", "/api/v1/client/close-ack",
                                 {"command_id": command["id"], "status": "executed", "close_price": price,
                                  "profit": profit})
            self.report["closed"] += status < 300

    def snapshot(self):
        self.report["snapshots"] += 1
        status, result = self.ask("POST", "/api/v1/client/snapshot",
                                  self.broker.snapshot(int(time.time() * 1000), self.now()))
        if status < 300:
            self.report["reconciliation"] = result["reconciliation"]
            self.report["guards"] = result["guards"]["level"]


def step(terminal, number, faults, report):
    broker = terminal.broker
    broker.tick()
    cut = faults.get("disconnect", {})
    if isinstance(cut.get("at"), int) and cut["at"] <= number < cut["at"] + cut.get("for", 1):
        return
    terminal.snapshot()
    terminal.poll()
    terminal.close()
    if "manual_close" in faults and report["snapshots"] >= 3 and broker.positions and not report["by_hand"]:
        broker.close(next(iter(broker.positions)), "client")
        report["by_hand"] += 1


def play(options, faults):
    report = {"snapshots": 0, "delivered": 0, "acknowledged": 0, "repeated": 0, "closed": 0, "crashes": 0, "lost": 0,
              "by_hand": 0, "replayed": None, "errors": {}, "reconciliation": None, "guards": None}
    broker = Broker(options.seed, faults)
    terminal = Terminal(options, broker, faults, report)
    for number in range(options.steps):
        try:
            step(terminal, number, faults, report)
        except InterruptedError:
            terminal = Terminal(options, broker, faults, report)
        except ConnectionError:
            terminal.starting = True  # as after a restart: its open leases are asked for again
        time.sleep(options.pause)
    if "stop_out" in faults:
        for ticket in list(broker.positions):
            broker.close(ticket, "so")
        terminal.snapshot()
    report.update(orders=len(broker.orders), magics=len(set(broker.orders)), open=len(broker.positions))
    print(json.dumps(report))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--device", required=True)
    parser.add_argument("--secret-file", required=True)
    parser.add_argument("--script")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--pause", type=float, default=0.05)
    options = parser.parse_args()
    faults = []
    if options.script:
        with open(options.script, encoding="utf-8") as file:
            faults = json.load(file)
    play(options, {fault["fault"]: fault for fault in faults})


main()
