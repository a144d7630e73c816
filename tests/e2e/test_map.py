# SPDX-License-Identifier: Apache-2.0
"""The trust map in a real browser: what happened to calls is drawn, and behind each edge stands why. With AGENTWEAVE_PICTURES
it writes the pictures of docs/map.md."""
import http.client
import http.server
import json
import os
import re
import threading
import time

import house
from browser import Browser
from house import Case, free_port, request
from test_clients import Authority
from test_outbound import message, post

DOMAIN = "corp.example"
POLICY = """package agentweave.authz
import rego.v1

default allow := false

allow if {
  input.caller_spiffe_id in data.allowed_callers
  input.action in data.actions[input.caller_spiffe_id]
}
"""
# What the next policy would say: the reporter's reports are not in it.
CANDIDATE = POLICY.replace("input.caller_spiffe_id in data", 'not endswith(input.caller_spiffe_id, "/reporter")\n  input.caller_spiffe_id in data')


MARKUP = '"><img src=x onerror=alert(1)>'


def agent(name, domain=DOMAIN):
    return f"spiffe://{domain}/agent/{name}"


def clock(minutes):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + 60 * minutes))


class Mapped(Case):
    maxDiff = None

    """An agent with callers of every kind, and a browser."""

    def setUp(self):
        super().setUp()
        self.authority = Authority(self.dir, "corp", DOMAIN)
        for name, rego in (("policy", POLICY), ("next", CANDIDATE)):
            (self.dir / name).mkdir()
            (self.dir / name / "authz.rego").write_text(rego)
        (self.dir / "data.json").write_text(json.dumps({
            "allowed_callers": [agent("planner"), agent("reporter"), agent("billing")],
            "actions": {agent("planner"): ["invoice", "status"], agent("reporter"): ["status"]}}))
        self.out = free_port()
        cert, key = self.authority.issue("billing", agent("billing"), (clock(-20), clock(40)))
        self.billing = self.agent("billing", {
            "agent": {"name": "billing", "environment": "development", "trust_domain": DOMAIN, "capabilities": [
                {"name": name, "description": name, "backend": {"type": "builtin", "name": "echo"}} for name in ("invoice", "status", "refund")]},
            "identity": {"provider": "mtls-static", "certificate_path": str(cert), "private_key_path": str(key), "ca_cert_path": str(self.authority.cert),
                         "allowed_trust_domains": [DOMAIN]},
            "authorization": {"provider": "opa", "policy_dir": str(self.dir / "policy"), "data_files": [str(self.dir / "data.json")],
                              "policy_path": "agentweave/authz/allow", "shadow": {"policy_dir": str(self.dir / "next"), "data_files": [str(self.dir / "data.json")]},
                              "audit": {"destination": f"file://{self.dir}/billing-audit.log"}},
            "peers": [{"id": agent("analyzer", "eu.partner.example"), "address": f"https://127.0.0.1:{free_port()}"}],
            "outbound": {"listen": f"127.0.0.1:{self.out}"}, "server": {}}, args=["--env", "development"])

    def identity(self, name, authority=None, minutes=(-5, 55)):
        cert, key = (authority or self.authority).issue(name, agent(name), tuple(map(clock, minutes)))
        return house.Identity(cert, key, self.authority.cert)

    def call(self, who, action, headers=None):
        return request(self.billing.port, who, "POST", "/a2a/v1/tasks", {"task_type": action, "payload": {}}, headers)

    def calls_of_every_kind(self):
        planner, reporter, mallory = self.identity("planner"), self.identity("reporter", minutes=(-50, 6)), self.identity("mallory", minutes=(-30, 30))
        for _ in range(7):
            self.assertEqual(self.call(planner, "invoice")[0], 200)
        status, _, body = self.call(planner, "refund")
        self.assertEqual(status, 403)
        self.denied = json.loads(body)["error"]["decision_id"]
        once = {"x-agentweave-nonce": "A" * 22, "x-agentweave-timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())}
        self.assertEqual([self.call(planner, "status", once)[0] for _ in range(3)], [200, 409, 409])
        self.assertEqual(self.call(reporter, "status")[0], 200)  # the candidate would not allow it
        for _ in range(2):
            request(self.billing.port, mallory, "POST", "/rpc", {"jsonrpc": "2.0", "id": 1, "method": MARKUP, "params": {}})
            self.assertEqual(self.call(mallory, "refund")[0], 403)
        stranger = self.identity("stranger", Authority(self.dir, "evil", DOMAIN))
        with self.assertRaises(OSError):
            self.call(stranger, "invoice")
        self.assertEqual(post(f"http://127.0.0.1:{self.out}/rpc", message("hi", "analyze"),
                              {"x-agentweave-target": agent("analyzer", "eu.partner.example")})[0], 403)

    def address(self):
        """As a person gets it."""
        printed = self.run_cli("map", "--config", self.billing.config_path)
        self.assertEqual(printed.returncode, 0, printed.stderr)
        return printed.stdout.strip()

    def opened(self):
        page = Browser(self)
        page.open(self.address())
        page.wait("the map", "document.documentElement.dataset.edges > 0")
        return page

    def outcomes(self, page):
        return page.ask("[...document.querySelectorAll('#calls li')].map(li => [li.title, li.className, Number(li.querySelector('.count').textContent)])")


class Map(Mapped):
    def test_it_draws_every_outcome(self):
        """nodes by trust domain with their SVID's life; edges allowed, denied, would-deny, replayed, refused at TLS; by the mouse to the policy line"""
        self.calls_of_every_kind()
        page = self.opened()
        edges = {(pair, kind): count for pair, kind, count in self.outcomes(page)}
        billing = agent("billing")
        wanted = {(f"{agent('planner')}\n{billing}", "allowed"): 8, (f"{agent('planner')}\n{billing}", "denied"): 1, (f"{agent('planner')}\n{billing}", "replay"): 2,
                  (f"{agent('reporter')}\n{billing}", "would_deny"): 1, (f"{agent('mallory')}\n{billing}", "denied"): 4, (f"127.0.0.1\n{billing}", "refused_tls"): 1,
                  (f"{billing}\n{agent('analyzer', 'eu.partner.example')}", "denied"): 1}
        self.assertEqual(edges, wanted)
        self.assertEqual(set(page.ask("[...document.querySelectorAll('.boxes title')].map(t => t.textContent)")), {DOMAIN, "eu.partner.example", "no verified identity"})
        lives = page.ask("Object.fromEntries([...document.querySelectorAll('.node')].map(n => [n.querySelector('title').textContent.split('\\n')[0], n.dataset.life]))")
        self.assertEqual(lives, {billing: "long", agent("planner"): "long", agent("mallory"): "long", agent("reporter"): "short",
                                 agent("analyzer", "eu.partner.example"): "unknown", "127.0.0.1": "unknown"})

        page.click(f"#calls li[title^='{agent('planner')}'].denied")
        page.wait("its decisions", "document.querySelector('button.decision')")
        page.click("button.decision")
        page.wait("the policy", "document.querySelector('.line.failed')")
        self.assertIn(self.denied, page.text("#panel"))
        self.assertIn("input.action in data.actions", page.text(".line.failed code"))
        self.assertEqual(page.ask("document.querySelector('.line.failed').dataset.line"), "8")
        self.assertIn('"refund"', page.text(".line.failed .note"))
        self.assertIn("input.caller_spiffe_id in data.allowed_callers", page.text(".line.held code"))
        self.assertIn("refund", page.text(".flips"))
        self.assertIn(f'"caller_spiffe_id": "{agent("planner")}"', page.text("#panel pre:last-of-type"))
        self.pictures(page)
        page.click("#to-gates")
        page.wait("the gates", "document.querySelector('.gate.stopped')")
        self.assertEqual(page.ask("[...document.querySelectorAll('.gate')].map(g => g.className.split(' ')[1])"), ["passed"] * 5 + ["stopped", "passed", "not-reached", "passed"])
        self.assertEqual(page.ask("document.querySelector('.gate.stopped').dataset.gate"), "Authorization")
        if os.environ.get("AGENTWEAVE_PICTURES"):
            page.picture(house.REPOSITORY / "docs/map-gates.png")
        self.assertEqual(page.errors, [])

    def pictures(self, page):
        for scheme in ("dark", "light"):
            page.prefer(color_scheme=scheme)
            light = page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            self.assertEqual(light, scheme == "light")
        if os.environ.get("AGENTWEAVE_PICTURES"):
            page.picture(house.REPOSITORY / "docs/map.png")

    def test_by_keyboard(self):
        """without a mouse: to the list, along it, into a decision and its policy, to its gates, and back"""
        self.calls_of_every_kind()
        page = self.opened()
        for _ in range(20):
            page.press("Tab")
            if page.ask("document.activeElement.id") == "calls":
                break
        self.assertEqual(page.ask("document.activeElement.id"), "calls")
        page.press("End", "Home", "ArrowDown", "ArrowDown")
        row = "document.getElementById(document.getElementById('calls').getAttribute('aria-activedescendant'))"
        self.assertEqual(page.ask(f"[{row}.title, {row}.className, {row}.getAttribute('aria-selected')]"), [f"{agent('planner')}\n{agent('billing')}", "denied", "true"])
        self.assertIn("planner to billing, 1 denied", page.ask("document.getElementById('said').textContent"))
        page.press("Enter")
        page.wait("its decisions", "document.querySelector('button.decision')")
        for _ in range(30):
            page.press("Tab")
            if page.ask("document.activeElement.className") == "decision":
                break
        page.press("Enter")
        page.wait("the policy", "document.querySelector('.line.failed')")
        self.assertEqual(page.ask("document.activeElement.tagName"), "H2")
        page.press("Escape")
        self.assertTrue(page.ask("document.getElementById('panel').hidden && document.activeElement.id === 'calls'"))
        page.press("g")
        page.ask("document.getElementById('decision-id').focus()")
        page.write(self.denied)
        page.press("Enter")
        page.wait("the gates", "document.querySelector('.gate.stopped')")
        page.ask("document.activeElement.blur()")
        page.press("m")
        self.assertTrue(page.ask("document.getElementById('gates').hidden && !document.getElementById('map').hidden"))
        before = page.ask("document.querySelector('#stage svg').getAttribute('viewBox')")
        page.press("+")
        self.assertNotEqual(page.ask("document.querySelector('#stage svg').getAttribute('viewBox')"), before)
        page.press("0")
        self.assertEqual(page.ask("document.querySelector('#stage svg').getAttribute('viewBox')"), before)
        self.assertEqual(page.errors, [])

    def test_foreign_text_stays_text(self):
        """an action that a caller made of markup is shown as it is, and is none"""
        self.calls_of_every_kind()
        page = self.opened()
        page.click(f"#calls li[title^='{agent('mallory')}'].denied")
        page.wait("its decisions", "document.querySelectorAll('button.decision').length === 4")
        self.assertIn(MARKUP, page.text("#panel"))
        page.ask("[...document.querySelectorAll('button.decision')].find(b => b.innerText.includes('<img')).click()")
        page.wait("the decision", "document.getElementById('to-gates')")
        self.assertEqual(page.text("#panel h2"), MARKUP)
        page.click("#to-gates")
        page.wait("the gates", "document.querySelector('.gate.stopped')")
        self.assertEqual(page.ask("document.querySelectorAll('img, iframe, #map script').length"), 0)
        self.assertEqual(page.ask("(() => { try { document.body.innerHTML = '<b>x</b>'; return 'made'; } catch (e) { return e.name; } })()"), "TypeError")
        page.click("#view-map")
        page.click(f"#calls li[title^='127.0.0.1'].refused_tls")
        self.assertIn("AW50", page.text("#panel .decisions"))

    def test_it_is_live(self):
        """a new call appears by itself; an agent that ended is said to be away, and its next life lets no old page in"""
        planner = self.identity("planner")
        self.assertEqual(self.call(planner, "invoice")[0], 200)
        page = self.opened()
        self.assertEqual(page.ask("document.getElementById('feed').className"), "live")
        for _ in range(3):
            self.assertEqual(self.call(planner, "invoice")[0], 200)
        self.assertEqual(self.call(planner, "refund")[0], 403)
        page.wait("the new calls", "document.querySelector('#calls li.allowed .count')?.textContent === '4' && document.querySelector('#calls li.denied')")
        self.assertEqual(page.ask("document.querySelectorAll('.edge:not(.gone)').length"), 2)
        page.click("#legend [data-outcome=denied]")
        page.wait("no denied call is shown", "document.documentElement.dataset.edges === '1'")
        page.click("#legend [data-outcome=denied]")
        scrub = "document.getElementById('scrub')"
        page.ask(f"{scrub}.value = 10, {scrub}.dispatchEvent(new Event('input'))")
        page.wait("a time before all calls", "document.documentElement.dataset.edges === '0' && !document.getElementById('none').hidden")
        self.assertEqual(page.ask("document.getElementById('live').getAttribute('aria-pressed')"), "false")
        page.click("#live")
        page.wait("now", "document.documentElement.dataset.edges === '2'")
        self.assertEqual(self.billing.stop(), 0)
        page.wait("it is away", "document.getElementById('feed').className === 'away'")
        again = self.start("again", [house.BINARY, "serve", self.billing.config_path, "--env", "development"])
        page.wait("it is turned away", "document.getElementById('feed').className === 'refused'", 40)
        self.assertTrue(again.alive())

    def test_the_door(self):
        """a ticket opens once; without cookie and key, by another name or from another page, nothing is told"""
        def get(path, method="GET", **headers):
            connection = http.client.HTTPConnection("127.0.0.1", self.billing.admin_port, timeout=10)
            self.addCleanup(connection.close)
            connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, "" if "event-stream" in answer.headers.get("content-type", "") else answer.read().decode()

        path = "/map" + self.address().partition("/map")[2]
        self.assertEqual(get(path, host="evil.example")[0], 401)
        self.assertEqual(get(path, "HEAD", host="127.0.0.1.evil.example")[0], 401)
        self.assertEqual(get(path, "HEAD")[0], 401)  # looks ahead: the ticket stays
        self.assertEqual(get(path, sec_purpose="prefetch;prerender")[0], 401)
        status, headers, page = get(path)
        self.assertEqual(status, 200)
        policy = headers["content-security-policy"]
        for part in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"):
            self.assertIn(part, policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual([headers[n] for n in ("x-content-type-options", "referrer-policy", "cache-control", "x-frame-options")],
                         ["nosniff", "no-referrer", "no-store", "DENY"])
        self.assertRegex(headers["set-cookie"], r"; Path=/map; HttpOnly; SameSite=Strict$")
        cookie, key = headers["set-cookie"].split(";")[0], re.search(r'name="map-key" content="([^"]+)"', page).group(1)
        self.assertEqual(get(path)[0], 401)  # the ticket is spent
        status, _, again = get("/map", cookie=cookie)
        self.assertEqual((status, key in again), (200, False))  # the cookie alone has no key
        mine = {"cookie": cookie, "x_agentweave_map_key": key}
        own = f"http://127.0.0.1:{self.billing.admin_port}"
        for wanted, more in ((200, {}), (200, {"origin": own, "sec_fetch_site": "same-origin"}), (401, {"cookie": "x=y"}), (401, {"x_agentweave_map_key": "x"}),
                             (401, {"origin": "http://127.0.0.1:1"}), (401, {"origin": "null"}), (401, {"sec_fetch_site": "same-site"}), (401, {"sec_fetch_site": "cross-site"}),
                             (401, {"sec_fetch_site": "none"}), (401, {"host": "evil.example"})):
            self.assertEqual(get("/map/events", **{**mine, **more})[0], wanted, more)
        for other in ("/map/decisions?ids=d-01", "/map/decision?ids=d-01", "/map/snapshot", "/map/ticket", "/map/nothing", "/map/map.html"):
            self.assertEqual(get(other)[0], 401, other)
        for bad in ("", "?ids=", "?ids=../x", "?ids=a%20b", "?ids=" + ",".join(["d-01"] * 9)):
            self.assertEqual(get("/map/decisions" + bad, **mine)[0], 400, bad)
        self.assertEqual(get("/map/decision?ids=d-01M8GB9PX7GQTAK0S6N3SRDPEJ", **mine)[0], 404)
        for method in ("POST", "PUT", "DELETE"):
            self.assertEqual(get("/map/events", method, **mine)[0], 405)
        token = (self.dir / "billing-state/admin.token").read_text().strip()
        whole = json.loads(get("/map/snapshot", authorization=f"Bearer {token}")[2])
        self.assertEqual((whole["whole"], whole["agent"]["spiffe_id"]), (True, agent("billing")))
        wrong = self.run_cli("map", "--admin", f"{own}/?t=wrong")
        self.assertEqual((wrong.returncode, wrong.stdout), (1, ""))
        self.assertIn("401", wrong.stderr)
        # A page that waits for news is one of eight.
        streams = [http.client.HTTPConnection("127.0.0.1", self.billing.admin_port, timeout=10) for _ in range(9)]
        for one in streams:
            one.request("GET", "/map/events", headers={k.replace("_", "-"): v for k, v in mine.items()})
            self.addCleanup(one.close)
        self.assertIn(503, [one.getresponse().status for one in streams])


class Synthetic(http.server.BaseHTTPRequestHandler):
    """The page's own files under the page's own policy, over a map of our making."""
    pages = house.REPOSITORY / "core/server/map_page"
    policy = "".join(re.findall(r'"([^"]*)"', re.search(r"kPolicy =(.*?);\n\n", (house.REPOSITORY / "core/runtime/map_admin.cc").read_text(), re.S).group(1)))
    kinds = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

    def do_GET(self):
        name = "map.html" if self.path == "/map" else self.path.rsplit("/", 1)[1]
        self.send_response(200)
        self.send_header("Content-Security-Policy", self.policy)
        if name == "events":
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.wfile.write(f"data: {json.dumps(self.server.map)}\n\n".encode())
            self.wfile.flush()
            self.server.done.wait(60)
            return
        file = self.pages / name
        self.send_header("Content-Type", self.kinds[file.suffix])
        self.end_headers()
        self.wfile.write(file.read_bytes())

    def log_message(self, *args):
        pass


HOSTILE = 'spiffe://<img src=x onerror=alert(1)>/agent/"><script>alert(2)</script>'


def synthetic(nodes, edges):
    """`nodes` agents in five domains and `edges` edges between them, some of them with names that are markup; slot 1000 is now."""
    ids = [agent(f"agent-{i:03}", f"domain-{i % 5}.example") for i in range(nodes - 2)] + [HOSTILE, "203.0.113.7"]
    kinds = ("allowed", "denied", "would_deny", "replay", "refused_tls")
    now = int(time.time() * 1000)
    pairs = [(ids[i % nodes], ids[(i * 7 + i // nodes * 13 + 1) % nodes], kinds[(i * 3 + i // nodes) % 5]) for i in range(edges)]
    assert len(set(pairs)) == edges
    return {"whole": True, "now": now, "slot": 1000, "slots": 90, "slot_ms": 10000, "slot_zero": now - 10_000_000, "others": 0, "refusals": [],
            "agent": {"name": "a", "version": "0", "spiffe_id": ids[0], "life": [now - 10, now + 10**6], "policy_mode": "enforce", "policy_digest": "sha256:x", "policy_generation": 1, "ready": True},
            "lives": {one: [now - 10**6, now + i * 10**4] for i, one in enumerate(ids[:-1])},
            "edges": [{"id": i, "from": a, "to": b, "outcome": kind, "decisions": [], "counts": [[911 + (i * k) % 90, 1 + i % 50] for k in (1, 3, 7)]}
                      for i, (a, b, kind) in enumerate(pairs)]}


class Large(Case):
    def test_two_hundred_nodes_and_a_thousand_edges(self):
        """200 nodes and 1,000 edges: drawn, moved through time, found by name, and none of their names becomes markup"""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Synthetic)
        server.daemon_threads, server.map, server.done = True, synthetic(200, 1000), threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        self.addCleanup(server.done.set)
        page = Browser(self)
        page.open(f"http://127.0.0.1:{server.server_port}/map")
        page.wait("the map", "document.documentElement.dataset.edges === '1000'")
        self.assertEqual(page.ask("[document.querySelectorAll('.node').length, document.querySelectorAll('.edge').length, document.querySelectorAll('#calls li').length]"), [200, 1000, 1000])
        self.assertEqual(page.ask("document.querySelectorAll('.boxes rect').length"), 7)
        first = float(page.ask("document.documentElement.dataset.drawMs"))
        scrub = "document.getElementById('scrub')"
        page.ask("document.getElementById('span').value = 6, document.getElementById('span').dispatchEvent(new Event('change'))")
        times = []
        for back in range(0, 84, 4):
            page.ask(f"{scrub}.value = 89 - {back}, {scrub}.dispatchEvent(new Event('input'))")
            page.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            times.append(float(page.ask("document.documentElement.dataset.drawMs")))
            edges = sum(any(1000 - back - 6 < slot <= 1000 - back for slot, _ in edge["counts"]) for edge in server.map["edges"])
            self.assertEqual(page.ask("Number(document.documentElement.dataset.edges)"), edges)
            self.assertEqual(page.ask("document.querySelectorAll('.edge:not(.gone)').length"), edges)
        frames = page.ask("(async () => { const began = performance.now(); let n = 0; while (performance.now() - began < 1000) { await new Promise(requestAnimationFrame); n += 1;"
                          " document.querySelector(`[data-zoom=${n % 2 ? 'in' : 'out'}]`).click(); } return n; })()")
        wide = page.ask("document.querySelector('#stage svg').getAttribute('viewBox').split(' ')[2]")
        page.click("[data-zoom=in]")
        page.wait("it is drawn anew, nearer", f"document.querySelector('#stage svg').style.transform === '' && Number(document.querySelector('#stage svg').getAttribute('viewBox').split(' ')[2]) < {wide}")
        page.click("[data-zoom=all]")
        print(f"      first draw {first:.0f} ms, then {sorted(times)[len(times) // 2]:.1f} ms (median of {len(times)}), {frames} frames in a second of zooming")
        page.ask("document.getElementById('span').value = 90, document.getElementById('span').dispatchEvent(new Event('change'))")
        page.click("#live")
        page.wait("all of it again", "document.documentElement.dataset.edges === '1000'")
        page.ask("document.getElementById('find').focus()")
        page.write("alert(2)")
        page.wait("the hostile one", "Number(document.documentElement.dataset.edges) > 0 && Number(document.documentElement.dataset.edges) < 20")
        self.assertIn("<script>alert(2)</script>", page.ask("document.querySelector('#calls li').title"))
        page.ask("document.getElementById('calls').focus()")
        page.press("ArrowDown", "Enter")
        page.wait("its details", "!document.getElementById('panel').hidden")
        self.assertIn(HOSTILE, page.text("#panel"))
        self.assertEqual(page.ask("document.querySelectorAll('img').length + document.scripts.length"), 1)
        self.assertEqual(page.errors, [])


class OfAProject(Case):
    def test_without_a_configuration_of_its_own(self):
        """`agentweave dev` has a map too: found by itself, linked from its admin page, with what the gates knew of a denied call"""
        env = {"XDG_RUNTIME_DIR": str(self.dir)}
        self.run_cli("init", "hello", cwd=self.dir)
        ports = [word for name in ("server.port", "server.admin.port", "observability.metrics.port") for word in ("--set", f"{name}={free_port()}")]
        dev = self.start("dev", [house.BINARY, "dev", *ports], cwd=self.dir / "hello", env=env)
        admin, _ = house.wait_for("the banner", lambda: re.search(r"admin (http://\S+)", dev.out()))
        denied = self.run_cli("call", "hello", "delete_all", "{}", "--as", "client", env=env)
        self.assertEqual(denied.returncode, 3, denied.stderr)
        printed = self.run_cli("map", "-o", "json", env=env)
        self.assertEqual(printed.returncode, 0, printed.stderr)
        self.assertTrue(json.loads(printed.stdout)["data"]["url"].startswith(admin.group(1).partition("/?")[0] + "/map?ticket="))
        page = Browser(self)
        page.open(admin.group(1))
        page.wait("the admin page", "document.querySelector('a[href^=\"/map?ticket=\"]')")
        page.click("a[href^='/map?ticket=']")
        page.wait("the map", "document.querySelector('#calls li.denied')")
        page.click("#calls li.denied")
        page.wait("its decisions", "document.querySelector('button.decision')")
        self.assertIn("delete_all", page.text("button.decision"))
        page.click("button.decision")
        page.wait("the decision", "document.getElementById('to-gates')")
        page.click("#to-gates")
        page.wait("the gates", "document.querySelector('.gate.stopped')")
        self.assertEqual(page.ask("document.querySelector('.gate.stopped').dataset.gate"), "Authorization")
        page.tell("Page.reload")
        page.wait("the map again, by cookie and key", "document.querySelector('#calls li.denied')")
