# SPDX-License-Identifier: Apache-2.0
"""Attacks before the first request: who may connect, with what TLS. The authority's key is ours, so that any certificate can be made."""
import os
import socket
import ssl
import subprocess

import house
from house import Case, audit_records, connect, plain, request

DOMAIN = "attack.test"
CLIENT = f"spiffe://{DOMAIN}/agent/client"


def openssl(*words, input=None):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, input=input, timeout=20)


class Authority:
    """A CA on disk, by openssl; issues good and bad certificates."""

    def __init__(self, directory, domain=DOMAIN):
        self.directory = directory
        directory.mkdir()
        self.cert, self.key = directory / "ca.pem", directory / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key, "-out", self.cert, "-days", "2",
                "-subj", "/CN=ca", "-addext", f"subjectAltName=URI:spiffe://{domain}", "-addext", "basicConstraints=critical,CA:TRUE",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, name, sans=f"URI:{CLIENT}", basic="critical,CA:FALSE", usage="critical,digitalSignature", extended="serverAuth,clientAuth", days="1",
              curve="P-256", extra=""):
        key, request_, cert, text = (self.directory / f"{name}.{end}" for end in ("key", "csr", "pem", "ext"))
        openssl("req", "-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{curve}", "-nodes", "-keyout", key, "-out", request_, "-subj", "/CN=x")
        os.chmod(key, 0o600)
        lines = [f"basicConstraints={basic}", f"keyUsage={usage}"]
        lines += [f"subjectAltName={sans}"] if sans else []
        lines += [f"extendedKeyUsage={extended}"] if extended else []
        text.write_text("\n".join(lines) + f"\n{extra}\n")
        openssl("x509", "-req", "-in", request_, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-out", cert, "-days", days, "-extfile", text)
        return house.Identity(cert, key, self.cert)


class Handshakes(Case):
    def setUp(self):
        super().setUp()
        self.authority = Authority(self.dir / "ca")
        own = self.authority.issue("server", sans=f"URI:spiffe://{DOMAIN}/agent/target,DNS:localhost")
        self.good = self.authority.issue("client")
        (self.dir / "policy").mkdir()
        (self.dir / "policy/authz.rego").write_text("package agentweave.authz\nimport rego.v1\ndefault allow := true\n")
        self.config = {
            "agent": {"name": "target", "trust_domain": DOMAIN, "environment": "development",
                      "capabilities": [{"name": "work", "description": "x", "backend": {"type": "builtin", "name": "echo"}}]},
            "identity": {"provider": "mtls-static", "certificate_path": own.cert, "private_key_path": own.key, "ca_cert_path": own.bundle},
            "authorization": {"policy_dir": str(self.dir / "policy"), "policy_path": "agentweave/authz/allow",
                              "audit": {"destination": f"file://{self.dir}/target-audit.log"}},
        }

    def start_agent(self, **transport):
        if transport:
            self.config["transport"] = transport
        self.agent_ = self.agent("target", self.config, args=["--env", "development"])
        self.port = self.agent_.port

    def call(self, identity, **kwargs):
        """The status, or None when the connection was refused."""
        try:
            return request(self.port, identity, "POST", "/a2a/v1/tasks", {"task_type": "work", "payload": {}}, **kwargs)[0]
        except (OSError, ssl.SSLError, AssertionError, ValueError):
            return None
        except Exception as e:  # noqa: BLE001  http.client's own kinds: nothing came back
            self.assertIn(type(e).__module__, ("http.client",))
            return None

    def allows(self):
        return [r for r in audit_records(self.agent_.audit_path) if r.get("decision") == "allow"]

    def test_certificates(self):
        """no certificate, two or no URI SANs, a CA as a leaf, expired, foreign, forged, wrong usage: refused in the handshake, nothing served"""
        self.start_agent()
        self.assertEqual(self.call(self.good), 200)
        before = len(self.allows())
        foreign = Authority(self.dir / "foreign")
        other = Authority(self.dir / "other", "other.test")
        issue = self.authority.issue
        long = "URI:spiffe://" + DOMAIN + "/" + "a" * 3000
        bad = {
            "two URI SANs": issue("two", sans=f"URI:{CLIENT},URI:spiffe://{DOMAIN}/agent/root"),
            "a SPIFFE ID and another URI": issue("mixed", sans=f"URI:{CLIENT},URI:https://x.test/"),
            "no SAN": issue("none", sans=""),
            "a DNS name only": issue("dns", sans="DNS:client"),
            "no SPIFFE ID": issue("uri", sans="URI:https://attack.test/agent/client"),
            "the domain without a path": issue("domain", sans=f"URI:spiffe://{DOMAIN}"),
            "a trailing slash": issue("slash", sans=f"URI:{CLIENT}/"),
            "dots in the path": issue("dots", sans=f"URI:spiffe://{DOMAIN}/agent/../client"),
            "an encoded path": issue("encoded", sans=f"URI:spiffe://{DOMAIN}/agent/%63lient"),
            "a query": issue("query", sans=f"URI:{CLIENT}?x=y"),
            "a port": issue("port", sans=f"URI:spiffe://{DOMAIN}:443/agent/client"),
            "a user": issue("user", sans=f"URI:spiffe://a@{DOMAIN}/agent/client"),
            "an upper-case domain": issue("upper", sans="URI:spiffe://ATTACK.test/agent/client"),
            "3000 bytes": issue("long", sans=long),
            "a CA as a leaf": issue("caleaf", basic="critical,CA:TRUE", usage="critical,digitalSignature,keyCertSign"),
            "a leaf that may sign certificates": issue("signs", usage="critical,digitalSignature,keyCertSign"),
            "no digital signature": issue("nosign", usage="critical,keyAgreement"),
            "for servers only": issue("serveronly", extended="serverAuth"),
            "for mail": issue("mail", extended="emailProtection"),
            "an unknown critical extension": issue("critical", extra="1.3.6.1.4.1.99999.1=critical,ASN1:NULL"),
            "expired": issue("expired", days="-1"),
            "another authority's": foreign.issue("client"),
            "another domain's": other.issue("client", sans="URI:spiffe://other.test/agent/client"),
            "our domain by another domain's authority": other.issue("forged"),
        }
        # A chain through an intermediate that may not sign.
        for name, identity in bad.items():
            with self.subTest(name):
                self.assertIsNone(self.call(identity), name)
                self.assertIsNone(self.call(identity, alpn=("h2",)), name)
        with self.subTest("no certificate"):
            self.assertIsNone(self.call(self.good, present=False))
        with self.subTest("an intermediate that is a leaf"):
            leaf = self.dir / "ca/client"
            chained = Authority.__new__(Authority)
            chained.directory, chained.cert, chained.key = self.dir / "ca", self.dir / "ca/client.pem", self.dir / "ca/client.key"
            under = chained.issue("under", sans=f"URI:spiffe://{DOMAIN}/agent/root")
            both = self.dir / "both.pem"
            both.write_text(open(under.cert).read() + open(f"{leaf}.pem").read())
            self.assertIsNone(self.call(house.Identity(both, under.key, self.good.bundle)))
        self.assertEqual(len(self.allows()), before)
        self.assertEqual(self.call(self.good), 200)
        self.assertGreaterEqual(house.metric(self.agent_.metrics_port, "agentweave_handshake_failures_total"), len(bad))

    def test_no_second_key(self):
        """a certificate without its key is of no use"""
        self.start_agent()
        thief = self.authority.issue("thief", sans=f"URI:spiffe://{DOMAIN}/agent/thief")
        raw = socket.create_connection(("127.0.0.1", self.port))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        with self.assertRaises(ssl.SSLError):
            context.load_cert_chain(self.good.cert, thief.key)
        raw.close()
        self.assertEqual(self.call(self.good), 200)

    def test_tls_versions(self):
        """TLS 1.3 only: older versions, plaintext and garbage end without an answer; no ticket, so no early data"""
        self.start_agent()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1):
            with self.subTest(version):
                context = self.good.context()
                context.set_ciphers("ALL:@SECLEVEL=0")
                context.maximum_version = version
                context.minimum_version = version
                with socket.create_connection(("127.0.0.1", self.port), timeout=5) as raw, self.assertRaises((ssl.SSLError, OSError)):
                    context.wrap_socket(raw, server_hostname="localhost").recv(1)
        for name, data in {"plain HTTP": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "an h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "zeros": b"\0" * 1000,
                           "SSLv2": bytes.fromhex("802e0100020015000000100100800200800300800400800500800600400700c0") + b"x" * 32,
                           "a huge record": b"\x16\x03\x01\xff\xff" + b"\0" * 70000, "a record that is none": b"\x99\x03\x03\x00\x10" + b"x" * 16}.items():
            with self.subTest(name), socket.create_connection(("127.0.0.1", self.port), timeout=15) as raw:
                answer = b""
                try:
                    raw.sendall(data)
                    raw.shutdown(socket.SHUT_WR)
                    while part := raw.recv(4096):
                        answer += part
                except OSError:
                    pass
                self.assertNotIn(b"HTTP", answer)
                self.assertLess(len(answer), 100)  # an alert at the most
        tls = connect(self.port, self.good)
        house.exchange(tls, "GET", "/.well-known/agent-card.json")
        self.assertFalse(tls.session.has_ticket)
        self.assertEqual(tls.version(), "TLSv1.3")
        tls.close()
        self.assertEqual(self.call(self.good), 200)

    def test_tls12_in_development(self):
        """where 1.2 was asked for, it is mutual too, and is not renegotiated"""
        self.start_agent(tls_min_version="1.2")
        context = self.good.context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as raw:
            tls = context.wrap_socket(raw, server_hostname="localhost")
            self.assertEqual(tls.version(), "TLSv1.2")
            self.assertEqual(house.exchange(tls, "GET", "/.well-known/agent-card.json")[0], 200)
        anonymous = self.good.context(present=False)
        anonymous.maximum_version = ssl.TLSVersion.TLSv1_2
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as raw, self.assertRaises((ssl.SSLError, OSError)):
            anonymous.wrap_socket(raw, server_hostname="localhost")
        asked = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-tls1_2", "-cert", self.good.cert, "-key", self.good.key],
                               input=b"R\nGET /.well-known/agent-card.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", capture_output=True, timeout=20)
        self.assertNotIn(b"HTTP/1.1 200", asked.stdout)
        self.assertEqual(plain(self.agent_.metrics_port, "/readyz")[0], 200)

    def test_library(self):
        """with the library as it comes, the lean one switched off, callers are verified all the same"""
        self.start_agent(tls_library="standard")
        self.assertEqual(self.call(self.good), 200)
        self.assertIsNone(self.call(self.good, present=False))
        self.assertIsNone(self.call(Authority(self.dir / "foreign").issue("client")))

    def test_alpn(self):
        """a protocol we do not speak is refused in the handshake; where none is named the first bytes say it"""
        self.start_agent()
        self.assertIsNone(self.call(self.good, alpn=("spdy/3",)))
        self.assertIsNone(self.call(self.good, alpn=("h2c", "http/1.0")))
        context = self.good.context()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.good.bundle)
        context.load_cert_chain(self.good.cert, self.good.key)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as raw:
            tls = context.wrap_socket(raw, server_hostname="localhost")
            self.assertEqual(house.exchange(tls, "GET", "/.well-known/agent-card.json")[0], 200)
