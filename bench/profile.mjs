// Profiles the Worker of a workerd: `node profile.mjs HOST:PORT`. Prints "started" when the profile
// has begun, and the self time of functions when a line arrives.

import { once } from "node:events";

const SHOWN = 40;

const socket = new WebSocket(`ws://${process.argv[2]}/main`);
await once(socket, "open");
let last = 0;
const waiting = new Map();
socket.addEventListener("message", ({ data }) => {
  const { id, result } = JSON.parse(data);
  waiting.get(id)?.(result);
});
const call = (method, params = {}) =>
  new Promise((resolve) => {
    last += 1;
    waiting.set(last, resolve);
    socket.send(JSON.stringify({ id: last, method, params }));
  });

await call("Profiler.enable");
await call("Profiler.setSamplingInterval", { interval: 200 });
await call("Profiler.start");
console.log("started");
await once(process.stdin, "data");
const { profile } = await call("Profiler.stop");

// Of names like `<core[7c75]::Option<..>>::map`, without the hashes of crates.
const name = ({ functionName, url, lineNumber }) => {
  const short = functionName.replaceAll(/\[[0-9a-f]+\]/g, "") || "(anonymous)";
  const where = url && !url.startsWith("wasm") ? `  ${url.split("/").pop()}:${lineNumber + 1}` : "";
  // Those of generic functions fill lines.
  return (short.length > 100 ? `${short.slice(0, 99)}…` : short) + where;
};
const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
const times = new Map();
let total = 0;
profile.samples.forEach((sample, index) => {
  const frame = frames.get(sample);
  if (frame.functionName === "(idle)") return;
  const time = profile.timeDeltas[index];
  total += time;
  const key = name(frame);
  times.set(key, (times.get(key) ?? 0) + time);
});
const longest = [...times].sort(([, one], [, other]) => other - one).slice(0, SHOWN);
for (const [key, time] of longest) {
  console.log(`${((100 * time) / total).toFixed(1).padStart(6)} %  ${key}`);
}
process.exit();
