# SPDX-License-Identifier: Apache-2.0
"""A real browser for tests: Debian's chromium, headless, told what to do through the DevTools protocol. Standard library only."""
import base64
import contextlib
import itertools
import json
import os
import pathlib
import re
import socket
import struct

from house import need_tool, wait_for


class WebSocket:
    """RFC 6455, as much of it as a client on loopback needs: one text message at a time, either way."""

    def __init__(self, url):
        host, port, path = re.match(r"ws://([^:/]+):(\d+)(/.*)", url).groups()
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        assert b" 101 " in self.file.readline()
        while self.file.readline().strip():
            pass

    def send(self, text):
        data = text.encode()
        size = struct.pack("!B", 0x80 | len(data)) if len(data) < 126 else struct.pack("!BH", 0xFE, len(data)) if len(data) < 65536 else struct.pack("!BQ", 0xFF, len(data))
        mask = os.urandom(4)
        self.socket.sendall(b"\x81" + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def receive(self):
        whole = b""
        while True:
            first, second = self.file.read(2)
            size = second & 0x7F
            if size == 126:
                size, = struct.unpack("!H", self.file.read(2))
            elif size == 127:
                size, = struct.unpack("!Q", self.file.read(8))
            data = self.file.read(size)
            if first & 0x0F in (0, 1, 2):
                whole += data
                if first & 0x80:
                    return whole.decode()
            elif first & 0x0F == 8:
                raise ConnectionError("the browser closed")

    def close(self):
        self.file.close()
        self.socket.close()


KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), "ArrowDown": (40, ""), "ArrowUp": (38, ""), "ArrowLeft": (37, ""),
        "ArrowRight": (39, ""), "Home": (36, ""), "End": (35, "")}


class Browser:
    """One page of one browser that ends with the test. Collects what the page complains about."""

    def __init__(self, case, width=1400, height=900):
        binary = need_tool("chromium", "apt-get install chromium")
        home = pathlib.Path(case.dir) / "browser"
        home.mkdir(exist_ok=True)
        flags = ["--headless=new", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-port=0", f"--user-data-dir={home}/data", f"--window-size={width},{height}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # its sandbox wants a user who is not root
        self.process = case.start("browser", [binary, *flags, "about:blank"], env={"HOME": str(home)})
        found, _ = wait_for("the browser", lambda: re.search(r"DevTools listening on (ws://\S+)", self.process.err()), 30)
        self.numbers = itertools.count(1)
        self.events, self.errors = [], []
        self.session = None
        self.web = WebSocket(found.group(1))
        case.addCleanup(self.close)
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.tell(f"{domain}.enable")
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def close(self):
        with contextlib.suppress(OSError, AssertionError, ValueError):
            self.web.close()

    def tell(self, method, **params):
        number = next(self.numbers)
        self.web.send(json.dumps({"id": number, "method": method, "params": params, **({"sessionId": self.session} if self.session else {})}))
        while True:
            answer = json.loads(self.web.receive())
            if answer.get("id") == number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.heard(answer)

    def heard(self, event):
        params = event.get("params", {})
        if event["method"] == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"].get("exception", {}).get("description", str(params)))
        if event["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f'{params["entry"]["text"]} {params["entry"].get("url", "")}')
        if event["method"] == "Page.javascriptDialogOpening":
            self.errors.append(f'a dialog: {params["message"]}')
        self.events.append(event)

    def open(self, url):
        self.tell("Page.navigate", url=url)

    def ask(self, expression):
        """The value of a JavaScript expression in the page; a promise is waited for."""
        answer = self.tell("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, f"{expression}: {answer['exceptionDetails']}"
        return answer["result"].get("value")

    def wait(self, what, expression, seconds=20):
        try:
            return wait_for(what, lambda: self.ask(f"!!({expression})"), seconds)[0]
        except AssertionError as error:
            raise AssertionError(f"{error}\npage: {self.ask('document.body && document.body.innerText')}\nerrors: {self.errors}")

    def text(self, selector="body"):
        return self.ask(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector):
        """A real click of the mouse, in the middle of what is there."""
        x, y = self.ask(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'nearest'}});"
                        " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.tell("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, *keys):
        for key in keys:
            code, text = KEYS.get(key, (ord(key[0].upper()), key))
            one = {"key": key, "windowsVirtualKeyCode": code, "code": key if key in KEYS else ""}
            self.tell("Input.dispatchKeyEvent", type="keyDown", text=text, **one)
            self.tell("Input.dispatchKeyEvent", type="keyUp", **one)

    def write(self, text):
        self.tell("Input.insertText", text=text)

    def prefer(self, **media):
        """prefers-color-scheme and its like: prefer(color_scheme='dark')."""
        self.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-" + k.replace("_", "-"), "value": v} for k, v in media.items()])

    def picture(self, path):
        pathlib.Path(path).write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"]))
