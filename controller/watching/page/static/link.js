// The connection to the page's server: comes back by itself; says when it is away.

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5000;
const SILENT_MS = 4000; // the server speaks at least once a second
const LATE_MS = 1500; // older than this no wish is obeyed
const GOING_AWAY = 1001; // the show's own goodbye: a process that dies says nothing, one that is started again 1012

export class Link {
  /**
   * @param onmessage called with each message. @param onchange called with "on", "lost", or "ended": the show said goodbye.
   * @param onlate called with a command that is not sent, because the server has not been heard for a while.
   */
  constructor(onmessage, onchange, onlate = () => {}) {
    this.onlate = onlate;
    this.onmessage = onmessage;
    this.onchange = onchange;
    this.socket = null;
    this.ended = false;
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
    const now_ms = performance.now();
    if (now_ms - this.heard_ms > LATE_MS) {
      this.onlate(command);
      return false;
    }
    // In the show's time: what waited for the network is not obeyed.
    const at = Number.isFinite(this.behind_s) ? { at: now_ms / 1000 - this.behind_s } : {};
    this.socket.send(JSON.stringify({ command, amount, ...more, ...at }));
    return true;
  }

  open() {
    clearTimeout(this.timer);
    const address = new URL("live", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heard_ms = performance.now();
    this.behind_s = Infinity; // this clock less the show's
    socket.onmessage = (event) => {
      this.heard_ms = performance.now();
      this.wait_ms = FIRST_WAIT_MS;
      const message = JSON.parse(event.data);
      if (message.type === "live") this.behind_s = Math.min(this.behind_s, this.heard_ms / 1000 - message.t);
      this.onmessage(message);
    };
    socket.onopen = () => this.socket === socket && this.find();
    socket.onclose = (event) => this.socket === socket && this.lose(event.code === GOING_AWAY);
  }

  find() {
    this.ended = false;
    this.onchange("on");
  }

  /** @param goodbye whether the show ended in order; then it has ended until it is there again. */
  lose(goodbye = false) {
    this.socket = null;
    this.ended ||= goodbye;
    this.onchange(this.ended ? "ended" : "lost");
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
