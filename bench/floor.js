// The least that a Worker can cost: one line of log, and an answer with the headers of Gatehouse's.
// `/connect` also opens a connection to Hyperdrive, reads its greeting and closes it.

const HEADERS = {
  "Content-Type": "application/json",
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  Vary: "Origin",
  "Strict-Transport-Security": "max-age=31536000",
};
const BODY = JSON.stringify({ status: "ok" });

export default {
  async fetch(request, env) {
    if (request.url.endsWith("/connect")) {
      const socket = env.HYPERDRIVE.connect();
      const reader = socket.readable.getReader();
      await reader.read();
      await socket.close();
    }
    const id = crypto.randomUUID();
    console.log(`{"event":"request","request_id":"${id}","method":"${request.method}"}`);
    return new Response(BODY, { headers: { ...HEADERS, "X-Request-Id": id } });
  },
};
