// The part of the bridge between JavaScript and wasm that is cheaper on this side of it.
//
// A call across costs next to nothing, but a string is copied and recoded, an object needs an entry
// in a table, and a closure is registered for garbage collection. So what belongs together crosses
// in one call.

/**
 * Returns the method and the URL of a request, and a line `name:value` for each of the named headers
 * that it has. No part can contain a line feed (Fetch, "header value", "method"; URL Standard).
 */
export function readHead(request, names) {
  let head = `${request.method} ${request.url}`;
  const { headers } = request;
  for (const name of names) {
    const value = headers.get(name);
    if (value !== null) head += `\n${name}:${value}`;
  }
  return head;
}

/** Returns the body of a request as a Uint8Array. */
export function readBody(request) {
  return request.bytes();
}

/**
 * Makes a response. `headers` is kept by the caller for further responses: the constructor copies
 * it, so only the request id is set again each time.
 */
export function makeResponse(status, headers, requestId, body) {
  headers.set("x-request-id", requestId);
  return new Response(body === "" ? null : body, { status, headers });
}

/** Returns the time in seconds since 1970. */
export function now() {
  return Math.floor(Date.now() / 1000);
}

/** A timer, whose promise is fulfilled after `milliseconds` unless it is cancelled before. */
export class Timer {
  #id;

  constructor(milliseconds) {
    this.promise = new Promise((resolve) => {
      this.#id = setTimeout(resolve, milliseconds);
    });
  }

  cancel() {
    clearTimeout(this.#id);
  }
}

/** A TCP connection with one reader and one writer for its life. */
export class Connection {
  #reader;
  #writer;

  constructor(hyperdrive) {
    const { readable, writable } = hyperdrive.connect();
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  read() {
    return this.#reader.read();
  }

  /**
   * Writes a view of wasm's memory without waiting for it. If that fails, so does the next read: the
   * connection is lost.
   */
  write(bytes) {
    this.#writer.write(bytes.slice()).catch(() => {});
  }
}
