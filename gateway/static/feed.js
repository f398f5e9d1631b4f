// One stream of frames. The browser connects again by itself; where it gives up, we go on trying, and where it notices
// nothing (a gateway that hangs, a cable that was pulled: the connection stays open, and nothing comes) we do.

const SILENT_MS = 30000; // a frame comes every five seconds at least
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 8000;

export class Feed {
  constructor(path, hear, lose) {
    this.path = path;
    this.hear = hear;
    this.lose = lose;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  listen() {
    this.source?.close();
    this.listenAgain(SILENT_MS);
    this.source = new EventSource(this.path);
    this.source.onopen = () => {
      this.pauseMs = FIRST_PAUSE_MS;
    };
    this.source.onmessage = (event) => {
      this.listenAgain(SILENT_MS);
      this.hear(JSON.parse(event.data));
    };
    this.source.onerror = () => {
      this.lose();
      if (this.source.readyState !== EventSource.CLOSED) return;
      this.listenAgain(this.pauseMs);
      this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    };
  }

  listenAgain(inMs) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.listen(), inMs);
  }
}

// A screen's token stands in the address behind #, which browsers don't send. It becomes a cookie, and leaves the address.
export async function showToken(chosen) {
  const token = chosen.get("token");
  if (!token) return;
  const answer = await fetch("/v1/screen", { method: "POST", headers: { Authorization: `Bearer ${token}` } });
  if (answer.status === 401) throw new Error("this screen token is unknown");
  chosen.delete("token");
  history.replaceState(null, "", `${location.pathname}#${chosen}`);
}
