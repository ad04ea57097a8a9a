"""A gateway for Acquit in Python: a till on this machine, with play money.

It is small and whole. Its provider is a page with one button, served on a loopback port, and a SQLite file in the folder that
Acquit keeps for the program, so that being killed at any moment loses nothing. It charges one per cent and sends no webhooks: Acquit
sees the payments when it asks for the list.
"""
import base64
import datetime
import hashlib
import html
import http.server
import json
import os
import re
import secrets
import sqlite3
import sys
import tempfile
import threading
from concurrent import futures

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import gateway_pb2 as pb
import status_pb2

VERSION = "1.0.0"
KEY = re.compile(r"till_[a-z0-9]{12,40}")
PAGE = 100  # movements, when Acquit names no number; 500 is the most that it takes
STATUS = {"config": grpc.StatusCode.FAILED_PRECONDITION, "permanent": grpc.StatusCode.INVALID_ARGUMENT,
          "retryable": grpc.StatusCode.ABORTED, "not_found": grpc.StatusCode.NOT_FOUND, "unsupported": grpc.StatusCode.UNIMPLEMENTED,
          "untrusted": grpc.StatusCode.UNAUTHENTICATED, "bug": grpc.StatusCode.INTERNAL}


class Fail(Exception):
    """An error in the port's words. Neither code nor detail may hold a secret or anything of the customer's."""

    def __init__(self, kind, code, detail, outcome="not_done", setting=""):
        super().__init__(detail)
        self.failure = pb.Failure(kind=kind, outcome=outcome, code=code, detail=detail, setting=setting)


def log(level, message):
    """One line of Acquit's log."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    print(json.dumps({"@level": level, "@message": message, "@timestamp": now}), file=sys.stderr, flush=True)


class Till:
    """The provider: pages and payments, on disk."""

    def __init__(self, folder):
        self.lock = threading.Lock()
        self.db = sqlite3.connect(os.path.join(folder, "till.db"), check_same_thread=False, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=FULL")
        self.db.executescript("""
            CREATE TABLE IF NOT EXISTS pages (id TEXT PRIMARY KEY, account TEXT, key TEXT, print TEXT, minor INTEGER, currency TEXT,
                reference TEXT, title TEXT, back TEXT, expires INTEGER, closed INTEGER DEFAULT 0, UNIQUE (account, key));
            CREATE TABLE IF NOT EXISTS payments (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, page TEXT UNIQUE, at INTEGER);
        """)
        till = self

        class Page(http.server.BaseHTTPRequestHandler):
            def answer(self, status, text, headers=()):
                body = ("<!doctype html><meta charset=utf-8><title>Till</title>" + text).encode()
                self.send_response(status)
                for name, value in (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body))), *headers):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                page = till.page(self.path.rpartition("/")[2])
                if page is None:
                    return self.answer(404, "<p>No such page.</p>")
                amount = html.escape(f"{page['minor']} {page['currency']}")
                self.answer(200, f"<h1>{html.escape(page['title'])}</h1><form method=post><button>Pay {amount} (minor units)</button></form>")

            def do_POST(self):
                page = till.page(self.path.rpartition("/")[2])
                if page is None or not till.pay(page):
                    return self.answer(409, "<p>This page is closed.</p>")
                self.answer(303, "", [("Location", page["back"])])

            def log_message(self, *_):
                """The address of a page is nobody's business."""

        # The same port after each start, where it is free, so that pages go on working.
        port_file = os.path.join(folder, "port")
        wanted = 0
        if os.path.exists(port_file):
            with open(port_file, encoding="ascii") as f:
                wanted = int(f.read() or 0)
        try:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", wanted), Page)
        except OSError:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.port = server.server_address[1]
        with open(port_file, "w", encoding="ascii") as f:
            f.write(str(self.port))
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def rows(self, query, *args):
        with self.lock:
            cursor = self.db.execute(query, args)
            names = [c[0] for c in cursor.description or ()]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    def page(self, page_id, account=None):
        found = self.rows("SELECT * FROM pages WHERE id = ?", page_id)
        return found[0] if found and account in (None, found[0]["account"]) else None

    def pay(self, page):
        """One statement, so that two clicks make one payment."""
        return bool(self.rows("""INSERT INTO payments (id, page, at) SELECT ?, id, ? FROM pages WHERE id = ? AND NOT closed AND expires > ?
            ON CONFLICT (page) DO NOTHING RETURNING id""", "pay_" + secrets.token_hex(12), now(), page["id"], now()))


def now():
    return int(datetime.datetime.now(datetime.timezone.utc).timestamp() * 1_000_000)


def text(fr, en):
    return {"fr": fr, "en": en}


class Gateway:
    """The port. Each method gets a request of gateway.proto and returns its response, or raises Fail."""

    def __init__(self, till):
        self.till = till

    def Describe(self, _):
        return pb.DescribeResponse(info=pb.Info(
            name="till", label="Till", version=VERSION, capabilities=["expire"],
            help=text("Une caisse d'essai sur cette machine, écrite en Python.", "A play till on this machine, written in Python."),
            settings=[pb.Setting(
                name="api_key", type="secret", required=True, pattern=KEY.pattern, label=text("Clé", "Key"),
                help=text("Inventez-la : till_ puis 12 à 40 lettres minuscules ou chiffres. Une clé, un compte.",
                          "Invent it: till_ and 12 to 40 small letters or digits. One key, one account."))],
            reasons=[pb.Reason(code="too_late", text=text("La page n'est plus valable.", "The page is not valid any more."))]))

    def account(self, connection):
        key = connection.settings.get("api_key", "")
        if not KEY.fullmatch(key):
            raise Fail("config", "bad_key", "the key is missing or not of the form till_...", setting="api_key")
        return "acct_" + hashlib.sha256(key.encode()).hexdigest()[:16]

    def Check(self, request):
        return pb.CheckResponse(account=pb.Account(id=self.account(request.connection), name="Till", mode="test", country="FR", currency="EUR"))

    def CreateCheckout(self, request):
        account, r = self.account(request.connection), request.checkout
        if r.amount.minor <= 0 or not r.idempotency_key:
            raise Fail("permanent", "bad_request", "a page needs an amount and a key")
        # What makes two requests the same. SQLite decides which of two at once comes first.
        print_ = hashlib.sha256(r.SerializeToString(deterministic=True)).hexdigest()
        expires = r.expires_at.ToMicroseconds() if r.HasField("expires_at") else now() + 86_400_000_000
        if expires <= now():
            raise Fail("permanent", "bad_expiry", "the page would be closed before it opens")
        self.till.rows("""INSERT INTO pages (id, account, key, print, minor, currency, reference, title, back, expires)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, key) DO NOTHING""",
                       "page_" + secrets.token_hex(16), account, r.idempotency_key, print_, r.amount.minor, r.amount.currency,
                       r.reference, r.description, r.return_url, expires)
        page = self.till.rows("SELECT * FROM pages WHERE account = ? AND key = ?", account, r.idempotency_key)[0]
        if page["print"] != print_:
            raise Fail("permanent", "key_reused", "this idempotency key came before with another request")
        out = pb.Checkout(session_id=page["id"], url=f"http://127.0.0.1:{self.till.port}/{page['id']}")
        out.expires_at.FromMicroseconds(page["expires"])
        return pb.CreateCheckoutResponse(checkout=out)

    def status(self, account, page_id):
        page = self.till.page(page_id, account)
        if page is None:
            raise Fail("not_found", "not_found", "no such page")
        paid = self.payments(account, "AND g.id = ?", page_id)
        if paid:
            return pb.CheckoutStatus(state="paid", payments=[p for _, p in paid])
        if page["closed"] or page["expires"] <= now():
            return pb.CheckoutStatus(state="expired", reason="too_late")
        return pb.CheckoutStatus(state="open")

    def payments(self, account, where, *args):
        out = []
        for row in self.till.rows(f"""SELECT p.place, p.id, p.at, g.id AS page, g.minor, g.currency, g.reference, g.title FROM payments p
                JOIN pages g ON g.id = p.page WHERE g.account = ? {where}""", account, *args):
            gross, fee = row["minor"], (row["minor"] + 50) // 100
            gross, fee, net = (pb.Money(minor=m, currency=row["currency"]) for m in (gross, fee, gross - fee))
            p = pb.Payment(id=row["id"], kind="payment", state="succeeded", gross=gross, fee_state="known", fee=fee, net=net, reference=row["reference"], session_id=row["page"], method="till",
                           description=row["title"][:200])
            p.occurred_at.FromMicroseconds(row["at"])
            p.updated_at.FromMicroseconds(row["at"])
            out.append((row["place"], p))
        return out

    def SettleCheckout(self, request):
        return pb.SettleCheckoutResponse(status=self.status(self.account(request.connection), request.settle.session_id))

    def ExpireCheckout(self, request):
        account = self.account(request.connection)
        self.till.rows("""UPDATE pages SET closed = 1 WHERE id = ? AND account = ?
            AND NOT EXISTS (SELECT 1 FROM payments WHERE page = pages.id)""", request.session_id, account)
        return pb.ExpireCheckoutResponse(status=self.status(account, request.session_id))

    def ListPayments(self, request):
        account, r = self.account(request.connection), request.list
        if r.cursor and not re.fullmatch(r"after:[0-9]{1,18}", r.cursor):
            raise Fail("permanent", "bad_cursor", "this cursor is not one of ours")
        after = int(r.cursor[6:]) if r.cursor else 0
        since = r.since.ToMicroseconds() if r.HasField("since") and not r.cursor else 0
        limit = min(r.limit if r.limit > 0 else PAGE, 500)
        found = self.payments(account, "AND p.place > ? AND p.at >= ? ORDER BY p.place LIMIT ?", after, since, limit + 1)
        page = found[:limit]
        return pb.ListPaymentsResponse(page=pb.Page(
            payments=[p for _, p in page], next=f"after:{page[-1][0] if page else after}", caught_up=len(found) <= limit))

    def FetchPayment(self, request):
        found = self.payments(self.account(request.connection), "AND p.id = ?", request.id)
        if not found:
            raise Fail("not_found", "not_found", "no such payment")
        return pb.FetchPaymentResponse(payment=found[0][1])

    def ParseWebhook(self, request):
        raise Fail("untrusted", "no_webhooks", "the till sends no webhooks")


def handler(method, call):
    """One call over gRPC: what is raised becomes a status that holds a Failure."""
    def run(request, context):
        try:
            return call(request)
        except Fail as e:
            failure = e.failure
        except Exception as e:  # whatever it is, the program goes on
            log("error", f"{method}: {type(e).__name__}")  # its text may hold what is nobody's business
            failure = pb.Failure(kind="bug", outcome="unknown", code=type(e).__name__, detail="the till broke")
        code = STATUS[failure.kind]
        status = status_pb2.Status(code=code.value[0], message=failure.detail)
        status.details.add().Pack(failure)
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(code, failure.detail)
    return grpc.unary_unary_rpc_method_handler(
        run, request_deserializer=getattr(pb, method + "Request").FromString, response_serializer=getattr(pb, method + "Response").SerializeToString)


def certificate():
    """A key and a certificate of its own for this run: PEM, PEM, and the certificate's DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime.utcnow() - datetime.timedelta(minutes=1)
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=3650))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256()))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, cert.public_bytes(serialization.Encoding.PEM), cert.public_bytes(serialization.Encoding.DER)


def main():
    if os.environ.get("ACQUIT_GATEWAY_COOKIE") != "8f0f7a5e-pour-acquit-3d1c90b2":
        sys.exit("This is a payment gateway for Acquit (Till, version " + VERSION + "). It is not run by hand: trust it with \"acquit plugin trust\".")
    gateway = Gateway(Till(os.environ["ACQUIT_PLUGIN_STATE"]))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=16), options=[("grpc.max_receive_message_length", 64 << 20)])
    calls = {m: handler(m, getattr(gateway, m)) for m in (
        "Describe", "Check", "CreateCheckout", "SettleCheckout", "ListPayments", "FetchPayment", "ParseWebhook", "ExpireCheckout")}
    serving = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"\x08\x01")  # HealthCheckResponse: SERVING

    def shutdown(_request, _context):
        threading.Timer(0.05, os._exit, (0,)).start()  # behind the answer
        return b""

    server.add_generic_rpc_handlers((
        grpc.method_handlers_generic_handler("acquit.gateway.v1.GatewayService", calls),
        grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": serving}),
        grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": grpc.unary_unary_rpc_method_handler(shutdown)}),
    ))
    private, cert, der = certificate()
    credentials = grpc.ssl_server_credentials([(private, cert)], os.environ["PLUGIN_CLIENT_CERT"].encode(), require_client_auth=True)
    folder = os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or None
    socket = os.path.join(tempfile.mkdtemp(prefix="till", dir=folder), "s")
    server.add_secure_port("unix:" + socket, credentials)
    server.start()
    print(f"1|1|unix|{socket}|grpc|{base64.b64encode(der).decode().rstrip('=')}", flush=True)
    host = os.getppid()
    while os.getppid() == host:  # the program ends with its host
        server.wait_for_termination(1)


if __name__ == "__main__":
    main()
