// What the room has, in one word and one sentence. Pure.

const TONES = {
  live: "good", talk: "calm", quiet: "calm", quiet_wished: "calm", changeover: "calm", walk_in: "calm", end: "calm",
  hold: "warn", level_only: "warn", safe: "warn", deaf: "warn", look: "calm", master_zero: "warn", blackout: "alarm",
  lost: "alarm", stale: "alarm", ended: "calm", waiting: "",
};
const PILLS = { quiet_wished: "quiet", deaf: "safe", lost: "no_news", stale: "no_news" };
const HEALTH = { live: "live", fallback: "level_only", talk: "talk", quiet: "quiet", house: "safe" };

/**
 * @param link "on", "lost" or "ended". @param stale whether the lights have said nothing new for a while.
 * @param live the newest snapshot, null before the first.
 * @returns name of the state; row of the table with its one word; tone; what its sentence is about.
 */
export function roomState(link, stale, live) {
  const name = nameOf(link, stale, live);
  const values = { look: live?.operator.scene ?? "", plan: live?.plan ?? "" };
  return { name, pill: `pill.${PILLS[name] ?? name}`, say: `say.${name === "live" && values.plan ? "plan" : name}`, tone: TONES[name], values };
}

function nameOf(link, stale, live) {
  if (link === "ended") return "ended";
  if (link === "lost") return "lost";
  if (!live) return "waiting";
  if (stale) return "stale";
  return wishedName(live) ?? heardName(live);
}

/** What people set, strongest first. */
function wishedName({ operator, evening }) {
  if (operator.blackout) return "blackout";
  if (operator.hold) return "hold";
  if (operator.grand_master === 0) return "master_zero";
  if (operator.scene) return "look";
  if (operator.quiet) return "quiet_wished";
  const moment = operator.moment || (evening?.by !== "hearing" && evening?.moment) || "";
  return moment && moment !== "band" ? moment : null;
}

function heardName({ health, processes }) {
  if (health === "house" && processes?.listening === "down") return "deaf";
  return HEALTH[health] ?? "waiting";
}
