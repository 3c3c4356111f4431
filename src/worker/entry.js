// The entry point of the Worker.

import "./tasks.js";
import { fetch } from "./index.js";

Error.stackTraceLimit = 100;

export default { fetch };
