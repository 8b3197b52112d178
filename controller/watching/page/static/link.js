// The connection to the page server: comes back by itself and says when it is away.

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;
const SILENT_MS = 4000; // the server speaks at least once a second

export class Link {
  /** @param onmessage called with each message. @param onchange called with true (connected) or false. */
  constructor(onmessage, onchange) {
    this.onmessage = onmessage;
    this.onchange = onchange;
    this.socket = null;
    this.wait_ms = FIRST_WAIT_MS;
    this.timer = 0;
    this.heard_ms = 0;
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    setInterval(() => this.watch(), 1000);
    this.open();
  }

  /** True if the command left for the server; its effect is what comes back. @param more target and values. */
  send(command, amount, more = {}) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify({ command, amount, ...more }));
    return true;
  }

  open() {
    clearTimeout(this.timer);
    const address = new URL("live", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heard_ms = performance.now();
    socket.onmessage = (event) => {
      this.heard_ms = performance.now();
      this.wait_ms = FIRST_WAIT_MS;
      this.onmessage(JSON.parse(event.data));
    };
    socket.onopen = () => this.socket === socket && this.onchange(true);
    socket.onclose = () => this.socket === socket && this.lose();
  }

  lose() {
    this.socket = null;
    this.onchange(false);
    this.timer = setTimeout(() => this.open(), this.wait_ms * (0.8 + 0.4 * Math.random()));
    this.wait_ms = Math.min(LONGEST_WAIT_MS, this.wait_ms * 1.7);
  }

  hurry() {
    if (!this.socket) this.open();
  }

  /** A connection can be dead without saying so: a phone that changed its network. */
  watch() {
    if (!this.socket || performance.now() - this.heard_ms < SILENT_MS) return;
    const silent = this.socket;
    this.lose();
    silent.close();
  }
}
