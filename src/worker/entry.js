// The entry point of the Worker.

import { fetch } from "./index.js";

Error.stackTraceLimit = 100;

export default { fetch };
