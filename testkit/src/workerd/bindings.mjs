// Stand-ins for bindings that a plain workerd has not. The names of the classes are the ones that
// Workers have: the Worker checks them.

class Ratelimit {
  #limit;
  #counts = new Map();

  constructor(limit) {
    this.#limit = limit;
  }

  async limit({ key }) {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return { success: count <= this.#limit };
  }
}

class AnalyticsEngineDataset {
  #logs;

  constructor(logs) {
    this.#logs = logs;
  }

  writeDataPoint({ indexes }) {
    if (this.#logs) {
      console.log(`counted ${indexes[0]}`);
    }
  }
}

export const ratelimit = ({ limit }) => new Ratelimit(limit);
export const dataset = ({ logs }) => new AnalyticsEngineDataset(logs);
