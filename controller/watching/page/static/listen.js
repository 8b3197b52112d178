// The show's song, heard on this page in step with the room: for a show whose machine has no loudspeaker.
//
// Where the room is comes with each snapshot. A small error is played away a little faster or slower, a large one is
// jumped over, unheard.

import { word } from "./language.js";

const LOOK_MS = 100;
const JUMP_S = 0.2;
const CLOSE_S = 0.005;
const CATCH_S = 2; // an error is gone after about so long
const MOST_RATE = 0.03; // of the speed: nobody hears it
const GONE_S = 5; // without news of the source
const RESTART_S = 1; // a clock that jumps as far is another show's
const DRIFT = 1e-3; // of two machines' clocks, seconds in a second
const FADE_S = 0.01;

const element = (id) => document.getElementById(id);

export class ListenView {
  /** @param say called with a sentence when the song cannot be played. */
  constructor(say) {
    this.say = say;
    this.button = element("listen");
    this.audio = element("listen-audio");
    this.on = false;
    this.sound = null; // place in the file and the show's time of it, seconds
    this.behind_s = Infinity; // this clock less the show's
    this.heard_s = 0;
    this.lead_s = 0.05; // what a jump takes
    this.jumped = false;
    this.button.addEventListener("click", () => (this.on ? this.stop() : this.start()));
    this.audio.addEventListener("error", () => this.fail());
    setInterval(() => this.step(), LOOK_MS);
  }

  /** @param live the newest snapshot; null: nothing is known of the show. */
  hear(live) {
    const gone = !live?.sound || live.t - live.sound[1] > GONE_S;
    this.sound = gone ? null : live.sound;
    this.button.hidden = gone;
    if (gone) {
      this.behind_s = Infinity;
      if (this.on) this.stop();
      return;
    }
    const now_s = performance.now() / 1000;
    const behind_s = now_s - live.t;
    // A snapshot that was long on its way tells nothing: the quickest one counts.
    const slower_s = this.behind_s + DRIFT * (now_s - this.heard_s);
    this.behind_s = Math.abs(behind_s - this.behind_s) > RESTART_S ? behind_s : Math.min(behind_s, slower_s);
    this.heard_s = now_s;
  }

  async start() {
    this.turn(true);
    try {
      this.context ??= this.routed();
      this.gain.gain.value = 0; // until it is in step
      this.audio.src = "sound";
      this.audio.loop = true; // as long as the show tells a place, it plays
      await Promise.all([this.context.resume(), this.audio.play()]);
    } catch (error) {
      this.fail(error.name);
    }
  }

  routed() {
    const context = new AudioContext();
    this.gain = context.createGain();
    context.createMediaElementSource(this.audio).connect(this.gain).connect(context.destination);
    return context;
  }

  stop() {
    this.turn(false);
    this.audio.pause();
    this.audio.removeAttribute("src");
    this.audio.load();
  }

  fail(name = "") {
    if (!this.on) return; // said already, or it was stopped before it began
    const network = this.audio.error?.code === MediaError.MEDIA_ERR_NETWORK;
    this.stop();
    this.say(word(`listen.${name === "NotAllowedError" ? "refused" : network ? "network" : "format"}`));
  }

  turn(on) {
    this.on = on;
    this.jumped = false;
    this.button.setAttribute("aria-pressed", String(on));
  }

  /** Where in the file the sound that is handed over now must be, so that it is heard with the room. */
  due_s() {
    const [place_s, t_s] = this.sound;
    const { outputLatency, baseLatency } = this.context;
    return place_s + performance.now() / 1000 - this.behind_s - t_s + (outputLatency || baseLatency || 0);
  }

  step() {
    const { audio } = this;
    if (!this.on || !this.sound || !this.context || audio.seeking || audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return;
    const { duration } = audio;
    const due_s = this.due_s();
    let off_s = audio.currentTime - due_s;
    if (Number.isFinite(duration)) off_s -= duration * Math.round(off_s / duration);
    if (this.jumped) this.lead_s = Math.min(1, Math.max(0, this.lead_s - off_s));
    this.jumped = Math.abs(off_s) > JUMP_S;
    this.gain.gain.setTargetAtTime(this.jumped ? 0 : 1, this.context.currentTime, FADE_S);
    if (this.jumped) {
      audio.playbackRate = 1;
      const place_s = due_s + this.lead_s;
      audio.currentTime = Number.isFinite(duration) ? place_s % duration : place_s;
    } else {
      const rate = -off_s / CATCH_S;
      audio.playbackRate = Math.abs(off_s) < CLOSE_S ? 1 : 1 + Math.max(-MOST_RATE, Math.min(MOST_RATE, rate));
    }
  }
}
