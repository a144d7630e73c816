// SPDX-License-Identifier: Apache-2.0
// The agent's word: the stream of what is new, and single questions. The key came with the page and is kept for this tab and
// this origin only; the cookie goes along by itself.

const KEY = "agentweave-map-key";

function ownKey() {
  const given = document.querySelector("meta[name=map-key]").content;
  if (given) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, "", "/map"); // the ticket is spent
  }
  return sessionStorage.getItem(KEY) ?? "";
}

const headers = { "x-agentweave-map-key": ownKey() };

export async function ask(path) {
  const answer = await fetch(path, { headers, cache: "no-store" });
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer.json();
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Events of a stream (WHATWG HTML §9.2), as far as our own server writes them: data alone.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    let end;
    while ((end = text.indexOf("\n\n")) >= 0) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const data = lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length > 0) yield data.join("\n");
    }
  }
}

// Goes on for ever: a stream that ends is asked for again. `state`: "live", "away", "refused".
export async function follow(take, state) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      const answer = await fetch("/map/events", { headers, cache: "no-store" });
      if (answer.status === 401) return state("refused");
      if (answer.ok) {
        state("live");
        wait = 500;
        for await (const event of events(answer.body)) take(JSON.parse(event));
      }
    } catch {
      // The agent restarts, or the machine slept.
    }
    state("away");
    await pause(wait);
  }
}
