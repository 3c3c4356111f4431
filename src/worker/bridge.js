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

/**
 * Returns the body of a request as a Uint8Array, or its first `most` bytes and one more if it is longer: a
 * Worker that forwards a request may give it another body than its `Content-Length` says.
 */
export async function readBody(request, most) {
  const reader = request.body.getReader();
  const { done, value } = await reader.read();
  let body = done ? new Uint8Array() : value;
  while (body.length <= most) {
    const { done, value } = await reader.read();
    if (done) return body;
    const joined = new Uint8Array(body.length + value.length);
    joined.set(body);
    joined.set(value, body.length);
    body = joined;
  }
  reader.cancel().catch(() => {});
  return body.subarray(0, most + 1);
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

/** A timer that calls `wake` after `milliseconds`, unless it is cancelled before. */
export class Timer {
  #id;

  constructor(milliseconds, wake) {
    this.#id = setTimeout(wake, milliseconds);
  }

  cancel() {
    clearTimeout(this.#id);
  }
}

/** A TCP connection with one reader and one writer for its life. */
export class Connection {
  #reader;
  #writer;
  #wake;
  #isReading = false;
  #chunk;
  #isEnded = false;
  #failure;

  constructor(hyperdrive, wake) {
    const { readable, writable } = hyperdrive.connect();
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#wake = wake;
  }

  /**
   * Copies what was received into a view of wasm's memory, as far as it fits, and returns the number
   * of bytes, which is 0 at the end. Returns -1 if nothing was received yet, and then calls `wake`
   * when it is worth another try. Throws if the stream has failed.
   */
  read(view) {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isEnded) return 0;
    if (this.#chunk === undefined) {
      if (!this.#isReading) this.#receive();
      return -1;
    }
    const chunk = this.#chunk;
    if (chunk.length <= view.length) {
      view.set(chunk);
      this.#chunk = undefined;
      return chunk.length;
    }
    view.set(chunk.subarray(0, view.length));
    this.#chunk = chunk.subarray(view.length);
    return view.length;
  }

  async #receive() {
    this.#isReading = true;
    try {
      const { done, value } = await this.#reader.read();
      this.#chunk = value;
      this.#isEnded = done;
    } catch (failure) {
      this.#failure = failure ?? new Error("the stream has failed");
    }
    this.#isReading = false;
    this.#wake?.();
  }

  /** Writes a view of wasm's memory without waiting for it. */
  async write(view) {
    try {
      await this.#writer.write(view.slice());
    } catch {
      // The connection is lost, so the next read fails too.
    }
  }

  /** Ends the connection without waiting for what was written. */
  async abort() {
    try {
      await this.#writer.abort();
    } catch {
      // It has ended already.
    }
  }

  /** Calls `wake` no more. */
  forget() {
    this.#wake = undefined;
  }
}
