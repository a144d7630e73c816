# SPDX-License-Identifier: Apache-2.0
"""Local servers that behave as Vault's HTTP API and as AWS's: they check who asks before they answer, and remember what they refused."""
import base64
import datetime
import hashlib
import hmac
import http.server
import json
import secrets
import ssl
import subprocess
import threading
import urllib.parse


class Server:
    """An HTTP(S) server on a free port, with the handler's `keeper` being this object."""

    def __init__(self, context=None):
        keeper = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, answer = keeper.answer(self, body)
                data = answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = handle_any

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.handle_error = lambda *_: None  # callers that do not trust the certificate hang up
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.http.server_port
        self.log = []
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def authority(directory):
    """A throw-away web authority and a server certificate for localhost; returns (ca, certificate, key)."""
    ca, cakey, cert, key = (directory / name for name in ("web-ca.pem", "web-ca.key", "web.pem", "web.key"))
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run([*new, "-x509", "-days", "2", "-subj", "/CN=web", "-keyout", cakey, "-out", ca, "-addext", "basicConstraints=critical,CA:TRUE"], check=True, capture_output=True)
    subprocess.run([*new, "-subj", "/CN=vault", "-keyout", key, "-out", directory / "web.csr"], check=True, capture_output=True)
    (directory / "web.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    subprocess.run(["openssl", "x509", "-req", "-in", directory / "web.csr", "-CA", ca, "-CAkey", cakey, "-days", "1", "-extfile", directory / "web.ext", "-out", cert],
                   check=True, capture_output=True)
    return ca, cert, key


class Vault(Server):
    """Vault with the cert and jwt methods and a KV version 2 engine. A token lives `lease` seconds and serves the policies of its login only."""

    def __init__(self, web, spiffe_ca=None, lease=3600):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(web[1], web[2])
        if spiffe_ca:
            # As Vault does: any certificate is taken at the handshake, and judged at the login; here by the trust domain's authority.
            context.load_verify_locations(spiffe_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
        super().__init__(context)
        self.lease, self.tokens, self.data, self.roles = lease, {}, {}, {}
        self.logins, self.sealed, self.jwt_audience = 0, False, "vault"

    def answer(self, request, body):
        status, answer = self._answer(request, body)
        self.log.append((request.command, request.path, status))
        return status, answer

    def _answer(self, request, body):
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if request.headers.get("x-vault-request") != "true":
            return 412, {"errors": ["missing X-Vault-Request"]}
        if request.path == "/v1/auth/cert/login" and request.command == "POST":
            return self._login(self._certificate_id(request), json.loads(body).get("name"), "failed to match all constraints for this login certificate")
        if request.path == "/v1/auth/jwt/login" and request.command == "POST":
            asked = json.loads(body)
            return self._login(self._jwt_id(asked.get("jwt", "")), asked.get("role"), "error validating claims: claim \"sub\" does not match")
        return self._read(request)

    def _certificate_id(self, request):
        peer = request.connection.getpeercert() or {}
        names = [value for kind, value in peer.get("subjectAltName", ()) if kind == "URI"]
        return names[0] if len(names) == 1 else None

    def _jwt_id(self, token):
        try:
            claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        except (IndexError, ValueError):
            return None
        audience = claims.get("aud")
        good = self.jwt_audience in (audience if isinstance(audience, list) else [audience])
        fresh = claims.get("exp", 0) > datetime.datetime.now(datetime.timezone.utc).timestamp()
        return claims.get("sub") if good and fresh else None

    def _login(self, who, role, otherwise):
        if who is None or self.roles.get(role) != who:
            return 400, {"errors": [otherwise]}  # as Vault's login methods do; 403 is for what a token may not
        self.logins += 1
        token = "hvs." + secrets.token_urlsafe(24)
        self.tokens[token] = role
        return 200, {"request_id": "x", "auth": {"client_token": token, "policies": ["default"], "lease_duration": self.lease, "renewable": True}, "data": None}

    def _read(self, request):
        if self.tokens.get(request.headers.get("x-vault-token")) is None:
            return 403, {"errors": ["permission denied"]}
        prefix = "/v1/secret/data/"
        value = self.data.get(request.path.removeprefix(prefix)) if request.path.startswith(prefix) else None
        if value is None:
            return 404, {"errors": []}
        return 200, {"request_id": "x", "data": {"data": value, "metadata": {"version": 1, "destroyed": False}}, "auth": None}


def canonical(method, path, headers, signed, body):
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed)
    return "\n".join([method, path, "", lines, ";".join(signed), hashlib.sha256(body).hexdigest()])


def signature(secret, date, region, service, request):
    """Signature Version 4, written from AWS's description for this test alone."""
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = b"AWS4" + secret.encode()
    for part in (date[:8], region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


class Aws(Server):
    """Secrets Manager, STS and the instance metadata service (IMDSv2) on one port. Verifies every signature and every token."""

    region = "eu-central-1"

    def __init__(self):
        super().__init__()
        self.keys = {}  # id -> (secret, session token or None)
        self.secrets, self.web_tokens = {}, {}  # id -> text; token -> role
        self.imds_tokens, self.role = set(), None
        self.refused = []

    def new_keys(self, session=True):
        name = ("ASIA" if session else "AKIA") + secrets.token_hex(8).upper()
        self.keys[name] = (secrets.token_urlsafe(30), secrets.token_urlsafe(60) if session else None)
        return name

    def answer(self, request, body):
        status, answer = self._answer(request, body)
        self.log.append((request.command, request.path, status, request.headers.get("x-amz-target")))
        return status, answer

    def _answer(self, request, body):
        if request.path.startswith("/latest/"):
            return self._metadata(request)
        if request.headers.get("content-type") == "application/x-www-form-urlencoded":
            return self._assume(body)
        why = self._why_not(request, body)
        if why:
            self.refused.append(why)
            return 400, {"__type": "com.amazon.coral.service#" + why}
        if request.headers.get("x-amz-target") != "secretsmanager.GetSecretValue":
            return 400, {"__type": "UnknownOperationException"}
        name = json.loads(body)["SecretId"]
        if name not in self.secrets:
            return 400, {"__type": "ResourceNotFoundException", "Message": "Secrets Manager can't find the specified secret."}
        return 200, {"ARN": "arn:x", "Name": name, "SecretString": self.secrets[name]}

    def _why_not(self, request, body):
        headers = {k.lower(): v for k, v in request.headers.items()}
        try:
            algorithm, _, rest = headers["authorization"].partition(" ")
            fields = dict(part.strip().split("=", 1) for part in rest.split(","))
            name, day, region, service, last = fields["Credential"].split("/")
            signed = fields["SignedHeaders"].split(";")
        except (KeyError, ValueError):
            return "MissingAuthenticationTokenException"
        if algorithm != "AWS4-HMAC-SHA256" or (region, service, last) != (self.region, "secretsmanager", "aws4_request"):
            return "InvalidSignatureException"
        if name not in self.keys:
            return "UnrecognizedClientException"
        secret, session = self.keys[name]
        if session and headers.get("x-amz-security-token") != session:
            return "ExpiredTokenException"
        must = {"host", "x-amz-date", "x-amz-target"} | ({"x-amz-security-token"} if session else set())
        date = headers["x-amz-date"]
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if not must <= set(signed) or signed != sorted(signed) or day != date[:8] or abs(age.total_seconds()) > 300:
            return "InvalidSignatureException"
        ours = signature(secret, date, region, service, canonical(request.command, request.path, headers, signed, body))
        return None if hmac.compare_digest(ours, fields["Signature"]) else "InvalidSignatureException"

    def _end(self):
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _assume(self, body):
        asked = {k: v[0] for k, v in urllib.parse.parse_qs(body.decode()).items()}
        good = (asked.get("Action"), asked.get("Version")) == ("AssumeRoleWithWebIdentity", "2011-06-15") and asked.get("RoleSessionName")
        if not good or self.web_tokens.get(asked.get("WebIdentityToken")) != asked.get("RoleArn"):
            return 400, "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code></Error></ErrorResponse>"
        name = self.new_keys()
        secret, session = self.keys[name]
        return 200, ("<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>"
                     f"<AccessKeyId>{name}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>{session}</SessionToken>"
                     f"<Expiration>{self._end()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")

    def _metadata(self, request):
        if request.path == "/latest/api/token":
            if request.command != "PUT" or not request.headers.get("x-aws-ec2-metadata-token-ttl-seconds"):
                return 405, ""
            token = secrets.token_urlsafe(40)
            self.imds_tokens.add(token)
            return 200, token
        if request.headers.get("x-aws-ec2-metadata-token") not in self.imds_tokens:
            return 401, ""
        base = "/latest/meta-data/iam/security-credentials/"
        if request.path == base:
            return (200, self.role) if self.role else (404, "")
        if request.path != base + str(self.role):
            return 404, ""
        name = self.new_keys()
        secret, session = self.keys[name]
        return 200, {"Code": "Success", "AccessKeyId": name, "SecretAccessKey": secret, "Token": session, "Expiration": self._end()}
